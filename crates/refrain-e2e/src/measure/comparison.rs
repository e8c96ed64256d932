//! A recording held against its source, window by window.

use super::{
    audio::Audio,
    band::{SAMPLES_PER_MS, to_band},
    level::{Levels, SHORTEST_MS, Span},
    reference::Reference,
};
use serde::Serialize;

/// The length of a window in milliseconds.
const WINDOW_MS: f64 = 750.0;
/// From one window's start to the next, in milliseconds.
const STEP_MS: f64 = 250.0;
/// Less music than this between two silences is not judged, in milliseconds.
const LEAST_MS: f64 = 120.0;
/// A confirmed window that matches this well tells a position.
pub const TRUSTED: f32 = 0.6;
/// A window that matches this well needs no confirmation: no other music comes so near (see the tests).
const CERTAIN: f32 = 0.9;
/// How far away in the recording a window may be confirmed from, in milliseconds.
const CONFIRMED_WITHIN_MS: f64 = 3_000.0;
/// How far the two places may disagree, in milliseconds.
const CONFIRMED_TO_MS: f64 = 20.0;
/// What is quieter than this within the band (RMS) cannot be compared.
const INAUDIBLE_RMS: f32 = 1e-4;

/// A window of the recording and where in the source it was found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Window {
    /// Its start in the recording.
    pub at_ms: f64,
    /// Its length: 750 ms, or all the music between two silences where that is less.
    pub length_ms: f64,
    /// Where in the source it fits best.
    pub source_ms: Option<f64>,
    /// How well it fits there, 0 to 1.
    pub correlation: f32,
    /// The place is no coincidence: it fits all but perfectly, or another window, which shares no sample with this one,
    /// was found just where the music goes on from here. Unrelated music fits somewhere by half, but never in a row.
    pub confirmed: bool,
}

impl Window {
    /// Whether the match is good enough to tell a position.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.correlation >= TRUSTED && self.confirmed
    }

    /// Its end in the recording.
    #[must_use]
    pub fn end_ms(&self) -> f64 {
        self.at_ms + self.length_ms
    }

    /// The source's position while the recording is at `at_ms`, going by this window.
    #[must_use]
    pub fn source_at(&self, at_ms: f64) -> Option<f64> {
        self.source_ms.filter(|_| self.is_trusted()).map(|source_ms| source_ms + at_ms - self.at_ms)
    }
}

/// A recording and its source, compared.
#[derive(Debug)]
pub struct Comparison {
    pub(super) levels: Levels,
    pub(super) source_levels: Levels,
    band: Vec<f32>,
    reference: Reference,
    windows: Vec<Window>,
}

impl Comparison {
    /// Compares them. This takes seconds of computing for minutes of sound: keep it off the runtime's threads.
    #[must_use]
    pub fn new(recording: &Audio, source: &Audio) -> Self {
        let levels = Levels::of(recording);
        let band = to_band(recording);
        let reference = Reference::new(source, (WINDOW_MS * SAMPLES_PER_MS) as usize);
        let windows = windows(&band, &levels.music(), &reference);
        Self { levels, source_levels: Levels::of(source), band, reference, windows }
    }

    /// The source's place at `at_ms`, told by the music right before it, that begins at `from_ms` at the earliest.
    pub(super) fn place_before(&self, at_ms: f64, from_ms: f64) -> Option<f64> {
        let from_ms = from_ms.max(at_ms - WINDOW_MS);
        let mut near = self.windows.iter().filter(|window| window.is_trusted() && window.end_ms() <= at_ms + STEP_MS);
        let near = near.next_back();
        self.place(from_ms, at_ms, near).map(|place| place + at_ms - from_ms)
    }

