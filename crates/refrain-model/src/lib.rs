//! Plain values that every Refrain crate speaks: ids, moments, tracks, media locations.
//!
//! Nothing here does anything: no IO, no clock, no runtime. The crate is `#![no_std]` with `alloc`, so that the
//! sans-IO crates above it can be.
#![no_std]

extern crate alloc;

mod id;
mod moment;
mod track;

pub use id::{ChannelId, GuildId, InvalidId, MessageId, UserId};
pub use moment::Moment;
pub use track::{MediaLocation, Track, TrackId, TrackInfo};
