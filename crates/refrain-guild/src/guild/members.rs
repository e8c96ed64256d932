//! What members are told without having asked.

use super::Guild;
use crate::{
    Announcement, AnnouncementKind, AnnouncementStep, Doing, Ending, SourceTrouble, VoiceView,
    incident::{Phase, SourceView, Step, Told, View, Word},
    source::{Slot, Trouble},
};
use refrain_model::{AskedMessage, ChannelId, FailureClass, Moment};
use refrain_recovery::{Notice, Timer};

impl Guild {
    /// After every step: what members should know by now is said.
    pub(super) fn tell_members(&mut self) {
        let (now, view) = (self.clocks(), self.as_members_hear_it());
        self.voice_incidents.observe(now, &view);
        let source_view = self.source_view();
        let incidents = &mut self.voice_incidents;
        self.source_incidents.observe(now, &source_view, || incidents.number(now));
        (self.source_is_back, self.started_over) = (false, None);
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

    /// Where members are told: where music was asked for last. Where that channel is gone, in the voice channel's own chat.
    pub(super) fn told_in(&self) -> Option<ChannelId> {
        self.text_channel.or(self.watched_channel())
    }

    fn as_members_hear_it(&self) -> View {
        let view = VoiceView::of(&self.recovery);
        View {
            phase: self.phase(&view),
            music: self.queue.current().is_some() && !self.paused && !self.halted,
            attempt: attempt(&view),
            text_channel: self.told_in(),
            voice_channel: view.intent,
        }
    }

    fn source_view(&self) -> SourceView {
        SourceView {
            trouble: self.source_trouble(),
            back: self.source_is_back && self.frames_allowed && self.not_heard.is_none(),
            started_over: self.started_over.clone(),
            heard_again: self.not_heard.is_none() && self.frames_allowed && !self.paused && self.playback.is_some(),
            not_heard: self
                .not_heard
                .filter(|_| self.playback.is_some() && !self.paused)
                .map(|why| (why, self.recovery.intent())),
            text_channel: self.told_in(),
            told_after: self.policy.sources.told_after,
        }
    }

    fn source_trouble(&self) -> Option<(Moment, SourceTrouble)> {
        let playback = self.playback.as_ref().filter(|_| !self.paused)?;
        let Trouble { since, track, failure } = playback.trouble.as_ref()?;
        let now = self.clocks();
        let next_unix = match &playback.slot {
            Slot::BackingOff { until, .. } => Some(now.unix_of(*until)),
            Slot::Opening { .. } | Slot::Ready(_) | Slot::Replacing { .. } => None,
        };
        let trouble = SourceTrouble {
            title: track.info.title.clone(),
            reason: failure.message.clone().into_owned(),
            began: track.id != playback.track.id || playback.began,
            machine: failure.class == FailureClass::Machine,
            since_unix: now.unix_ms_of(*since) / 1000,
            next_unix,
            deferred: track.id != playback.track.id,
            outage: self.outages.is_outage(),
            kept: self.queue.len() + 1,
        };
        Some((*since, trouble))
    }

    fn phase(&self, view: &VoiceView) -> Phase {
        match view.doing {
            Doing::Connected => Phase::Connected,
            Doing::NotWanted => Phase::Out { asked: true },
            Doing::Kicked | Doing::StaysOut | Doing::Unanswered | Doing::Gone | Doing::Fatal { .. } => {
                Phase::Out { asked: false }
            }
            Doing::Leaving => Phase::Leaving,
            Doing::Joining
            | Doing::Resuming
            | Doing::Weighing
            | Doing::BackingOff
            | Doing::CoolingDown
            | Doing::AwaitingTurn
            | Doing::AwaitingServer
            | Doing::AwaitingGuild
            | Doing::AwaitingPermission { .. } => match view.recovering_since {
                // The frames keep flowing while a session is resumed, and while a connection is made that takes the place
                // of one.
                Some(since) if !self.frames_allowed => Phase::Recovering { since, step: recovery_step(view) },
                Some(_) | None => Phase::Busy,
            },
        }
    }
}

/// What a recovery waits for tells what it does.
fn recovery_step(view: &VoiceView) -> Step {
    if let (Doing::AwaitingPermission { missing: Some(missing) }, Some(channel)) = (view.doing, view.intent) {
        return Step::NoAccess { channel, missing };
    }
    let Some((at, timer)) = view.next else { return Step::Trying };
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

/// The attempt that is under way or comes next.
fn attempt(view: &VoiceView) -> u32 {
    let waits = view.next.is_some_and(|(_, timer)| matches!(timer, Timer::Backoff | Timer::Cooldown | Timer::Turn));
    view.attempt.saturating_add(u32::from(waits)).max(1)
}

/// What keeps the bot out of voice until a member asks.
const fn ending(notice: Notice) -> Option<Ending> {
    match notice {
        Notice::Kicked => Some(Ending::Kicked),
        Notice::StayedOut => Some(Ending::StayedOut),
        Notice::ChannelGone => Some(Ending::ChannelGone),
        Notice::JoinUnanswered => Some(Ending::Unanswered),
        Notice::Fatal { code } => Some(Ending::Fatal { code }),
        Notice::Interrupted { .. }
        | Notice::CoolingDown { .. }
        | Notice::Recovered { .. }
        | Notice::Moved { .. }
        | Notice::AwaitingAccess { .. } => None,
    }
}
