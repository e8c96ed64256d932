//! Why a request failed, for three readers: the code that decides what follows, the member in Discord, the operator.

use crate::{BadQuery, ErrorKind, Purpose};
use refrain_model::{FailureClass, SourceFailure};
use std::{borrow::Cow, fmt, time::Duration};

/// Why a request brought nothing.
///
/// `Display` is for operators: yt-dlp's own line or what the system said, bounded, without signatures and secrets.
#[derive(Debug)]
pub struct ExtractError {
    kind: ErrorKind,
    purpose: Purpose,
    detail: String,
    retry_after: Option<Duration>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ExtractError {
    /// `detail` is for operators: no signatures, no secrets, bounded.
    pub(crate) fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, purpose: Purpose::LookUp, detail: detail.into(), retry_after: None, source: None }
    }

    pub(crate) fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The site asks to be left alone for so long.
    pub(crate) fn waiting(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// Notes what the request was for: the message to a member depends on it.
    pub(crate) fn when(mut self, purpose: Purpose) -> Self {
        self.purpose = purpose;
        self
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What the failure is about, which decides what becomes of the track.
    #[must_use]
    pub const fn class(&self) -> FailureClass {
        match (self.kind, self.purpose) {
            // A track that plays must not be dropped because its guild asks for too much: it is asked for again.
            (ErrorKind::Busy, Purpose::Play) => FailureClass::Site,
            (kind, _) => kind.class(),
        }
    }

    /// How long the site asks to be left alone, where that is known. At most a day.
    ///
    /// Known only where the site answered over plain `http`: within `https` the egress guard sees nothing, and yt-dlp does
    /// not tell.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the same request may succeed later, with nothing changed about the track.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self.class(), FailureClass::Site | FailureClass::Machine)
    }

    /// What happened and what follows, in plain words, for a message in Discord.
    #[must_use]
    pub const fn user_message(&self) -> &'static str {
        self.kind.message(self.purpose)
    }

    /// The failure as the guild decides by it.
    #[must_use]
    pub fn failure(&self) -> SourceFailure {
        SourceFailure {
            class: self.class(),
            kind: Cow::Borrowed(self.kind.name()),
            retry_after: self.retry_after,
            message: Cow::Borrowed(self.user_message()),
        }
    }
}

impl fmt::Display for ExtractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "yt-dlp {} failed ({}): {}", self.purpose.noun(), self.kind.name(), self.detail)
    }
}

impl std::error::Error for ExtractError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl BadQuery {
    /// The failure as the guild decides by it: about the track, with this error's text as the message.
    #[must_use]
    pub fn failure(&self) -> SourceFailure {
        SourceFailure {
            class: FailureClass::Track,
            kind: Cow::Borrowed("bad-query"),
            retry_after: None,
            message: Cow::Owned(self.to_string()),
        }
    }
}

/// The failure of a search that brings no candidates.
#[must_use]
pub const fn nothing_found() -> SourceFailure {
    SourceFailure::new(
        FailureClass::Track,
        "nothing-found",
        "I found nothing for that search. Try other words, or paste a link.",
    )
}
