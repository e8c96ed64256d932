//! The pauses between attempts, as a pure value: a number in, a length out.

use crate::Backoff;
use core::time::Duration;

impl Backoff {
    /// The pause after `failures` failed attempts (from 1), before jitter and stretch: exponential and clamped.
    #[must_use]
    pub fn pause(&self, failures: u32) -> Duration {
        let growth = self.factor.max(1).saturating_pow(failures.saturating_sub(1));
        self.base.saturating_mul(growth).min(self.max)
    }

    /// [`pause`](Self::pause), stretched to `stretch_percent` and varied by `roll`, any 32 random bits. Never longer
    /// than [`max`](Self::max), never shorter than the pause less its jitter.
    #[must_use]
    pub fn jittered(&self, failures: u32, stretch_percent: u32, roll: u32) -> Duration {
        let stretched = percent(self.pause(failures), stretch_percent.max(100)).min(self.max);
        jitter(stretched, self.jitter_percent, roll).min(self.max)
    }
}

/// `length`, varied by up to `by_percent` either way as `roll` says.
pub(crate) fn jitter(length: Duration, by_percent: u32, roll: u32) -> Duration {
    let by = by_percent.min(100);
    let span = u64::from(by) * 2 * 1000;
    // 0..=span over all rolls, in thousandths of a per cent, so that no two guilds wake together.
    let offset = (u64::from(roll) * (span + 1)) >> 32;
    let thousandths = u64::from(100 - by) * 1000 + offset;
    scale(length, u128::from(thousandths), 100_000)
}

fn percent(length: Duration, by: u32) -> Duration {
    scale(length, u128::from(by), 100)
}

fn scale(length: Duration, numerator: u128, denominator: u128) -> Duration {
    let nanos = length.as_nanos().saturating_mul(numerator) / denominator;
    u64::try_from(nanos).map_or(Duration::MAX, Duration::from_nanos)
}
