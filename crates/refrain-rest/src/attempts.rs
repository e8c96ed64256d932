//! Whether a request that failed is sent once more, and when: a value, told the time.

use refrain_model::Moment;
use std::time::Duration;

/// After its first failure a request is sent again after this long, then after twice as long, and so on.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Whether it does harm to send a request twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// What is sent twice is done twice: it is sent again only where it certainly has not arrived.
    Harmful,
    /// What is sent twice is done once: reading, replacing, editing, deleting, a message with an enforced nonce, an
    /// acknowledgement.
    Harmless,
}

/// How an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection could be made.
    NotSent,
    /// It was sent, and no answer came.
    NoAnswer,
    /// The server answered that it cannot serve (5xx).
    ServerError,
    /// It came too often, and must wait so long (429). It was not carried out.
    Limited(Duration),
}

/// The attempts at one request.
#[derive(Clone, Debug)]
pub struct Attempts {
    repeat: Repeat,
    /// Failures are worth another attempt until then; none: they are not.
    until: Option<Moment>,
    failures: u32,
    uncertain: bool,
}

impl Attempts {
    /// Those at a request whose answer helps until `until`. Without a time only a 429 is waited out.
    #[must_use]
    pub const fn new(repeat: Repeat, until: Option<Moment>) -> Self {
        Self { repeat, until, failures: 0, uncertain: false }
    }

    /// Whether an earlier attempt may have been carried out although its answer did not say so.
    #[must_use]
    pub const fn is_uncertain(&self) -> bool {
        self.uncertain
    }

    /// An attempt failed: when to send the request again, or `None` to give up. `jitter` is between 0 and 1 and makes the pause
    /// up to half as long again, so that requests that failed together do not come back together.
    pub fn failed(&mut self, failure: Failure, now: Moment, jitter: f64) -> Option<Moment> {
        let again = match failure {
            Failure::Limited(retry_after) => {
                let at = now + retry_after;
                return self.until.is_none_or(|until| at < until).then_some(at);
            }
            Failure::NotSent => true,
            Failure::NoAnswer | Failure::ServerError => {
                self.uncertain = true;
                self.repeat == Repeat::Harmless
            }
        };
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(16)).min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        let at = now + pause.mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 2.0);
        (again && self.until.is_some_and(|until| at < until)).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Failure; 3] = [Failure::NotSent, Failure::NoAnswer, Failure::ServerError];

    /// When the attempts at a request are made that always fails in the same way, at once.
    fn times(mut attempts: Attempts, failure: Failure) -> Vec<u64> {
        let (mut now, mut times) = (Moment::ZERO, Vec::new());
        while let Some(at) = attempts.failed(failure, now, 0.0) {
            times.push(u64::try_from(at.since_epoch().as_millis()).unwrap());
            now = at;
        }
        times
    }

    #[test]
    fn what_is_harmless_twice_is_tried_until_its_answer_helps_no_more() {
        for failure in ALL {
            let until = Some(Moment::from_millis(2_500));
            assert_eq!(times(Attempts::new(Repeat::Harmless, until), failure), [100, 300, 700, 1500]);
            assert_eq!(times(Attempts::new(Repeat::Harmless, None), failure), [0_u64; 0]);
        }
        let long = times(Attempts::new(Repeat::Harmless, Some(Moment::from_millis(60_000))), Failure::NotSent);
        assert_eq!(long.last_chunk(), Some(&[12_700, 22_700, 32_700, 42_700, 52_700]));
    }

    #[test]
    fn what_is_harmful_twice_is_sent_again_only_where_it_has_not_arrived() {
        let harmful = || Attempts::new(Repeat::Harmful, Some(Moment::from_millis(1_000)));
        assert_eq!(times(harmful(), Failure::NotSent), [100, 300, 700]);
        for failure in [Failure::NoAnswer, Failure::ServerError] {
            let mut attempts = harmful();
            assert_eq!(attempts.failed(failure, Moment::ZERO, 0.0), None);
            assert!(attempts.is_uncertain());
        }
    }

    #[test]
    fn a_429_is_waited_out_exactly_where_its_answer_still_helps() {
        let wait = Duration::from_secs(3);
        for repeat in [Repeat::Harmful, Repeat::Harmless] {
            let (mut patient, mut hasty) =
                (Attempts::new(repeat, None), Attempts::new(repeat, Some(Moment::from_millis(2_900))));
            for round in 0..5 {
                let now = Moment::from_millis(round * 100);
                assert_eq!(patient.failed(Failure::Limited(wait), now, 1.0), Some(now + wait));
                assert!(!patient.is_uncertain());
            }
            assert_eq!(hasty.failed(Failure::Limited(wait), Moment::ZERO, 0.0), None);
        }
    }

    #[test]
    fn jitter_makes_a_pause_longer_never_shorter() {
        let pause = |jitter| {
            let mut attempts = Attempts::new(Repeat::Harmless, Some(Moment::FAR_FUTURE));
            attempts.failed(Failure::NotSent, Moment::ZERO, jitter).unwrap().since_epoch().as_millis()
        };
        assert_eq!((pause(0.0), pause(0.5), pause(1.0), pause(9.0), pause(-1.0)), (100, 125, 150, 150, 100));
    }
}
