//! Records as rows: one small row of JSON, a row a track, the lists as numbers, the playhead, the timeline.

pub(crate) mod order;
mod read;
mod small;
mod write;

pub(crate) use read::{Unreadable, read};
pub(crate) use small::{Small, Tolerant, tolerantly};
pub(crate) use write::{erase, write};

use refrain_model::{Playhead, TrackId};
use std::time::Duration;

/// A playhead's row. A position beyond 584 years is cut there.
pub(crate) fn playhead_row(playhead: &Playhead) -> (u64, u64, u64) {
    let nanoseconds = u64::try_from(playhead.position.as_nanos()).unwrap_or(u64::MAX);
    (playhead.track.0, nanoseconds, playhead.at_unix_ms)
}

pub(crate) fn playhead_of((track, nanoseconds, at_unix_ms): (u64, u64, u64)) -> Playhead {
    Playhead { track: TrackId(track), position: Duration::from_nanos(nanoseconds), at_unix_ms }
}
