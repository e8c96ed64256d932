//! What a fault did to the music, as the listener heard it.

use super::{comparison::Comparison, level::Span};
use serde::Serialize;

/// A silence that begins within this time of the fault, or of the end of a silence put down to it, is put down to it.
const BLAMED_MS: f64 = 5_000.0;
/// The shortest silence that is put down to a fault, in milliseconds: one lost frame. Elsewhere such a blink is not counted
/// as silence, but here it is what the fault did.
const LEAST_MS: f64 = 15.0;
/// Rounding of levels and windows, in milliseconds: what differs by less is the same moment.
const SLACK_MS: f64 = 10.0;

/// A fault's effect. Positions are in the source, everything else in the recording, all in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FaultHeard {
    /// The last moment of music before the first silence that the fault caused; `None` when it caused none.
    pub stopped_ms: Option<f64>,
    /// The first moment of music after the last such silence; `None` when there was none, or the music stayed away.
    pub resumed_ms: Option<f64>,
    /// What was lost: the silences without the source's own quiet passages.
    pub silence_ms: f64,
    /// Where in the source the music stopped.
    pub source_at_stop_ms: Option<f64>,
    /// Where in the source it went on.
    pub source_at_resume_ms: Option<f64>,
    /// How far it went on from where it should have, either way; `None` when either place could not be told.
    pub position_error_ms: Option<f64>,
    /// Music was heard after the fault (of any length and origin: see [`Comparison::heard_ms`] for more).
    pub came_back: bool,
}

/// A silence with what the windows around it say.
struct Gap {
    span: Span,
    stop: Option<f64>,
    resume: Option<f64>,
    /// What of it the source's own quiet explains.
    natural_ms: f64,
    open: bool,
}

impl Gap {
    fn lost_ms(&self) -> f64 {
        (self.span.length_ms() - self.natural_ms).max(0.0)
    }
}

impl Comparison {
    /// Measures the fault at `at_ms`, looking no further than `until_ms` (the next fault, or when the music was told to
    /// stop).
    #[must_use]
    pub fn fault(&self, at_ms: f64, until_ms: f64) -> FaultHeard {
        let until_ms = until_ms.min(self.levels.duration_ms());
        let gaps = self.lost_gaps(at_ms, until_ms);
        match (gaps.first(), gaps.last()) {
            (Some(first), Some(last)) => interrupted(first, last, &gaps),
            _ => self.uninterrupted(at_ms, until_ms),
        }
    }

    /// The silences put down to the fault in which something was lost.
    fn lost_gaps(&self, at_ms: f64, until_ms: f64) -> Vec<Gap> {
        let silences = self.levels.silences_of(LEAST_MS);
        let mut blamed_until = at_ms + BLAMED_MS;
        let mut gaps = Vec::new();
        for (n, silence) in silences.iter().enumerate() {
            let span = Span { start_ms: silence.start_ms, end_ms: silence.end_ms.min(until_ms) };
            // The silence before the first note is no gap.
            let counts = span.start_ms > 0.0 && span.end_ms > at_ms && span.start_ms < blamed_until.min(until_ms);
            if !counts || span.length_ms() < LEAST_MS {
                continue;
            }
            let music_from = n.checked_sub(1).map_or(0.0, |before| silences[before].end_ms);
            let music_to = silences.get(n + 1).map_or(f64::INFINITY, |next| next.start_ms);
            let gap = self.gap(span, music_from, music_to, silence.end_ms >= until_ms - SLACK_MS);
            if gap.lost_ms() >= LEAST_MS {
                blamed_until = span.end_ms + BLAMED_MS;
                gaps.push(gap);
            }
        }
        gaps
    }

    /// Looks at a silence, with the music that comes from `music_from` on before it and lasts until `music_to` after it.
    fn gap(&self, span: Span, music_from: f64, music_to: f64, open: bool) -> Gap {
        let stop = self.place_before(span.start_ms, music_from);
        let music_to = music_to.min(self.levels.duration_ms());
        let resume = if open { None } else { self.place_after(span.end_ms, music_to) };
        let quiet_ms = stop.map_or(0.0, |stop| self.source_levels.silent_for_ms(stop));
        let natural_ms = match (stop, resume) {
            // The source itself is quiet from the one place to the other: all of that passage was "heard".
            (Some(stop), Some(resume))
                if resume > stop && quiet_ms >= resume - stop - SLACK_MS && quiet_ms > SLACK_MS =>
            {
                resume - stop
            }
            _ => quiet_ms,
        };
        Gap { span, stop, resume, natural_ms: natural_ms.min(span.length_ms()), open }
    }

    /// No silence: has the music jumped? The last window before the fault against the last within the time of blame.
    fn uninterrupted(&self, at_ms: f64, until_ms: f64) -> FaultHeard {
        let end_ms = until_ms.min(at_ms + BLAMED_MS);
        let trusted = || self.windows().iter().filter(|window| window.is_trusted());
        let before = trusted().rfind(|window| window.end_ms() <= at_ms).and_then(|window| window.source_at(at_ms));
        let after = trusted().rfind(|window| window.at_ms >= at_ms && window.end_ms() <= end_ms);
        FaultHeard {
            source_at_stop_ms: before,
            source_at_resume_ms: after.and_then(|window| window.source_at(at_ms)),
            position_error_ms: before
                .zip(after)
                .and_then(|(before, after)| Some((after.source_at(at_ms)? - before).abs())),
            came_back: after.is_some(),
            ..FaultHeard::default()
        }
    }
}

fn interrupted(first: &Gap, last: &Gap, gaps: &[Gap]) -> FaultHeard {
    let silent_ms: f64 = gaps.iter().map(|gap| gap.span.length_ms()).sum();
    let natural_ms: f64 = gaps.iter().map(|gap| gap.natural_ms).sum();
    let played_between_ms = last.span.end_ms - first.span.start_ms - silent_ms;
    let error =
        first.stop.zip(last.resume).map(|(stop, resume)| (resume - stop - natural_ms - played_between_ms).abs());
    FaultHeard {
        stopped_ms: Some(first.span.start_ms),
        resumed_ms: (!last.open).then_some(last.span.end_ms),
        silence_ms: gaps.iter().map(Gap::lost_ms).sum(),
        source_at_stop_ms: first.stop,
        source_at_resume_ms: last.resume,
        position_error_ms: error,
        came_back: !last.open,
    }
}

#[cfg(test)]
#[path = "fault_tests.rs"]
mod tests;
