//! The current track and the state of its source.

use crate::{CommandId, SourceFacts, SourceFailure, SourceId};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use refrain_model::{Moment, Track};

/// The current track, from the moment its source is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Playback {
    pub(crate) track: Arc<Track>,
    pub(crate) slot: Slot,
    /// Commands that are answered when the track is heard.
    pub(crate) waiting: Vec<Waiter>,
    /// Its source has been open before.
    pub(crate) began: bool,
    /// Attempts that failed in a row.
    pub(crate) failures: u32,
    /// Why and since when nothing plays; `None` while the source is well.
    pub(crate) trouble: Option<Trouble>,
    /// The source ended here, long before its known length, and was opened again there.
    pub(crate) early_at: Option<Duration>,
    /// It turned out to come in real time, whatever its page says.
    pub(crate) found_live: bool,
    /// Until then the site wants to be left alone, whatever its source was wanted for.
    pub(crate) rest_until: Moment,
    /// When enough sound has played to forget the failures.
    pub(crate) refill_at: Option<Moment>,
    /// The source could only be opened at an earlier place than where it was lost.
    pub(crate) starts_over: bool,
}

/// A source that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Since when nothing plays.
    pub(crate) since: Moment,
    /// The track whose source failed: an earlier one than the current one while that is tried for the first time.
    pub(crate) track: Arc<Track>,
    pub(crate) failure: SourceFailure,
}

/// A command that waits for sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiter {
    pub(crate) command: CommandId,
    pub(crate) since: Moment,
}

/// The state of the current track's source.
#[derive(Clone, Debug)]
pub(crate) enum Slot {
    /// It is being opened, and nothing is heard meanwhile.
    Opening {
        id: SourceId,
        from: Duration,
        /// A new track or a seek: the position counts from here. Otherwise the music goes on where it was.
        fresh: bool,
        /// The volume that it is opened with, in per cent.
        volume: u16,
        deadline: Moment,
    },
    /// It is open and attached.
    Ready(Open),
    /// It is open and attached, and another one is being opened that takes its place.
    Replacing { old: Open, id: SourceId, from: Duration, purpose: Purpose, volume: u16, deadline: Moment },
    /// It failed; it is opened again at `until`.
    BackingOff { until: Moment, from: Duration, fresh: bool },
}

/// Why an open source is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The volume is part of how the sound is encoded.
    Volume,
    /// The position that members asked for is not among the frames that are kept.
    Seek { commands: Vec<CommandId> },
}

/// A source that is open and attached.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) id: SourceId,
    pub(crate) facts: SourceFacts,
    /// The volume that it was opened with, in per cent.
    pub(crate) volume: u16,
    pub(crate) opened_at: Moment,
    /// How far it has flowed, as last read.
    pub(crate) flowed: Duration,
    /// It brings no frames, as it was last reported.
    pub(crate) starved: bool,
    /// Since when the driver waits for frames that do not come.
    pub(crate) starved_since: Option<Moment>,
    /// It was told to go elsewhere, and has not answered.
    pub(crate) rewinding: Option<Rewinding>,
    /// Since when its frames are held.
    pub(crate) held_since: Option<Moment>,
    /// When another volume is tried again, after replacements failed.
    pub(crate) volume_retry: Option<Moment>,
    /// Replacements for another volume that failed in a row.
    pub(crate) volume_failures: u32,
}

/// Where an open source was told to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rewinding {
    pub(crate) to: Duration,
    /// The commands that asked for it; none: the recovery did.
    pub(crate) commands: Vec<CommandId>,
}

impl Playback {
    /// A site may ask to be left alone.
    pub(crate) fn note_rest(&mut self, now: Moment, failure: &SourceFailure, most: Duration) {
        if let Some(rest) = failure.retry_after {
            self.rest_until = self.rest_until.max(now + rest.min(most));
        }
    }

    /// The source that the driver takes frames from.
    pub(crate) const fn attached(&self) -> Option<&Open> {
        match &self.slot {
            Slot::Ready(open) | Slot::Replacing { old: open, .. } => Some(open),
            Slot::Opening { .. } | Slot::BackingOff { .. } => None,
        }
    }

    pub(crate) const fn attached_mut(&mut self) -> Option<&mut Open> {
        match &mut self.slot {
            Slot::Ready(open) | Slot::Replacing { old: open, .. } => Some(open),
            Slot::Opening { .. } | Slot::BackingOff { .. } => None,
        }
    }

    /// The source that is being opened.
    pub(crate) const fn opening(&self) -> Option<SourceId> {
        match &self.slot {
            Slot::Opening { id, .. } | Slot::Replacing { id, .. } => Some(*id),
            Slot::Ready(_) | Slot::BackingOff { .. } => None,
        }
    }

    /// Where the frames go on: how far an attached source has flowed, or where the next one is wanted.
    pub(crate) const fn flowed(&self) -> Duration {
        match &self.slot {
            Slot::Ready(open) | Slot::Replacing { old: open, .. } => open.flowed,
            Slot::Opening { from, .. } | Slot::BackingOff { from, .. } => *from,
        }
    }

    /// Why this track's own source fails, if it does.
    pub(crate) fn own_failure(&self) -> Option<&SourceFailure> {
        self.trouble.as_ref().filter(|trouble| trouble.track.id == self.track.id).map(|trouble| &trouble.failure)
    }

    /// Whether the track comes in real time, as far as is known.
    pub(crate) fn is_live(&self) -> bool {
        self.track.info.live || self.found_live || self.attached().is_some_and(|open| open.facts.live)
    }

    /// The track's length, where the page or the source tells.
    pub(crate) fn length(&self) -> Option<Duration> {
        self.track.info.duration.or_else(|| self.attached().and_then(|open| open.facts.length))
    }
}
