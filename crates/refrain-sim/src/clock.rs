//! The one clock: every time the simulator tells (log, listeners, faults, messages) is counted from its start.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The simulator's clock. Clones share their start, so their times compare.
#[derive(Clone, Copy, Debug)]
pub struct SimClock {
    start: Instant,
    unix_start_ms: u64,
}

impl SimClock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let unix_start_ms = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
        Self { start: Instant::now(), unix_start_ms }
    }

    /// Milliseconds since the simulator's start, to the microsecond.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "microseconds stay exact in an f64 for 285 years")]
    pub fn now_ms(&self) -> f64 {
        self.micros() as f64 / 1000.0
    }

    /// Whole microseconds since the simulator's start.
    #[must_use]
    pub fn micros(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// The time of day in milliseconds of the Unix epoch: what snowflakes and timestamps are made of.
    /// It follows the simulator's own clock, so it never goes backwards.
    #[must_use]
    pub fn unix_ms(&self) -> u64 {
        self.unix_start_ms.saturating_add(self.micros() / 1000)
    }
}

/// An ISO 8601 timestamp as Discord writes it, from milliseconds of the Unix epoch.
#[must_use]
pub fn iso8601(unix_ms: u64) -> String {
    let (days, in_day) = (unix_ms / 86_400_000, unix_ms % 86_400_000);
    let (year, month, day) = civil_date(days);
    let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
    let (second, micros) = (in_day / 1000 % 60, in_day % 1000 * 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}+00:00")
}

/// Year, month and day of a day counted from 1 January 1970, in the proleptic Gregorian calendar.
fn civil_date(days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    let mut left = days;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if left < length {
            break;
        }
        left -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month, left + 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_written_as_discord_writes_them() {
        assert_eq!(iso8601(0), "1970-01-01T00:00:00.000000+00:00");
        assert_eq!(iso8601(951_782_400_000), "2000-02-29T00:00:00.000000+00:00");
        assert_eq!(iso8601(1_795_212_123_456), "2026-11-20T22:02:03.456000+00:00");
    }

    #[test]
    fn clones_of_a_clock_agree() {
        let clock = SimClock::start();
        let copy = clock;
        let (first, second) = (clock.micros(), copy.micros());
        assert!(second >= first);
        assert!(copy.now_ms() * 1000.0 >= first as f64);
    }
}
