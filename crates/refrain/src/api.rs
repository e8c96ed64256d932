//! What goes into a guild's actor and what comes out, as values.

use refrain_audio::PipelineConfig;
use refrain_model::{AutoResume, ChannelId, LoopMode, Track, UserId};
use refrain_queue::{Limits, Page, Place};
use refrain_recovery::{Policy, governor::GovernorPolicy};
use std::{sync::Arc, time::Duration};

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
    /// What a restarted bot does with music that was playing, in guilds that have not decided for themselves.
    pub auto_resume: AutoResume,
    /// Whether a bot that is stopped in good order says so where it says what plays.
    pub goodbye: bool,
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
    /// Where in the queue it goes.
    pub place: Place,
}

/// The answer to `/play`.
#[derive(Clone, Debug)]
pub struct Played {
    /// The track.
    pub track: Arc<Track>,
    /// 0: it plays now; otherwise its place in the queue, from 1.
    pub position: usize,
}

/// The answer to `/skip`.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// What was skipped, the one that played first.
    pub skipped: Vec<Arc<Track>>,
    /// What plays now.
    pub current: Option<Arc<Track>>,
}

/// The answer to `/now-playing`.
#[derive(Clone, Debug)]
pub struct NowPlaying {
    /// The track.
    pub track: Arc<Track>,
    /// How far it has been heard.
    pub position: Duration,
    /// Paused by a person.
    pub paused: bool,
    /// How the voice connection is.
    pub voice: VoiceSummary,
    /// What happens at the end of it.
    pub looping: LoopMode,
    /// The volume, in per cent.
    pub volume: u16,
}

/// The answer to `/play` of a favorite.
#[derive(Clone, Debug)]
pub struct PlayedAll {
    /// What was added, in order.
    pub tracks: Vec<Arc<Track>>,
    /// The first one's place: 0: it plays now; otherwise its place in the queue, from 1.
    pub position: usize,
    /// How many of what was asked for found no room, or could not be found.
    pub left_out: usize,
}

/// The answer to `/undo`.
#[derive(Clone, Debug)]
pub struct Undone {
    /// What is back in the queue.
    pub restored: Vec<Arc<Track>>,
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
