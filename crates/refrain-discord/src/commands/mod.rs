//! The slash commands: what is registered with Discord, and what comes back when somebody uses one.

mod config;
mod define;
mod options;
mod read;
mod time;

pub(crate) use config::{AUTO_REJOIN, AUTO_RESUME, WHEN_OVER};
pub(crate) use define::definitions;
pub(crate) use read::parse;

use refrain::{LoopMode, Place, SettingChange};
use refrain_model::MAX_QUEUE;
use std::time::Duration;

/// The longest query Discord lets people type; a link or a search needs no more.
const MAX_QUERY: u16 = 500;
/// The most tracks one command counts, and the highest page.
const MAX_COUNT: u16 = MAX_QUEUE;
/// Tracks on a page of `/queue`: more do not fit an embed.
const MAX_PAGE_SIZE: u16 = 30;
/// The longest name of a favorite.
const MAX_NAME: u16 = 80;

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// `/play query [immediate] [skip]`.
    Play {
        /// A link or words to search for, as typed.
        query: String,
        /// Where in the queue it goes.
        place: Place,
    },
    /// `/skip [number]`, `/next`.
    Skip {
        /// How many tracks, from 1.
        count: usize,
    },
    /// `/skipto position`.
    SkipTo {
        /// From 1.
        position: usize,
    },
    /// `/unskip`, `/back`.
    Back,
    /// `/replay`.
    Replay,
    /// `/seek`, `/fseek`, `/rewind`.
    Seek(Jump),
    /// `/pause`.
    Pause,
    /// `/resume`.
    Resume,
    /// `/stop`.
    Stop,
    /// `/disconnect`.
    Disconnect,
    /// `/loop`, `/loop-queue`: on, or off where it was on.
    Loop(LoopMode),
    /// `/shuffle [on]`.
    Shuffle {
        /// `None`: whichever it is not.
        on: Option<bool>,
    },
    /// `/clear`.
    Clear,
    /// `/undo`.
    Undo,
    /// `/move from to`.
    Move {
        /// From 1.
        from: usize,
        /// From 1.
        to: usize,
    },
    /// `/remove [position] [range]`.
    Remove {
        /// From 1.
        position: usize,
        /// How many tracks, from 1.
        count: usize,
    },
    /// `/queue [page] [page-size]`.
    Queue {
        /// Which page, from 1.
        page: usize,
        /// Tracks on a page; `None`: as the guild has set it.
        size: Option<usize>,
    },
    /// `/history`.
    History,
    /// `/now-playing`.
    NowPlaying,
    /// `/volume [level]`.
    Volume {
        /// In per cent; `None`: only shown.
        percent: Option<u16>,
    },
    /// `/favorites …`.
    Favorites(FavoritesAsk),
    /// `/voice-status [page]`.
    VoiceStatus {
        /// Which page of the timeline, from 1.
        page: usize,
    },
    /// `/recover`.
    Recover,
    /// `/config get`.
    Config,
    /// `/config set-… value`.
    Configure(SettingChange),
}

/// Where to go in the current track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Jump {
    /// To this position.
    To(Duration),
    /// So far ahead.
    Ahead(Duration),
    /// So far back.
    Back(Duration),
}

/// The sub-commands of `/favorites`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FavoritesAsk {
    /// `use name [immediate] [skip]`.
    Use {
        /// As typed.
        name: String,
        /// Where in the queue it goes.
        place: Place,
    },
    /// `list`.
    List,
    /// `create name query`.
    Create {
        /// As typed.
        name: String,
        /// A link or words to search for.
        query: String,
    },
    /// `remove name`.
    Remove {
        /// As typed.
        name: String,
    },
}

impl Ask {
    /// The command's name, for the log.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Play { .. } => "play",
            Self::Skip { .. } => "skip",
            Self::SkipTo { .. } => "skipto",
            Self::Back => "back",
            Self::Replay => "replay",
            Self::Seek(Jump::To(_)) => "seek",
            Self::Seek(Jump::Ahead(_)) => "fseek",
            Self::Seek(Jump::Back(_)) => "rewind",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Stop => "stop",
            Self::Disconnect => "disconnect",
            Self::Loop(LoopMode::Queue) => "loop-queue",
            Self::Loop(LoopMode::Track | LoopMode::Off) => "loop",
            Self::Shuffle { .. } => "shuffle",
            Self::Clear => "clear",
            Self::Undo => "undo",
            Self::Move { .. } => "move",
            Self::Remove { .. } => "remove",
            Self::Queue { .. } => "queue",
            Self::History => "history",
            Self::NowPlaying => "now-playing",
            Self::Volume { .. } => "volume",
            Self::Favorites(FavoritesAsk::Use { .. }) => "favorites use",
            Self::Favorites(FavoritesAsk::List) => "favorites list",
            Self::Favorites(FavoritesAsk::Create { .. }) => "favorites create",
            Self::Favorites(FavoritesAsk::Remove { .. }) => "favorites remove",
            Self::VoiceStatus { .. } => "voice-status",
            Self::Recover => "recover",
            Self::Config => "config get",
            Self::Configure(_) => "config set",
        }
    }

    /// Whether the answer is for the person alone: it would be noise to everybody else.
    pub(crate) const fn is_private(&self) -> bool {
        match self {
            Self::VoiceStatus { .. } | Self::Recover | Self::Config | Self::Configure(_) => true,
            Self::Favorites(FavoritesAsk::List) | Self::History => true,
            Self::Play { .. } | Self::Skip { .. } | Self::SkipTo { .. } | Self::Back | Self::Replay => false,
            Self::Seek(_) | Self::Pause | Self::Resume | Self::Stop | Self::Disconnect | Self::Loop(_) => false,
            Self::Shuffle { .. } | Self::Clear | Self::Undo | Self::Move { .. } | Self::Remove { .. } => false,
            Self::Queue { .. } | Self::NowPlaying | Self::Volume { .. } | Self::Favorites(_) => false,
        }
    }

    /// Whether the answer becomes the panel where the music begins with it.
    pub(crate) const fn may_become_panel(&self) -> bool {
        matches!(self, Self::Play { .. } | Self::Favorites(FavoritesAsk::Use { .. }))
    }
}

/// What cannot be read as a command of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadCommand {
    /// A command registered by another version, within the hour in which Discord spreads a change.
    #[error("unknown command /{name}")]
    Unknown { name: String },
    /// Options that are not what was registered: the same reason.
    #[error("/{name} without its option `{option}`, or with one of another type")]
    Option { name: String, option: &'static str },
    /// A number that Discord should not have let through.
    #[error("/{name} with a number in `{option}` that is not from {least} to {most}")]
    Range { name: String, option: &'static str, least: i64, most: i64 },
    /// A text that is no time.
    #[error("/{name} with something in `{option}` that is no time")]
    Time { name: String, option: &'static str },
}

impl BadCommand {
    /// Whether this version does not have the command: something for the operator to know.
    pub(crate) const fn is_foreign(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::Option { .. })
    }

    /// What to tell the person.
    pub(crate) fn user_message(&self) -> String {
        match self {
            Self::Unknown { .. } | Self::Option { .. } => {
                "I do not know that command (any more). Discord may still show an old list: press Ctrl+R, or try again \
                 in a few minutes."
                    .into()
            }
            Self::Range { option, least, most, .. } => format!("`{option}` must be a number from {least} to {most}."),
            Self::Time { .. } => {
                "I cannot read that as a time. Write it as `1:30`, `1:02:03`, `1m30s` or `90` (seconds).".into()
            }
        }
    }
}

#[cfg(test)]
mod tests;
