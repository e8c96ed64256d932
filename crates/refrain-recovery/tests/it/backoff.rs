//! The pauses, as a pure value.

use proptest::prelude::*;
use refrain_recovery::Backoff;
use std::time::Duration;

#[test]
fn the_default_pauses_are_the_documented_ones() {
    let pauses: Vec<_> = (1..=10).map(|n| Backoff::default().pause(n).as_secs()).collect();
    assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
}

fn any_backoff() -> impl Strategy<Value = Backoff> {
    let millis = |max: u64| (0..max).prop_map(Duration::from_millis);
    (millis(60_000), 0..10u32, 0..150u32, millis(600_000), 0..20u32).prop_map(
        |(base, factor, jitter_percent, max, attempts)| Backoff { base, factor, jitter_percent, max, attempts },
    )
}

proptest! {
    #[test]
    fn a_pause_never_shrinks_and_never_exceeds_the_maximum(backoff in any_backoff(), n in 1..u32::MAX) {
        prop_assert!(backoff.pause(n) <= backoff.pause(n.saturating_add(1)));
        prop_assert!(backoff.pause(n) <= backoff.max);
    }

    #[test]
    fn jitter_stays_within_its_per_cent_and_under_the_maximum(backoff in any_backoff(), n in 1..100u32, roll: u32) {
        let (plain, varied) = (backoff.pause(n).as_secs_f64(), backoff.jittered(n, 100, roll).as_secs_f64());
        let by = f64::from(backoff.jitter_percent.min(100)) / 100.0;
        prop_assert!(varied >= plain * (1.0 - by) - 1e-6);
        prop_assert!(varied <= (plain * (1.0 + by) + 1e-6).min(backoff.max.as_secs_f64()));
    }

    #[test]
    fn the_whole_range_of_jitter_is_used(n in 1..5u32) {
        let backoff = Backoff::default();
        let plain = backoff.pause(n);
        prop_assert_eq!(backoff.jittered(n, 100, 0), plain * 7 / 10);
        prop_assert_eq!(backoff.jittered(n, 100, u32::MAX), plain * 13 / 10);
    }

    #[test]
    fn stretching_never_shortens(backoff in any_backoff(), n in 1..100u32, stretch in 0..1000u32, roll: u32) {
        prop_assert!(backoff.jittered(n, stretch, roll) >= backoff.jittered(n, 100, roll));
        prop_assert!(backoff.jittered(n, stretch, roll) <= backoff.max);
    }
}
