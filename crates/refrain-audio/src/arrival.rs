//! Whether sound comes in real time, as from a station, or as fast as it is taken, as from a file. Pure.

use crate::FRAME;
use std::time::{Duration, Instant};

/// How long the sound is watched without a pause before it is judged.
const WATCHED: Duration = Duration::from_secs(5);
/// A body that ends before that is judged by all of it, from this length on.
const SHORTEST: Duration = Duration::from_millis(1500);
/// The sound that a station may send at once when it is tuned in to.
const BURST: Duration = Duration::from_secs(4);

/// How frames arrive. Only time in which the reader has room counts: a file fills the window at once, and then the
/// reader waits; a station never lets it wait.
#[derive(Debug, Default)]
pub(crate) struct Arrival {
    since: Option<Instant>,
    frames: u32,
    real_time: bool,
    /// When the first and the latest frame came.
    whole: Option<(Instant, Instant)>,
    all_frames: u32,
    /// The reader had to wait: a station never lets it.
    was_full: bool,
}

impl Arrival {
    /// A frame came.
    pub(crate) fn frame(&mut self, now: Instant) {
        self.whole = Some((self.whole.map_or(now, |(first, _)| first), now));
        self.all_frames = self.all_frames.saturating_add(1);
        let since = *self.since.get_or_insert(now);
        self.frames = self.frames.saturating_add(1);
        let watched = now.saturating_duration_since(since);
        if watched >= WATCHED {
            let sound = FRAME.saturating_mul(self.frames);
            self.real_time |= sound >= watched.mul_f64(0.8) && sound <= watched.mul_f64(1.25);
            (self.since, self.frames) = (None, 0);
        }
    }

    /// The window is full.
    pub(crate) fn full(&mut self) {
        (self.since, self.frames) = (None, 0);
        self.was_full = true;
    }

    /// Whether it came in real time for a good while.
    pub(crate) fn is_real_time(&self) -> bool {
        self.real_time
    }

    /// Whether all of it came in real time, after a burst at most: how a body is judged that has ended.
    pub(crate) fn all_came_in_real_time(&self) -> bool {
        let Some((first, latest)) = self.whole.filter(|_| !self.was_full) else { return false };
        let (took, sound) = (latest.saturating_duration_since(first), FRAME.saturating_mul(self.all_frames));
        took >= SHORTEST && sound >= took.mul_f64(0.8) && sound <= BURST + took.mul_f64(1.25)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn judged(frames: impl IntoIterator<Item = u64>) -> bool {
        let (start, mut arrival) = (Instant::now(), Arrival::default());
        frames.into_iter().for_each(|at| arrival.frame(start + MS(at)));
        arrival.is_real_time()
    }

    #[test]
    fn a_station_is_known_after_a_few_seconds_also_when_it_begins_with_a_burst() {
        assert!(!judged((0..200).map(|n| n * 20)), "too early");
        assert!(judged((0..300).map(|n| n * 20)));
        assert!(judged((0..600).map(|n| n / 26 * 520)), "in lumps, as MP3 frames from a socket come");
        assert!(judged(std::iter::repeat_n(0, 500).chain((0..600).map(|n| n * 20))));
    }

    #[test]
    fn a_body_that_has_ended_is_judged_by_all_of_it() {
        let judged = |frames: &[u64]| {
            let (start, mut arrival) = (Instant::now(), Arrival::default());
            frames.iter().for_each(|at| arrival.frame(start + MS(*at)));
            arrival.all_came_in_real_time()
        };
        let burst_and_then: Vec<u64> = std::iter::repeat_n(0, 100).chain((0..100).map(|n| n * 20)).collect();
        assert!(judged(&burst_and_then), "a station that closed after two seconds");
        assert!(!judged(&[0; 500]), "a short file from a fast server");
        assert!(!judged(&(0..100).map(|n| n * 60).collect::<Vec<_>>()), "a drip");
    }

    #[test]
    fn a_fast_server_and_one_that_drips_are_no_stations() {
        assert!(!judged((0..5000).map(|n| n * 2)));
        assert!(!judged((0..500).map(|n| n * 60)));
    }

    #[test]
    fn a_file_that_fills_the_window_again_and_again_is_no_station() {
        let (start, mut arrival) = (Instant::now(), Arrival::default());
        for round in 0..100 {
            (0..31).for_each(|n| arrival.frame(start + MS(round * 620 + n)));
            arrival.full();
        }
        assert!(!arrival.is_real_time());
    }
}
