//! What a command answers when it cannot be done.

use crate::{Ending, MissingPermission, SourceFailure};
use alloc::{format, string::String, string::ToString as _};
use core::time::Duration;
use refrain_model::ChannelId;
use refrain_queue::QueueError;

/// Why a command was not carried out. [`CommandError::user_message`] is for the person who gave it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The look-up found nothing, or the track's source cannot be opened.
    #[error("the source failed ({}): {}", .0.kind, .0.message)]
    Source(SourceFailure),
    /// The look-up took longer than an answer can wait.
    #[error("the look-up took too long")]
    LookUpTimedOut,
    /// As many look-ups are under way in the guild as there may be.
    #[error("{max} look-ups are under way already")]
    TooManyLookUps {
        /// The bound.
        max: usize,
    },
    /// `/stop` or `/disconnect` ended the look-up.
    #[error("stopped before the track was found")]
    Stopped,
    /// The member who asked left voice before the track was found.
    #[error("the member who asked is in no voice channel any more")]
    AskerLeft,
    /// The bot may not join or speak in the channel.
    #[error("no access to channel {channel}: {missing:?} is missing")]
    NoAccess {
        /// The channel.
        channel: ChannelId,
        /// The permission that is missing; `None` when that is not known.
        missing: Option<MissingPermission>,
    },
    /// The queue takes no more.
    #[error("the queue is full ({max} tracks)")]
    QueueFull {
        /// Its bound.
        max: usize,
    },
    /// The queue cannot do that.
    #[error(transparent)]
    Queue(QueueError),
    /// No favorite has that name.
    #[error("there is no favorite called {name}")]
    NoSuchFavorite {
        /// As it was asked for.
        name: String,
    },
    /// The guild has as many favorites as it may.
    #[error("there are {max} favorites already")]
    TooManyFavorites {
        /// The bound.
        max: usize,
    },
    /// What outlives the process cannot be read.
    #[error("the store cannot be read: {0}")]
    Store(String),
    /// Nothing is playing.
    #[error("nothing is playing")]
    NothingPlaying,
    /// A live stream has no other place to go to.
    #[error("a live stream cannot be sought in")]
    CannotSeek,
    /// The track is shorter than that.
    #[error("the track is {length:?} long")]
    BeyondTheEnd {
        /// Its length.
        length: Duration,
    },
    /// It is paused already.
    #[error("already paused")]
    AlreadyPaused,
    /// It is not paused.
    #[error("not paused")]
    NotPaused,
    /// The bot is in no voice channel.
    #[error("not in a voice channel")]
    NotConnected,
    /// The bot is in no channel, and there is nothing to come back with, or nowhere to come to.
    #[error("nothing to recover")]
    NothingToRecover,
    /// The bot is being stopped; the track is kept for when it is back.
    #[error("the bot is being stopped")]
    Restarting,
    /// The track was skipped or stopped while the command waited.
    #[error("the track was removed while the command waited")]
    Removed,
    /// The voice channel could not be joined.
    #[error("the voice channel could not be joined: {0:?}")]
    JoinFailed(Ending),
    /// The guild's actor did not answer: it is shutting down, or it failed and is being started again.
    #[error("the guild's actor is gone")]
    Unavailable,
}

impl CommandError {
    /// What happened and what to do, in plain words, for a message in Discord.
    #[must_use]
    pub fn user_message(&self) -> String {
        match self {
            Self::Source(failure) => failure.message.clone().into_owned(),
            Self::LookUpTimedOut => "Looking that up took too long, so I gave up. Try again in a moment.".into(),
            Self::TooManyLookUps { max } => {
                format!("I am looking up {max} tracks for this server already. Wait until I have found some of them.")
            }
            Self::Stopped => "The music was stopped before I had found that track.".into(),
            Self::AskerLeft => {
                "You left the voice channel before I had found that track. Join one and ask again.".into()
            }
            Self::NoAccess { channel, missing } => no_access(*channel, *missing),
            Self::QueueFull { max } => {
                format!("The queue is full: it holds {max} tracks. Skip or clear some first.")
            }
            Self::Queue(e) => sentence(&e.to_string()),
            Self::NoSuchFavorite { name } => {
                format!("There is no favorite called {name:?} here. `/favorites list` shows those there are.")
            }
            Self::TooManyFavorites { max } => {
                format!("This server has {max} favorites, and that is as many as there can be. Remove one first.")
            }
            Self::Store(_) => "I cannot read my records just now. My operator finds the reason in the log.".into(),
            Self::NothingPlaying => "Nothing is playing. Start something with `/play`.".into(),
            Self::CannotSeek => "This is a live stream: there is no other place in it to go to.".into(),
            Self::BeyondTheEnd { length } => {
                let seconds = length.as_secs();
                format!("The track is only {}:{:02} long. `/skip` goes on to the next one.", seconds / 60, seconds % 60)
            }
            Self::AlreadyPaused => "The music is paused already. `/resume` goes on with it.".into(),
            Self::NotPaused => "The music is not paused.".into(),
            Self::NotConnected => "I am in no voice channel.".into(),
            Self::NothingToRecover => {
                "There is no voice connection to bring back, and no music waits for one. Join a voice \
                                       channel and start something with `/play`."
                    .into()
            }
            Self::Restarting => {
                "My operator is stopping me just now. The queue is kept; ask again when I am back.".into()
            }
            Self::Removed => "That track was skipped or stopped meanwhile.".into(),
            Self::JoinFailed(ending) => not_joined(*ending),
            Self::Unavailable => "I am starting up or shutting down. Try again in a moment.".into(),
        }
    }
}

fn no_access(channel: ChannelId, missing: Option<MissingPermission>) -> String {
    let what = match missing {
        Some(MissingPermission::ViewChannel) => "see",
        Some(MissingPermission::Connect) => "connect to",
        Some(MissingPermission::Speak) => "speak in",
        None => "join",
    };
    format!(
        "I may not {what} <#{channel}>. A moderator can give me the permission, or you can call me to another channel."
    )
}

fn not_joined(ending: Ending) -> String {
    match ending {
        Ending::Unanswered => {
            "Discord did not let me into the voice channel. Check that I may connect and speak there \
                               and that it is not full, then try again."
                .into()
        }
        Ending::Kicked => "A moderator disconnected me from the voice channel before the music began.".into(),
        Ending::StayedOut => "The voice connection was lost before the music began. Try again.".into(),
        Ending::ChannelGone => {
            "The voice channel was deleted before the music began. Join another one and try again.".into()
        }
        Ending::Fatal { code } => {
            let code = code.map(|code| format!(" (code {code})")).unwrap_or_default();
            format!("Discord refuses my voice connection{code}. Only my operator can change that.")
        }
    }
}

/// An error's words as a sentence of its own.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}
