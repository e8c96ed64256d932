//! The invariants, checked after each step from what went in and what came out, by accounts that are kept apart from the
//! guild and share no code with it.

use super::{
    answers::Answers, coverage, listener::Listener, messages::Messages, records::Records, sources::Sources,
    tracks::Tracks, voice::Voice,
};
use crate::world::{Event, World, audio::Flow};
use refrain_guild::{GuildInput, GuildPolicy, GuildTimer, SilenceReason};
use refrain_model::{Moment, Track};
use std::{sync::Arc, time::Duration};

/// What a guild's world has seen of it.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    answers: Answers,
    sources: Sources,
    tracks: Tracks,
    voice: Voice,
    pub(super) messages: Messages,
    pub(super) records: Records,
    pub(super) listener: Listener,
    policy: GuildPolicy,
}

/// The queue: the current track first.
pub(super) fn line(world: &World) -> Vec<Arc<Track>> {
    let queue = world.guild().queue();
    queue.current().into_iter().chain(queue.upcoming()).cloned().collect()
}

impl Witness {
    pub(crate) fn begins(&mut self, policy: &GuildPolicy) {
        self.policy = policy.clone();
    }

    /// Just before a step.
    pub(crate) fn before(&mut self, world: &World) {
        self.tracks.before(world);
    }

    /// After a step: what happened, and all that was said.
    pub(crate) fn check(&mut self, world: &World, event: &Event) {
        coverage::step(world, event);
        self.records.heard(event);
        self.listener.heard(event);
        if let Event::Input(GuildInput::Command { id, command }) = event {
            self.answers.asked(world.now, *id, command.clone());
            self.sources.member_wants(command);
            self.listener.member_wants(command);
            self.voice.member_wants(command);
        }
        if matches!(event, Event::Input(GuildInput::LookedUp { .. }) | Event::Timer(GuildTimer::LookUpOrder)) {
            self.sources.music_is_found();
        }
        if let Event::Input(GuildInput::Source { id, event }) = event {
            self.sources.reported(world, *id, event);
        }
        let context = self.tracks.context(&self.answers);
        // What was kept until the record was there happens all at once: a later command changes what an earlier one did.
        let alone = !matches!(event, Event::Input(GuildInput::Loaded(_)) | Event::Timer(GuildTimer::LoadAgain));
        for output in &world.said {
            self.records.said(output);
            self.answers.said(world, output, &self.records, alone);
            self.sources.said(world, output);
            self.voice.said(output, self.answers.plays());
            self.messages.said(world, output, self.listener.last_sound());
            self.listener.said(world, output);
            self.tracks.said(world, output);
        }
        self.messages.heard(world, event);
        self.tracks.after(world, event, &context);
        self.records.step_ends();
        if world.said.is_empty() && matches!(event, Event::Time) {
            return;
        }
        self.records.check(world);
        self.answers.check(world);
        self.sources.check();
        self.check_silence(world);
        check_time(world, event);
    }

    fn check_silence(&self, world: &World) {
        let guild = world.guild();
        let silence = guild.silence();
        if world.finished {
            return;
        }
        let plays = world.audio.sounds();
        // What the source has to report at this moment comes next.
        let changes = world.audio.next().is_some_and(|at| at <= world.now);
        if guild.queue().current().is_some() && !plays && !changes {
            assert!(silence.is_some(), "silence has a name: {:?}", world.audio);
        }
        if plays {
            assert!(
                matches!(silence, None | Some(SilenceReason::NotHeard)),
                "frames flow, and yet it is silent: {silence:?}"
            );
        }
        let Some(reason) = silence else { return };
        let ends_by_itself = match reason {
            SilenceReason::Paused
            | SilenceReason::OutOfVoice
            | SilenceReason::Halted
            | SilenceReason::NotHeard
            | SilenceReason::Loading => return,
            SilenceReason::Voice | SilenceReason::Opening | SilenceReason::SourceBackoff | SilenceReason::Starved => {
                world.subject.poll_timeout()
            }
        };
        let Some((at, timer)) = ends_by_itself else { panic!("{reason:?} has no timer") };
        let longest = self.policy.sources.open_deadline + Duration::from_secs(300);
        assert!(at <= world.now + longest, "{reason:?} waits for {timer:?} too long");
    }

    /// Sound was given to the driver until `to`; members heard it, or not.
    pub(crate) fn flows(&mut self, world: &World, flow: Flow, heard: bool, to: Moment) {
        self.listener.flows(world, flow, heard, to);
    }

    pub(crate) const fn listener_froze(&mut self) {
        self.listener.frozen();
    }

    /// The process dies or ends.
    pub(crate) fn process_ends(&mut self, world: &World) {
        self.answers.process_ends(world);
        self.sources = Sources::default();
        self.tracks.process_ends();
        self.voice.process_ends();
        self.messages.process_ends();
        self.listener.process_ends(world, self.records.saves());
        self.records.process_ends();
    }

    /// All has been well and quiet for a long time.
    pub(crate) fn check_quiet(&self, world: &World) {
        self.answers.check_quiet();
        self.sources.check_quiet(world);
        self.voice.check_quiet(world);
        self.messages.check_quiet(world);
        self.records.check_quiet(world);
        self.listener.check_quiet(world);
        assert!(world.subject.guild().is_loaded());
    }
}

fn check_time(world: &World, event: &Event) {
    if let Some((at, timer)) = world.subject.poll_timeout() {
        if matches!(event, Event::Timer(_)) {
            assert!(at > world.now, "{timer:?} is due still after the time was handled ({event:?})");
        }
        let bound = match timer {
            GuildTimer::IdleLeave => Duration::from_secs(86_400),
            GuildTimer::Recovery(_)
            | GuildTimer::LoadAgain
            | GuildTimer::LookUpDeadline
            | GuildTimer::LookUpOrder
            | GuildTimer::AnswerDeadline
            | GuildTimer::OpenDeadline
            | GuildTimer::SourceBackoff
            | GuildTimer::VolumeRetry
            | GuildTimer::Restore
            | GuildTimer::StallCheck
            | GuildTimer::SourceRefill
            | GuildTimer::SourceGrace
            | GuildTimer::AloneLeave
            | GuildTimer::IncidentMessage
            | GuildTimer::SourceMessage => Duration::from_secs(3_600),
        };
        assert!(at <= world.now + bound, "{timer:?} is too far away");
    }
}
