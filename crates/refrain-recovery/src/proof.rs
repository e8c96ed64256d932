//! Proofs of life of the connection that carries the frames: when the next one is overdue, and so until when what flows
//! counts as heard.

use core::time::Duration;
use refrain_model::Moment;

/// How far the music is proved to be heard, and until when what flows beyond that is taken for heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The position of the current track that was proved last; where the track began, when nothing was proved since.
    /// `None` where no track has begun.
    pub heard: Option<Duration>,
    /// Until then, what has flowed counts as heard. [`Moment::FAR_FUTURE`] where no proof is awaited: on a connection that
    /// has brought fewer than two, and while the guild gives no frames. In the past where only `heard` counts: the next
    /// proof is overdue, or the connection was lost.
    pub trusted_until: Moment,
}

/// A proof is overdue after so many per cent of the usual distance.
const OVERDUE_PERCENT: u32 = 120;
/// However seldom proofs come, what flows is trusted no longer than this after the last one.
const LONGEST_TRUST: Duration = Duration::from_secs(30);
/// Proofs that are closer together (a report and the answer to a probe) say nothing about their usual distance.
const LEAST_DISTANCE: Duration = Duration::from_secs(1);

/// The proofs of one connection, by a clock that runs only while the frames flow: nothing is proved of frames that are
/// not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proofs {
    /// What the clock showed when it was started or stopped last.
    shown: Duration,
    /// Since when it runs; `None` while it stands still.
    since: Option<Moment>,
    /// The last proof, by this clock.
    last: Option<Duration>,
    /// The last one that counts for the distance, by this clock.
    counted: Option<Duration>,
    /// The usual distance of two proofs: the mean, the latest counting most. None before the second.
    distance: Option<Duration>,
}

impl Proofs {
    /// Starts or stops the clock.
    pub(crate) fn run(&mut self, now: Moment, runs: bool) {
        if runs != self.since.is_some() {
            self.shown = self.shows(now);
            self.since = runs.then_some(now);
        }
    }

    fn shows(&self, now: Moment) -> Duration {
        self.shown.saturating_add(self.since.map_or(Duration::ZERO, |since| now.since(since)))
    }

    /// A proof has come.
    pub(crate) fn prove(&mut self, now: Moment) {
        let shows = self.shows(now);
        self.last = Some(shows);
        match self.counted.map(|counted| shows.saturating_sub(counted)) {
            Some(distance) if distance < LEAST_DISTANCE => {}
            Some(distance) => {
                self.counted = Some(shows);
                let usual = self.distance.unwrap_or(distance);
                self.distance = Some(usual.saturating_mul(3).saturating_add(distance) / 4);
            }
            None => self.counted = Some(shows),
        }
    }

    /// When the next proof is overdue, by this clock.
    fn deadline(&self) -> Option<Duration> {
        let (last, distance) = (self.last?, self.distance?);
        let trust = (distance.saturating_mul(OVERDUE_PERCENT) / 100).min(LONGEST_TRUST);
        Some(last.saturating_add(trust))
    }

    /// The next proof should have come.
    pub(crate) fn is_overdue(&self, now: Moment) -> bool {
        self.deadline().is_some_and(|deadline| self.shows(now) > deadline)
    }

    pub(crate) fn trusted_until(&self) -> Moment {
        match (self.deadline(), self.since) {
            (None, _) => Moment::FAR_FUTURE,
            (Some(deadline), None) if deadline < self.shown => Moment::ZERO,
            (Some(_), None) => Moment::FAR_FUTURE,
            (Some(deadline), Some(since)) => {
                let epoch = since.since_epoch().saturating_add(deadline).saturating_sub(self.shown);
                Moment::from_epoch(epoch)
            }
        }
    }
}
