//! What people in a guild are told without having asked, as values: whoever talks to Discord puts them into words.

use crate::MissingPermission;
use alloc::{string::String, vec::Vec};
use core::time::Duration;
use refrain_model::ChannelId;
use refrain_recovery::CloseCode;

/// Something to do with the one message of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The text channel where the music was asked for. It stays the same for all that is said of one incident.
    pub channel: ChannelId,
    /// Which incident: one incident is one message. Never the same twice in a guild, not even after a restart.
    pub incident: u64,
    /// What to do.
    pub step: AnnouncementStep,
}

/// What to do with an incident's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnouncementStep {
    /// Show this: in a new message for an incident that has none, otherwise in place of what it says.
    Say(AnnouncementKind),
    /// Show this in the incident's message; without one (it could not be sent in time) say nothing any more.
    Settle(AnnouncementKind),
    /// Delete the incident's message.
    Remove,
}

/// What an announcement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnouncementKind {
    /// The music is interrupted, and the bot is on its way back.
    Interrupted(Interruption),
    /// The music is back.
    Back {
        /// How long it was gone.
        gap: Duration,
        /// Where it plays now, when that is another channel than before.
        elsewhere: Option<ChannelId>,
    },
    /// The bot is out of voice, and stays out until somebody asks.
    Ended(Ending),
    /// Somebody told the bot to leave before it was back.
    Left,
    /// A source fails, and the bot keeps the track and tries again.
    SourceTrouble(SourceTrouble),
    /// The source answers again, and the music goes on.
    SourceBack {
        /// How long the music was gone.
        gap: Duration,
    },
    /// Tracks of the queue could not be played and were passed over, one after the other.
    TracksFailed {
        /// The latest ones, oldest first; a few at most.
        tracks: Vec<FailedTrack>,
        /// How many there were before those.
        earlier: usize,
    },
    /// So many tracks in a row could not be played that the bot stopped. The queue is kept.
    Halted {
        /// How many were passed over.
        failed: usize,
        /// How many tracks the queue still holds.
        kept: usize,
        /// Why the last one failed, in words for members.
        reason: String,
    },
    /// The source cannot be opened at the place where the track stopped, so the track begins again.
    StartedOver {
        /// The track's title.
        title: String,
    },
    /// The bot is connected, but members cannot hear it. The music waits.
    NotHeard {
        /// Why.
        why: NotHeard,
        /// The voice channel.
        channel: Option<ChannelId>,
    },
    /// Members can hear the bot again.
    HeardAgain,
}

/// A source that fails and is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceTrouble {
    /// The title of the track whose source fails.
    pub title: String,
    /// Why its source fails, in words for members.
    pub reason: String,
    /// The track has been heard before it failed.
    pub began: bool,
    /// This machine is at fault, not the site: the operator has to act.
    pub machine: bool,
    /// Since when, in seconds since 1970.
    pub since_unix: u64,
    /// When the next attempt comes, in seconds since 1970; `None`: it is under way.
    pub next_unix: Option<u64>,
    /// The track went to the end of the queue, and the next one is being opened.
    pub deferred: bool,
    /// Several tracks failed in a row: it is not about one track. The queue waits.
    pub outage: bool,
    /// How many tracks the queue holds.
    pub kept: usize,
}

/// A track that was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedTrack {
    /// Its title.
    pub title: String,
    /// Why, in words for members.
    pub reason: String,
}

/// Why members cannot hear a bot that is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotHeard {
    /// A moderator muted it for the server.
    Muted,
    /// It is in the audience of a stage.
    Suppressed,
}

/// An interruption that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interruption {
    /// What happened.
    pub trouble: Trouble,
    /// The connection had stood before; otherwise it has not come about yet.
    pub stood: bool,
    /// Since when, in seconds since 1970.
    pub since_unix: u64,
    /// What comes next.
    pub next: NextStep,
    /// The attempt that is under way or comes next, from 1.
    pub attempt: u32,
}

/// What interrupted the music.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The voice socket was closed with this code.
    Closed(CloseCode),
    /// Discord took the voice server away.
    ServerGone,
    /// Discord's main gateway or the guild is away.
    GatewayAway,
    /// The connection was lost without a word, or the attempt got no answer.
    Lost,
}

/// What comes next in an interruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// An attempt is under way.
    Trying,
    /// The next attempt comes at this time, in seconds since 1970.
    Attempt {
        /// When.
        at_unix: u64,
    },
    /// A round of attempts is used up; the next begins at this time, in seconds since 1970.
    Round {
        /// When.
        at_unix: u64,
    },
    /// Discord has to say what it meant, to name a voice server, or to come back itself.
    AwaitingDiscord,
    /// A moderator has to give the bot a permission.
    AwaitingPermission {
        /// The voice channel.
        channel: ChannelId,
        /// The permission that is missing.
        missing: MissingPermission,
    },
}

/// Why the bot stays out of voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A moderator disconnected it. Queue and position are kept.
    Kicked,
    /// The connection was lost, and this guild wants no rejoin by itself. Queue and position are kept.
    StayedOut,
    /// The voice channel, or the bot's place in the guild, is gone.
    ChannelGone,
    /// Discord did not answer the join: the channel is full, or the bot may not connect.
    Unanswered,
    /// No retry can help.
    Fatal {
        /// The close code that said so.
        code: Option<CloseCode>,
    },
}
