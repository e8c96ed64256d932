//! The states, with what each one knows.

use crate::{CloseCode, MissingAccess, VoiceSession};
use alloc::string::String;
use core::{fmt, time::Duration};
use refrain_model::{ChannelId, Moment};

/// Where the machine stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// In no channel, and nothing is under way.
    Idle(Idle),
    /// On the way to a connection, or out of a channel.
    Retrying(Retrying),
    /// Connected: frames flow.
    Stable(Stable),
}

impl State {
    /// The state's name, for logs and metrics: `IDLE`, `RETRYING` or `STABLE`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Idle(_) => "IDLE",
            Self::Retrying(_) => "RETRYING",
            Self::Stable(_) => "STABLE",
        }
    }

    /// The sub-stage, when there is one.
    pub(crate) const fn stage(&self) -> Option<&Stage> {
        match self {
            Self::Retrying(retrying) => Some(&retrying.stage),
            Self::Idle(_) | Self::Stable(_) => None,
        }
    }

    /// What the way is for, when there is one.
    pub(crate) const fn cause(&self) -> Option<Cause> {
        match self {
            Self::Retrying(retrying) => Some(retrying.cause),
            Self::Idle(_) | Self::Stable(_) => None,
        }
    }
}

/// Why the machine is idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Nobody has asked for anything yet.
    Fresh,
    /// Asked to leave.
    Left,
    /// The connection was lost, and the guild wants no rejoin by itself; an override asks it back.
    Declined {
        /// Where it was meant to be.
        channel: ChannelId,
    },
    /// The join was not answered.
    Unanswered,
    /// A moderator disconnected the bot from this channel; an override asks it back.
    Kicked {
        /// Where it was meant to be.
        channel: ChannelId,
    },
    /// The channel or the guild is gone.
    Gone,
    /// No retry can help. An override tries again, once somebody has looked.
    Fatal {
        /// The close code that said so.
        code: Option<CloseCode>,
        /// Where the bot was meant to be.
        channel: Option<ChannelId>,
    },
}

impl Idle {
    /// The channel that an override asks the bot back to.
    #[must_use]
    pub const fn recall(&self) -> Option<ChannelId> {
        match self {
            Self::Kicked { channel } | Self::Declined { channel } => Some(*channel),
            Self::Fatal { channel, .. } => *channel,
            Self::Fresh | Self::Left | Self::Unanswered | Self::Gone => None,
        }
    }
}

/// On the way: what for, and how far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retrying {
    /// What the way is for.
    pub cause: Cause,
    /// How far it has come.
    pub stage: Stage,
}

/// What the machine is on its way for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Somebody asked to be joined, from no channel.
    Join,
    /// Somebody asked for another channel than the one the bot was in.
    Switch {
        /// Where it was.
        from: ChannelId,
    },
    /// The connection was lost, or has to be made anew.
    Recovery(Outage),
    /// Somebody asked to leave.
    Leave,
}

impl Cause {
    /// The same once an attempt has begun: how long the connection before had stood is counted then.
    pub(crate) const fn begun(self) -> Self {
        match self {
            Self::Recovery(outage) => Self::Recovery(Outage { credit: None, ..outage }),
            Self::Join | Self::Switch { .. } | Self::Leave => self,
        }
    }
}

/// A connection that was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Since when.
    pub since: Moment,
    /// How long the connection had stood; `None` when there was none, or once it has been counted.
    pub credit: Option<Duration>,
    /// People were told that the music is interrupted.
    pub told: bool,
}

