//! The invariants, checked from the outputs alone.

use crate::{
    rig::{op4, secs},
    world::World,
};
use refrain_model::{ChannelId, Moment};
use refrain_recovery::{Generation, Input, Intent, Notice, Output, Policy, Stage, State, Timer};

/// What the outputs so far amount to, kept apart from the machine.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    seen: usize,
    pub(crate) live: Option<Generation>,
    newest: Generation,
    flowing: bool,
    /// A turn is asked for, or granted and not given back.
    turn: bool,
    persisted: Option<ChannelId>,
    /// Somebody's word was the last, and it was to be nowhere.
    left: bool,
    /// A fatal code came, and no intent since.
    fatal: bool,
}

impl Witness {
    /// Before an input: what it means for what may follow.
    pub(crate) fn hears(&mut self, input: &Input) {
        if let Input::Intent(intent) = input {
            self.left = *intent == Intent::Leave;
            self.fatal = false;
        }
    }

    /// After a step: all that was said since the last look, and where the machine stands now.
    pub(crate) fn check(&mut self, world: &World, idle_before: bool) {
        for output in &world.said[self.seen..] {
            self.check_output(output, idle_before);
        }
        self.seen = world.said.len();
        self.check_state(world);
    }

    fn check_output(&mut self, output: &Output, idle_before: bool) {
        let acts = op4(output).flatten().is_some() || matches!(output, Output::Connect { .. } | Output::Resume { .. });
        assert!(!(idle_before && acts), "at rest, only an intent makes it act: {output:?}");
        match output {
            Output::Connect { generation, .. } => {
                assert_eq!(self.live, None, "never two connection attempts at once");
                assert!(*generation > self.newest, "a generation is never used twice");
                (self.live, self.newest) = (Some(*generation), *generation);
                assert!(!self.left && !self.fatal);
            }
            Output::Resume { generation } => assert_eq!(self.live, Some(*generation)),
            Output::TearDown { generation } => assert_eq!(self.live.take(), Some(*generation)),
            Output::SendVoiceState { channel: Some(_) } => {
                assert!(!self.left, "no op 4 for a channel after a leave until a new intent");
                assert!(!self.fatal, "a fatal code never rejoins by itself");
            }
            Output::StartFrames { .. } => {
                assert!(!self.flowing && self.live.is_some());
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
            Output::Notify(notice) => self.check_notice(*notice),
            Output::AskTurn { .. } => {
                assert!(!self.turn && !self.left && !self.fatal, "one turn at a time, and only for an attempt");
                self.turn = true;
            }
            Output::WithdrawTurn => {
                assert!(self.turn);
                self.turn = false;
            }
            Output::Probe { generation } => assert_eq!(self.live, Some(*generation)),
            Output::SendVoiceState { channel: None } => {}
        }
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
            | Notice::Kicked
            | Notice::StayedOut
            | Notice::Moved { .. }
            | Notice::ChannelGone
            | Notice::JoinUnanswered => {}
        }
    }

    fn check_state(&self, world: &World) {
        let machine = &world.machine;
        let longest = Moment::from_epoch(world.now.since_epoch() + secs(900));
        assert!(machine.poll_timeout().is_none_or(|(at, _)| at <= longest), "{:?}", machine.poll_timeout());
        match machine.state() {
            State::Idle(_) => {
                assert_eq!((machine.intent(), self.live), (None, None));
                assert!(machine.poll_timeout().is_none_or(|(_, why)| why == Timer::Health));
                assert!(!self.flowing);
            }
            State::Retrying(retrying) => {
                assert!(machine.poll_timeout().is_some(), "it always wakes up again");
                let leaving = matches!(retrying.stage, Stage::Leaving { .. });
                assert!(machine.intent().is_some() || leaving, "without an intent there is nothing to retry");
                if let Stage::Connecting { session, .. } = &retrying.stage {
                    assert_eq!(machine.intent(), Some(session.channel));
                }
            }
            State::Stable(stable) => {
                assert_eq!(machine.intent(), Some(stable.session.channel));
                assert_eq!(self.live, Some(machine.generation()));
                assert!(self.flowing);
            }
        }
        if !self.fatal {
            assert_eq!(self.persisted, machine.intent(), "what is persisted is what is meant");
        }
    }
}
