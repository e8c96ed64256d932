//! The vigil over one connection: what the voice server's reports, and their absence, say about it. Pure: the time comes in.
//!
//! songbird never notices that nobody answers. A voice server that gets our packets reports on them every 5 s or so;
//! that the reports stop, on a connection that has brought some and while frames flow, is the evidence. Where none ever
//! came nothing is concluded.

use super::report::Report;
use refrain_recovery::Liveness;
use std::time::Duration;
use tokio::time::Instant;

/// A connection that brought this many reports is one whose server reports.
const ENOUGH: u32 = 2;
/// Packets of the last moment may be on the way.
const ON_THE_WAY: Duration = Duration::from_millis(200);
/// A longer gap says nothing about how often a server reports.
const LONGEST_GAP: Duration = Duration::from_secs(30);

/// What is known of one connection.
#[derive(Debug)]
pub(super) struct Vigil {
    limits: Liveness,
    /// The stream that our packets have on this connection; `None` before it stands.
    ssrc: Option<u32>,
    /// Since when frames flow without a pause.
    flowing_since: Option<Instant>,
    /// For how long frames flowed after the last report, before the latest pause.
    flowed: Duration,
    reports: u32,
    /// The last report that proved something.
    last: Option<Instant>,
    highest: Option<u32>,
    /// How far reports are apart, on average.
    gap: Option<Duration>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing is wrong.
    Quiet,
    /// A report is overdue, and that has been said.
    Suspecting,
    /// Two are, and that has been said.
    Concluded,
}

/// What the silence has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// A report is overdue: a reason to look.
    Suspicious,
    /// Nobody gets our packets any more.
    Certain,
}

impl Vigil {
    pub(super) const fn new(limits: Liveness) -> Self {
        Self {
            limits,
            ssrc: None,
            flowing_since: None,
            flowed: Duration::ZERO,
            reports: 0,
            last: None,
            highest: None,
            gap: None,
            stage: Stage::Quiet,
        }
    }

    /// The connection stands, with this stream. Another one than before starts the account anew.
    pub(super) fn connected(&mut self, ssrc: u32, now: Instant) {
        if self.ssrc == Some(ssrc) {
            return;
        }
        let flowing_since = self.flowing_since.map(|_| now);
        *self = Self { ssrc: Some(ssrc), flowing_since, ..Self::new(self.limits.clone()) };
    }

    /// Frames flow, or are held. While they are held, silence is as it should be: that time does not count, but the silence
    /// before it still does.
    pub(super) fn flowing(&mut self, flows: bool, now: Instant) {
        match (flows, self.flowing_since) {
            (true, None) => self.flowing_since = Some(now),
            (false, Some(_)) => {
                self.flowed = self.flowed_since_report(now);
                self.flowing_since = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }

    /// The process did not run for `time`, until now: nothing was sent and nothing could be heard, so it does not count.
    pub(super) fn frozen(&mut self, time: Duration, now: Instant) {
        for moment in [&mut self.flowing_since, &mut self.last].into_iter().flatten() {
            *moment = moment.checked_add(time).unwrap_or(now).min(now);
        }
    }

    /// A report came; whether it proves that what was sent until now has arrived.
    pub(super) fn reported(&mut self, report: Option<Report>, now: Instant) -> bool {
        let Some(ssrc) = self.ssrc else { return false };
        // A report that cannot be read proves that the server is there; one that can must show that packets arrive.
        let highest = report.filter(|report| report.about == ssrc).map(|report| report.highest);
        let sent = self.flowed_since_report(now);
        if let (Some(before), Some(highest)) = (self.highest, highest)
            && !keeps_up(highest.wrapping_sub(before), sent)
        {
            return false;
        }
        let uninterrupted = self.last.filter(|last| self.flowing_since.is_some_and(|since| since <= *last));
        if let Some(last) = uninterrupted {
            let gap = now.saturating_duration_since(last).min(LONGEST_GAP);
            self.gap = Some(self.gap.map_or(gap, |average| (average * 3 + gap) / 4));
        }
        self.reports = self.reports.saturating_add(1);
        self.highest = highest;
        self.last = Some(now);
        self.flowed = Duration::ZERO;
        self.stage = Stage::Quiet;
        self.flowing_since.is_some()
    }

    /// Whether a report came lately, so that there is no need to ask.
    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        self.flowing_since.is_some()
            && self.last.is_some_and(|last| now.saturating_duration_since(last) < self.suspicion())
    }

    /// Whether the next report is due and has not come, by a tighter measure: no reason to act, but no proof either that
    /// what was sent meanwhile has arrived.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        let due = self.gap.unwrap_or(self.limits.suspect) * 6 / 5;
        self.silence(now).is_some_and(|silence| silence >= due)
    }

    /// Whether a report has come after `moment`.
    pub(super) fn has_heard_since(&self, moment: Instant) -> bool {
        self.last.is_some_and(|last| last > moment)
    }

    /// When to ask [`due`](Self::due).
    pub(super) fn wake(&self) -> Option<Instant> {
        let since = self.silent_since()?;
        let limit = match self.stage {
            Stage::Quiet => self.suspicion(),
            Stage::Suspecting => self.certainty(),
            Stage::Concluded => return None,
        };
        since.checked_add(limit.saturating_sub(self.flowed))
    }

    /// What the silence has come to by now; each step is told once.
    pub(super) fn due(&mut self, now: Instant) -> Option<Silence> {
        let silence = self.silence(now)?;
        if self.stage != Stage::Concluded && silence >= self.certainty() {
            self.stage = Stage::Concluded;
            Some(Silence::Certain)
        } else if self.stage == Stage::Quiet && silence >= self.suspicion() {
            self.stage = Stage::Suspecting;
            Some(Silence::Suspicious)
        } else {
            None
        }
    }

    /// It has been concluded otherwise that nobody is there.
    pub(super) const fn conclude(&mut self) {
        self.stage = Stage::Concluded;
    }

    /// For how long frames have flowed without a report; `None` where none is expected.
    fn silence(&self, now: Instant) -> Option<Duration> {
        let since = self.silent_since()?;
        Some(now.saturating_duration_since(since).saturating_add(self.flowed))
    }

    /// For how long frames have flowed since the last report, or since the start.
    fn flowed_since_report(&self, now: Instant) -> Duration {
        let since = self.flowing_since.map(|flowing| self.last.map_or(flowing, |last| last.max(flowing)));
        self.flowed.saturating_add(since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since)))
    }

    /// Since when a report could have come, apart from what flowed before the latest pause; `None` where none is expected.
    fn silent_since(&self) -> Option<Instant> {
        let (flowing_since, last) = (self.flowing_since?, self.last?);
        (self.reports >= ENOUGH).then(|| last.max(flowing_since))
    }

    /// A server that reports seldom is given more time.
    fn suspicion(&self) -> Duration {
        self.limits.suspect.max(self.gap.unwrap_or_default() * 7 / 5)
    }

    fn certainty(&self) -> Duration {
        self.limits.silent.max(self.gap.unwrap_or_default() * 12 / 5).max(self.suspicion())
    }
}

/// Whether so many more packets are what was sent in this time: 50 a second, less some loss and what may be on the way.
fn keeps_up(packets: u32, time: Duration) -> bool {
    let expected = time.as_millis() * 4 / 5;
    u128::from(packets) * 20 >= expected.min(time.saturating_sub(ON_THE_WAY).as_millis())
}

#[cfg(test)]
#[path = "vigil_tests.rs"]
mod tests;
