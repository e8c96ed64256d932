//! What a guild says.

use crate::{
    Announcement, CommandError, CommandId, LookUpId, NowPlaying, Observation, Panel, Played, PlayedAll, QueueView,
    Recovering, Skipped, SourceId, Stopped, Undone, VoiceStatus,
};
use alloc::sync::Arc;
use alloc::{boxed::Box, string::String, vec::Vec};
use core::time::Duration;
use refrain_model::{
    AskedMessage, ChannelId, GuildRecord, GuildSettings, LoopMode, MessagePlace, Playhead, Track, TrackId, UserId,
};
use refrain_recovery::{Generation, Urgency, VoiceSession};

use refrain_model::Moment;

/// Something to do. Outputs are carried out in the order in which they come.
#[derive(Clone, Debug, PartialEq)]
pub enum GuildOutput {
    /// Read the guild's record, and answer with [`GuildInput::Loaded`](crate::GuildInput::Loaded).
    Load,
    /// Hand the record to the store. Saves have rising numbers; only the latest matters.
    Save {
        /// Which save.
        seq: u64,
        /// The record.
        record: Box<GuildRecord>,
    },
    /// Hand the playhead alone to the store.
    SavePlayhead(Playhead),
    /// From now on save how far the source was heard, about three times a second: what has flowed until `trusted_until`, and
    /// from then on `heard`, until this is said again.
    WatchPlayhead {
        /// The attached source.
        id: SourceId,
        /// The track that it plays.
        track: TrackId,
        /// Until then what has flowed counts as heard.
        trusted_until: Moment,
        /// The position last proved to be heard.
        heard: Duration,
    },
    /// Stop saving how far a source was heard.
    ForgetPlayhead,
    /// Answer a command. Where `after_save` is given, the answer goes out once that save is on the disk, or the disk is known
    /// not to take it.
    Answer {
        /// Which command.
        id: CommandId,
        /// What it came to.
        answer: Result<Answer, CommandError>,
        /// The save that holds what the answer tells.
        after_save: Option<u64>,
    },
    /// Look up what a member asked for, and answer with [`GuildInput::LookedUp`](crate::GuildInput::LookedUp).
    LookUp {
        /// Names the answer.
        id: LookUpId,
        /// A link or words to search for, as typed.
        query: String,
        /// Who asks.
        asker: UserId,
    },
    /// The result of a look-up is no longer wanted.
    CancelLookUp {
        /// Which one.
        id: LookUpId,
    },
    /// Open a source, and answer with [`SourceEvent::Opened`](crate::SourceEvent::Opened) or
    /// [`SourceEvent::OpenFailed`](crate::SourceEvent::OpenFailed).
    OpenSource(OpenSource),
    /// Close a source that was opened, or give up opening it. Nothing more is reported of it.
    CloseSource {
        /// Which one.
        id: SourceId,
    },
    /// Go to a place within the frames that the source keeps, and answer at once with
    /// [`SourceEvent::Rewound`](crate::SourceEvent::Rewound) or [`SourceEvent::NotKept`](crate::SourceEvent::NotKept).
    Rewind {
        /// Which one.
        id: SourceId,
        /// The place.
        to: Duration,
    },
    /// Have the driver take frames from this source, or from none. With `at`, first go there where the source keeps the
    /// frames; otherwise stay where it is.
    Attach {
        /// The source.
        id: Option<SourceId>,
        /// Where to begin.
        at: Option<Duration>,
    },
    /// Let the frames flow, or hold them.
    SetFlowing(bool),
    /// Send op 4 (`Voice State Update`): join `channel`, self-deafened, or leave with `None`.
    SendVoiceState {
        /// The channel.
        channel: Option<ChannelId>,
    },
    /// Ask Discord to let the bot speak in its stage channel: unsuppress it where it may, otherwise request to speak.
    RequestToSpeak {
        /// The stage channel.
        channel: ChannelId,
    },
    /// Connect to the voice server.
    Connect {
        /// The new connection.
        generation: Generation,
        /// Its session.
        session: VoiceSession,
    },
    /// Resume the session of this connection.
    Resume {
        /// Which connection.
        generation: Generation,
    },
    /// Drop this connection.
    TearDown {
        /// Which connection.
        generation: Generation,
    },
    /// Look for a sign of life of this connection.
    Probe {
        /// Which connection.
        generation: Generation,
    },
    /// Ask the governor for a turn; a turn that is free is answered at once with [`GuildInput::Turn`](crate::GuildInput::Turn).
    AskTurn {
        /// How urgent the attempt is.
        urgency: Urgency,
        /// How many members listen.
        listeners: u32,
    },
    /// The turn is over, or no longer wanted.
    WithdrawTurn,
    /// Discord limits the rate of voice connections: no guild of this process gets a turn for so long.
    HoldAllTurns(Duration),
    /// Tell members something in one message that is edited.
    Announce(Announcement),
    /// A process that was killed could not bring this message to its end: edit it to say so, once.
    SettleLeftover(Leftover),
    /// Show what plays.
    ShowPanel(Panel),
    /// Something for logs, metrics and spans.
    Observe(Observation),
    /// The guild has left voice, or is gone: its actor may end.
    Finished,
}

/// A source to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSource {
    /// Its number.
    pub id: SourceId,
    /// The track.
    pub track: Arc<Track>,
    /// Where it is wanted.
    pub from: Duration,
    /// How loud, in per cent.
    pub volume: u16,
}

/// A message of an interruption that a killed process could not bring to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// It is there.
    At(MessagePlace),
    /// It was asked for, and it is not known whether it is there.
    Asked(AskedMessage),
}

/// What a command came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To [`Command::Play`](crate::Command::Play).
    Played(Played),
    /// To [`Command::PlayAll`](crate::Command::PlayAll).
    PlayedAll(PlayedAll),
    /// To a skip.
    Skipped(Skipped),
    /// To a pause, a resume, a seek and the like.
    NowPlaying(NowPlaying),
    /// To [`Command::Stop`](crate::Command::Stop).
    Stopped(Stopped),
    /// How many tracks a clear removed.
    Cleared(usize),
    /// To [`Command::Remove`](crate::Command::Remove).
    Removed(Vec<Arc<Track>>),
    /// To [`Command::Move`](crate::Command::Move).
    Moved(Arc<Track>),
    /// Whether the queue is shuffled now.
    Shuffled(bool),
    /// The loop mode now.
    Looping(LoopMode),
    /// To [`Command::Undo`](crate::Command::Undo).
    Undone(Undone),
    /// The volume in per cent now.
    Volume(u16),
    /// The bot leaves. How many look-ups ended with it.
    Disconnected(Stopped),
    /// To [`Command::Queue`](crate::Command::Queue).
    Queue(Box<QueueView>),
    /// To [`Command::History`](crate::Command::History): the most recent first.
    History(Vec<Arc<Track>>),
    /// To [`Command::VoiceStatus`](crate::Command::VoiceStatus).
    VoiceStatus(Box<VoiceStatus>),
    /// To [`Command::Recover`](crate::Command::Recover).
    Recovering(Recovering),
    /// To [`Command::Settings`](crate::Command::Settings) and [`Command::Configure`](crate::Command::Configure).
    Settings(GuildSettings),
    /// The guild has left voice.
    ShutDown,
}
