//! What the caller asks for when it opens a source, and what is known of the source once it is open. Pure.

use std::time::Duration;

/// Where to open a source, and what the caller knows of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenAt {
    /// The position that is wanted. A live source begins at its present instead.
    pub position: Duration,
    /// The extractor says that the source is live.
    pub live: bool,
    /// The length that the page gives, where it gives one.
    pub length: Option<Duration>,
}

impl OpenAt {
    /// Opens a source of which nothing is known at `position`.
    #[must_use]
    pub const fn position(position: Duration) -> Self {
        Self { position, live: false, length: None }
    }
}

impl From<Duration> for OpenAt {
    fn from(position: Duration) -> Self {
        Self::position(position)
    }
}
