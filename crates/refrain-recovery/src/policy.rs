//! Policy as data: every number that the machine goes by, with its unit and default.

use core::time::Duration;

/// How the machine behaves. The defaults are the documented ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The pauses between attempts.
    pub backoff: Backoff,
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// The cooldowns after a used-up round, in turn; the last one repeats.
    pub cooldowns: [Duration; 3],
    /// After this long without trouble the past is forgotten: attempts and cooldowns start anew.
    pub stability_reset: Duration,
    /// How far the music goes back when it resumes, so that nothing is missed.
    pub overlap: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            backoff: Backoff::default(),
            timeouts: Timeouts::default(),
            cooldowns: [Duration::from_secs(30), Duration::from_secs(120), Duration::from_secs(300)],
            stability_reset: Duration::from_secs(600),
            overlap: Duration::ZERO,
        }
    }
}

/// Exponential backoff with jitter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first pause.
    pub base: Duration,
    /// Each pause is this many times the one before.
    pub factor: u32,
    /// A pause varies by this many per cent either way.
    pub jitter_percent: u32,
    /// No pause is longer.
    pub max: Duration,
    /// `VOICE_RETRY_ATTEMPTS`: attempts in a round; then a cooldown.
    pub attempts: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_secs(2), factor: 2, jitter_percent: 30, max: Duration::from_secs(300), attempts: 5 }
    }
}

/// How long each step may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// `VOICE_CONNECTION_TIMEOUT`: a first join, from op 4 to connected.
    pub join: Duration,
    /// `VOICE_CONNECT_TIMEOUT`: one attempt of a recovery, from op 4 to connected.
    pub reconnect: Duration,
    /// `VOICE_DISCONNECT_TIMEOUT`: from op 4 with no channel to the voice state that confirms it.
    pub leave: Duration,
    /// A resume; after it a new session.
    pub resume: Duration,
    /// How long the main gateway may take to explain a 4014 or 4022.
    pub evidence: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            join: Duration::from_secs(30),
            reconnect: Duration::from_secs(10),
            leave: Duration::from_secs(5),
            resume: Duration::from_secs(3),
            evidence: Duration::from_secs(10),
        }
    }
}
