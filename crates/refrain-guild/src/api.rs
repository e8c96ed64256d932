//! What members ask for and what they are answered, as values.

use crate::{SilenceReason, SourceFailure};
use alloc::sync::Arc;
use alloc::{string::String, vec::Vec};
use core::time::Duration;
use refrain_model::{ChannelId, LoopMode, Track, UserId};
use refrain_queue::{Page, Place};
use serde::{Deserialize, Serialize};

/// `/play`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayRequest {
    /// A link or words to search for, as typed.
    pub query: String,
    /// The voice channel of the member who asks, when they ask.
    pub voice_channel: ChannelId,
    /// The member who asks.
    pub requested_by: UserId,
    /// The text channel in which they ask; notices go there.
    pub requested_in: ChannelId,
    /// Where in the queue it goes.
    pub place: Place,
}

/// Where the member who asked is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AskerChannel {
    /// The embedder does not know: where the member was counts.
    Unknown,
    /// In no voice channel.
    Nowhere,
    /// In this voice channel. `open`: the bot may join and speak there.
    In {
        /// The channel.
        channel: ChannelId,
        /// Whether the bot may join and speak there.
        open: bool,
    },
}

/// A voice channel as the bot sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelScene {
    /// The channel.
    pub channel: ChannelId,
    /// What the bot finds there.
    pub scene: Scene,
}

/// What the bot finds in a voice channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scene {
    /// It may join and speak.
    Open {
        /// How many members listen there, bots not counted; `None` when that is not known.
        listeners: Option<u32>,
    },
    /// The channel does not exist.
    Gone,
    /// It may not join or speak there.
    Forbidden {
        /// The permission that is missing.
        missing: MissingPermission,
    },
}

/// A permission that the bot needs in a voice channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MissingPermission {
    /// View Channel.
    ViewChannel,
    /// Connect.
    Connect,
    /// Speak.
    Speak,
}

/// The answer to `/play`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// The track.
    pub track: Arc<Track>,
    /// 0: it is the current track; otherwise its place in the queue, from 1.
    pub position: usize,
    /// It cannot be heard yet, for this reason; it begins by itself as soon as it can.
    pub delayed: Option<Delay>,
}

/// Why a track that is current is not heard yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delay {
    /// Its source fails, and is tried again.
    Source(SourceFailure),
    /// The source or the voice connection takes long.
    Slow,
}

/// The answer to `/play` of several tracks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayedAll {
    /// What was added, in order.
    pub tracks: Vec<Arc<Track>>,
    /// The first one's place: 0 when it is the current track; otherwise its place in the queue, from 1.
    pub position: usize,
    /// How many of those asked for found no room, or could not be found.
    pub left_out: usize,
}

/// The answer to `/skip`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// What was skipped, the one that played first.
    pub skipped: Vec<Arc<Track>>,
    /// What plays now.
    pub current: Option<Arc<Track>>,
}

/// The answer to `/stop` and `/disconnect`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stopped {
    /// How many tracks were removed.
    pub removed: usize,
    /// How many look-ups ended with them.
    pub look_ups: usize,
}

/// The answer to `/now-playing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NowPlaying {
    /// The track.
    pub track: Arc<Track>,
    /// How far it has played.
    pub position: Duration,
    /// Paused by a member.
    pub paused: bool,
    /// How the voice connection is.
    pub voice: VoiceSummary,
    /// What happens at the end of it.
    pub looping: LoopMode,
    /// The volume, in per cent.
    pub volume: u16,
    /// Its source fails, and is tried again.
    pub trouble: Option<SourceFailure>,
    /// Why no frames flow; `None` while they do.
    pub silence: Option<SilenceReason>,
}

/// The answer to `/undo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// What is back in the queue.
    pub restored: Vec<Arc<Track>>,
}

/// The answer to `/queue`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueView {
    /// What plays, and how far.
    pub now: Option<NowPlaying>,
    /// The page of upcoming tracks that was asked for.
    pub page: Page,
    /// How long the upcoming tracks last, when all lengths are known.
    pub total: Option<Duration>,
    /// What happens at the end of a track.
    pub looping: LoopMode,
    /// The upcoming tracks are in a random order; the true one is kept.
    pub shuffled: bool,
}

/// The voice connection in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoiceSummary {
    /// In no channel, and not meant to be.
    Idle,
    /// Joining, or coming back.
    Retrying {
        /// Where to.
        channel: Option<ChannelId>,
    },
    /// Connected.
    Stable {
        /// Where.
        channel: ChannelId,
    },
}
