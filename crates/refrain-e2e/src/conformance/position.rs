//! Where in its track a bot was, as the listener reads it from the timecode that the tracks carry.

use anyhow::{Result, ensure};
use serde::Deserialize;

/// A smaller difference is none: the reader is good to a frame of 20 ms.
const EXACT_MS: f64 = 30.0;

/// What was read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Timecode {
    segments: Vec<Segment>,
    skips: Vec<Jump>,
    repeats: Vec<Jump>,
}

/// Where the position left something out, or went back.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Jump {
    at_ms: f64,
    by_ms: f64,
}

/// A stretch without a break.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Segment {
    start_ms: f64,
    length_ms: f64,
    track: u32,
    from_ms: f64,
    to_ms: f64,
}

impl Segment {
    fn end_ms(&self) -> f64 {
        self.start_ms + self.length_ms
    }
}

impl Timecode {
    /// Whether nothing but `track` was heard.
    ///
    /// # Errors
    /// When nothing could be read, or another track was heard.
    pub(crate) fn is_all_of(&self, track: u32) -> Result<()> {
        ensure!(!self.segments.is_empty(), "nothing that was heard could be read as a track");
        let other = self.segments.iter().find(|segment| segment.track != track);
        ensure!(other.is_none(), "the track {} was heard", other.map_or(0, |segment| segment.track));
        Ok(())
    }

    /// How far the position jumped at `fault_ms`, forwards or (less than 0) back: from the last that was read before it
    /// to the first of the stretch that was heard in the end. `None` where either could not be read.
    pub(crate) fn jump_at(&self, fault_ms: f64) -> Option<f64> {
        let (first, last) = (self.segments.iter().find(|one| one.end_ms() > fault_ms - 500.0)?, self.segments.last()?);
        if first.start_ms == last.start_ms {
            return Some(0.0);
        }
        Some(last.from_ms - first.to_ms)
    }

    /// What of the track was left out since `from_ms`, and what was heard twice: when, and how much, in milliseconds.
    pub(crate) fn left_out_and_repeated(&self, from_ms: f64) -> [Vec<(f64, f64)>; 2] {
        [&self.skips, &self.repeats].map(|jumps| {
            let since = jumps.iter().filter(|jump| jump.at_ms >= from_ms);
            since.map(|jump| (jump.at_ms, jump.by_ms.abs())).collect()
        })
    }

    /// The jump in words.
    pub(crate) fn tell_jump(&self, fault_ms: f64) -> String {
        match self.jump_at(fault_ms) {
            None => "position not readable".to_owned(),
            Some(by_ms) if by_ms > EXACT_MS => format!("{by_ms:.0} ms of the track left out"),
            Some(by_ms) if by_ms < -EXACT_MS => format!("{:.0} ms of the track heard twice", -by_ms),
            Some(_) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stretches of (start, length, position that it begins with).
    fn read(stretches: &[(f64, f64, f64)]) -> Timecode {
        let segment = |&(start_ms, length_ms, from_ms): &(f64, f64, f64)| Segment {
            start_ms,
            length_ms,
            track: 3,
            from_ms,
            to_ms: from_ms + length_ms,
        };
        Timecode { segments: stretches.iter().map(segment).collect(), ..Timecode::default() }
    }

    #[test]
    fn a_track_that_plays_through_a_fault_has_not_jumped() {
        assert_eq!(read(&[(0.0, 9_000.0, 0.0)]).tell_jump(4_000.0), "");
        assert_eq!(read(&[(0.0, 4_000.0, 0.0), (5_500.0, 3_000.0, 4_020.0)]).tell_jump(4_000.0), "");
    }

    #[test]
    fn what_is_left_out_or_heard_twice_is_told() {
        let gap = read(&[(0.0, 4_000.0, 0.0), (5_500.0, 3_000.0, 5_500.0)]);
        assert_eq!(gap.tell_jump(4_000.0), "1500 ms of the track left out");
        let back = read(&[(0.0, 4_000.0, 0.0), (5_500.0, 3_000.0, 3_900.0)]);
        assert_eq!(back.tell_jump(4_000.0), "100 ms of the track heard twice");
        assert_eq!(read(&[(0.0, 1_000.0, 0.0)]).tell_jump(4_000.0), "position not readable");
    }

    #[test]
    fn another_track_is_noticed() {
        assert!(read(&[(0.0, 1_000.0, 0.0)]).is_all_of(3).is_ok());
        assert!(read(&[(0.0, 1_000.0, 0.0)]).is_all_of(2).is_err());
        assert!(read(&[]).is_all_of(3).is_err());
    }
}
