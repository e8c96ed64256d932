//! What a guild is told.

use crate::{AskerChannel, ChannelScene, PlayRequest, SettingChange};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::time::Duration;
use refrain_model::{ChannelId, GuildRecord, LoopMode, MessagePlace, Moment, SourceFacts, SourceFailure, TrackInfo};
use refrain_recovery::{DriverEvent, GatewayEvent, Generation};
use serde::{Deserialize, Serialize};

/// What the shell reads at the moment of an input, because the guild may need it to decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The monotonic time. It never goes back from one call to the next.
    pub at: Moment,
    /// The wall clock in milliseconds since 1970. It may jump.
    pub unix_ms: u64,
    /// How far the attached source has flowed, where one is attached.
    pub source: Option<SourceReading>,
    /// The channel that [`Guild::watched_channel`](crate::Guild::watched_channel) names, where it names one.
    pub channel: Option<ChannelScene>,
}

/// How far a source has flowed: the position of the next frame that the driver takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReading {
    /// The attached source.
    pub id: SourceId,
    /// The position within the track.
    pub flowed: Duration,
    /// Whether it comes in real time, as far as is known by now (see [`SourceFacts::live`]).
    #[serde(default)]
    pub live: bool,
}

/// Numbers the commands of a guild. The shell chooses the numbers and never uses one twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(pub u64);

/// Numbers the sources that a guild opens. The guild never uses a number twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(pub u64);

/// Numbers the look-ups of a guild. The guild never uses a number twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LookUpId(pub u64);

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GuildInput {
    /// The answer to [`GuildOutput::Load`](crate::GuildOutput::Load). Until the first `Ok`, or the last `Err`, the guild keeps
    /// other inputs, 1,024 at most, and takes them afterwards, in order. Commands beyond are refused, all else is dropped: a
    /// shell holds both back until [`Guild::is_loaded`](crate::Guild::is_loaded).
    Loaded(Result<Option<Box<GuildRecord>>, String>),
    /// A member, a moderator or the operator wants something. Exactly one answer follows.
    Command {
        /// Names the answer.
        id: CommandId,
        /// What is wanted.
        command: Command,
    },
    /// A look-up is over.
    LookedUp {
        /// Which one.
        id: LookUpId,
        /// What it found first, or why it found nothing.
        result: Result<TrackInfo, SourceFailure>,
        /// Where the member who asked is at this moment.
        asker: AskerChannel,
    },
    /// Something happened to a source.
    Source {
        /// Which one.
        id: SourceId,
        /// What happened.
        event: SourceEvent,
    },
    /// The main gateway said something about the bot, its channel, its guild or its shard.
    Gateway(GatewayEvent),
    /// The voice driver reports about a connection.
    Driver {
        /// Which connection.
        generation: Generation,
        /// What happened to it.
        event: DriverEvent,
    },
    /// The governor grants the turn that the guild asked for.
    Turn,
    /// Permissions, roles or members' voice states changed: [`Observed::channel`] may show something new.
    ChannelChanged,
    /// The panel is a message at this place, or (`None`) the message is gone.
    PanelIs(Option<MessagePlace>),
    /// The panel could not be shown.
    PanelFailed(PanelFailure),
    /// The message of an incident is at this place, or (`None`) it says its last word and need not be remembered.
    IncidentMessageIs(Option<MessagePlace>),
}

