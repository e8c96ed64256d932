//! The pause before a source is tried again.

use crate::{SourceFailure, SourcePolicy};
use core::time::Duration;

/// The pause before attempt `attempt` (from 1) after `failure`. `random` decides the jitter.
///
/// It grows from [`SourcePolicy::backoff_base`] by a factor of 2 up to [`SourcePolicy::backoff_max`], varies by
/// [`SourcePolicy::jitter_percent`], and is never shorter than what the site asks for, up to
/// [`SourcePolicy::retry_after_max`].
pub(crate) fn pause(policy: &SourcePolicy, attempt: u32, failure: &SourceFailure, random: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(20);
    let full = policy.backoff_base.saturating_mul(1 << doublings).min(policy.backoff_max);
    let asked = failure.retry_after.unwrap_or_default().min(policy.retry_after_max);
    jittered(full, policy.jitter_percent, random).max(asked)
}

fn jittered(full: Duration, percent: u32, random: u32) -> Duration {
    let percent = u128::from(percent.min(100));
    let spread = full.as_micros() * percent / 100;
    let offset = spread * 2 * u128::from(random) / u128::from(u32::MAX);
    let micros = (full.as_micros() + offset).saturating_sub(spread);
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use refrain_model::FailureClass;

    const FAILURE: SourceFailure = SourceFailure::new(FailureClass::Site, "network", "The site does not answer.");

    #[test]
    fn the_pause_doubles_up_to_its_bound_and_varies_by_the_jitter() {
        let policy = SourcePolicy::default();
        for (attempt, seconds) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (1000, 60)] {
            let full = Duration::from_secs(seconds);
            assert_eq!(pause(&policy, attempt, &FAILURE, 0), full * 7 / 10, "attempt {attempt}");
            assert_eq!(pause(&policy, attempt, &FAILURE, u32::MAX), full * 13 / 10, "attempt {attempt}");
        }
    }

    #[test]
    fn retry_after_is_obeyed_up_to_its_bound_and_never_shortens_the_pause() {
        let policy = SourcePolicy::default();
        let asks = |seconds| SourceFailure { retry_after: Some(Duration::from_secs(seconds)), ..FAILURE };
        assert_eq!(pause(&policy, 1, &asks(120), 7), Duration::from_secs(120));
        assert_eq!(pause(&policy, 1, &asks(86_400), 7), policy.retry_after_max);
        assert!(pause(&policy, 7, &asks(1), 0) >= Duration::from_secs(42));
    }
}
