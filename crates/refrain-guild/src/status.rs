//! How a guild's voice connection is, for those who ask.

use crate::{MissingPermission, NotHeard, SourceFailure};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::time::Duration;
use refrain_model::{ChannelId, GuildSettings};
use refrain_recovery::{CloseCode, Presence, Verdict};

/// The answer to `/voice-status`. Times are in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoiceStatus {
    /// The machine's state: `IDLE`, `RETRYING` or `STABLE`.
    pub state: &'static str,
    /// What that means just now.
    pub doing: Doing,
    /// The channel that the bot is meant to be in.
    pub intent: Option<ChannelId>,
    /// Where Discord has the bot.
    pub presence: Presence,
    /// Since when it is connected, or the music is interrupted.
    pub since_unix: Option<u64>,
    /// The last sign of life of the voice connection.
    pub last_alive_unix: Option<u64>,
    /// The main gateway's round trip, once it is known.
    pub gateway_latency: Option<Duration>,
    /// How long the voice server took to answer, when it was last asked over this connection.
    pub voice_latency: Option<Duration>,
    /// Attempts made in this round; 0 when there is nothing to recover from.
    pub attempt: u32,
    /// Attempts that a round has.
    pub attempts: u32,
    /// The end of the cooldown that is being waited out.
    pub cooldown_until_unix: Option<u64>,
    /// What comes next by itself, and when.
    pub next: Option<(u64, Waiting)>,
    /// When a connection or an attempt ended last, and its close code, where there was one.
    pub last_close: Option<(u64, Option<CloseCode>)>,
    /// Why members cannot hear the bot although it is connected.
    pub not_heard: Option<NotHeard>,
    /// Why the source of the current track fails, while it does, and when the next attempt comes in seconds since 1970.
    pub source: Option<(SourceFailure, Option<u64>)>,
    /// What the guild has set for itself.
    pub settings: GuildSettings,
    /// What happened, newest first.
    pub timeline: TimelinePage,
}

/// What the recovery is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Nobody has asked for anything yet, or somebody asked the bot to leave.
    NotWanted,
    /// A moderator disconnected the bot.
    Kicked,
    /// The connection was lost, and this guild wants no rejoin by itself.
    StaysOut,
    /// Discord did not answer the join.
    Unanswered,
    /// The channel or the guild is gone.
    Gone,
    /// No retry can help.
    Fatal {
        /// The close code that said so.
        code: Option<CloseCode>,
    },
    /// On the way out.
    Leaving,
    /// Asking for the voice channel, or connecting to its server.
    Joining,
    /// Resuming the session; the music goes on.
    Resuming,
    /// A close is unexplained: the main gateway may still say what happened.
    Weighing,
    /// Waiting for the next attempt.
    BackingOff,
    /// Waiting for the next round of attempts.
    CoolingDown,
    /// Waiting for its turn among the guilds that connect.
    AwaitingTurn,
    /// Waiting for Discord to name a voice server.
    AwaitingServer,
    /// Waiting for the main gateway or the guild.
    AwaitingGuild,
    /// Waiting for a permission in the channel.
    AwaitingPermission {
        /// The permission that is missing.
        missing: Option<MissingPermission>,
    },
    /// Connected.
    Connected,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// An answer: without it, the step has failed then.
    Answer,
    /// The next attempt.
    Attempt,
    /// The next round of attempts.
    Round,
    /// The next look at a connection that seems well.
    HealthCheck,
    /// The past is forgotten: attempts and cooldowns start anew.
    Forgetting,
}

/// What `/recover` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovering {
    /// The bot was out, and comes back.
    Rejoining {
        /// Where to.
        channel: ChannelId,
    },
    /// A pause is over: the next attempt is made now.
    Hurried {
        /// Where to.
        channel: ChannelId,
    },
    /// An attempt was being made already, or Discord is awaited.
    UnderWay {
        /// Where to.
        channel: ChannelId,
    },
    /// The connection seemed to stand; it is made anew.
    Anew {
        /// Where.
        channel: ChannelId,
    },
}

/// A page of a guild's incident timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelinePage {
    /// The lines, newest first.
    pub lines: Vec<TimelineEntry>,
    /// Which page this is, from 1.
    pub number: usize,
    /// How many there are; 1 when there is nothing.
    pub pages: usize,
}

/// A line of a guild's incident timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEntry {
    /// When, in milliseconds since 1970; the last time, where it came several times in a row.
    pub unix_ms: u64,
    /// The machine's state after it: `IDLE`, `RETRYING` or `STABLE`.
    pub state: &'static str,
    /// The attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// The close code, where there was one.
    pub code: Option<CloseCode>,
    /// What was decided.
    pub verdict: Verdict,
    /// Why, in words for an operator.
    pub reason: Cow<'static, str>,
    /// How often it came in a row.
    pub times: u32,
}
