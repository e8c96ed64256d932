//! What arrives in a guild's mailbox.

use crate::{
    CommandError, GuildSettings, NowPlaying, PlayRequest, Played, QueueView, Recovering, SettingChange, Skipped,
    VoiceStatus,
};
use refrain_audio::FrameStream;
use refrain_model::{ChannelId, TrackId, TrackInfo};
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
    Play { info: TrackInfo, request: PlayRequest, reply: Reply<Played> },
    Skip { count: usize, reply: Reply<Skipped> },
    Pause { reply: Reply<NowPlaying> },
    Resume { reply: Reply<NowPlaying> },
    Stop { reply: Reply<usize> },
    Disconnect { reply: Reply<()> },
    Queue { page: usize, reply: Reply<QueueView> },
    NowPlaying { reply: Reply<NowPlaying> },
    VoiceStatus { page: usize, reply: Reply<VoiceStatus> },
    Recover { voice_channel: Option<ChannelId>, reply: Reply<Recovering> },
    Settings { reply: Reply<GuildSettings> },
    Configure { change: SettingChange, reply: Reply<GuildSettings> },
    ShutDown { reply: Reply<()> },
}

/// A track's sound is there, or cannot be had.
pub(crate) struct Opened {
    pub(crate) track: TrackId,
    /// Which opening of this track: a later one makes earlier ones void.
    pub(crate) opening: u64,
    pub(crate) result: Result<FrameStream, CommandError>,
}
