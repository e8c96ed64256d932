//! What a command answers when it cannot be done.

use crate::Ending;
use refrain_extract::{BadQuery, ExtractError};
use refrain_queue::QueueError;
use refrain_store::StoreError;
use std::time::Duration;

/// Why a command was not carried out. [`CommandError::user_message`] is for the person who gave it.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The text is neither a link that can be played nor a search.
    #[error("bad query: {0}")]
    BadQuery(#[from] BadQuery),
    /// yt-dlp found nothing to play.
    #[error("extraction failed: {0}")]
    Extract(#[from] ExtractError),
    /// The sound itself could not be read.
    #[error("the track's sound could not be read: {0}")]
    Audio(String),
    /// A search brought no result.
    #[error("the search found nothing")]
    NothingFound,
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
    Store(#[from] StoreError),
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
    /// The track was skipped or stopped before it began.
    #[error("the track was removed before it began")]
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
            Self::BadQuery(e) => e.to_string(),
            Self::Extract(e) => e.user_message().to_owned(),
            Self::Audio(message) => message.clone(),
            Self::NothingFound => "I found nothing for that search. Try other words, or paste a link.".into(),
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
            Self::Store(_) => "I cannot read my records just now. Whoever runs me finds the reason in the log.".into(),
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
            Self::Removed => "That track was skipped or stopped before it began.".into(),
            Self::JoinFailed(ending) => not_joined(*ending),
            Self::Unavailable => "I am starting up or shutting down. Try again in a moment.".into(),
        }
    }
}

fn not_joined(ending: Ending) -> String {
    match ending {
        Ending::Unanswered => {
            "Discord did not let me into the voice channel. Check that I may connect and speak there \
                               and that it is not full, then try again."
                .into()
        }
        Ending::Kicked => "Somebody disconnected me from the voice channel before the music began.".into(),
        Ending::StayedOut => "The voice connection was lost before the music began. Try again.".into(),
        Ending::ChannelGone => {
            "The voice channel was deleted before the music began. Join another one and try again.".into()
        }
        Ending::Fatal { code } => {
            let code = code.map(|code| format!(" (code {code})")).unwrap_or_default();
            format!("Discord refuses my voice connection{code}. Only whoever runs me can change that.")
        }
    }
}

/// An error's words as a sentence of its own.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}
