//! When the simulator itself was not let run: a judge holds nothing against a bot that it may not have heard in time.

use serde::Serialize;
use std::collections::VecDeque;

/// Stalls that are remembered.
const MAX_STALLS: usize = 1000;
/// Shorter ones are usual.
const MIN_STALL_MS: f64 = 15.0;

/// A stretch in which the simulator's own heartbeat did not come, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Stall {
    pub(super) start_ms: f64,
    pub(super) length_ms: f64,
}

/// The stalls of a run, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Stalls(VecDeque<Stall>);

impl Stalls {
    /// The heartbeat should have come at `due_ms`, and came at `now_ms`.
    pub(super) fn beat(&mut self, due_ms: f64, now_ms: f64) {
        if now_ms - due_ms < MIN_STALL_MS {
            return;
        }
        if self.0.len() >= MAX_STALLS {
            self.0.pop_front();
        }
        self.0.push_back(Stall { start_ms: due_ms, length_ms: now_ms - due_ms });
    }

    pub(super) fn since(&self, start_ms: f64) -> Vec<Stall> {
        self.0.iter().filter(|stall| stall.start_ms + stall.length_ms >= start_ms).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_that_comes_late_is_a_stall_from_when_it_was_due() {
        let mut stalls = Stalls::default();
        stalls.beat(100.0, 101.0);
        stalls.beat(120.0, 180.0);
        assert_eq!(stalls.since(0.0), [Stall { start_ms: 120.0, length_ms: 60.0 }]);
        assert_eq!(stalls.since(181.0), []);
    }
}
