//! What can go wrong between an address and its sound.

use refrain_model::{FailureClass, SourceFailure};
use std::{borrow::Cow, time::Duration};

/// The kinds of failure. [`AudioErrorKind::class`] says what each is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AudioErrorKind {
    /// There is no sound at that address: a page, a picture, or no http address at all.
    NotAudio,
    /// The server has nothing there (404, 410).
    Gone,
    /// Nothing in the file can be played: it is damaged from its start, or ffmpeg fails on it.
    Broken,
    /// The server refused (401, 403): most often an address that has expired. A fresh look-up helps.
    Forbidden,
    /// The server asks for fewer requests (429). [`AudioError::retry_after`] says for how long, where the server does.
    RateLimited,
    /// The connection could not be made or was lost, or the server is in trouble (5xx).
    Network,
    /// Nothing came in time.
    TimedOut,
    /// It played, and then broke off for a reason that ffmpeg does not name.
    BrokeOff,
    /// ffmpeg could not be started, or the configuration keeps it from working.
    Spawn,
    /// This machine has no descriptor, process, memory or space left.
    OutOfResources,
    /// A signal from outside killed ffmpeg, as the kernel does when memory runs out.
    Killed,
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
    retry_after: Option<Duration>,
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
        Self { kind, what: what.into(), said: String::new(), retry_after: None }
    }

    /// Adds the end of ffmpeg's stderr, which [`crate::log::Log::tail`] has made fit to be read.
    pub(crate) fn said(mut self, tail: String) -> Self {
        self.said = tail;
        self
    }

    pub(crate) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.retry_after = retry_after.or(self.retry_after);
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> AudioErrorKind {
        self.kind
    }

    /// What the failure is about: it decides what becomes of the track.
    #[must_use]
    pub fn class(&self) -> FailureClass {
        self.kind.class()
    }

    /// How long the server asks to be left alone, where it says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The failure as the guild takes it: class, kind, `Retry-After` and the message for a member.
    #[must_use]
    pub fn failure(&self) -> SourceFailure {
        SourceFailure { retry_after: self.retry_after, ..self.kind.failure() }
    }

    /// Whether another attempt may succeed, after a backoff and with a freshly resolved address.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.kind.is_retryable()
    }

    /// What to tell a member: one or two sentences without technical detail.
    #[must_use]
    pub fn user_message(&self) -> &'static str {
        self.kind.user_message()
    }
}

impl AudioErrorKind {
    /// What a failure of this kind is about.
    #[must_use]
    pub const fn class(self) -> FailureClass {
        match self {
            Self::NotAudio | Self::Gone | Self::Broken => FailureClass::Track,
            Self::Forbidden | Self::RateLimited | Self::Network | Self::TimedOut | Self::BrokeOff => FailureClass::Site,
            Self::Spawn | Self::OutOfResources | Self::Killed => FailureClass::Machine,
        }
    }

    /// A short stable name for logs, metrics and recordings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAudio => "not-audio",
            Self::Gone => "gone",
            Self::Broken => "broken",
            Self::Forbidden => "forbidden",
            Self::RateLimited => "rate-limited",
            Self::Network => "network",
            Self::TimedOut => "timed-out",
            Self::BrokeOff => "broke-off",
            Self::Spawn => "spawn",
            Self::OutOfResources => "out-of-resources",
            Self::Killed => "killed",
        }
    }

    /// The failure as the guild takes it, without a `Retry-After`.
    #[must_use]
    pub const fn failure(self) -> SourceFailure {
        SourceFailure {
            class: self.class(),
            kind: Cow::Borrowed(self.name()),
            retry_after: None,
            message: Cow::Borrowed(self.user_message()),
        }
    }

    /// Whether another attempt may succeed, after a backoff and with a freshly resolved address: the failure is not about
    /// the track itself.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        match self.class() {
            FailureClass::Site | FailureClass::Machine => true,
            FailureClass::Track | FailureClass::Request => false,
        }
    }

    /// What to tell a member: one or two sentences without technical detail.
    #[must_use]
    pub const fn user_message(self) -> &'static str {
        match self {
            Self::NotAudio => "I found no sound at that address.",
            Self::Gone => "The track is no longer there: its site answers \"not found\".",
            Self::Broken => "I cannot play that file: it is damaged, or it holds no sound.",
            Self::Forbidden => "The site refuses to send me this track at the moment.",
            Self::RateLimited => "The site says that I ask too often. I have to wait before I ask again.",
            Self::Network => "I cannot reach the site that holds this track at the moment.",
            Self::TimedOut => "The site that holds this track does not answer in time.",
            Self::BrokeOff => "The sound of this track broke off.",
            Self::Spawn => "I cannot play sound at the moment: my operator has to repair my installation.",
            Self::OutOfResources => "I cannot play sound at the moment: the machine that I run on is out of resources.",
            Self::Killed => "The machine that I run on stopped the sound. My operator has to look at it.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [AudioErrorKind; 11] = [
        AudioErrorKind::NotAudio,
        AudioErrorKind::Gone,
        AudioErrorKind::Broken,
        AudioErrorKind::Forbidden,
        AudioErrorKind::RateLimited,
        AudioErrorKind::Network,
        AudioErrorKind::TimedOut,
        AudioErrorKind::BrokeOff,
        AudioErrorKind::Spawn,
        AudioErrorKind::OutOfResources,
        AudioErrorKind::Killed,
    ];

    #[test]
    fn only_a_verdict_about_the_track_itself_is_final() {
        for kind in ALL {
            let verdict = matches!(kind, AudioErrorKind::NotAudio | AudioErrorKind::Gone | AudioErrorKind::Broken);
            assert_eq!(kind.class() == FailureClass::Track, verdict, "{kind:?}");
            assert_eq!(kind.is_retryable(), !verdict, "{kind:?}");
        }
    }

    #[test]
    fn every_kind_has_a_name_and_a_message_of_its_own() {
        for (n, kind) in ALL.iter().enumerate() {
            for other in &ALL[..n] {
                assert!(kind.name() != other.name() && kind.user_message() != other.user_message(), "{kind:?}");
            }
        }
    }

    #[test]
    fn a_failure_carries_how_long_the_server_asks_to_be_left_alone() {
        let wait = Some(Duration::from_secs(7));
        let failure = AudioError::new(AudioErrorKind::RateLimited, "x").with_retry_after(wait).failure();
        assert_eq!((failure.class, failure.kind.as_ref()), (FailureClass::Site, "rate-limited"));
        assert_eq!(failure.retry_after, wait);
    }
}
