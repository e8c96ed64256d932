//! What the machine is told.

use crate::{CloseCode, Generation};
use alloc::string::String;
use core::{fmt, time::Duration};
use refrain_model::{AutoRejoin, ChannelId};
use serde::{Deserialize, Serialize};

/// Everything that can happen to a voice connection, seen from outside.
///
/// Inputs can be recorded and replayed. What serde writes includes the voice token and the session ID:
/// [`replace_secrets`](Self::replace_secrets) takes them out first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// Somebody wants something.
    Intent(Intent),
    /// The main gateway said something.
    Gateway(GatewayEvent),
    /// The driver reports on the connection of this generation.
    Driver {
        /// The generation that the driver was told with [`Output::Connect`](crate::Output::Connect).
        generation: Generation,
        /// What it reports.
        event: DriverEvent,
    },
    /// The turn that [`Output::AskTurn`](crate::Output::AskTurn) asked for. Unasked, it is nothing.
    Turn,
    /// What the guild wants changes, from now on.
    Settings(Settings),
    /// Proof of life: up to this position of the current track the listeners have heard the music. Only what shows that the
    /// sent packets arrived is a proof ([`DriverEvent::Alive`]); a close, a heartbeat's answer and the passing of time are
    /// none.
    Heard {
        /// The position within the track.
        playhead: Duration,
    },
    /// Another track began at this position, or a member sought to it: the ledger starts anew.
    ///
    /// A source that is opened again at the same place (another volume, a stream that broke) is neither: do not feed
    /// this. What flowed unproved before the new source stays unproved, and a later recovery goes back to the last proof.
    TrackStarted {
        /// The position within the new track.
        playhead: Duration,
    },
    /// Whether the guild has frames to give: `false` while the music is paused or nothing plays. The machine starts with
    /// `true`. Voice servers report on what arrives, so their silence during a pause is not overdue: the clock of
    /// [`Proof::trusted_until`](crate::Proof::trusted_until) stands still until the frames flow again.
    Flowing(bool),
    /// What the bot lacks to be in a voice channel, whenever that changes: the channel that it is meant to be in, and the
    /// one that a member asks for. The machine keeps what is missing for one channel, the one that was told of last; a
    /// channel that it was told nothing of can be joined.
    Access {
        /// The voice channel.
        channel: ChannelId,
        /// What is missing; `None`: nothing.
        missing: Option<MissingAccess>,
    },
}

/// What the bot lacks to be in a voice channel, and heard there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingAccess {
    /// The permission to view the channel.
    View,
    /// The permission to connect to it.
    Connect,
    /// The permission to speak in it. The bot can join, and is not heard.
    Speak,
    /// The channel itself: the bot's view of the guild has none.
    Gone,
}

impl MissingAccess {
    /// Whether Discord would leave op 4 for the channel unanswered.
    #[must_use]
    pub const fn prevents_join(self) -> bool {
        match self {
            Self::View | Self::Connect | Self::Gone => true,
            Self::Speak => false,
        }
    }
}

impl Input {
    /// Replaces the voice token and the session ID by what `stand_in` makes of them, so that the input can be stored.
    ///
    /// The machine compares tokens with one another. For a faithful replay, equal secrets need equal stand-ins, and
    /// different secrets different ones.
    #[must_use]
    pub fn replace_secrets(self, mut stand_in: impl FnMut(String) -> String) -> Self {
        match self {
            Self::Gateway(GatewayEvent::VoiceState { channel, session_id, mute, suppress }) => {
                let session_id = stand_in(session_id);
                Self::Gateway(GatewayEvent::VoiceState { channel, session_id, mute, suppress })
            }
            Self::Gateway(GatewayEvent::VoiceServer { endpoint, token }) => {
                Self::Gateway(GatewayEvent::VoiceServer { endpoint, token: stand_in(token) })
            }
            Self::Intent(_)
            | Self::Gateway(_)
            | Self::Driver { .. }
            | Self::Turn
            | Self::Settings(_)
            | Self::Heard { .. }
            | Self::TrackStarted { .. }
            | Self::Flowing(_)
            | Self::Access { .. } => self,
        }
    }
}

/// What became of an [`Input`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Handled {
    /// The machine took it into account: it acts on it, or knows more than before.
    Taken,
    /// A driver's report about an older connection, or about one that was torn down. It changed nothing.
    Stale,
    /// It meant nothing in this state: a turn that nobody asked for, an override with nothing to hurry, the server that
    /// is known already. It changed nothing but, for a report of a connection that is held, when that was last alive.
    Ignored,
}

impl Handled {
    /// [`Taken`](Self::Taken) if it was.
    pub(crate) const fn taken_if(was: bool) -> Self {
        if was { Self::Taken } else { Self::Ignored }
    }
}

/// What a guild decides for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// When the bot comes back by itself.
    pub auto_rejoin: AutoRejoin,
}

