//! How the body of one answer is sent: how fast, and where it breaks off. A pure value; times are counted from the start of the
//! server.

use super::fault::{Cut, MediaFault, Met, RuleId};
use std::time::Duration;

/// The most that is sent at a time, so that a fault that is ordered hits soon.
const MOST_AT_ONCE: u64 = 16 * 1024;
/// The least that is worth sending: 20 ms of a pace, and at least a byte.
const TICK: Duration = Duration::from_millis(20);

/// How fast bodies come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Bytes that come at once.
    pub burst: u64,
    /// Bytes a second from there on.
    pub per_second: u64,
}

impl Pace {
    /// A little faster than it is played: `length` bytes that sound for `seconds`, the first two seconds' worth at once.
    #[must_use]
    pub fn real_time(length: u64, seconds: f64) -> Self {
        let per_second = length as f64 / seconds.max(0.1);
        Self { burst: (per_second * 2.0) as u64, per_second: (per_second * 1.1) as u64 }
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Send at most so many bytes.
    Send(u64),
    /// Look again after this time, or once a fault is ordered.
    Wait(Duration),
    /// It ends here.
    Cut(Cut),
}

/// The state of one body.
#[derive(Debug)]
pub(super) struct Delivery {
    begun: Duration,
    pace: Option<Pace>,
    sent: u64,
    drip: Option<Drip>,
    cut: Option<(u64, Cut)>,
}

/// From then on it drips.
#[derive(Clone, Copy, Debug)]
struct Drip {
    rule: RuleId,
    since: Duration,
    sent: u64,
    bytes_per_s: u64,
}

impl Delivery {
    pub(super) const fn new(begun: Duration, pace: Option<Pace>) -> Self {
        Self { begun, pace, sent: 0, drip: None, cut: None }
    }

    /// A fault reaches the body.
    pub(super) const fn meet(&mut self, now: Duration, met: &Met) {
        match met.fault {
            MediaFault::Cut { after, by } => self.cut = Some((self.sent.saturating_add(after), by)),
            MediaFault::Drip { bytes_per_s } => {
                self.drip = Some(Drip { rule: met.rule, since: now, sent: self.sent, bytes_per_s });
            }
            MediaFault::Status { .. }
            | MediaFault::Late { .. }
            | MediaFault::Refuse
            | MediaFault::Unranged
            | MediaFault::Chunked
            | MediaFault::Unframed
            | MediaFault::UnknownHost
            | MediaFault::Unavailable { .. }
            | MediaFault::Frozen
            | MediaFault::Over => {}
        }
    }

    /// The rule whose end brings back the usual speed.
    pub(super) fn drips_by(&self) -> Option<RuleId> {
        self.drip.map(|drip| drip.rule)
    }

    /// The rule is over.
    pub(super) const fn drips_no_more(&mut self) {
        self.drip = None;
    }

    /// Where a body of `length` bytes ends in good order, if a fault says so.
    pub(super) const fn ends_early(&self, length: u64) -> Option<u64> {
        match self.cut {
            Some((at, Cut::End)) if at < length => Some(at),
            Some((_, Cut::End | Cut::Close | Cut::Reset | Cut::Stall)) | None => None,
        }
    }

    pub(super) const fn sent(&mut self, bytes: u64) {
        self.sent = self.sent.saturating_add(bytes);
    }

    pub(super) fn step(&self, now: Duration) -> Step {
        let mut most = MOST_AT_ONCE;
        if let Some((at, cut)) = self.cut {
            if self.sent >= at {
                return Step::Cut(cut);
            }
            most = most.min(at - self.sent);
        }
        let drip =
            self.drip.map(|drip| drip.sent.saturating_add(bytes_in(now.saturating_sub(drip.since), drip.bytes_per_s)));
        let pace =
            self.pace.map(|pace| pace.burst.saturating_add(bytes_in(now.saturating_sub(self.begun), pace.per_second)));
        for allowed in [drip, pace].into_iter().flatten() {
            most = most.min(allowed.saturating_sub(self.sent));
        }
        if most == 0 { Step::Wait(TICK) } else { Step::Send(most) }
    }
}

fn bytes_in(time: Duration, per_second: u64) -> u64 {
    u64::try_from(time.as_millis() * u128::from(per_second) / 1_000).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn met(fault: &MediaFault) -> Met {
        Met { rule: RuleId::default(), since: SECOND, fault: fault.clone() }
    }

    fn delivery(pace: Option<Pace>, fault: &MediaFault) -> Delivery {
        let mut delivery = Delivery::new(SECOND, pace);
        delivery.meet(SECOND, &met(fault));
        delivery
    }

    #[test]
    fn without_a_pace_all_is_sent_at_once_up_to_where_it_breaks_off() {
        let mut delivery = delivery(None, &MediaFault::Cut { after: 20_000, by: Cut::Reset });
        assert_eq!(delivery.step(SECOND), Step::Send(MOST_AT_ONCE));
        delivery.sent(MOST_AT_ONCE);
        assert_eq!(delivery.step(SECOND), Step::Send(20_000 - MOST_AT_ONCE));
        delivery.sent(20_000 - MOST_AT_ONCE);
        assert_eq!(delivery.step(SECOND), Step::Cut(Cut::Reset));
    }

    #[test]
    fn a_fault_that_comes_later_counts_from_there() {
        let mut delivery = Delivery::new(SECOND, None);
        delivery.sent(5_000);
        delivery.meet(SECOND, &met(&MediaFault::Cut { after: 0, by: Cut::Stall }));
        assert_eq!(delivery.step(SECOND), Step::Cut(Cut::Stall));
    }

    #[test]
    fn a_pace_gives_a_burst_and_then_so_much_a_second() {
        let mut delivery = Delivery::new(SECOND, Some(Pace { burst: 100, per_second: 50 }));
        assert_eq!(delivery.step(SECOND), Step::Send(100));
        delivery.sent(100);
        assert_eq!(delivery.step(SECOND), Step::Wait(TICK));
        assert_eq!(delivery.step(3 * SECOND), Step::Send(100));
    }

    #[test]
    fn a_drip_holds_the_pace_back_and_then_the_rest_follows() {
        let pace = Some(Pace { burst: 0, per_second: 1_000 });
        let mut delivery = delivery(pace, &MediaFault::Drip { bytes_per_s: 10 });
        assert_eq!(delivery.step(3 * SECOND), Step::Send(20));
        delivery.drips_no_more();
        assert_eq!(delivery.step(3 * SECOND), Step::Send(2_000));
    }

    #[test]
    fn only_an_end_in_good_order_is_announced_as_the_length() {
        let end = |by| delivery(None, &MediaFault::Cut { after: 70, by });
        assert_eq!((end(Cut::End).ends_early(100), end(Cut::End).ends_early(70)), (Some(70), None));
        assert_eq!(end(Cut::Close).ends_early(100), None);
    }
}
