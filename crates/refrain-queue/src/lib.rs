//! The queue, pure: the one source of truth about what plays next.
//!
//! A [`Queue`] holds one guild's current track, the upcoming ones and a bounded history. It is a value that only changes
//! when one of its methods is called: it reads no clock, knows no randomness and does no IO, so it can be replayed,
//! compared and stored as it is. Every operation is total: it does what it says or returns a [`QueueError`] and changes
//! nothing, and no number makes it panic.
//!
//! Three things always hold:
//!
//! - While nothing is current, nothing is upcoming. Whoever adds to an idle queue starts it; whoever ends the current
//!   track makes the next one current.
//! - The queue is within its [`Limits`].
//! - A number is never given to two tracks, and a track that was current and becomes so again gets a new one. An event
//!   about a track that played can therefore arrive as late as it likes: it is never about what plays now.
#![no_std]

extern crate alloc;

mod add;
mod edit;
mod error;
mod page;
mod play;
mod queue;
mod shuffle;
mod snapshot;
mod undo;

pub use add::{Added, AddedAll, Place};
pub use error::QueueError;
pub use page::Page;
pub use play::Skipped;
pub use queue::{Limits, Queue};
pub use undo::Undone;
