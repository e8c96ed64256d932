//! What a fault did to the music, from the listener's report.

use crate::{harness::listener::Listener, measure::SILENT_DBFS};

/// The length of a step of the level, in milliseconds.
const STEP_MS: f64 = 100.0;
/// The steps at the end that are looked at, and how many of them must be music.
const LAST: (usize, usize) = (25, 24);

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::listener::Silence;

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
