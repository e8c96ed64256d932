//! What can go wrong between an address and its sound.

/// The kinds of failure that a caller decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AudioErrorKind {
    /// There is no sound at that address: a page, a picture, or no http address at all.
    NotAudio,
    /// The server refused (401, 403): most often an address that has expired.
    Forbidden,
    /// The server has nothing there (404, 410).
    Gone,
    /// The connection could not be made or was lost, or the server is in trouble (429, 5xx).
    Network,
    /// Nothing came in time.
    TimedOut,
    /// ffmpeg could not be started.
    Spawn,
    /// The data are damaged, or ffmpeg failed in a way of its own.
    Broken,
}

/// A stream that could not be opened, or broke off.
///
/// `Display` is for operators: what was being done, what was wrong and the end of what ffmpeg said, bounded, without
/// queries, header values and credentials.
#[derive(Clone, Debug, thiserror::Error)]
#[error("reading a track's sound: {what}{}", Said(said))]
pub struct AudioError {
    kind: AudioErrorKind,
    what: String,
    said: String,
}

struct Said<'a>(&'a str);

impl std::fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, "; ffmpeg said: {}", self.0)
    }
}

impl AudioError {
    pub(crate) fn new(kind: AudioErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), said: String::new() }
    }

    /// Adds the end of ffmpeg's stderr, which [`crate::log::Log::tail`] has made fit to be read.
    pub(crate) fn said(mut self, tail: String) -> Self {
        self.said = tail;
        self
    }

    /// The kind to decide by.
    #[must_use]
    pub fn kind(&self) -> AudioErrorKind {
        self.kind
    }

    /// Whether another attempt may succeed, after a backoff and with a freshly resolved address.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.kind.is_retryable()
    }

    /// What to tell the people in the channel: one sentence without technical detail.
    #[must_use]
    pub fn user_message(&self) -> &'static str {
        self.kind.user_message()
    }
}

impl AudioErrorKind {
    /// Whether another attempt may succeed, after a backoff and with a freshly resolved address.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::Forbidden | Self::Network | Self::TimedOut => true,
            Self::NotAudio | Self::Gone | Self::Spawn | Self::Broken => false,
        }
    }

    /// What to tell the people in the channel: one sentence without technical detail.
    #[must_use]
    pub const fn user_message(self) -> &'static str {
        match self {
            Self::NotAudio => "There is no sound at that address that I could play.",
            Self::Forbidden => "The site refused to hand out the sound of this track.",
            Self::Gone => "The track is not there any more: its address answers \"not found\".",
            Self::Network => "The site that holds this track cannot be reached at the moment.",
            Self::TimedOut => "The site that holds this track did not answer in time.",
            Self::Spawn => "I cannot play sound at the moment: my operator has to look at my installation.",
            Self::Broken => "That file is damaged or holds no music: I cannot play it.",
        }
    }
}
