//! One rate limit: what waits for it, and when the next request may go.

use crate::{BucketState, Ticket};
use refrain_model::Moment;
use std::{collections::BTreeSet, time::Duration};

/// A window that ends so much later than the known one, with more requests left, is the next one. Less than that is the
/// difference between two answers' ways.
const NEXT_WINDOW: Duration = Duration::from_millis(250);

/// When a bucket lets its next request go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opens {
    Now,
    At(Moment),
    /// With the answer to what is under way.
    WithAnswer,
}

/// What an answer told of a window.
#[derive(Clone, Copy, Debug)]
struct Window {
    limit: u32,
    remaining: u32,
    ends: Moment,
}

/// The requests of one bucket and one top-level resource.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    /// In the order of asking.
    pub(crate) waiting: BTreeSet<Ticket>,
    pub(crate) under_way: u32,
    window: Option<Window>,
    /// Discord said to wait until then.
    blocked_until: Option<Moment>,
}

impl Bucket {
    pub(crate) fn opens(&self, now: Moment) -> Opens {
        if let Some(until) = self.blocked_until.filter(|until| now < *until) {
            return Opens::At(until);
        }
        let Some(window) = self.window else {
            // The first answer tells how many there may be at the same time.
            return if self.under_way == 0 { Opens::Now } else { Opens::WithAnswer };
        };
        if now < window.ends {
            if window.remaining > self.under_way { Opens::Now } else { Opens::At(window.ends) }
        } else if window.limit.max(1) > self.under_way {
            Opens::Now
        } else {
            Opens::WithAnswer
        }
    }

    /// An answer tells of the window. Answers overtake one another: of one window the smallest number left counts.
    pub(crate) fn learn(&mut self, told: &BucketState, now: Moment) {
        let ends = now + told.reset_after;
        let begun = |known: &Window| told.remaining > known.remaining && ends.since(known.ends) > NEXT_WINDOW;
        let same = self.window.filter(|known| now < known.ends && !begun(known));
        let remaining = same.map_or(told.remaining, |known| known.remaining.min(told.remaining));
        let ends = same.map_or(ends, |known| known.ends.max(ends));
        self.window = Some(Window { limit: told.limit, remaining, ends });
    }

    pub(crate) fn block(&mut self, until: Moment) {
        self.blocked_until = self.blocked_until.max(Some(until));
    }

    /// Adds what waits and is under way under another name of the same limit.
    pub(crate) fn merge(&mut self, other: Self) {
        self.waiting.extend(other.waiting);
        self.under_way += other.under_way;
        self.blocked_until = self.blocked_until.max(other.blocked_until);
        self.window = match (self.window, other.window) {
            (Some(one), Some(two)) => Some(if two.ends > one.ends { two } else { one }),
            (one, two) => one.or(two),
        };
    }

    /// From when on nothing is lost when this is forgotten; `None` while something waits or is under way.
    pub(crate) fn is_idle_from(&self) -> Option<Moment> {
        let idle = self.waiting.is_empty() && self.under_way == 0;
        let window = self.window.map_or(Moment::ZERO, |window| window.ends);
        idle.then(|| window.max(self.blocked_until.unwrap_or(Moment::ZERO)))
    }
}
