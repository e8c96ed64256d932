//! The queue, pure: the one source of truth about what plays next.
//!
//! A [`Queue`] holds one guild's current track, the upcoming ones and a bounded history. It is a value that only changes
//! when one of its methods is called: it reads no clock, knows no randomness and does no IO, so it can be replayed,
//! compared and stored as it is. Every operation is total: numbers out of range are clamped, never a panic.
//!
//! Invariant: while nothing is current, nothing is upcoming. Whoever adds to an idle queue starts it; whoever ends the
//! current track makes the next one current.
#![no_std]

extern crate alloc;

mod page;
mod queue;

pub use page::Page;
pub use queue::{Added, Limits, Queue, QueueError, Skipped};
