//! How often a bot may identify: the day's budget, and one in each window and bucket.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Hub;
use crate::world::Bot;

const DAY_MS: f64 = 24.0 * 60.0 * 60.0 * 1000.0;

/// From this many buckets on, those that do not count any more are forgotten.
const MAX_BUCKETS: usize = 4096;

/// A bot's identifies.
#[derive(Debug, Default)]
pub(crate) struct Starts {
    /// When the day began, which is with its first identify.
    since_ms: Option<f64>,
    used: u64,
    /// When each bucket was used last.
    buckets: BTreeMap<u64, f64>,
}

/// Why an identify is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartRefusal {
    /// Another shard of this bucket identified a moment ago.
    TooSoon,
    /// The day's budget is used up.
    UsedUp,
}

impl Starts {
    fn turn_the_day(&mut self, now: f64) {
        if self.since_ms.is_some_and(|since| now - since >= DAY_MS) {
            *self = Self::default();
        }
    }
}

impl Hub {
    /// Counts an identify, or says why it is refused. A refused one counts as well.
    pub(crate) fn count_start(&self, bot: &Bot, shard: u64) -> Result<(), StartRefusal> {
        let (now, world) = (self.clock.now_ms(), self.world());
        let limits = &world.gateway;
        let mut state = self.state();
        let starts = state.starts.entry(bot.id).or_default();
        starts.turn_the_day(now);
        starts.since_ms.get_or_insert(now);
        starts.used += 1;
        if starts.used > limits.session_starts {
            return Err(StartRefusal::UsedUp);
        }
        #[expect(clippy::cast_precision_loss, reason = "a window of 2^53 milliseconds is not asked for")]
        let window = limits.identify_window_ms as f64;
        if starts.buckets.len() > MAX_BUCKETS {
            starts.buckets.retain(|_, last| now - *last < window);
        }
        let last = starts.buckets.entry(shard % limits.max_concurrency.max(1)).or_insert(f64::NEG_INFINITY);
        if now - *last < window {
            return Err(StartRefusal::TooSoon);
        }
        *last = now;
        Ok(())
    }

    /// The documented session start limit object.
    pub(crate) fn session_start_limit(&self, bot: &Bot) -> Value {
        let (now, world) = (self.clock.now_ms(), self.world());
        let mut state = self.state();
        let starts = state.starts.entry(bot.id).or_default();
        starts.turn_the_day(now);
        let left = starts.since_ms.map_or(DAY_MS, |since| (DAY_MS - (now - since)).max(0.0));
        json!({
            "total": world.gateway.session_starts,
            "remaining": world.gateway.session_starts.saturating_sub(starts.used),
            "reset_after": left.round() as u64, "max_concurrency": world.gateway.max_concurrency,
        })
    }
}
