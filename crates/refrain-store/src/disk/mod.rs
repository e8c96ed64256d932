//! The file: opening it whatever state it is in, and what can go wrong.

mod date;
mod gate;
mod migrate;
mod open;
mod place;
mod words;

pub use open::Opening;
pub(crate) use open::{Found, Refusal, attempt, in_memory, open};
pub(crate) use place::{Access, FilePlace, MemoryPlace, Place};
pub(crate) use words::Trouble;
