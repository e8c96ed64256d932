//! What a listener heard, measured from the samples alone: levels, silences, where in the source each moment came from.
//!
//! All of it is pure: sound in, figures out. `docs/testing.md` says in words how each figure comes about and where it
//! can err. Times are milliseconds from the start of the recording unless a name says otherwise.

mod audio;
mod band;
mod comparison;
mod fault;
mod level;
mod reference;
#[cfg(test)]
mod synthetic;

pub use audio::{Audio, RATE};
pub use comparison::{Comparison, TRUSTED, Window};
pub use fault::FaultHeard;
pub use level::{HOP_MS, Levels, SHORTEST_MS, SILENT_DBFS, Span};
