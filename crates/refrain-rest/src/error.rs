//! Why a request has no answer that helps.

use std::time::Duration;

/// Why a request failed. Nothing of its path is in it, which may hold a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestError {
    /// Discord does not know the bot's token (401). Every later request fails like this without being sent.
    #[error("Discord rejected the token")]
    TokenRejected,
    /// Discord answered with an error that asking again does not change.
    #[error("HTTP {status}, error code {code}: {message}")]
    Refused {
        /// The HTTP status, 400 to 499.
        status: u16,
        /// Discord's JSON error code, such as 50013 for missing permissions; 0 where the answer has none.
        code: u64,
        /// What Discord says.
        message: String,
        /// An earlier attempt at the same request may have been carried out: its answer was lost.
        repeated: bool,
    },
    /// Discord answered that it cannot serve (5xx).
    #[error("it answered with HTTP {status}")]
    Unavailable {
        /// The HTTP status, 500 to 599.
        status: u16,
    },
    /// The request came too often, and has to wait longer than its answer helps.
    #[error("it limits how often the bot may ask, for {} s", .retry_after.as_secs_f64())]
    RateLimited {
        /// How long it has to wait.
        retry_after: Duration,
    },
    /// No connection, or it broke.
    #[error("{reason}")]
    Unreachable {
        /// The error and its causes.
        reason: String,
    },
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The answer is none that this version can read.
    #[error("its answer could not be read")]
    Unreadable,
    /// It was not sent: while it waited, its sender had something newer to say.
    #[error("there is something newer to say")]
    Superseded,
    /// It was not sent: too many requests wait.
    #[error("{limit} requests to Discord wait already")]
    Full {
        /// How many may wait.
        limit: usize,
    },
    /// It cannot be built: a value is outside of what Discord allows.
    #[error("the request is not valid: {reason}")]
    Invalid {
        /// What is wrong.
        reason: String,
    },
}

impl RestError {
    /// Discord's JSON error code, such as 10062 for an unknown interaction.
    #[must_use]
    pub const fn code(&self) -> Option<u64> {
        if let Self::Refused { code, .. } = self { Some(*code) } else { None }
    }

    /// Whether an earlier attempt at the refused request may have been carried out: its answer was lost.
    #[must_use]
    pub const fn is_repeated(&self) -> bool {
        matches!(self, Self::Refused { repeated: true, .. })
    }

    /// Whether the same request may succeed in a moment.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. }
                | Self::RateLimited { .. }
                | Self::Unreachable { .. }
                | Self::TimedOut
                | Self::Full { .. }
        )
    }
}

/// An error and its causes.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    words
}
