//! What a listener's report says about a fault.

use crate::{harness::listener::Listener, measure::SILENT_DBFS};

/// The length of a step of the level, in milliseconds.
const STEP_MS: f64 = 100.0;
/// How long after a fault the bot must be heard for it to count as back, in milliseconds.
const AFTER_MS: f64 = 3_000.0;
/// The steps at the end that are looked at, and how many of them must be music.
const LAST: (usize, usize) = (25, 24);

/// How much music was heard since `since_ms` (on the simulator's clock), in milliseconds.
pub(crate) fn music_since(report: &Listener, since_ms: f64) -> f64 {
    let from = ((since_ms - report.start_ms) / STEP_MS).ceil().max(0.0) as usize;
    report.level.iter().skip(from).filter(|&&level| level > SILENT_DBFS).count() as f64 * STEP_MS
}

/// The silences that began since `since_ms`, added up, in milliseconds. The one that still goes on counts too.
pub(crate) fn silence_since(report: &Listener, since_ms: f64) -> f64 {
    // What is on its way when the connection ends may still be heard, or not: a little earlier is as well.
    let silences = report.silences.iter().filter(|silence| silence.start_ms > since_ms - 2.0 * STEP_MS);
    silences.fold(0.0, |sum, silence| sum + silence.length_ms)
}

/// Whether the bot has got over a fault: it has connected or resumed since, and its music has been there for a while.
pub(crate) fn is_back(report: &Listener, bot: &str, fault_ms: f64) -> bool {
    has_reconnected(report, bot, fault_ms) && report.heard_until_ms >= fault_ms + AFTER_MS && sounds_at_the_end(report)
}

/// Whether its music has been there for a while now.
pub(crate) fn sounds_at_the_end(report: &Listener) -> bool {
    let (steps, enough) = LAST;
    report.level.iter().rev().take(steps).filter(|&&level| level > SILENT_DBFS).count() >= enough
}

/// Whether a session of the bot began or was resumed since the fault, and stands.
pub(crate) fn has_reconnected(report: &Listener, bot: &str, fault_ms: f64) -> bool {
    report.sessions.iter().any(|session| {
        let since = [session.connected_ms].into_iter().chain(session.resumed_ms.last().copied());
        session.user == bot && session.closed_ms.is_none() && since.into_iter().any(|at_ms| at_ms >= fault_ms)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::listener::{Session, Silence};

    const FAULT_MS: f64 = 5_000.0;

    /// Music for ten seconds, with a silence of `silent` steps half a second after the fault.
    fn report(silent: usize) -> Listener {
        let level: Vec<f32> =
            (0..100).map(|step| if (55..55 + silent).contains(&step) { -120.0 } else { -20.0 }).collect();
        let silence = Silence { start_ms: 5_500.0, length_ms: silent as f64 * 100.0, open: false };
        let session = Session { user: "7".to_owned(), connected_ms: 5_100.0, ..Session::default() };
        let silences = if silent > 0 { vec![silence] } else { Vec::new() };
        Listener { heard_until_ms: 10_000.0, level, silences, sessions: vec![session], ..Listener::default() }
    }

    #[test]
    fn who_reconnects_and_is_heard_is_back() {
        assert!(is_back(&report(0), "7", FAULT_MS));
        assert!(is_back(&report(15), "7", FAULT_MS));
        assert_eq!((music_since(&report(15), FAULT_MS), silence_since(&report(15), FAULT_MS)), (3_500.0, 1_500.0));
    }

    #[test]
    fn who_is_heard_without_a_new_connection_is_not_back() {
        let mut old = report(0);
        old.sessions[0].connected_ms = 100.0;
        assert!(!is_back(&old, "7", FAULT_MS));
        old.sessions[0].resumed_ms = vec![5_050.0];
        assert!(is_back(&old, "7", FAULT_MS));
        old.sessions[0].closed_ms = Some(9_000.0);
        assert!(!is_back(&old, "7", FAULT_MS));
    }

    #[test]
    fn who_reconnects_and_stays_silent_is_not_back() {
        assert!(!is_back(&report(40), "7", FAULT_MS));
        assert!(!is_back(&report(0), "8", FAULT_MS));
    }
}
