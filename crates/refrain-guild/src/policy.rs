//! The numbers that a guild decides by.

use core::time::Duration;
use refrain_model::AutoResume;
use refrain_queue::Limits;
use refrain_recovery::Policy;
use serde::{Deserialize, Serialize};

/// What every guild of a process is made with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuildPolicy {
    /// How voice recovers.
    pub recovery: Policy,
    /// How sources recover.
    pub sources: SourcePolicy,
    /// The queue's bounds.
    pub limits: Limits,
    /// What a restarted bot does with music that was playing, in guilds that have not decided for themselves.
    pub auto_resume: AutoResume,
    /// Whether a bot that is stopped in good order says so in its panel.
    pub goodbye: bool,
}

/// How sources recover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePolicy {
    /// The pause before the first new attempt.
    pub backoff_base: Duration,
    /// No pause is longer, but for a site that asks for a longer one.
    pub backoff_max: Duration,
    /// How far a pause varies, in per cent of it, up and down.
    pub jitter_percent: u32,
    /// A site's `Retry-After` is obeyed up to this.
    pub retry_after_max: Duration,
    /// A source that brings no frames for so long is broken.
    pub stalled_after: Duration,
    /// After so much sound a track's failures are forgotten.
    pub refilled_after: Duration,
    /// So many failed attempts in a row, and the track goes to the end of the queue where other tracks wait.
    pub attempts: u32,
    /// So many different tracks in a row whose source failed are an outage.
    pub outage_tracks: usize,
    /// So many tracks passed over in a row, and the guild stops with its queue kept.
    pub halt_after: u32,
    /// Trouble that lasts shorter is not told.
    pub told_after: Duration,
    /// An end is early when it comes more than this before the known length, and more than `early_percent` of it.
    pub early_margin: Duration,
    /// See [`Self::early_margin`].
    pub early_percent: u32,
    /// A source that is not heard by anybody (the bot is out of voice) closes after this.
    pub grace: Duration,
    /// A live source that was held for longer goes to the present instead of going on where it was.
    pub live_gap: Duration,
    /// The shell reports the end of every opening; if it fails to, the opening counts as failed after this.
    pub open_deadline: Duration,
}

impl Default for SourcePolicy {
    fn default() -> Self {
        Self {
            backoff_base: Duration::from_secs(1),
            backoff_max: Duration::from_secs(60),
            jitter_percent: 30,
            retry_after_max: Duration::from_secs(900),
            stalled_after: Duration::from_secs(5),
            refilled_after: Duration::from_secs(60),
            attempts: 5,
            outage_tracks: 3,
            halt_after: 10,
            told_after: Duration::from_secs(3),
            early_margin: Duration::from_secs(10),
            early_percent: 3,
            grace: Duration::from_secs(60),
            live_gap: Duration::from_secs(5),
            open_deadline: Duration::from_secs(900),
        }
    }
}
