//! Sources: what is known of one once it is open, and why one fails.

use alloc::borrow::Cow;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// What a source failure is about. The class alone decides what becomes of the track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureClass {
    /// The track itself: gone, private, region-blocked, no sound in it. The queue passes it over.
    Track,
    /// The site or the way to it: 429, 5xx, a bot check, DNS, a timeout, a reset, a stall. The track is kept and retried.
    Site,
    /// This machine: no descriptor, no space, a child that cannot start. The track is kept and retried; the operator has to
    /// act.
    Machine,
    /// The request: it was cancelled or superseded. Nothing follows from it.
    Request,
}

/// Why a look-up finds nothing, or why a source cannot be opened or breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFailure {
    /// What the failure is about.
    pub class: FailureClass,
    /// A short stable name of the kind for logs, metrics and recordings, such as `rate-limited`.
    pub kind: Cow<'static, str>,
    /// How long the site asks to be left alone (`Retry-After`), where it says so.
    pub retry_after: Option<Duration>,
    /// What to tell a member: plain words, one or two sentences, no secrets.
    pub message: Cow<'static, str>,
}

impl SourceFailure {
    /// A failure without a `Retry-After`.
    #[must_use]
    pub const fn new(class: FailureClass, kind: &'static str, message: &'static str) -> Self {
        Self { class, kind: Cow::Borrowed(kind), retry_after: None, message: Cow::Borrowed(message) }
    }
}

/// What is known of a source once it is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFacts {
    /// Its length, where the source tells.
    pub length: Option<Duration>,
    /// It comes in real time (a radio station, a live show): it has no end of its own and no place to go back to.
    pub live: bool,
    /// It can be opened at a position other than its start.
    pub seekable: bool,
}