    /// The source's place at `at_ms`, told by the music from there on, that ends at `to_ms` at the latest.
    pub(super) fn place_after(&self, at_ms: f64, to_ms: f64) -> Option<f64> {
        let near = self.windows.iter().find(|window| window.is_trusted() && window.at_ms >= at_ms - SHORTEST_MS);
        let soon = |window: &&Window| window.at_ms <= at_ms + CONFIRMED_WITHIN_MS;
        // Too little of it before the next blink to be found by itself? What follows tells.
        self.place(at_ms, to_ms.min(at_ms + WINDOW_MS), near)
            .or_else(|| near.filter(soon).and_then(|window| window.source_at(at_ms)))
    }

    /// Where in the source the music between two moments begins: found as a window is, and confirmed by the windows.
    fn place(&self, from_ms: f64, to_ms: f64, near: Option<&Window>) -> Option<f64> {
        if to_ms - from_ms < LEAST_MS {
            return None;
        }
        let piece = piece(&self.band, from_ms, to_ms - from_ms);
        let found = self.reference.find(piece, near.and_then(|window| window.source_at(from_ms)))?;
        let agrees = |window: &Window| {
            let there = window.source_at(from_ms);
            there.is_some_and(|there| (there - found.source_ms).abs() <= CONFIRMED_TO_MS)
        };
        let mut around = self.within(from_ms - CONFIRMED_WITHIN_MS, to_ms + CONFIRMED_WITHIN_MS);
        let trusted = found.correlation >= CERTAIN || (found.correlation >= TRUSTED && around.any(agrees));
        trusted.then_some(found.source_ms)
    }

    /// The windows in order; none reaches into a silence.
    #[must_use]
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// The recording's level.
    #[must_use]
    pub const fn levels(&self) -> &Levels {
        &self.levels
    }

    /// How well what was heard matches the source, 0 to 1: the windows' mean correlation, weighted by their length, where
    /// a place that nothing confirms counts as zero. Zero too when there was nothing to compare.
    #[must_use]
    pub fn audio_match(&self) -> f64 {
        self.match_between(0.0, f64::INFINITY)
    }

    /// The same for the windows wholly between two moments of the recording.
    #[must_use]
    pub fn match_between(&self, from_ms: f64, until_ms: f64) -> f64 {
        let (mut sum, mut weight) = (0.0, 0.0);
        for window in self.within(from_ms, until_ms) {
            sum += if window.confirmed { f64::from(window.correlation) * window.length_ms } else { 0.0 };
            weight += window.length_ms;
        }
        if weight > 0.0 { sum / weight } else { 0.0 }
    }

    /// How much of the source's own sound was heard between two moments, in milliseconds, wherever in it.
    #[must_use]
    pub fn heard_ms(&self, from_ms: f64, until_ms: f64) -> f64 {
        let mut covered_to = from_ms;
        let mut heard = 0.0;
        for window in self.within(from_ms, until_ms).filter(|window| window.is_trusted()) {
            heard += (window.end_ms() - window.at_ms.max(covered_to)).max(0.0);
            covered_to = covered_to.max(window.end_ms());
        }
        heard
    }

    fn within(&self, from_ms: f64, until_ms: f64) -> impl Iterator<Item = &Window> {
        self.windows.iter().filter(move |window| window.at_ms >= from_ms && window.end_ms() <= until_ms)
    }
}

/// Places the windows and finds each in the source.
fn windows(band: &[f32], music: &[Span], reference: &Reference) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for span in music.iter().filter(|span| span.length_ms() >= LEAST_MS) {
        for (at_ms, length_ms) in places(*span) {
            let piece = piece(band, at_ms, length_ms);
            if rms(piece) < INAUDIBLE_RMS {
                continue;
            }
            let expected = windows.last().and_then(|before| Some(before.source_ms? + at_ms - before.at_ms));
            let found = reference.find(piece, expected);
            windows.push(Window {
                at_ms,
                length_ms,
                source_ms: found.map(|found| found.source_ms),
                correlation: found.map_or(0.0, |found| found.correlation),
                confirmed: false,
            });
        }
    }
    let confirmed: Vec<bool> = windows.iter().map(|window| is_confirmed(window, &windows)).collect();
    for (window, confirmed) in windows.iter_mut().zip(confirmed) {
        window.confirmed = confirmed;
    }
    windows
}

