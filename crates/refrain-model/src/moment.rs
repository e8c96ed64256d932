//! Time as a value: sans-IO crates are told the time, they never ask for it.

use core::{ops::Add, time::Duration};
use serde::{Deserialize, Serialize};

/// A point on a monotonic clock, counted from an epoch that the embedder chooses (the process start, or zero in tests).
///
/// Arithmetic saturates: no moment is out of range, and an earlier moment is "zero" after a later one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(Duration);

impl Moment {
    /// The epoch itself.
    pub const ZERO: Self = Self(Duration::ZERO);
    /// Later than any moment that will come.
    pub const FAR_FUTURE: Self = Self(Duration::MAX);

    /// The moment that lies `since_epoch` after the epoch.
    #[must_use]
    pub const fn from_epoch(since_epoch: Duration) -> Self {
        Self(since_epoch)
    }

    /// The moment `millis` milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// How far from the epoch it lies.
    #[must_use]
    pub const fn since_epoch(self) -> Duration {
        self.0
    }

    /// How long after `earlier` it lies; zero when it lies before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, length: Duration) -> Self {
        Self(self.0.saturating_add(length))
    }
}
