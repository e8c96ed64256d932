//! What a fault did to the music, from the listener's report and the timecode of the track.

use crate::{harness::listener::Listener, measure::SILENT_DBFS};
use serde::Deserialize;

/// The length of a step of the level, in milliseconds.
const STEP_MS: f64 = 100.0;
/// The steps at the end that are looked at, and how many of them must be music.
const LAST: (usize, usize) = (25, 24);
/// A little earlier is as well: what is on its way when a connection ends may still be heard, or not.
const SLACK_MS: f64 = 500.0;

/// How much music was heard since `since_ms` (on the simulator's clock), in milliseconds.
pub(super) fn music_since(report: &Listener, since_ms: f64) -> f64 {
    let from = ((since_ms - report.start_ms) / STEP_MS).ceil().max(0.0) as usize;
    report.level.iter().skip(from).filter(|&&level| level > SILENT_DBFS).count() as f64 * STEP_MS
}

/// The longest silence since then, in milliseconds; the one that still goes on counts too.
pub(super) fn longest_silence(report: &Listener, since_ms: f64) -> f64 {
    let since = report.silences.iter().filter(|silence| silence.start_ms + silence.length_ms > since_ms);
    since.fold(0.0, |longest, silence| silence.length_ms.max(longest))
}

/// Whether music has been heard for a while, up to now.
pub(super) fn plays(report: &Listener) -> bool {
    let (steps, enough) = LAST;
    report.level.iter().rev().take(steps).filter(|&&level| level > SILENT_DBFS).count() >= enough
}

/// Whether nothing is heard any more.
pub(super) fn is_silent(report: &Listener) -> bool {
    report.level.iter().rev().take(10).all(|&level| level <= SILENT_DBFS)
}

/// Where in which track the bot was, stretch by stretch.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Timecode {
    segments: Vec<Segment>,
}

/// A stretch without a break.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Segment {
    start_ms: f64,
    length_ms: f64,
    from_ms: f64,
    to_ms: f64,
}

/// How the position changed, in milliseconds of the track.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Jumps {
    /// Left out, all taken together.
    pub(super) skipped_ms: f64,
    /// Heard twice, all taken together.
    pub(super) repeated_ms: f64,
}

impl Jumps {
    /// The larger of the two.
    pub(super) const fn error_ms(self) -> f64 {
        self.skipped_ms.max(self.repeated_ms)
    }
}

impl Timecode {
    /// What was left out and what was heard twice since `since_ms`; `None` where nothing could be read after it.
    pub(super) fn jumps_since(&self, since_ms: f64) -> Option<Jumps> {
        let concerned: Vec<&Segment> =
            self.segments.iter().filter(|one| one.start_ms + one.length_ms > since_ms - SLACK_MS).collect();
        let last = concerned.last()?;
        if last.start_ms + last.length_ms < since_ms {
            return None;
        }
        let steps = concerned.iter().zip(concerned.iter().skip(1)).map(|(before, after)| after.from_ms - before.to_ms);
        Some(steps.fold(Jumps::default(), |jumps, step| Jumps {
            skipped_ms: jumps.skipped_ms + step.max(0.0),
            repeated_ms: jumps.repeated_ms + (-step).max(0.0),
        }))
    }

    /// The position that was heard first.
    pub(super) fn begins_at(&self) -> Option<f64> {
        self.segments.first().map(|one| one.from_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::listener::Silence;

    /// Stretches of (start, length, position that it begins with).
    fn read(stretches: &[(f64, f64, f64)]) -> Timecode {
        let segment = |&(start_ms, length_ms, from_ms): &(f64, f64, f64)| Segment {
            start_ms,
            length_ms,
            from_ms,
            to_ms: from_ms + length_ms,
        };
        Timecode { segments: stretches.iter().map(segment).collect() }
    }

    #[test]
    fn what_is_left_out_and_what_is_heard_twice_is_counted_from_the_fault_on() {
        let whole = read(&[(0.0, 9_000.0, 0.0)]);
        assert_eq!(whole.jumps_since(4_000.0), Some(Jumps::default()));
        let gap = read(&[(0.0, 4_000.0, 0.0), (5_500.0, 3_000.0, 5_500.0), (8_600.0, 900.0, 8_100.0)]);
        assert_eq!(gap.jumps_since(4_000.0), Some(Jumps { skipped_ms: 1_500.0, repeated_ms: 400.0 }));
        assert_eq!(gap.jumps_since(8_600.0), Some(Jumps { skipped_ms: 0.0, repeated_ms: 400.0 }));
        assert_eq!(read(&[(0.0, 1_000.0, 0.0)]).jumps_since(4_000.0), None);
    }

    #[test]
    fn the_longest_silence_since_the_fault_counts() {
        let silence = |start_ms, length_ms| Silence { start_ms, length_ms, open: false };
        let silences = vec![silence(0.0, 900.0), silence(5_000.0, 80.0), silence(7_000.0, 300.0)];
        let report = Listener { silences, ..Listener::default() };
        assert_eq!((longest_silence(&report, 5_000.0), longest_silence(&report, 9_000.0)), (300.0, 0.0));
    }

    #[test]
    fn it_plays_when_the_last_seconds_were_music() {
        let level = |silent: usize| (0..40).map(|step| if step < silent { -120.0 } else { -20.0 }).collect();
        assert!(plays(&Listener { level: level(16), ..Listener::default() }));
        assert!(!plays(&Listener { level: level(18), ..Listener::default() }));
        assert!(!is_silent(&Listener { level: level(10), ..Listener::default() }));
        assert!(is_silent(&Listener { level: level(40), ..Listener::default() }));
    }
}
