//! The invariants, checked from the outputs alone.

use super::{
    coverage::state_name,
    reference::Reference,
    silence::Silence,
    trust::{Counts, Trust},
};
use crate::{
    rig::{op4, secs},
    world::{Event, Grants, World},
};
use refrain_model::{ChannelId, Moment};
use refrain_recovery::{
    DriverEvent, Generation, Input, Intent, MissingAccess, Notice, Output, Policy, Stage, State, Timer,
};
use std::{collections::BTreeMap, time::Duration};

/// What the outputs so far amount to, kept apart from the machine.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    seen: usize,
    /// The attempt that is under way.
    attempt: Option<Generation>,
    /// The connection that stands; beside an attempt it carries the frames.
    standing: Option<Generation>,
    /// The frames went over to a newer one: it must go within the step.
    gone_over: Option<Generation>,
    newest: Generation,
    flowing: bool,
    /// A turn is asked for, or granted and not given back.
    turn: bool,
    /// It was granted, or taken after a long time.
    granted: bool,
    /// Up to where the current track was heard.
    heard: Option<Duration>,
    /// Where it began.
    start: Duration,
    /// How far the music goes back when it resumes.
    overlap: Duration,
    /// The guild gives no frames.
    paused: bool,
    trust: Trust,
    /// What the bot lacks in a channel, as told last.
    access: Option<(ChannelId, MissingAccess)>,
    /// It was leaving before this step.
    leaving: bool,
    silence: Silence,
    /// When the last step was.
    then: Moment,
    /// A resume was under way before this step.
    resuming: bool,
    reference: Reference,
    persisted: Option<ChannelId>,
    /// Somebody's word was the last, and it was to be nowhere.
    left: bool,
    /// A fatal code came, and no intent since.
    fatal: bool,
}

impl Witness {
    pub(crate) fn of(policy: &Policy) -> Self {
        Self { overlap: policy.overlap, ..Self::default() }
    }

    /// How much of what was said has been checked.
    pub(crate) const fn seen(&self) -> usize {
        self.seen
    }

    /// After a step: what happened, all that was said since the last look, and where the machine stands now.
    pub(crate) fn check(&mut self, world: &World, event: &Event, idle_before: bool) {
        if self.flowing && !self.paused {
            self.trust.flows(world.now.since(self.then));
        }
        self.then = world.now;
        self.silence.passes(world.now, event);
        self.silence.said(&world.said[self.seen..], world.grants == Grants::AtOnce);
        self.hears(event);
        for output in &world.said[self.seen..] {
            self.check_output(world, event, output, idle_before);
        }
        self.seen = world.said.len();
        self.check_state(world);
        self.check_heard(world);
        let state = world.machine.state();
        self.silence.stands(state, self.reference.wanted.is_some(), self.flowing, state_name(state));
    }