/// Whether another window, apart from `window`, puts the same moment of the recording at the same place.
fn is_confirmed(window: &Window, windows: &[Window]) -> bool {
    let Some(source_ms) = window.source_ms else { return false };
    let start_ms = source_ms - window.at_ms;
    window.correlation >= CERTAIN
        || windows.iter().any(|other| {
            let apart = other.at_ms >= window.end_ms() || other.end_ms() <= window.at_ms;
            let near = (other.at_ms - window.at_ms).abs() <= CONFIRMED_WITHIN_MS;
            let agrees = other.source_ms.is_some_and(|there| (there - other.at_ms - start_ms).abs() <= CONFIRMED_TO_MS);
            apart && near && agrees && other.correlation >= TRUSTED
        })
}

/// A stretch of the band.
fn piece(band: &[f32], at_ms: f64, length_ms: f64) -> &[f32] {
    let sample = |ms: f64| ((ms.max(0.0) * SAMPLES_PER_MS) as usize).min(band.len());
    &band[sample(at_ms)..sample(at_ms + length_ms)]
}

/// (start, length) of the windows of one stretch of music: the first begins with it and the last ends with it.
fn places(span: Span) -> Vec<(f64, f64)> {
    let room = span.length_ms() - WINDOW_MS;
    if room <= 0.0 {
        return vec![(span.start_ms, span.length_ms())];
    }
    let steps = (room / STEP_MS).floor() as usize;
    let mut places: Vec<_> = (0..=steps).map(|step| (span.start_ms + step as f64 * STEP_MS, WINDOW_MS)).collect();
    if steps as f64 * STEP_MS < room {
        places.push((span.end_ms - WINDOW_MS, WINDOW_MS));
    }
    places
}

fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::synthetic::{music, silence, with_noise};

    #[test]
    fn the_source_itself_with_a_codecs_noise_matches_nearly_fully() {
        let source = music(1, 12_000);
        let heard = [silence(300), with_noise(&source[..10_000 * 48], 0.01), silence(400)].concat();
        let comparison = Comparison::new(&Audio::from_frames(heard), &Audio::from_frames(source));
        assert!(comparison.audio_match() > 0.97, "{}", comparison.audio_match());
        for window in comparison.windows() {
            assert!((window.source_ms.unwrap() - (window.at_ms - 300.0)).abs() <= 1.0, "{window:?}");
        }
    }

    #[test]
    fn a_silence_in_the_middle_costs_nothing_in_the_match() {
        let source = music(1, 12_000);
        let heard = [source[..4_000 * 48].to_vec(), silence(1_337), source[4_000 * 48..9_000 * 48].to_vec()].concat();
        let comparison = Comparison::new(&Audio::from_frames(heard), &Audio::from_frames(source));
        assert!(comparison.audio_match() > 0.97, "{}", comparison.audio_match());
        assert!((comparison.heard_ms(0.0, 20_000.0) - 9_000.0).abs() < 20.0);
    }

    #[test]
    fn wrong_music_counts_against_the_match() {
        let source = music(1, 12_000);
        let heard = [source[..5_000 * 48].to_vec(), music(2, 5_000)].concat();
        let half = Comparison::new(&Audio::from_frames(heard), &Audio::from_frames(source.clone()));
        assert!((0.4..0.6).contains(&half.audio_match()), "{}", half.audio_match());
        let none = Comparison::new(&Audio::from_frames(music(3, 6_000)), &Audio::from_frames(source));
        assert!(none.audio_match() < 0.2, "{}", none.audio_match());
        assert!(none.heard_ms(0.0, 6_000.0) < 1_500.0);
    }

    #[test]
    fn silence_and_nothing_match_nothing() {
        let source = Audio::from_frames(music(1, 3_000));
        for heard in [Vec::new(), silence(2_000)] {
            let comparison = Comparison::new(&Audio::from_frames(heard), &source);
            assert!(comparison.audio_match() == 0.0 && comparison.windows().is_empty());
        }
    }
}
