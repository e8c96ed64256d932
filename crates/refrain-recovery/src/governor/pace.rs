//! The distance between the turns of a crowd: a burst at once, then one after another.

use super::GovernorPolicy;
use crate::backoff::jitter;
use rand_chacha::{ChaCha8Rng, rand_core::RngCore};
use refrain_model::Moment;

/// When the last turn would have come had all kept their distance. It runs ahead of the clock by a burst at most.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace(Moment);

impl Pace {
    /// When the next turn may come; a moment in the past is as good as now.
    pub(super) fn opens_at(self, policy: &GovernorPolicy) -> Moment {
        let ahead = policy.spacing.saturating_mul(policy.burst.saturating_sub(1));
        Moment::from_epoch(self.0.since_epoch().saturating_sub(ahead))
    }

    pub(super) fn step(&mut self, now: Moment, policy: &GovernorPolicy, rng: &mut ChaCha8Rng) {
        let distance = jitter(policy.spacing, policy.jitter_percent, rng.next_u32());
        self.0 = self.0.max(now) + distance;
    }
}
