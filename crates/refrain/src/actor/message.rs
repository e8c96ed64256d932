//! What arrives in a guild's mailbox.

use crate::{
    CommandError, GuildSettings, NowPlaying, PlayRequest, Played, PlayedAll, QueueView, Recovering, SettingChange,
    Skipped, Undone, VoiceStatus,
};
use refrain_audio::FrameStream;
use refrain_model::{ChannelId, LoopMode, MessagePlace, Track, TrackId, TrackInfo};
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// Where the answer to a command goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, CommandError>>;

/// Anything but what the driver and the gateway say, which have their own ways in.
pub(crate) enum Message {
    Command(Command),
    Opened(Opened),
}

/// What a person wants.
pub(crate) enum Command {
    Play {
        info: TrackInfo,
        request: PlayRequest,
        reply: Reply<Played>,
    },
    PlayAll {
        infos: Vec<TrackInfo>,
        left_out: usize,
        request: PlayRequest,
        reply: Reply<PlayedAll>,
    },
    Skip {
        count: usize,
        reply: Reply<Skipped>,
    },
    SkipTo {
        position: usize,
        reply: Reply<Skipped>,
    },
    Previous {
        reply: Reply<NowPlaying>,
    },
    Replay {
        reply: Reply<NowPlaying>,
    },
    Seek {
        to: Seek,
        reply: Reply<NowPlaying>,
    },
    Pause {
        reply: Reply<NowPlaying>,
    },
    Resume {
        voice_channel: Option<ChannelId>,
        reply: Reply<NowPlaying>,
    },
    Stop {
        reply: Reply<usize>,
    },
    Clear {
        reply: Reply<usize>,
    },
    Remove {
        position: usize,
        count: usize,
        reply: Reply<Vec<Arc<Track>>>,
    },
    Move {
        from: usize,
        to: usize,
        reply: Reply<Arc<Track>>,
    },
    Shuffle {
        on: Option<bool>,
        reply: Reply<bool>,
    },
    Loop {
        mode: LoopMode,
        toggle: bool,
        reply: Reply<LoopMode>,
    },
    Undo {
        reply: Reply<Undone>,
    },
    Volume {
        percent: Option<u16>,
        reply: Reply<u16>,
    },
    Disconnect {
        reply: Reply<()>,
    },
    Queue {
        page: usize,
        size: Option<usize>,
        reply: Reply<QueueView>,
    },
    History {
        reply: Reply<Vec<Arc<Track>>>,
    },
    NowPlaying {
        reply: Reply<NowPlaying>,
    },
    VoiceStatus {
        page: usize,
        reply: Reply<VoiceStatus>,
    },
    Recover {
        voice_channel: Option<ChannelId>,
        reply: Reply<Recovering>,
    },
    Settings {
        reply: Reply<GuildSettings>,
    },
    Configure {
        change: SettingChange,
        reply: Reply<GuildSettings>,
    },
    /// A message was made that says what plays, or it has gone.
    PanelIs {
        place: Option<MessagePlace>,
    },
    /// The message of an interruption was made, or need not be kept in mind any more.
    IncidentMessageIs {
        place: Option<MessagePlace>,
    },
    ShutDown {
        reply: Reply<()>,
    },
}

/// Where in the track to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seek {
    /// To this position.
    To(Duration),
    /// So much further.
    Ahead(Duration),
    /// So much back.
    Back(Duration),
}

/// A track's sound is there, or cannot be had.
pub(crate) struct Opened {
    pub(crate) track: TrackId,
    /// Which opening of this track: a later one makes earlier ones void.
    pub(crate) opening: u64,
    pub(crate) result: Result<FrameStream, CommandError>,
}
