//! Every timer of a guild, by name: when each is due, and what happens then.

use super::{Guild, playback::ANSWER_DEADLINE};
use crate::{
    GuildTimer,
    source::{Playback, Slot},
};
use alloc::vec::Vec;
use refrain_model::Moment;

impl Guild {
    /// When to call [`handle_timeout`](Self::handle_timeout) next, and why. It changes with every input.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Moment, GuildTimer)> {
        self.timers().min_by_key(|(at, _)| *at)
    }

    /// The timers that are set.
    fn timers(&self) -> impl Iterator<Item = (Moment, GuildTimer)> {
        let recovery = self.recovery.poll_timeout().map(|(at, timer)| (at, GuildTimer::Recovery(timer)));
        let named = [
            (self.loading.again_at(), GuildTimer::LoadAgain),
            (self.look_ups.deadline(), GuildTimer::LookUpDeadline),
            (self.look_ups.order_deadline(), GuildTimer::LookUpOrder),
            (self.idle_deadline(), GuildTimer::IdleLeave),
            (self.alone_deadline(), GuildTimer::AloneLeave),
            (self.restore_deadline(), GuildTimer::Restore),
            (self.grace_deadline(), GuildTimer::SourceGrace),
            (self.voice_incidents.wake_up(), GuildTimer::IncidentMessage),
            (self.source_message_deadline(), GuildTimer::SourceMessage),
        ];
        let playback = self.playback.as_ref().map(|playback| self.playback_timers(playback));
        let named = named.into_iter().chain(playback.into_iter().flatten());
        recovery.into_iter().chain(named.filter_map(|(at, timer)| Some((at?, timer))))
    }

    fn playback_timers(&self, playback: &Playback) -> [(Option<Moment>, GuildTimer); 6] {
        let policy = &self.policy.sources;
        let (open_deadline, backoff) = match &playback.slot {
            Slot::Opening { deadline, .. } | Slot::Replacing { deadline, .. } => (Some(*deadline), None),
            Slot::BackingOff { until, .. } => (None, Some(*until)),
            Slot::Ready(_) => (None, None),
        };
        let attached = playback.attached();
        let stalled = attached.and_then(|open| open.starved_since).map(|since| since + policy.stalled_after);
        let waiting = playback.waiting.iter().map(|waiter| waiter.since + ANSWER_DEADLINE).min();
        let trouble = playback.trouble.as_ref().filter(|_| !playback.waiting.is_empty());
        let told = trouble.map(|trouble| trouble.since + policy.told_after);
        [
            (open_deadline, GuildTimer::OpenDeadline),
            (backoff, GuildTimer::SourceBackoff),
            (self.volume_due(), GuildTimer::VolumeRetry),
            (stalled, GuildTimer::StallCheck),
            (playback.refill_at, GuildTimer::SourceRefill),
            (waiting.into_iter().chain(told).min(), GuildTimer::AnswerDeadline),
        ]
    }

    fn grace_deadline(&self) -> Option<Moment> {
        self.unheard_since.map(|since| since + self.policy.sources.grace)
    }

    fn source_message_deadline(&self) -> Option<Moment> {
        self.source_incidents.wake_up(self.told_in().is_some(), self.policy.sources.told_after)
    }

    /// Everything that is due happens, each timer once.
    pub(super) fn fire_timers(&mut self) {
        let now = self.now();
        let due: Vec<_> = self.timers().filter(|(at, _)| *at <= now).map(|(_, timer)| timer).collect();
        for timer in due {
            self.fire(timer);
        }
    }

    fn fire(&mut self, timer: GuildTimer) {
        match timer {
            GuildTimer::Recovery(_) => self.recovery.handle_timeout(self.observed.at),
            GuildTimer::LoadAgain => self.load_again(),
            GuildTimer::LookUpDeadline => self.look_ups_time_out(),
            GuildTimer::LookUpOrder => self.settle_look_ups(),
            GuildTimer::OpenDeadline => self.opening_is_lost(),
            GuildTimer::SourceBackoff => self.source_backoff_over(),
            GuildTimer::StallCheck => self.stalled(),
            GuildTimer::SourceRefill => self.refill(),
            GuildTimer::Restore => self.restore(),
            // What follows from these is decided after every step.
            GuildTimer::VolumeRetry
            | GuildTimer::AnswerDeadline
            | GuildTimer::SourceGrace
            | GuildTimer::IdleLeave
            | GuildTimer::AloneLeave
            | GuildTimer::IncidentMessage
            | GuildTimer::SourceMessage => {}
        }
    }
}
