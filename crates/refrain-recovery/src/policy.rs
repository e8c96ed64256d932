//! Policy as data: every number that the machine goes by, with its unit and default.

use crate::{AutoRejoin, Liveness};
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// How the machine behaves. The defaults are the documented ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// The pauses between attempts.
    pub backoff: Backoff,
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// The cooldowns after a used-up round, in turn; the last one repeats.
    pub cooldowns: [Duration; 3],
    /// A connection that stood this long has succeeded: the row of failures before it is over, and when it is lost the
    /// next attempt comes at once, as the first of a round. One that fell before counts as failed. So only successive
    /// failures lead to a cooldown. Zero: every connection has succeeded, and one that falls at once is never slowed down.
    pub proven_after: Duration,
    /// After this long without trouble the past is forgotten: attempts and cooldowns start anew.
    pub stability_reset: Duration,
    /// How often a connection that seems well is looked at.
    pub health: Health,
    /// How long a silent voice server is waited for.
    pub liveness: Liveness,
    /// How long an answer to op 4 is awaited where Discord has the bot in the channel already, before it leaves first.
    pub hedge: Hedge,
    /// How far pauses are stretched when the main gateway suffers too.
    pub stretch: Stretch,
    /// The least cooldown after Discord limited the rate (4021): less would only earn the same answer.
    pub rate_limit_cooldown: Duration,
    /// When the bot comes back by itself, until [`Input::Settings`](crate::Input::Settings) says otherwise.
    pub auto_rejoin: AutoRejoin,
    /// How far the music goes back when it resumes, so that nothing is missed.
    pub overlap: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            backoff: Backoff::default(),
            timeouts: Timeouts::default(),
            cooldowns: [Duration::from_secs(30), Duration::from_secs(120), Duration::from_secs(300)],
            proven_after: Duration::from_secs(30),
            stability_reset: Duration::from_secs(600),
            health: Health::default(),
            liveness: Liveness::default(),
            hedge: Hedge::default(),
            stretch: Stretch::default(),
            rate_limit_cooldown: Duration::from_secs(60),
            auto_rejoin: AutoRejoin::default(),
            overlap: Duration::ZERO,
        }
    }
}

/// Exponential backoff with jitter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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
    /// How long Discord may take to name another voice server; then a new session.
    pub server: Duration,
    /// How long a shard or a guild may be away; then one more look.
    pub guild: Duration,
    /// How long the machine goes by what it was told the bot lacks to join its channel; then one more try.
    pub access: Duration,
    /// How long a turn may be awaited before it is taken. A governor grants within this time; it keeps a lost grant
    /// from being the end.
    pub turn: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            join: Duration::from_secs(30),
            reconnect: Duration::from_secs(10),
            leave: Duration::from_secs(5),
            resume: Duration::from_secs(3),
            evidence: Duration::from_secs(10),
            server: Duration::from_secs(300),
            guild: Duration::from_secs(300),
            access: Duration::from_secs(300),
            turn: Duration::from_secs(3600),
        }
    }
}

/// The checks of a connection that seems well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// Between two checks. Zero: no checks.
    pub interval: Duration,
    /// Between two checks for a while after trouble.
    pub after_trouble: Duration,
    /// How long that while is.
    pub trouble_lasts: Duration,
    /// An interval varies by this many per cent either way, so that guilds are not checked all at once.
    pub jitter_percent: u32,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(60),
            after_trouble: Duration::from_secs(15),
            trouble_lasts: Duration::from_secs(300),
            jitter_percent: 10,
        }
    }
}

/// How long an answer to op 4 for the channel that Discord has the bot in is awaited.
///
/// Such an op 4 brings a server update or nothing at all. The wait goes by the slower of the main gateway's round trip
/// and the last answer to an op 4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hedge {
    /// No shorter. Also the wait where no round trip is known.
    pub least: Duration,
    /// No longer. Zero: leave first, always.
    pub most: Duration,
    /// This many per cent of the round trip.
    pub percent: u32,
}

impl Default for Hedge {
    fn default() -> Self {
        Self { least: Duration::from_millis(50), most: Duration::from_secs(1), percent: 150 }
    }
}

/// How pauses grow under global trouble: haste adds to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stretch {
    /// A round trip of the main gateway from which on it counts as slow.
    pub slow: Duration,
    /// What a slow main gateway adds to a pause, in per cent of it.
    pub slow_percent: u32,
    /// What each missed heartbeat adds to a pause, in per cent of it.
    pub missed_percent: u32,
    /// So many missed heartbeats count at most.
    pub missed_most: u32,
}

impl Default for Stretch {
    fn default() -> Self {
        Self { slow: Duration::from_secs(1), slow_percent: 100, missed_percent: 100, missed_most: 3 }
    }
}
