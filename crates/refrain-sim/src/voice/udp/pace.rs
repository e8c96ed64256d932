//! Whether packets come so fast that it is cheaper to let them gather.

/// How long packets are counted, in milliseconds.
const WINDOW_MS: f64 = 100.0;
/// More than this in a window is fast: several guilds play.
const FAST: usize = 30;
/// Fewer than this is slow again.
const SLOW: usize = 15;

/// The pace of one port.
#[derive(Debug, Default)]
pub(super) struct Pace {
    since_ms: f64,
    count: usize,
    is_fast: bool,
}

impl Pace {
    /// So many packets came by now; tells whether that is fast.
    pub(super) fn is_fast(&mut self, count: usize, now_ms: f64) -> bool {
        self.count += count;
        if now_ms - self.since_ms >= WINDOW_MS {
            self.is_fast = self.count > if self.is_fast { SLOW } else { FAST };
            self.since_ms = now_ms;
            self.count = 0;
        }
        self.is_fast
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is thought of so many packets each 20 ms, after half a second.
    fn thought_of(pace: &mut Pace, from_ms: u32, each: usize) -> bool {
        (0..25).map(|tick| pace.is_fast(each, f64::from(from_ms + tick * 20))).last().unwrap()
    }

    #[test]
    fn one_guild_is_slow_many_are_fast_and_in_between_nothing_changes() {
        let mut pace = Pace::default();
        assert!(!thought_of(&mut pace, 0, 1));
        assert!(!thought_of(&mut pace, 1000, 4));
        assert!(thought_of(&mut pace, 2000, 200));
        assert!(thought_of(&mut pace, 3000, 4));
        assert!(!thought_of(&mut pace, 4000, 1));
    }
}
