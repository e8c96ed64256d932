//! What follows when the current track has no source: it is tried again, deferred or passed over, or the guild halts.

use super::Guild;
use crate::{
    AnnouncementKind, CommandError, FailedTrack, Observation,
    source::{self, Playback, Purpose, Slot},
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
        let since = playback.trouble.as_ref().map_or(now, |(since, _)| *since);
        playback.trouble = Some((since, failure.clone()));
        if let Slot::BackingOff { until, .. } = &mut playback.slot {
            *until = now + pause;
        }
        let title = playback.track.info.title.clone();
        self.note(Observation::SourceRetry { track, title, failure, attempt, pause });
        if attempt >= self.policy.sources.attempts {
            self.count_towards_outage(track);
        }
        if first {
            self.source_backoff_over();
        }
    }

    /// The track has used its attempts: it goes to the end of the queue, unless the fault is not the track's.
    fn count_towards_outage(&mut self, track: TrackId) {
        let now = self.now();
        if self.outages.failed(now, track, self.policy.sources.outage_tracks) {
            self.note(Observation::OutageBegan);
        }
        let live = self.playback.as_ref().is_some_and(Playback::is_live);
        if self.outages.is_outage() || live || self.queue.looping() == LoopMode::Track || self.queue.is_empty() {
            return;
        }
        let Some(playback) = &self.playback else { return };
        let title = playback.track.info.title.clone();
        let (trouble, waiting) = (playback.trouble.clone(), playback.waiting.clone());
        self.note(Observation::TrackDeferred { track, title });
        for waiter in waiting {
            self.answer_delayed(waiter.command);
        }
        if let Some(playback) = &mut self.playback {
            playback.waiting.clear();
        }
        self.queue_moves_on(|queue| {
            queue.defer(track);
        });
        // What members are told goes on: the music is still away.
        if let (Some(playback), Some(trouble)) = (&mut self.playback, trouble) {
            playback.trouble = Some(trouble);
        }
    }

    fn answer_delayed(&mut self, command: crate::CommandId) {
        let Some(playback) = &self.playback else { return };
        let delayed = playback.trouble.clone().map_or(crate::Delay::Slow, |(_, failure)| crate::Delay::Source(failure));
        let track = Arc::clone(&playback.track);
        let played = crate::Played { track, position: 0, delayed: Some(delayed) };
        self.answer(command, Ok(crate::Answer::Played(played)));
    }

    /// The pause is over: the current track is opened again.
    pub(super) fn source_backoff_over(&mut self) {
        let Some(playback) = &self.playback else { return };
        if let Slot::BackingOff { from, fresh, .. } = &playback.slot {
            let (from, fresh) = (*from, *fresh);
            self.reopen(from, fresh);
        }
    }

    /// A failed replacement for the volume is tried again.
    pub(super) fn volume_again(&mut self) {
        let Some(open) = self.playback.as_mut().and_then(Playback::attached_mut) else { return };
        open.volume_retry = None;
        let from = open.flowed;
        self.replace(from, Purpose::Volume);
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
