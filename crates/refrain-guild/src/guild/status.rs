//! `/voice-status`: what the machine and the incidents know, as one value.

use super::Guild;
use crate::{TimelinePage, VoiceStatus, VoiceView, Waiting, source::Slot};
use refrain_recovery::Timer;

/// Lines of the timeline on a page.
const PAGE_SIZE: usize = 10;

impl Guild {
    pub(super) fn voice_status(&self, page: usize) -> VoiceStatus {
        let now = self.clocks();
        let (snapshot, view) = (self.recovery.snapshot(), VoiceView::of(&self.recovery));
        let seconds = |moment| now.unix_ms_of(moment) / 1000;
        VoiceStatus {
            state: view.state,
            doing: view.doing,
            intent: view.intent,
            presence: snapshot.presence,
            since_unix: snapshot.stable_since.or(snapshot.down_since).map(seconds),
            last_alive_unix: snapshot.last_alive.map(seconds),
            gateway_latency: Some(view.gateway_latency).filter(|latency| !latency.is_zero()),
            // The shell measures the voice server's answer and fills it in.
            voice_latency: None,
            attempt: view.attempt,
            attempts: snapshot.attempts,
            cooldown_until_unix: snapshot.cooldown_until.map(|until| now.unix_of(until)),
            next: view.next.map(|(at, timer)| (now.unix_of(at), waiting(timer))),
            last_close: view.last_close.map(|(at, code)| (seconds(at), code)),
            not_heard: self.not_heard,
            source: self.failing_source(),
            settings: self.settings(),
            timeline: self.timeline(page),
        }
    }

    fn failing_source(&self) -> Option<(refrain_model::SourceFailure, Option<u64>)> {
        let playback = self.playback.as_ref()?;
        let failure = playback.own_failure()?;
        let next = match &playback.slot {
            Slot::BackingOff { until, .. } => Some(self.clocks().unix_of(*until)),
            Slot::Opening { .. } | Slot::Ready(_) | Slot::Replacing { .. } => None,
        };
        Some((failure.clone(), next))
    }

    fn timeline(&self, page: usize) -> TimelinePage {
        let lines = self.voice_incidents.timeline();
        let pages = lines.count().div_ceil(PAGE_SIZE).max(1);
        let number = page.clamp(1, pages);
        let lines = self.voice_incidents.timeline().skip((number - 1) * PAGE_SIZE).take(PAGE_SIZE).cloned().collect();
        TimelinePage { lines, number, pages }
    }
}

const fn waiting(timer: Timer) -> Waiting {
    match timer {
        Timer::Backoff => Waiting::Attempt,
        Timer::Cooldown => Waiting::Round,
        Timer::Health => Waiting::HealthCheck,
        Timer::Stability => Waiting::Forgetting,
        Timer::Join
        | Timer::Reconnect
        | Timer::Leave
        | Timer::Resume
        | Timer::ResumeAgain
        | Timer::Evidence
        | Timer::Hedge
        | Timer::Server
        | Timer::Guild
        | Timer::Access
        | Timer::Turn => Waiting::Answer,
    }
}
