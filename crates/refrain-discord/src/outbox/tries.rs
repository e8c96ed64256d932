//! How often, and after what pauses, a request is made again.

use std::time::{Duration, Instant};

/// A request that fails is made again after this long, then after twice as long, and so on.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How often one word is tried: for five minutes or so.
const TRIES: u32 = 10;
/// Discord remembers a nonce for a few minutes. Later, asking once more could make a second message.
pub(crate) const NONCE_LASTS: Duration = Duration::from_secs(120);

/// Failures of the latest request, and until when to wait after them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tries {
    failures: u32,
    not_before: Option<Instant>,
}

impl Tries {
    /// Whether it is too early for another one.
    pub(crate) fn wait(&self, now: Instant) -> bool {
        self.not_before.is_some_and(|at| now < at)
    }

    /// Until when to wait.
    pub(crate) const fn not_before(&self) -> Option<Instant> {
        self.not_before
    }

    /// Whether the latest request has failed before.
    pub(crate) const fn have_failed(&self) -> bool {
        self.failures > 0
    }

    /// A request failed. Whether this was the last try.
    pub(crate) fn failed(&mut self, now: Instant) -> bool {
        self.failures += 1;
        if self.failures >= TRIES {
            *self = Self::default();
            return true;
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << (self.failures - 1)).min(LONGEST_PAUSE);
        self.not_before = now.checked_add(pause);
        false
    }
}
