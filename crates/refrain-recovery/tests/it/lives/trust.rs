//! How far the music counts as heard, by an account that is kept apart from the machine: proofs of life, by a clock that
//! runs only while the frames flow.

use std::time::Duration;

/// The proofs of the connection that carries the frames.
#[derive(Debug, Default)]
pub(super) struct Trust {
    clock: Duration,
    last: Option<Duration>,
    /// The last one that counts for the distance.
    counted: Option<Duration>,
    shortest: Option<Duration>,
    longest: Duration,
}

/// What must count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// What has flowed: proofs are fresh, or were never brought.
    Flowed,
    /// The last proof: the next one is overdue.
    Proved,
    /// One or the other: it depends on which distance is usual.
    Either,
}

impl Trust {
    pub(super) fn flows(&mut self, length: Duration) {
        self.clock += length;
    }

    pub(super) fn proved(&mut self) {
        let distance = self.counted.map(|counted| self.clock.saturating_sub(counted));
        self.last = Some(self.clock);
        if distance.is_none_or(|distance| distance >= Duration::from_secs(1)) {
            self.counted = Some(self.clock);
        }
        if let Some(distance) = distance.filter(|distance| *distance >= Duration::from_secs(1)) {
            self.shortest = Some(self.shortest.map_or(distance, |shortest| shortest.min(distance)));
            self.longest = self.longest.max(distance);
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let (Some(last), Some(shortest)) = (self.last, self.shortest) else { return Counts::Flowed };
        let allowed = |distance: Duration| (distance * 6 / 5).min(Duration::from_secs(30));
        let silent = self.clock.saturating_sub(last);
        // The usual distance is a mean, rounded to nanoseconds.
        let rounding = Duration::from_micros(1);
        if silent + rounding < allowed(shortest) {
            Counts::Flowed
        } else if silent > allowed(self.longest) + rounding {
            Counts::Proved
        } else {
            Counts::Either
        }
    }
}