    /// How long it was silent, by reason.
    pub(super) const fn silence(&self) -> &BTreeMap<&'static str, Duration> {
        &self.silence.lengths
    }

    fn hears(&mut self, event: &Event) {
        self.reference.hears(event);
        match event {
            Event::Input(Input::Intent(intent)) => {
                self.left = *intent == Intent::Leave;
                self.fatal = false;
            }
            Event::Input(Input::Turn) | Event::Timer(Timer::Turn) => self.granted |= self.turn,
            Event::Input(Input::Heard { playhead }) => {
                if self.flowing && !self.resuming {
                    self.heard = Some(*playhead);
                }
            }
            Event::Input(Input::TrackStarted { playhead }) => (self.heard, self.start) = (Some(*playhead), *playhead),
            Event::Input(Input::Flowing(flowing)) => self.paused = !flowing,
            Event::Input(Input::Driver { generation, event: DriverEvent::Alive }) => {
                if self.standing == Some(*generation) && !self.resuming {
                    self.trust.proved();
                }
            }
            Event::Input(Input::Access { channel, missing }) => {
                if let Some(missing) = missing {
                    self.access = Some((*channel, *missing));
                } else {
                    self.access = self.access.filter(|(of, _)| of != channel);
                }
            }
            Event::Input(Input::Gateway(_) | Input::Driver { .. } | Input::Settings(_))
            | Event::Timer(_)
            | Event::Nothing => {}
        }
    }

    /// Whether a report of this generation may change the state.
    pub(crate) fn counts(&self, world: &World, generation: Generation) -> bool {
        world.machine.generation() == generation && [self.attempt, self.standing].contains(&Some(generation))
    }

    /// What a report of another generation may bring: the end of the connection that carries the frames, and no more.
    pub(crate) fn allows(&self, generation: Generation, event: DriverEvent) -> Vec<Output> {
        let is_end =
            matches!(event, DriverEvent::Closed { .. } | DriverEvent::Failed { .. } | DriverEvent::Unresponsive);
        if self.standing == Some(generation) && is_end {
            vec![Output::StopFrames, Output::TearDown { generation }]
        } else {
            Vec::new()
        }
    }

    /// The frames flow over a connection that stands.
    pub(crate) const fn standing(&self) -> Option<Generation> {
        self.standing
    }

    /// The attempt that is under way.
    pub(crate) const fn attempt(&self) -> Option<Generation> {
        self.attempt
    }

    fn check_output(&mut self, world: &World, event: &Event, output: &Output, idle_before: bool) {
        let acts = op4(output).flatten().is_some() || matches!(output, Output::Connect { .. } | Output::Resume { .. });
        assert!(!(idle_before && acts), "at rest, only an intent makes it act: {output:?}");
        match output {
            Output::Connect { generation, session } => {
                assert_eq!(Some(session.channel), self.reference.wanted, "only where it is wanted");
                assert_eq!(self.attempt, None, "never two connection attempts at once");
                assert_eq!(
                    self.standing.is_some(),
                    self.flowing,
                    "beside an attempt stands only what carries the frames"
                );
                assert!(*generation > self.newest, "a generation is never used twice");
                (self.attempt, self.newest) = (Some(*generation), *generation);
                assert!(!self.left && !self.fatal);
            }
            Output::Resume { generation } => assert_eq!((self.attempt, self.standing), (None, Some(*generation))),
            Output::TearDown { generation } => self.torn_down(*generation),
            Output::SendVoiceState { channel: Some(channel) } => {
                assert_eq!(Some(*channel), self.reference.wanted, "the last intent wins");
                assert!(self.turn && self.granted, "an attempt begins with its turn");
                assert!(!self.left, "no op 4 for a channel after a leave until a new intent");
                assert!(!self.fatal, "a fatal code never rejoins by itself");
            }
            Output::StartFrames { from } => {
                if let (Some(from), Some(heard)) = (*from, self.heard) {
                    let expected = heard.saturating_sub(self.overlap).max(self.start.min(heard));
                    assert_eq!(from, expected, "never later than the last proof, nor earlier than the overlap allows");
                }
                assert!(from.is_none() || self.heard.is_some(), "the music goes on where it was heard last");
                self.trust = Trust::default();
                assert_eq!(self.standing.is_some(), self.flowing, "from one connection to the other, or from none");
                assert!(from.is_none() || !self.flowing, "what goes over goes on where it stands");
                (self.gone_over, self.standing) = (self.standing, self.attempt.take());
                assert!(self.standing.is_some());
                self.flowing = true;
            }
            Output::StopFrames => {
                assert!(self.flowing);
                self.flowing = false;
            }
            Output::Persist { channel } => self.persisted = *channel,
            Output::Incident(incident) => {
                assert!(incident.attempt <= Policy::default().backoff.attempts, "{incident:?}");
                assert!(!incident.reason.is_empty());
            }
            Output::Notify(notice) => {
                self.check_notice(*notice);
                self.reference.told(*notice, event, world.machine.intent());
            }
            Output::AskTurn { .. } => {
                assert!(!self.turn && !self.left && !self.fatal, "one turn at a time, and only for an attempt");
                (self.turn, self.granted) = (true, world.grants == Grants::AtOnce);
            }
            Output::WithdrawTurn => {
                assert!(self.turn);
                (self.turn, self.granted) = (false, false);
            }
            Output::Probe { generation } => assert_eq!((self.attempt, self.standing), (None, Some(*generation))),
            Output::SendVoiceState { channel: None } => {
                let lacks = self.access.is_some_and(|(channel, missing)| {
                    self.reference.wanted == Some(channel) && missing.prevents_join()
                });
                assert!(!lacks || self.leaving, "what cannot be joined again is never left");
            }
        }
    }

    /// One of those that are held, and never one that the frames flow over.
    fn torn_down(&mut self, generation: Generation) {
        let slots = [&mut self.gone_over, &mut self.attempt, &mut self.standing];
        let slot = slots.into_iter().find(|slot| **slot == Some(generation));
        *slot.expect("only what is held is torn down") = None;
        assert!(self.standing.is_some() || !self.flowing, "frames never flow without a connection");
    }

    fn check_notice(&mut self, notice: Notice) {
        let policy = Policy::default();
        match notice {
            Notice::Interrupted { next, attempt } => {
                assert!(next <= policy.backoff.max && (1..=policy.backoff.attempts).contains(&attempt), "{notice:?}");
            }
            Notice::CoolingDown { next } => assert!(next <= policy.cooldowns[2]),
            Notice::Fatal { .. } => self.fatal = true,
            Notice::Recovered { .. }
            | Notice::AwaitingAccess { .. }
            | Notice::Kicked
            | Notice::StayedOut
            | Notice::Moved { .. }
            | Notice::ChannelGone
            | Notice::JoinUnanswered => {}
        }
    }

    /// What counts as heard: all that has flowed, or what was proved last.
    fn check_heard(&mut self, world: &World) {
        let machine = &world.machine;
        self.resuming = matches!(machine.state(), State::Retrying(r) if matches!(r.stage, Stage::Resuming { .. }));
        self.leaving = matches!(machine.state(), State::Retrying(r) if matches!(r.stage, Stage::Leaving { .. }));
        let flowed = secs(1_000_000);
        let (counted, proof) = (machine.heard(world.now, flowed), machine.proof());
        assert_eq!(proof.heard, self.heard);
        let Some(heard) = self.heard else { return assert_eq!(counted, flowed) };
        assert!(counted == flowed || counted == heard);
        if counted == flowed {
            assert!(proof.trusted_until >= world.now, "{proof:?} at {:?}", world.now);
        } else {
            assert!(proof.trusted_until < world.now || world.now == Moment::ZERO, "{proof:?} at {:?}", world.now);
        }
        let expected = match (self.flowing && !self.resuming, self.trust.counts()) {
            (true, Counts::Flowed) => flowed,
            (true, Counts::Proved) => heard,
            // Held, it depends on whether the connection was lost or taken away; the tables have that.
            (true, Counts::Either) | (false, _) => counted,
        };
        assert_eq!(counted, expected, "{:?}", self.trust);
    }

    fn check_state(&self, world: &World) {
        let machine = &world.machine;
        assert_eq!(self.gone_over, None, "there is one standing connection at most");
        assert_eq!(self.standing.is_some(), self.flowing, "what stands carries the frames");
        let carries = self.standing.or(self.attempt);
        assert!(carries.is_none_or(|generation| machine.carries(generation)), "the machine knows what does");
        assert_eq!(machine.intent(), self.reference.wanted, "what is meant is what people and Discord said last");
        let longest = Moment::from_epoch(world.now.since_epoch() + secs(900));
        assert!(machine.poll_timeout().is_none_or(|(at, _)| at <= longest), "{:?}", machine.poll_timeout());
        match machine.state() {
            State::Idle(_) => {
                assert_eq!((machine.intent(), self.attempt, self.standing), (None, None, None));
                assert!(machine.poll_timeout().is_none_or(|(_, why)| why == Timer::Health));
                assert!(!self.flowing);
            }
            State::Retrying(retrying) => {
                assert!(machine.poll_timeout().is_some(), "it always wakes up again");
                let leaving = matches!(retrying.stage, Stage::Leaving { .. });
                let connecting = matches!(retrying.stage, Stage::Connecting { .. });
                assert_eq!(self.attempt.is_some(), connecting, "an attempt is what it waits for");
                assert!(self.attempt.is_none_or(|attempt| attempt == machine.generation()));
                assert!(machine.intent().is_some() || leaving, "without an intent there is nothing to retry");
                if let Stage::Connecting { session, .. } = &retrying.stage {
                    assert_eq!(machine.intent(), Some(session.channel));
                }
            }
            State::Stable(stable) => {
                assert_eq!(machine.intent(), Some(stable.session.channel));
                assert_eq!((self.attempt, self.standing), (None, Some(machine.generation())));
                assert!(self.flowing);
            }
        }
        if !self.fatal {
            assert_eq!(self.persisted, machine.intent(), "what is persisted is what is meant");
        }
    }
}