/// What a member, a moderator or the operator wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Find one track and play it, or put it in the queue. Answered when it is heard, or when it waits its turn.
    Play(PlayRequest),
    /// Find several tracks (a favorite) and play them, or put them in the queue. `queries` replaces the request's query.
    PlayAll {
        /// What to look up, in order.
        queries: Vec<String>,
        /// Who asks, and where the tracks go.
        request: PlayRequest,
    },
    /// Skip the current track and `count - 1` after it.
    Skip {
        /// How many; 0 counts as 1.
        count: usize,
    },
    /// Go on with the track at `position` of the queue, from 1.
    SkipTo {
        /// The position.
        position: usize,
    },
    /// Go back to the track that played last.
    Previous,
    /// Play the current track from its start.
    Replay,
    /// Go to another place of the current track.
    Seek(Seek),
    /// Pause.
    Pause,
    /// Go on after a pause, or come back with the queue that is kept.
    Resume {
        /// Where the member who asks is.
        voice_channel: Option<ChannelId>,
    },
    /// Stop the music, clear the queue and end the look-ups under way. The bot stays in its channel.
    Stop,
    /// Remove everything after the current track.
    Clear,
    /// Remove `count` tracks from `position` on, from 1.
    Remove {
        /// The first one's position.
        position: usize,
        /// How many.
        count: usize,
    },
    /// Move a track of the queue. Both positions count from 1.
    Move {
        /// Where it is.
        from: usize,
        /// Where it goes.
        to: usize,
    },
    /// Shuffle the queue, or put it back in order; `None`: whichever it is not.
    Shuffle {
        /// What is wanted.
        on: Option<bool>,
    },
    /// What happens at the end of a track.
    Loop {
        /// The mode.
        mode: LoopMode,
        /// A mode that is on already is switched off.
        toggle: bool,
    },
    /// Bring back what the last clear or remove took away.
    Undo,
    /// Change the volume in per cent; `None` only asks.
    Volume {
        /// The volume.
        percent: Option<u16>,
    },
    /// Stop the music, clear the queue, end the look-ups under way and leave the channel.
    Disconnect,
    /// A page of the queue.
    Queue {
        /// Which page, from 1.
        page: usize,
        /// Tracks on a page; `None`: as the guild has set.
        size: Option<usize>,
    },
    /// What has played.
    History,
    /// What plays.
    NowPlaying,
    /// How the voice connection is.
    VoiceStatus {
        /// Which page of the timeline, from 1.
        page: usize,
    },
    /// Bring the voice connection back now.
    Recover {
        /// Where the member who asks is.
        voice_channel: Option<ChannelId>,
    },
    /// The guild's settings.
    Settings,
    /// Change a setting.
    Configure(SettingChange),
    /// The process ends: leave voice in good order. The record keeps what members want.
    ShutDown,
}

/// Where in the track to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seek {
    /// To this position.
    To(Duration),
    /// So much further.
    Ahead(Duration),
    /// So much back.
    Back(Duration),
}

/// What happens to a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SourceEvent {
    /// It is open, and its first frames are there.
    Opened {
        /// Where it really begins. It differs from where it was wanted when the source cannot be opened there.
        from: Duration,
        /// What is known of it.
        facts: SourceFacts,
    },
    /// It cannot be opened. It need not be closed.
    OpenFailed(SourceFailure),
    /// The driver wants frames, and there are none.
    Starved,
    /// Frames flow again after it was starved.
    Flowing,
    /// It went to the place that [`GuildOutput::Rewind`](crate::GuildOutput::Rewind) named.
    Rewound {
        /// The place.
        to: Duration,
    },
    /// The frames at that place are not kept: nothing changed.
    NotKept {
        /// The place.
        to: Duration,
    },
    /// Its last frame was taken, and it ended in good order.
    Ended {
        /// The position of its end.
        at: Duration,
        /// It turned out to come in real time (see [`SourceFacts::live`]).
        live: bool,
    },
    /// Its last frame was taken, and it broke off.
    Broke {
        /// The position of its end.
        at: Duration,
        /// It turned out to come in real time (see [`SourceFacts::live`]).
        live: bool,
        /// Why.
        failure: SourceFailure,
    },
}

/// Why the panel could not be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PanelFailure {
    /// The message's channel is gone.
    ChannelGone {
        /// The channel.
        channel: ChannelId,
    },
    /// The bot may not write in the channel.
    Forbidden {
        /// The channel.
        channel: ChannelId,
    },
    /// The answer to a command was to be the panel, and Discord did not take it.
    AnswerLost,
}
