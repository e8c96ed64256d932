//! From a media location to 20 ms Opus frames with positions.
//!
//! [`FrameStream::open`] starts an `ffmpeg` child that fetches, decodes and encodes; a task takes its Ogg pages apart
//! and keeps a bounded window of frames: some ahead of the playhead, so that a slow server is not heard, and some
//! behind it, so that a recovery can go back to the moment last heard without fetching anything again. The mixer's side
//! ([`FrameStream::next`]) is synchronous, never waits for IO and allocates nothing.
//!
//! What is deliberately absent: retries and fresh addresses (the caller has the resolver and the backoff), volume and
//! effects, and any clock: a frame is handed out whenever it is asked for.

mod args;
mod arrival;
mod child;
mod config;
mod error;
mod facts;
mod log;
mod open;
mod packets;
mod probe;
mod reader;
mod shared;
mod stream;
mod toc;
mod window;

use bytes::Bytes;
use std::time::Duration;

pub use config::PipelineConfig;
pub use error::{AudioError, AudioErrorKind};
pub use facts::OpenAt;
pub use stream::FrameStream;

/// How much sound one frame holds, as Discord expects it: 20 ms, 960 samples a channel at 48 kHz.
pub const FRAME: Duration = Duration::from_millis(20);

/// 20 ms of sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where the frame begins within the track. The encoder's own delay of 6.5 ms is not taken off.
    pub position: Duration,
    /// One Opus packet: 20 ms, 48 kHz, stereo.
    pub data: Bytes,
}

/// What the mixer gets when it asks for 20 ms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next frame; the playhead has moved past it.
    Frame(Frame),
    /// It has not arrived yet; the playhead stays.
    Starved,
    /// Nothing more will come at this position, which [`FrameStream::position`] gives. Going back with
    /// [`FrameStream::rewind`] is still possible.
    Ended(EndReason),
}

/// Why a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The body ended in good order, or the stream was closed by its owner. Compare [`FrameStream::position`] with the
    /// length that the page gives, and look at `live` of [`FrameStream::facts`]: neither a body that ends early nor a
    /// station that hangs up is a finished track.
    Finished,
    /// It broke off. [`FrameStream::failure`] has the words.
    Failed(AudioErrorKind),
}