/// How far a way has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Op 4 with no channel is sent; its voice state is awaited, then the next join or rest.
    Leaving {
        /// After this it counts as confirmed.
        until: Moment,
    },
    /// Op 4 is sent for the channel that Discord has the bot in: it may be answered with a server update, or not at all.
    AskingAgain {
        /// After this it is taken for unanswered: out of the channel first.
        until: Moment,
        /// What has come so far; the session is the one that stands.
        gathered: Gathered,
    },
    /// Op 4 with a channel is sent, or a move was seen; the two halves are gathered.
    Joining {
        /// After this the attempt has failed.
        until: Moment,
        /// What has come so far.
        gathered: Gathered,
    },
    /// The driver connects.
    Connecting {
        /// After this the attempt has failed.
        until: Moment,
        /// With what.
        session: VoiceSession,
        /// When the server half came by itself: a voice state that follows soon belongs to it.
        unpaired: Option<Moment>,
    },
    /// The driver resumes the session; frames keep flowing.
    Resuming {
        /// After this a new session.
        until: Moment,
        /// When the next try is due; `None` while one is under way.
        again_at: Option<Moment>,
        /// Tries made.
        tried: u32,
        /// Tries allowed.
        tries: u32,
        /// The connection, to go back to.
        stable: Stable,
    },
    /// The close code does not tell what happened; the main gateway may.
    Weighing {
        /// After this one new session.
        until: Moment,
        /// The code.
        code: CloseCode,
        /// The connection that ended.
        session: VoiceSession,
    },
    /// An attempt is due; op 4 waits for its turn among the guilds of the shard. Where somebody asked for another
    /// channel, the connection to the one before goes on.
    AwaitingTurn {
        /// After this the turn is taken.
        until: Moment,
    },
    /// The pause before the next attempt.
    BackingOff {
        /// When it comes.
        until: Moment,
    },
    /// The pause before the next round of attempts.
    CoolingDown {
        /// When it begins.
        until: Moment,
    },
    /// Discord has taken the voice server away and will name another.
    AwaitingServer {
        /// After this one new session.
        until: Moment,
        /// What is known.
        gathered: Gathered,
    },
    /// The bot lacks what it needs to join its channel: op 4 would go unanswered, and a leave would be for good.
    AwaitingAccess {
        /// After this one more try, without a leave.
        until: Moment,
        /// The channel that it is meant to be in.
        channel: ChannelId,
        /// What is missing.
        missing: MissingAccess,
    },
    /// The shard or the guild is away; op 4 would go unheard.
    AwaitingGuild {
        /// After this one more look.
        until: Moment,
        /// The bot's voice state went while the shard was away: a kick, if the shard resumes its session.
        absent: bool,
    },
}

/// The two halves of a voice session, as far as they have come. Both are of the current generation.
#[derive(Clone, PartialEq, Eq)]
pub struct Gathered {
    /// The channel they are for.
    pub channel: ChannelId,
    /// From the bot's own voice state.
    pub session_id: Option<String>,
    /// From the server update.
    pub server: Option<Server>,
}

impl Gathered {
    pub(crate) const fn nothing(channel: ChannelId) -> Self {
        Self { channel, session_id: None, server: None }
    }

    /// What a session had, when its server is gone.
    pub(crate) fn of(session: &VoiceSession) -> Self {
        Self { channel: session.channel, session_id: Some(session.session_id.clone()), server: None }
    }

    /// The session, once both halves are there.
    pub(crate) fn complete(&self) -> Option<VoiceSession> {
        let (Some(session_id), Some(server)) = (&self.session_id, &self.server) else { return None };
        Some(VoiceSession {
            channel: self.channel,
            session_id: session_id.clone(),
            token: server.token.clone(),
            endpoint: server.endpoint.clone(),
        })
    }
}

impl fmt::Debug for Gathered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gathered")
            .field("channel", &self.channel)
            .field("voice_state", &self.session_id.is_some())
            .field("server", &self.server)
            .finish()
    }
}

/// The half that the server update brings. Its `Debug` leaves out the token.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// Host and port.
    pub endpoint: String,
    /// A secret.
    pub token: String,
}

impl Server {
    pub(crate) fn serves(&self, session: &VoiceSession) -> bool {
        self.endpoint == session.endpoint && self.token == session.token
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// A connection that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stable {
    /// With what it was made.
    pub session: VoiceSession,
    /// Since when.
    pub since: Moment,
    /// When the past is forgotten; `None` when there is nothing to forget.
    pub forget_at: Option<Moment>,
    /// When the server half came by itself: a voice state that follows soon belongs to it.
    pub unpaired: Option<Moment>,
}
