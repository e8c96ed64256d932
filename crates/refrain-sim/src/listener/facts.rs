//! What the packets themselves tell of their sender: loss, jitter (RFC 3550), pace, sequence and timestamps.

use super::timeline::{Arrival, TICKS_PER_MS};
use serde_json::{Value, json};

/// Steps of the distribution: half a millisecond each, the last for everything from half a second on.
const BINS: usize = 1001;
const BINS_PER_MS: f64 = 2.0;
/// A packet is late when it comes this much after the pace that the stream's earliest packets set.
const LATE: i64 = 20 * TICKS_PER_MS;
/// A stream that is later than this, or earlier by more than the buffer ahead, has stopped and begun anew.
const ANEW: i64 = 1000 * TICKS_PER_MS;

/// Counts of durations.
#[derive(Clone, Debug)]
struct Distribution {
    bins: Vec<u32>,
    count: u64,
    max: i64,
}

impl Default for Distribution {
    fn default() -> Self {
        Self { bins: vec![0; BINS], count: 0, max: 0 }
    }
}

impl Distribution {
    fn add(&mut self, ticks: i64) {
        let bin = (ms(ticks.max(0)) * BINS_PER_MS) as usize;
        if let Some(count) = self.bins.get_mut(bin.min(BINS - 1)) {
            *count = count.saturating_add(1);
        }
        self.count += 1;
        self.max = self.max.max(ticks);
    }

    /// The duration that this share of all does not exceed, to half a millisecond.
    fn quantile(&self, share: f64) -> f64 {
        let wanted = (self.count as f64 * share).ceil() as u64;
        let mut seen = 0;
        let bin = self.bins.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted.max(1)
        });
        bin.map_or(0.0, |bin| ((bin + 1) as f64 / BINS_PER_MS).min(ms(self.max)))
    }

    fn report(&self) -> Value {
        json!({ "p50": tenths(self.quantile(0.5)), "p99": tenths(self.quantile(0.99)), "max": tenths(ms(self.max)) })
    }
}

/// The stream that sends at present.
#[derive(Clone, Copy, Debug)]
struct Current {
    ssrc: u32,
    last: Arrival,
    /// The smallest distance of arrival and timestamp, in ticks: the pace.
    pace: i64,
    /// The last timestamp, extended beyond 32 bits.
    sent: i64,
    jitter: f64,
}

/// What was noted of a bot's packets.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    current: Option<Current>,
    received: u64,
    missing: u64,
    sequence_errors: u64,
    timestamp_errors: u64,
    late: u64,
    max_jitter: f64,
    between: Distribution,
    lateness: Distribution,
}

impl Facts {
    /// A packet arrived, in the order of arrival.
    pub(super) fn note(&mut self, ssrc: u32, arrival: Arrival) {
        self.received += 1;
        let Some(before) = self.current.filter(|current| current.ssrc == ssrc) else {
            self.begin(ssrc, arrival);
            return;
        };
        if arrival.sequence <= before.last.sequence {
            // It had been taken for lost.
            self.sequence_errors += 1;
            self.missing = self.missing.saturating_sub(1);
            return;
        }
        let steps = i64::try_from(arrival.sequence - before.last.sequence).unwrap_or(i64::MAX);
        self.missing += arrival.sequence - before.last.sequence - 1;
        self.sequence_errors += u64::from(steps != 1);
        let step = i64::from(arrival.timestamp.wrapping_sub(before.last.timestamp).cast_signed());
        if before.last.is_quiet {
            // After an explicit silence a sender may pause, and go on with any timestamp.
            self.begin(ssrc, arrival);
            return;
        }
        self.timestamp_errors += u64::from(step != before.last.ticks.saturating_mul(steps));
        let sent = before.sent + step;
        let distance = arrival.at - sent;
        let lateness = distance - before.pace;
        if !(-ANEW..=ANEW).contains(&lateness) {
            self.between.add(arrival.at - before.last.at);
            self.begin(ssrc, arrival);
            return;
        }
        let change = (distance - (before.last.at - before.sent)).abs() as f64;
        let jitter = before.jitter + (change - before.jitter) / 16.0;
        self.max_jitter = self.max_jitter.max(jitter);
        self.between.add(arrival.at - before.last.at);
        self.lateness.add(lateness);
        self.late += u64::from(lateness > LATE);
        let pace = before.pace.min(distance);
        self.current = Some(Current { ssrc, last: arrival, pace, sent, jitter });
    }

    fn begin(&mut self, ssrc: u32, arrival: Arrival) {
        let sent = i64::from(arrival.timestamp);
        let jitter = self.current.filter(|current| current.ssrc == ssrc).map_or(0.0, |current| current.jitter);
        self.current = Some(Current { ssrc, last: arrival, pace: arrival.at - sent, sent, jitter });
    }

    /// As JSON; all durations in milliseconds.
    pub(super) fn report(&self) -> Value {
        let jitter = self.current.map_or(0.0, |current| current.jitter);
        let sent = self.received + self.missing;
        json!({
            "received": self.received,
            "lost": self.missing,
            "loss": if sent == 0 { 0.0 } else { self.missing as f64 / sent as f64 },
            "jitter_ms": tenths(jitter / TICKS_PER_MS as f64),
            "max_jitter_ms": tenths(self.max_jitter / TICKS_PER_MS as f64),
            "between_ms": self.between.report(),
            "late": self.late,
            "lateness_ms": self.lateness.report(),
            "sequence_errors": self.sequence_errors,
            "timestamp_errors": self.timestamp_errors,
        })
    }
}

fn ms(ticks: i64) -> f64 {
    ticks as f64 / TICKS_PER_MS as f64
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
