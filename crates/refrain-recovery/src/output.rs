//! What the machine says.

use crate::{CloseCode, Generation, MissingAccess};
use alloc::{borrow::Cow, string::String};
use core::{fmt, time::Duration};
use refrain_model::{ChannelId, Moment};

/// One thing to do. Outputs are carried out in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send op 4 for this guild: join `channel`, or leave with `None`.
    SendVoiceState {
        /// The channel to be in.
        channel: Option<ChannelId>,
    },
    /// Connect a fresh session; report back with this generation.
    ///
    /// A connection of an older generation that has not been torn down still carries the frames (Discord named another
    /// server, moved the bot, or somebody asked for another channel): it goes on beside the attempt, and its end and its
    /// signs of life are reported as before. Once the new one is connected, `StartFrames` has the frames go over to it
    /// and `TearDown` drops the old one. There are never more than these two. Whoever cannot hold two may drop the older
    /// one here: then it is silent until the new one is connected, and `TearDown` finds nothing to drop.
    Connect {
        /// The generation that every event of this connection carries.
        generation: Generation,
        /// What to connect with.
        session: VoiceSession,
    },
    /// Resume the session of this generation on a new socket, keeping UDP, SSRC and key.
    Resume {
        /// The connection to resume.
        generation: Generation,
    },
    /// Ask for a turn: an attempt that begins with op 4 is about to be made, and the shard's budget is shared with other
    /// guilds. Answer with [`Input::Turn`](crate::Input::Turn), at once where nothing is budgeted.
    AskTurn {
        /// Who waits for it.
        urgency: Urgency,
    },
    /// The turn that was asked for is over, or no longer needed: the attempt has ended, well or not.
    WithdrawTurn,
    /// Look for a sign of life of this connection. Answer with [`DriverEvent::Reachable`](crate::DriverEvent::Reachable),
    /// `Unresponsive`, or `Closed` where no such connection is held. No answer says nothing.
    Probe {
        /// The connection to look at.
        generation: Generation,
    },
    /// Drop the connection of this generation, and whatever attempt is under way for it.
    TearDown {
        /// The connection to drop.
        generation: Generation,
    },
    /// Let the frames flow over the newest connection. They may be flowing over an older one until now: then they go over.
    StartFrames {
        /// Rewind to this position of the current track first; `None`: go on where the frames stand.
        from: Option<Duration>,
    },
    /// Hold the frames; nobody hears them.
    StopFrames,
    /// The intent that must survive a restart: be in `channel`, or in none.
    Persist {
        /// Where the bot is meant to be.
        channel: Option<ChannelId>,
    },
    /// A line for the guild's incident timeline.
    Incident(Incident),
    /// Something that people in the guild should know.
    Notify(Notice),
}

/// Who waits for a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// A connection was lost, and comes back by itself.
    Recovery,
    /// Somebody asked, and waits for the answer.
    Asked,
}

/// What a driver needs to connect. Its `Debug` leaves out the secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct VoiceSession {
    /// The voice channel.
    pub channel: ChannelId,
    /// From the bot's own voice state.
    pub session_id: String,
    /// From the server update.
    pub token: String,
    /// Host and port, as Discord gave it. The port is kept.
    pub endpoint: String,
}

impl fmt::Debug for VoiceSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VoiceSession")
            .field("channel", &self.channel)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// One line of a guild's incident timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// When.
    pub at: Moment,
    /// The connection it happened to.
    pub generation: Generation,
    /// The attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// The close code, where there is one.
    pub code: Option<CloseCode>,
    /// What was decided.
    pub verdict: Verdict,
    /// The reason, in words for an operator.
    pub reason: Cow<'static, str>,
    /// Somebody who runs the bot should look at this.
    pub alert: Option<Alert>,
}

/// Why somebody who runs the bot should look at an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alert {
    /// Close codes that are not listed anywhere came several times in a row.
    UnlistedCodes,
    /// Discord does not understand what is sent, or understands it otherwise: a bug of the driver.
    Protocol,
    /// What is configured, or what the driver can do, is not enough for this channel.
    Configuration,
    /// Discord limits the rate of voice connections, again and again.
    RateLimited,
}

/// What was decided about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// An intent to be in a channel was taken up.
    Join,
    /// The intent is to be in no channel.
    Leave,
    /// The connection stands; frames flow.
    Recovered,
    /// Resume the same session.
    Resume,
    /// Ask the main gateway for a new session.
    NewSession,
    /// Wait for more evidence before deciding.
    Weigh,
    /// Follow to the channel that a moderator moved the bot to.
    Follow,
    /// Wait: for a backoff, a voice server, a guild or the shard.
    Wait,
    /// All attempts of a round are used; wait out a cooldown.
    CoolDown,
    /// Stay out until somebody asks again: kicked, channel or guild gone.
    StayOut,
    /// Stay out: no retry can help, the operator must act.
    Fatal,
}

/// What people are told, in the order in which it can happen to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The music is interrupted; the next attempt comes in `next`.
    Interrupted {
        /// Until the next attempt.
        next: Duration,
        /// Which attempt that is, from 1.
        attempt: u32,
    },
    /// The attempts are used up for now; the next round begins in `next`.
    CoolingDown {
        /// Until the next round.
        next: Duration,
    },
    /// The music is back; it was gone for `gap`.
    Recovered {
        /// From the loss to the recovery.
        gap: Duration,
    },
    /// The bot is out of touch with its channel and lacks what it needs to join it. It comes back when it has that.
    AwaitingAccess {
        /// The voice channel.
        channel: ChannelId,
        /// What is missing.
        missing: MissingAccess,
    },
    /// A moderator disconnected the bot: queue and position are kept, nothing is retried.
    Kicked,
    /// The connection was lost and this guild wants no rejoin by itself: queue and position are kept.
    StayedOut,
    /// A moderator moved the bot, the music follows.
    Moved {
        /// The new channel.
        to: ChannelId,
    },
    /// The channel is gone.
    ChannelGone,
    /// Discord did not answer the join: no permission to connect, or the channel is full.
    JoinUnanswered,
    /// Nothing can be done without the operator.
    Fatal {
        /// The close code that said so.
        code: Option<CloseCode>,
    },
}
