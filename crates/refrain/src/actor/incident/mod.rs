//! People are told: the incident book in the guild's actor.
//!
//! The book decides what is said; the actor shows it where things stand after every step, and passes on what it says.

mod book;
#[cfg(test)]
mod book_tests;
mod timeline;
mod view;

pub(super) use book::IncidentBook;

use super::Actor;
use crate::{Announcement, AnnouncementKind, AnnouncementStep, Ending};
use refrain_model::{AskedMessage, Moment};
use refrain_recovery::{Cause, Idle, Incident, Notice, Retrying, State, Timer};
use std::time::{SystemTime, UNIX_EPOCH};
use view::{Now, Phase, Step, Told, View};

impl Actor {
    /// After every step: what people should know by now is said.
    pub(super) fn tell_people(&mut self) {
        let (now, view) = (self.wall_clock(), self.as_people_see_it());
        self.book.observe(now, &view);
        while let Some(word) = self.book.poll() {
            let (guild, channel, incident) = (self.guild, word.channel, word.incident);
            if matches!(word.step, AnnouncementStep::Say(AnnouncementKind::Interrupted(_))) {
                self.ask_for_message(AskedMessage { channel, incident, at_unix_ms: now.unix_ms });
            }
            self.shared.port.announce(Announcement { guild, channel, incident, step: word.step });
        }
    }

    /// The process may be killed between the request for a message and its answer: what is asked for is with the store
    /// before it is announced.
    fn ask_for_message(&mut self, asked: AskedMessage) {
        let known = self.incident_asked.is_some_and(|before| before.incident == asked.incident);
        if self.incident_message.is_none() && !known {
            self.incident_asked = Some(asked);
            self.remember();
        }
    }

    /// For the timeline.
    pub(super) fn note_incident(&mut self, incident: &Incident) {
        let now = self.wall_clock();
        self.book.record(now, incident, self.recovery.state().name());
        self.note_for_record(incident);
    }

    /// The machine has a word for people. Where the connection stands says most; only an end is news.
    pub(super) fn note_notice(&mut self, notice: Notice) {
        let Some(ending) = ending(notice) else { return };
        let told = if self.join_failed(ending) { Told::ByAnswer } else { Told::NotYet };
        self.book.ended(ending, told);
    }

    /// A track was passed over, and nobody waits for its answer.
    pub(super) fn say_track_failed(&mut self, title: String, reason: String) {
        if let Some(channel) = self.text_channel {
            let now = self.wall_clock();
            self.book.track_failed(now, channel, title, reason);
        }
    }

    pub(super) fn wall_clock(&self) -> Now {
        // A clock that stands before 1970 is wrong by decades; what it shows is wrong by that too, and nothing else is.
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { at: self.now(), unix_ms: u64::try_from(unix.as_millis()).unwrap_or(u64::MAX) }
    }

    fn as_people_see_it(&self) -> View {
        View {
            phase: self.phase(),
            music: self.playback.is_some() && !self.paused,
            attempt: self.attempt(),
            text_channel: self.text_channel,
            voice_channel: self.recovery.intent(),
        }
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
                Phase::Recovering { since: outage.since, step: step(self.recovery.poll_timeout()) }
            }
        }
    }
}

/// What a recovery waits for tells what it does.
fn step(wake_up: Option<(Moment, Timer)>) -> Step {
    let Some((at, timer)) = wake_up else { return Step::Trying };
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
        | Timer::Access
        | Timer::Health
        | Timer::Stability => Step::Trying,
    }
}

/// What keeps the bot out of voice until somebody asks.
const fn ending(notice: Notice) -> Option<Ending> {
    match notice {
        Notice::Kicked => Some(Ending::Kicked),
        Notice::StayedOut => Some(Ending::StayedOut),
        Notice::ChannelGone => Some(Ending::ChannelGone),
        Notice::JoinUnanswered => Some(Ending::Unanswered),
        Notice::Fatal { code } => Some(Ending::Fatal { code }),
        Notice::Interrupted { .. }
        | Notice::CoolingDown { .. }
        | Notice::AwaitingAccess { .. }
        | Notice::Recovered { .. }
        | Notice::Moved { .. } => None,
    }
}
