//! What follows when the current track has no source: it is tried again, deferred or passed over, or the guild halts.

use super::Guild;
use crate::{
    AnnouncementKind, Answer, CommandError, Delay, FailedTrack, Observation, Played,
    source::{self, Playback, Slot, Trouble},
};
use alloc::sync::Arc;
use core::time::Duration;
use refrain_model::{FailureClass, LoopMode, SourceFailure, TrackId};

impl Guild {
    /// The current track has no source. What failed decides, by its class. `at_once`: it had played well before.
    pub(super) fn source_failed(&mut self, failure: SourceFailure, at_once: bool) {
        match failure.class {
            FailureClass::Track => self.pass_over(failure),
            FailureClass::Site | FailureClass::Machine | FailureClass::Request => self.try_again(failure, at_once),
        }
    }

    fn try_again(&mut self, failure: SourceFailure, at_once: bool) {
        let now = self.now();
        let random = self.random();
        let Some(playback) = &mut self.playback else { return };
        playback.failures = playback.failures.saturating_add(1);
        playback.refill_at = None;
        let (attempt, track) = (playback.failures, playback.track.id);
        let first = at_once && attempt == 1 && failure.retry_after.is_none();
        let pause = if first { Duration::ZERO } else { source::pause(&self.policy.sources, attempt, &failure, random) };
        playback.note_rest(now, &failure, self.policy.sources.retry_after_max);
        let pause = pause.max(playback.rest_until.since(now));
        let since = playback.trouble.as_ref().map_or(now, |trouble| trouble.since);
        playback.trouble = Some(Trouble { since, track: Arc::clone(&playback.track), failure: failure.clone() });
        if let Slot::BackingOff { until, .. } = &mut playback.slot {
            *until = now + pause;
        }
        let title = playback.track.info.title.clone();
        self.note(Observation::SourceRetry { track, title, failure, attempt, pause });
        if attempt >= self.policy.sources.attempts {
            self.count_towards_outage(track);
        }
        if pause.is_zero() {
            self.source_backoff_over();
        }
    }

    /// The track has used its attempts: it goes to the end of the queue, unless the fault is not the track's.
    fn count_towards_outage(&mut self, track: TrackId) {
        let now = self.now();
        let page = self.playback.as_ref().map(|playback| playback.track.info.page_url.clone()).unwrap_or_default();
        if self.outages.failed(now, page, self.policy.sources.outage_tracks) {
            self.note(Observation::OutageBegan);
        }
        let live = self.playback.as_ref().is_some_and(Playback::is_live);
        if self.outages.is_outage() || live || self.queue.looping() == LoopMode::Track || self.queue.is_empty() {
            return;
        }
        let Some(playback) = &self.playback else { return };
        let title = playback.track.info.title.clone();
        let (deferred, trouble, flowed) = (Arc::clone(&playback.track), playback.trouble.clone(), playback.flowed());
        let waiting = playback.waiting.clone();
        self.note(Observation::TrackDeferred { track, title });
        // At the end of the queue, where it stands once the next track is the current one.
        let position = self.queue.len();
        for waiter in waiting {
            let delayed = trouble.clone().map_or(Delay::Slow, |trouble| Delay::Source(trouble.failure));
            let played = Played { track: Arc::clone(&deferred), position, delayed: Some(delayed) };
            self.answer(waiter.command, Ok(Answer::Played(played)));
        }
        if let Some(playback) = &mut self.playback {
            playback.waiting.clear();
        }
        let mut again = None;
        self.queue_moves_on(|queue| again = queue.defer(track));
        if let Some(again) = again.filter(|_| !flowed.is_zero()) {
            self.keep_deferred_place(again, flowed);
        }
        // What members are told goes on: the music is still away.
        if let (Some(playback), Some(trouble)) = (&mut self.playback, trouble) {
            playback.trouble = Some(trouble);
        }
    }

    /// Where a deferred track goes on. Places of tracks that have left the queue are forgotten.
    fn keep_deferred_place(&mut self, track: TrackId, at: Duration) {
        let queue = &self.queue;
        self.deferred.retain(|(track, _)| queue.upcoming().any(|upcoming| upcoming.id == *track));
        self.deferred.push((track, at));
    }

    /// The place at which a deferred track goes on, once.
    pub(super) fn take_deferred_place(&mut self, track: TrackId) -> Option<Duration> {
        let index = self.deferred.iter().position(|(deferred, _)| *deferred == track)?;
        Some(self.deferred.swap_remove(index).1)
    }

    /// The pause is over: the current track is opened again.
    pub(super) fn source_backoff_over(&mut self) {
        let Some(playback) = &self.playback else { return };
        if let Slot::BackingOff { from, fresh, until } = &playback.slot
            && *until <= self.now()
        {
            let (from, fresh) = (*from, *fresh);
            self.reopen(from, fresh);
        }
    }

    /// The track cannot be played, and another attempt would not change that: members read why, and the next one begins.
    fn pass_over(&mut self, failure: SourceFailure) {
        let Some(playback) = &mut self.playback else { return };
        let (id, title) = (playback.track.id, playback.track.info.title.clone());
        let waiting = core::mem::take(&mut playback.waiting);
        self.note(Observation::TrackFailed { track: id, title: title.clone(), failure: failure.clone() });
        if waiting.is_empty() {
            let now = self.clocks();
            let channel = self.told_in();
            let incidents = &mut self.voice_incidents;
            let track = FailedTrack { title, reason: failure.message.clone().into_owned() };
            self.source_incidents.track_failed(now, channel, track, || incidents.number(now));
        }
        for waiter in waiting {
            self.answer(waiter.command, Err(CommandError::Source(failure.clone())));
        }
        self.failed_in_a_row = self.failed_in_a_row.saturating_add(1);
        self.silence_source();
        self.queue.fail(id);
        if self.failed_in_a_row >= self.policy.sources.halt_after && self.queue.current().is_some() {
            return self.halt(&failure);
        }
        self.play_current();
        self.leave_if_never_played();
    }

    /// Too many tracks in a row could not be played: the queue is kept, and a member has to ask.
    fn halt(&mut self, failure: &SourceFailure) {
        let failed = core::mem::take(&mut self.failed_in_a_row);
        self.halted = true;
        self.note(Observation::Halted { failed });
        let kept = self.queue.len() + 1;
        let reason = failure.message.clone().into_owned();
        let kind = AnnouncementKind::Halted { failed: usize::try_from(failed).unwrap_or(usize::MAX), kept, reason };
        let now = self.clocks();
        let channel = self.told_in();
        let incidents = &mut self.voice_incidents;
        self.source_incidents.halted(channel, kind, || incidents.number(now));
    }

    /// Enough sound in a row and the track's failures are forgotten. The time counts while frames flow.
    pub(super) fn watch_refill(&mut self) {
        let (now, after, flowing) = (self.now(), self.policy.sources.refilled_after, self.flowing);
        let Some(playback) = &mut self.playback else { return };
        let well = playback.attached().is_some_and(|open| open.starved_since.is_none());
        if !flowing || !well || playback.failures == 0 {
            playback.refill_at = None;
        } else {
            playback.refill_at.get_or_insert(now + after);
        }
    }

    pub(super) fn refill(&mut self) {
        if let Some(playback) = &mut self.playback {
            (playback.failures, playback.refill_at) = (0, None);
        }
    }
}
