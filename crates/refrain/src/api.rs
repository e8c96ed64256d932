//! What goes into a guild's actor and what comes out, as values.

use refrain_audio::PipelineConfig;
use refrain_model::{ChannelId, Track, UserId};
use refrain_queue::{Limits, Page};
use refrain_recovery::{Policy, governor::GovernorPolicy};
use std::time::Duration;

/// What every guild's actor is made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The bot's own user.
    pub bot_user: UserId,
    /// How voice recovers.
    pub recovery: Policy,
    /// How attempts are shared out among the guilds.
    pub governor: GovernorPolicy,
    /// How sound is read.
    pub pipeline: PipelineConfig,
    /// The queue's bounds.
    pub limits: Limits,
}

/// `/play`.
#[derive(Clone, Debug)]
pub struct PlayRequest {
    /// A link or words to search for, as typed.
    pub query: String,
    /// The voice channel of the person who asks.
    pub voice_channel: ChannelId,
    /// Who asks.
    pub requested_by: UserId,
    /// The text channel in which they ask; notices go there.
    pub requested_in: ChannelId,
}

/// The answer to `/play`.
#[derive(Clone, Debug)]
pub struct Played {
    /// The track.
    pub track: Track,
    /// 0: it plays now; otherwise its place in the queue, from 1.
    pub position: usize,
}

/// The answer to `/skip`.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// What was skipped, the one that played first.
    pub skipped: Vec<Track>,
    /// What plays now.
    pub current: Option<Track>,
}

/// The answer to `/now-playing`.
#[derive(Clone, Debug)]
pub struct NowPlaying {
    /// The track.
    pub track: Track,
    /// How far it has been heard.
    pub position: Duration,
    /// Paused by a person.
    pub paused: bool,
    /// How the voice connection is.
    pub voice: VoiceSummary,
}

/// The answer to `/queue`.
#[derive(Clone, Debug)]
pub struct QueueView {
    /// What plays, and how far.
    pub now: Option<NowPlaying>,
    /// The page of upcoming tracks that was asked for.
    pub page: Page,
    /// How long the upcoming tracks last, when all lengths are known.
    pub total: Option<Duration>,
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
