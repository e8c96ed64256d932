//! Finding a piece of sound in the source: normalised cross-correlation, by FFT over the whole or directly nearby.

use super::{
    audio::Audio,
    band::{BAND_RATE, SAMPLES_PER_MS, to_band},
};
use rustfft::{Fft, FftPlanner, num_complex::Complex};
use std::sync::Arc;

/// How far around the expected place is searched before the whole source is, in samples: 40 ms.
const NEARBY: isize = 320;
/// A match nearby that is this good is taken without a search of the whole.
const GOOD: f32 = 0.8;
/// Silence put before and after the source, so that a piece that overhangs an end is still found: 250 ms.
const PADDING: usize = BAND_RATE / 4;
/// Where the source is this quiet (RMS), nothing matches: the quotient would be noise over noise.
const QUIET_RMS: f64 = 1e-4;

/// Where a piece was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    /// The place in the source where the piece begins, in milliseconds; slightly negative before its start.
    pub(super) source_ms: f64,
    /// How well it matches there: 1 is the same but for loudness, 0 is unrelated.
    pub(super) correlation: f32,
}

/// A source, prepared for searching.
pub(super) struct Reference {
    padded: Vec<f32>,
    /// Sums of squares up to each sample.
    energy: Vec<f64>,
    /// The source's spectrum, conjugated; pieces are not longer than `longest`.
    spectrum: Vec<Complex<f32>>,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    longest: usize,
}

impl std::fmt::Debug for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reference").field("samples", &self.padded.len()).finish_non_exhaustive()
    }
}

impl Reference {
    /// Prepares `source` for pieces of up to `longest` samples of the band.
    #[must_use]
    pub(super) fn new(source: &Audio, longest: usize) -> Self {
        let mut padded = vec![0.0; PADDING];
        padded.extend(to_band(source));
        padded.resize(padded.len() + PADDING + longest, 0.0);
        let mut energy = Vec::with_capacity(padded.len() + 1);
        let mut sum = 0.0;
        energy.push(sum);
        for &sample in &padded {
            sum += f64::from(sample) * f64::from(sample);
            energy.push(sum);
        }
        let size = (padded.len() + longest).next_power_of_two();
        let mut planner = FftPlanner::new();
        let forward = planner.plan_fft_forward(size);
        let inverse = planner.plan_fft_inverse(size);
        let mut spectrum = to_complex(&padded, size);
        forward.process(&mut spectrum);
        Self { padded, energy, spectrum, forward, inverse, longest }
    }

    /// Finds `piece` (samples of the band, as [`to_band`] gives them): first near `expected_ms`, then anywhere.
    /// `None` when the piece is empty, too long, or silent.
    #[must_use]
    pub(super) fn find(&self, piece: &[f32], expected_ms: Option<f64>) -> Option<Found> {
        let own: f64 = piece.iter().map(|&sample| f64::from(sample) * f64::from(sample)).sum();
        if piece.is_empty() || piece.len() > self.longest || own <= piece.len() as f64 * QUIET_RMS * QUIET_RMS {
            return None;
        }
        let nearby = expected_ms.and_then(|at| self.search_near(piece, own, at));
        match nearby {
            Some(found) if found.correlation >= GOOD => Some(found),
            _ => better(nearby, self.search_all(piece, own)),
        }
    }

    fn search_near(&self, piece: &[f32], own: f64, expected_ms: f64) -> Option<Found> {
        let middle = (expected_ms * SAMPLES_PER_MS).round() as isize + PADDING as isize;
        let places = (middle - NEARBY..=middle + NEARBY).filter_map(|at| usize::try_from(at).ok());
        let dots =
            places.filter(|at| at + piece.len() <= self.padded.len()).map(|at| (at, dot(piece, &self.padded[at..])));
        self.best(dots, piece.len(), own)
    }

    fn search_all(&self, piece: &[f32], own: f64) -> Option<Found> {
        let size = self.spectrum.len();
        let mut work = to_complex(piece, size);
        self.forward.process(&mut work);
        for (bin, source) in work.iter_mut().zip(&self.spectrum) {
            *bin = bin.conj() * source;
        }
        self.inverse.process(&mut work);
        let places = self.padded.len() - piece.len();
        let dots = work.iter().take(places).enumerate().map(|(at, bin)| (at, bin.re / size as f32));
        self.best(dots, piece.len(), own)
    }

    /// The place with the highest normalised correlation among (place, dot product).
    fn best(&self, dots: impl Iterator<Item = (usize, f32)>, length: usize, own: f64) -> Option<Found> {
        let least = length as f64 * QUIET_RMS * QUIET_RMS;
        let normalised = dots.filter_map(|(at, dot)| {
            let there = self.energy[at + length] - self.energy[at];
            (there > least).then(|| (at, (f64::from(dot) / (there * own).sqrt()) as f32))
        });
        let (at, correlation) = normalised.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let source_ms = (at as f64 - PADDING as f64) / SAMPLES_PER_MS;
        Some(Found { source_ms, correlation: correlation.clamp(0.0, 1.0) })
    }
}

fn better(a: Option<Found>, b: Option<Found>) -> Option<Found> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if a.correlation >= b.correlation { a } else { b }),
        (found, None) | (None, found) => found,
    }
}

fn to_complex(samples: &[f32], size: usize) -> Vec<Complex<f32>> {
    let mut complex: Vec<_> = samples.iter().map(|&re| Complex { re, im: 0.0 }).collect();
    complex.resize(size, Complex { re: 0.0, im: 0.0 });
    complex
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::synthetic::{music, with_noise};

    const PIECE: usize = 6_000;

    #[test]
    fn finds_a_piece_to_the_millisecond_wherever_it_was_cut() {
        let source = Audio::from_frames(music(1, 20_000));
        let reference = Reference::new(&source, PIECE);
        for at_ms in [0_usize, 3_210, 11_111, 19_250] {
            let cut = with_noise(&source.frames()[at_ms * 48..(at_ms + 750) * 48], 0.01);
            let found = reference.find(&to_band(&Audio::from_frames(cut)), None).unwrap();
            assert!((found.source_ms - at_ms as f64).abs() <= 1.0, "{at_ms}: {found:?}");
            assert!(found.correlation > 0.95, "{at_ms}: {found:?}");
        }
    }

    #[test]
    fn a_wrong_expectation_does_not_mislead_and_a_right_one_agrees() {
        let source = Audio::from_frames(music(1, 20_000));
        let reference = Reference::new(&source, PIECE);
        let piece = to_band(&Audio::from_frames(source.frames()[5_000 * 48..5_750 * 48].to_vec()));
        for expected in [None, Some(5_010.0), Some(12_000.0), Some(-9e9), Some(9e9)] {
            let found = reference.find(&piece, expected).unwrap();
            assert!((found.source_ms - 5_000.0).abs() <= 1.0, "{expected:?}: {found:?}");
        }
    }

    #[test]
    fn other_music_is_found_nowhere_and_silence_not_at_all() {
        let reference = Reference::new(&Audio::from_frames(music(1, 20_000)), PIECE);
        let other = to_band(&Audio::from_frames(music(2, 750)));
        assert!(reference.find(&other, None).unwrap().correlation < 0.9);
        assert_eq!(reference.find(&vec![0.0; PIECE], None), None);
        assert_eq!(reference.find(&[], None), None);
        assert_eq!(reference.find(&vec![1.0; PIECE + 1], None), None);
    }
}
