//! Plain values that every Refrain crate speaks: ids, moments, tracks, queues, settings, guild records.
//!
//! Nothing here does anything: no IO, no clock, no runtime. The crate is `#![no_std]` with `alloc`, so that the
//! sans-IO crates above it can be.
#![no_std]

extern crate alloc;

mod id;
mod moment;
mod queue;
mod record;
mod settings;
mod source;
mod track;

pub use id::{ChannelId, GuildId, InvalidId, MessageId, UserId};
pub use moment::Moment;
pub use queue::{LoopMode, MAX_QUEUE, QueueSnapshot};
pub use record::{AskedMessage, GuildRecord, MAX_TIMELINE, MessagePlace, Playhead, TimelineRecord, VoiceRecord};
pub use settings::{AutoRejoin, AutoResume, GuildSettings, MAX_VOLUME, SettingChange, WhenOver};
pub use source::{FailureClass, SourceFacts, SourceFailure};
pub use track::{MediaLocation, Track, TrackId, TrackInfo};
