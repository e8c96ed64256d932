//! Why an operation was refused, in words for the person who asked for it.

use core::fmt;

/// Why the queue did not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// It holds as many tracks as it may.
    #[error("the queue is full: it holds {max} tracks; skip or clear some first")]
    Full {
        /// Its bound.
        max: usize,
    },
    /// No upcoming track has this position.
    #[error("there is no position {position} in the queue: {}", Positions(*len))]
    NoSuchPosition {
        /// What was asked for. Positions count from 1.
        position: usize,
        /// How many tracks are upcoming.
        len: usize,
    },
    /// It takes a current track, and there is none.
    #[error("nothing is playing; add a track first")]
    NothingCurrent,
    /// It takes a track that was played before, and none is remembered.
    #[error("there is no earlier track to go back to; let one play or skip it first")]
    NoHistory,
    /// Nothing was removed or cleared, or it is undone already.
    #[error("there is nothing to undo; only the last clear, remove or stop can be undone, and only once")]
    NothingToUndo,
}

/// Says which positions a queue of so many upcoming tracks has.
struct Positions(usize);

impl fmt::Display for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("nothing is upcoming; add a track first"),
            1 => f.write_str("only one track is upcoming; choose 1"),
            len => write!(f, "choose one from 1 to {len}"),
        }
    }
}
