//! How the attached source ends: in good order, too early, stalled, or broken off.

use super::Guild;
use crate::{
    GuildOutput, Observation, SourceId,
    source::{Playback, Purpose, Rewinding, Slot},
};
use alloc::vec::Vec;
use core::time::Duration;
use refrain_model::{FailureClass, SourceFailure};

/// A source that played for so long before it broke is asked for again at once.
const PROVED: Duration = Duration::from_secs(10);

const STALLED: SourceFailure =
    SourceFailure::new(FailureClass::Site, "stalled", "The site has stopped sending this track.");
const ENDED_EARLY: SourceFailure =
    SourceFailure::new(FailureClass::Site, "ended-early", "The site ended this track long before its end.");
const LIVE_ENDED: SourceFailure =
    SourceFailure::new(FailureClass::Site, "live-ended", "The station closed the connection.");

impl Guild {
    /// The source brought no frames for too long.
    pub(super) fn stalled(&mut self) {
        let Some(open) = self.playback.as_ref().and_then(Playback::attached) else { return };
        let Some(since) = open.starved_since else { return };
        let (id, starved, at) = (open.id, self.now().since(since), open.flowed);
        self.note(Observation::SourceStalled { id, starved });
        self.broke(at, STALLED);
        // It has been silent since the last frame.
        if let Some(trouble) = self.playback.as_mut().and_then(|playback| playback.trouble.as_mut()) {
            trouble.since = trouble.since.min(since);
        }
    }

    /// The attached source ended in good order: the track is over, unless there must be more of it.
    pub(super) fn ended(&mut self, at: Duration, live: bool) {
        self.found_to_be(live);
        let Some(playback) = &mut self.playback else { return };
        if playback.is_live() {
            return self.broke(at, LIVE_ENDED);
        }
        let policy = &self.policy.sources;
        let length =
            playback.length().filter(|length| is_early(at, *length, policy.early_margin, policy.early_percent));
        if let Some(length) = length {
            let again = playback.early_at.is_some_and(|before| at <= before + Duration::from_secs(1));
            playback.early_at = Some(at);
            // Twice at the same place: there is no more of it.
            if !again {
                let id = playback.attached().map_or(SourceId(0), |open| open.id);
                self.note(Observation::SourceEndedEarly { id, at, length });
                return self.broke(at, ENDED_EARLY);
            }
        }
        let id = playback.track.id;
        self.failed_in_a_row = 0;
        self.queue_moves_on(|queue| {
            queue.finish(id);
        });
    }

    /// A source that came in real time tells so when it is over; the sources after it are live from the start.
    pub(super) fn found_to_be(&mut self, live: bool) {
        if let Some(playback) = &mut self.playback {
            playback.found_live |= live;
        }
    }

    /// The current track is over: its source closes and the next track begins.
    pub(super) fn queue_moves_on(&mut self, change: impl FnOnce(&mut refrain_queue::Queue)) {
        self.silence_source();
        change(&mut self.queue);
        self.play_current();
    }

    /// The attached source has nothing more to give, although the track has.
    pub(super) fn broke(&mut self, at: Duration, failure: SourceFailure) {
        let now = self.now();
        let Some(playback) = &mut self.playback else { return };
        if let Some(open) = playback.attached_mut() {
            open.flowed = at.max(open.flowed);
        }
        let Some(open) = playback.attached() else { return };
        // The frames that flowed since the last proof of life may not have been heard.
        let from = self.recovery.heard(now, open.flowed);
        let proved = now.since(open.opened_at) >= PROVED;
        let Some(mut playback) = self.playback.take() else { return };
        let live = playback.is_live();
        let from = if live { Duration::ZERO } else { from };
        let slot = match playback.slot {
            // Members have heard what the replacement would begin with.
            Slot::Replacing { old, id, from: wanted, purpose: Purpose::Volume, .. }
                if from > wanted + Duration::from_secs(1) =>
            {
                self.close(id);
                Slot::Ready(old)
            }
            slot @ (Slot::Opening { .. } | Slot::Ready(_) | Slot::Replacing { .. } | Slot::BackingOff { .. }) => slot,
        };
        match slot {
            Slot::Replacing { old, id, from: wanted, purpose, volume, deadline } => {
                // Its replacement is on the way already.
                self.say(GuildOutput::Attach { id: None, at: None });
                self.close(old.id);
                let (wanted, commands, fresh) = match purpose {
                    Purpose::Volume => (wanted, Vec::new(), live),
                    Purpose::Seek { commands } => (wanted, commands, true),
                };
                playback.slot = Slot::Opening { id, from: wanted, fresh, volume, deadline };
                self.playback = Some(playback);
                for command in commands {
                    self.answer_now_playing(command);
                }
            }
            Slot::Ready(open) => {
                self.say(GuildOutput::Attach { id: None, at: None });
                self.close(open.id);
                let (from, fresh, commands) = match open.rewinding {
                    Some(Rewinding { to, commands }) if !commands.is_empty() => (to, true, commands),
                    Some(Rewinding { to, .. }) => (to, live, Vec::new()),
                    None => (from, live, Vec::new()),
                };
                playback.slot = Slot::BackingOff { until: now, from, fresh };
                self.playback = Some(playback);
                for command in commands {
                    self.answer_now_playing(command);
                }
                self.source_failed(failure, proved);
            }
            slot @ (Slot::Opening { .. } | Slot::BackingOff { .. }) => {
                playback.slot = slot;
                self.playback = Some(playback);
            }
        }
    }
}

/// Whether an end at `at` comes long before the known length.
fn is_early(at: Duration, length: Duration, margin: Duration, percent: u32) -> bool {
    let margin = margin.max(length.saturating_mul(percent) / 100);
    at.saturating_add(margin) < length
}
