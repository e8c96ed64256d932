//! Time in which this process did not run: stopped by a signal, a suspended machine, a machine far too busy. What a peer
//! did not say in that time says nothing about the peer.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often the process proves to itself that it runs.
const BEAT: Duration = Duration::from_millis(250);
/// A beat that is later than this was not just late.
const LATE: Duration = Duration::from_secs(1);

/// How long the process has been frozen, counted by one task for all connections.
#[derive(Debug)]
pub(super) struct FreezeWatch {
    beats: Mutex<Beats>,
}

impl FreezeWatch {
    /// A watch that counts once [`Self::run`] runs.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { beats: Mutex::default() })
    }

    /// Counts until the last handle has gone.
    pub(super) async fn run(watch: Weak<Self>) {
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while let Some(watch) = watch.upgrade() {
            watch.beats().beat(Instant::now());
            drop(watch);
            beats.tick().await;
        }
    }

    /// How long it has been frozen by now, since the watch began. Right also before the next beat.
    pub(super) fn frozen(&self, now: Instant) -> Duration {
        self.beats().frozen(now)
    }

    fn beats(&self) -> MutexGuard<'_, Beats> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The count. Pure: the time comes in.
#[derive(Debug, Default)]
struct Beats {
    last: Option<Instant>,
    total: Duration,
}

impl Beats {
    fn beat(&mut self, now: Instant) {
        self.total = self.frozen(now);
        self.last = Some(now);
    }

    fn frozen(&self, now: Instant) -> Duration {
        let since = self.last.map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
        if since > LATE { self.total.saturating_add(since.saturating_sub(BEAT)) } else { self.total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_beat_is_no_freeze_and_a_missing_second_is_one() {
        let (start, mut beats) = (Instant::now(), Beats::default());
        let at = |ms| start + Duration::from_millis(ms);
        for ms in [0, 250, 900, 1150] {
            beats.beat(at(ms));
        }
        assert_eq!(beats.frozen(at(1400)), Duration::ZERO);
        // Stopped from 1200 to 6150: whoever asks first learns of it.
        assert_eq!(beats.frozen(at(6150)), Duration::from_millis(4750));
        beats.beat(at(6160));
        beats.beat(at(6410));
        assert_eq!(beats.frozen(at(6420)), Duration::from_millis(4760));
    }
}