/// What people want; the last one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// Be in this channel. Asking for the channel one is already in, with everything well, does nothing.
    Join {
        /// The voice channel.
        channel: ChannelId,
    },
    /// Be in this channel again, as before the process was restarted: nobody waits for it, so it takes its turn like a
    /// connection that was lost, and is not given up when it goes unanswered. Anywhere but at rest it is a join.
    Return {
        /// The voice channel.
        channel: ChannelId,
    },
    /// Be in no channel.
    Leave,
    /// Somebody with the permission to do so ends a cooldown, or asks back a bot that was kicked.
    Override,
}

/// What the main gateway says about this guild and its shard.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayEvent {
    /// `VOICE_STATE_UPDATE` of the bot's own user.
    VoiceState {
        /// Where the bot is now; `None` when it is in no channel.
        channel: Option<ChannelId>,
        /// The voice session that goes with it. A secret.
        session_id: String,
        /// A moderator muted the bot: nobody hears it. The machine makes nothing of it; the guild reads it.
        #[serde(default)]
        mute: bool,
        /// The bot is in the audience of a stage: nobody hears it. The machine makes nothing of it; the guild reads it.
        #[serde(default)]
        suppress: bool,
    },
    /// `VOICE_SERVER_UPDATE`.
    VoiceServer {
        /// Host and port; `None` while Discord looks for another server.
        endpoint: Option<String>,
        /// The token that goes with it. A secret.
        token: String,
    },
    /// The shard lost its connection; it may come back with its session.
    ShardDisconnected,
    /// `RESUMED`: the session is the old one, voice is untouched.
    ShardResumed,
    /// `READY`: a new session; voice of the old one is dead.
    ShardReady,
    /// `GUILD_CREATE`: the guild can be used (again). `channel` is where it shows the bot to be.
    GuildAvailable {
        /// The bot's own voice state in the guild's list.
        channel: Option<ChannelId>,
    },
    /// `GUILD_DELETE` with `unavailable`: an outage.
    GuildUnavailable,
    /// `GUILD_DELETE` without it: the bot was removed.
    GuildDeleted,
    /// `CHANNEL_DELETE`.
    ChannelDeleted {
        /// The channel that is no more.
        channel: ChannelId,
    },
    /// The shard's health, whenever it changes.
    Health {
        /// The round trip of the last heartbeat.
        latency: Duration,
        /// Heartbeats in a row without an ACK.
        missed_heartbeats: u32,
    },
}

impl fmt::Debug for GatewayEvent {
    /// As derived, but the token and the session are left out: they must not reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VoiceState { channel, mute, suppress, session_id: _ } => f
                .debug_struct("VoiceState")
                .field("channel", channel)
                .field("mute", mute)
                .field("suppress", suppress)
                .finish(),
            Self::VoiceServer { endpoint, .. } => f.debug_struct("VoiceServer").field("endpoint", endpoint).finish(),
            Self::ShardDisconnected => f.write_str("ShardDisconnected"),
            Self::ShardResumed => f.write_str("ShardResumed"),
            Self::ShardReady => f.write_str("ShardReady"),
            Self::GuildAvailable { channel } => f.debug_struct("GuildAvailable").field("channel", channel).finish(),
            Self::GuildUnavailable => f.write_str("GuildUnavailable"),
            Self::GuildDeleted => f.write_str("GuildDeleted"),
            Self::ChannelDeleted { channel } => f.debug_struct("ChannelDeleted").field("channel", channel).finish(),
            Self::Health { latency, missed_heartbeats } => f
                .debug_struct("Health")
                .field("latency", latency)
                .field("missed_heartbeats", missed_heartbeats)
                .finish(),
        }
    }
}

/// What a driver reports about one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriverEvent {
    /// The handshake is complete: frames can flow.
    Connected,
    /// The socket was lost and the same session was resumed (by the driver itself, or as told): media was kept.
    Resumed,
    /// The connection is over.
    Closed {
        /// The close code; `None` when the socket ended without one.
        code: Option<CloseCode>,
        /// The driver holds session, SSRC and key and can resume when told [`Output::Resume`](crate::Output::Resume).
        /// songbird never can: it resumes by itself or not at all.
        resumable: bool,
    },
    /// The attempt that was asked for did not lead to a connection.
    Failed {
        /// How it failed.
        kind: FailureKind,
    },
    /// The peer has been silent for too long: no heartbeat ACK, nothing over UDP.
    Unresponsive,
    /// Proof that what was sent until now has arrived: the voice server said so. It comes unasked, and may answer
    /// [`Output::Probe`](crate::Output::Probe). The embedder knows the playhead: it feeds [`Input::Heard`] first.
    Alive,
    /// The voice server answers, which says nothing about the frames: the other good answer to
    /// [`Output::Probe`](crate::Output::Probe). No proof that anything was heard.
    Reachable,
}

/// How an attempt to connect failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// No answer within the driver's limit.
    TimedOut,
    /// The network or the server refused.
    Io,
    /// The server closed the socket during the handshake.
    Closed(Option<CloseCode>),
    /// The server said what the driver does not understand.
    Protocol,
    /// A newer attempt took its place.
    Discarded,
}
