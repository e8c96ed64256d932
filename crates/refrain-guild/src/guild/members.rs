//! What members are told without having asked.

use super::Guild;
use crate::{
    Announcement, AnnouncementKind, AnnouncementStep, Ending, SourceTrouble,
    incident::{Phase, SourceView, Step, Told, View, Word},
    source::Slot,
};
use refrain_model::{AskedMessage, FailureClass, Moment};
use refrain_recovery::{Cause, Idle, Notice, Retrying, State, Timer};

impl Guild {
    /// After every step: what members should know by now is said.
    pub(super) fn tell_members(&mut self) {
        let (now, view) = (self.clocks(), self.as_members_hear_it());
        self.voice_incidents.observe(now, &view);
        let source_view = self.source_view();
        let incidents = &mut self.voice_incidents;
        self.source_incidents.observe(now, &source_view, || incidents.number(now));
        while let Some(word) = self.voice_incidents.poll().or_else(|| self.source_incidents.poll()) {
            self.announce(word);
        }
    }

    fn announce(&mut self, word: Word) {
        let Word { channel, incident, step } = word;
        let lasting = matches!(
            step,
            AnnouncementStep::Say(
                AnnouncementKind::Interrupted(_)
                    | AnnouncementKind::SourceTrouble(_)
                    | AnnouncementKind::NotHeard { .. }
            )
        );
        if lasting {
            self.ask_for_message(AskedMessage { channel, incident, at_unix_ms: self.observed.unix_ms });
        }
        self.say(crate::GuildOutput::Announce(Announcement { channel, incident, step }));
    }

    /// The process may be killed between the request for a message and its answer: what is asked for is with the store
    /// before it is announced.
    fn ask_for_message(&mut self, asked: AskedMessage) {
        let known = self.incident_asked.is_some_and(|before| before.incident == asked.incident);
        if self.incident_message.is_none() && !known {
            self.incident_asked = Some(asked);
            self.save();
        }
    }

    /// The machine has a word for members. Where the connection stands says most; only an end is news.
    pub(super) fn notice(&mut self, notice: Notice) {
        let Some(ending) = ending(notice) else { return };
        let told = if self.join_failed(ending) { Told::ByAnswer } else { Told::NotYet };
        self.voice_incidents.ended(ending, told);
    }

    fn as_members_hear_it(&self) -> View {
        View {
            phase: self.phase(),
            music: self.queue.current().is_some() && !self.paused && !self.halted,
            attempt: self.attempt(),
            text_channel: self.text_channel,
            voice_channel: self.recovery.intent(),
        }
    }

    fn source_view(&self) -> SourceView {
        SourceView {
            trouble: self.source_trouble(),
            playing: self.playback.is_some(),
            not_heard: self
                .not_heard
                .filter(|_| self.playback.is_some() && !self.paused)
                .map(|why| (why, self.recovery.intent())),
            text_channel: self.text_channel,
            told_after: self.policy.sources.told_after,
        }
    }

    fn source_trouble(&self) -> Option<(Moment, SourceTrouble)> {
        let playback = self.playback.as_ref().filter(|_| !self.paused)?;
        let (since, failure) = playback.trouble.as_ref()?;
        let now = self.clocks();
        let next_unix = match &playback.slot {
            Slot::BackingOff { until, .. } => Some(now.unix_of(*until)),
            Slot::Opening { .. } | Slot::Ready(_) | Slot::Replacing { .. } => None,
        };
        let trouble = SourceTrouble {
            title: playback.track.info.title.clone(),
            reason: failure.message.clone().into_owned(),
            machine: failure.class == FailureClass::Machine,
            since_unix: now.unix_ms_of(*since) / 1000,
            next_unix,
            outage: self.outages.is_outage(),
            kept: self.queue.len() + 1,
        };
        Some((*since, trouble))
    }

    /// The attempt that is under way or comes next.
    fn attempt(&self) -> u32 {
        let snapshot = self.recovery.snapshot();
        let waits =
            snapshot.next.is_some_and(|(_, timer)| matches!(timer, Timer::Backoff | Timer::Cooldown | Timer::Turn));
        snapshot.attempt.saturating_add(u32::from(waits)).max(1)
    }

    fn phase(&self) -> Phase {
        match self.recovery.state() {
            State::Stable(_) => Phase::Connected,
            State::Idle(idle) => Phase::Out { asked: matches!(idle, Idle::Fresh | Idle::Left) },
            State::Retrying(Retrying { cause: Cause::Leave, .. }) => Phase::Leaving,
            State::Retrying(Retrying { cause: Cause::Join | Cause::Switch { .. }, .. }) => Phase::Busy,
            // The frames keep flowing while a session is resumed, and while a connection is made that takes the place of one.
            State::Retrying(_) if self.frames_allowed => Phase::Busy,
            State::Retrying(Retrying { cause: Cause::Recovery(outage), .. }) => {
                Phase::Recovering { since: outage.since, step: self.recovery_step() }
            }
        }
    }

    /// What a recovery waits for tells what it does.
    fn recovery_step(&self) -> Step {
        let Some((at, timer)) = self.recovery.poll_timeout() else { return Step::Trying };
        match timer {
            Timer::Backoff => Step::Attempt(at),
            Timer::Cooldown => Step::Round(at),
            Timer::Evidence => Step::Unexplained,
            Timer::Server => Step::NoServer,
            Timer::Guild => Step::NoGateway,
            Timer::Join
            | Timer::Reconnect
            | Timer::Leave
            | Timer::Resume
            | Timer::ResumeAgain
            | Timer::Turn
            | Timer::Hedge
            | Timer::Health
            | Timer::Stability => Step::Trying,
        }
    }
}

/// What keeps the bot out of voice until a member asks.
const fn ending(notice: Notice) -> Option<Ending> {
    match notice {
        Notice::Kicked => Some(Ending::Kicked),
        Notice::StayedOut => Some(Ending::StayedOut),
        Notice::ChannelGone => Some(Ending::ChannelGone),
        Notice::JoinUnanswered => Some(Ending::Unanswered),
        Notice::Fatal { code } => Some(Ending::Fatal { code }),
        Notice::Interrupted { .. } | Notice::CoolingDown { .. } | Notice::Recovered { .. } | Notice::Moved { .. } => {
            None
        }
    }
}
