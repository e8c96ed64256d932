//! The band in which sounds are compared: mono, 8 kHz, without the bass, which is alike everywhere in a song, and the treble.
//!
//! Lossy codecs keep this band nearly untouched and do as they like above it; a sixth of the samples makes the search
//! cheap, and a step of 0.125 ms is still far finer than anything asked of it.

use super::audio::{Audio, RATE};
use std::f64::consts::PI;

/// Samples a second in the band.
pub(super) const BAND_RATE: usize = 8_000;
/// Samples a millisecond in the band.
pub(super) const SAMPLES_PER_MS: f64 = 8.0;

/// 48 kHz to 8 kHz.
const FACTOR: usize = RATE as usize / BAND_RATE;
/// Taps of the low-pass filter; odd, so that its delay is a whole number of frames.
const TAPS: usize = 97;
/// The low-pass filter's corner, in Hz.
const TOP_HZ: f64 = 3_400.0;
/// The high-pass filter's corner, in Hz.
const BOTTOM_HZ: f64 = 300.0;

/// Brings `audio` into the band. Sample `n` of the result lies at `n / 8` ms, without delay.
#[must_use]
pub(super) fn to_band(audio: &Audio) -> Vec<f32> {
    let filter = low_pass();
    let frames = audio.frames();
    let half = TAPS / 2;
    let mut band: Vec<f32> = (0..frames.len().div_ceil(FACTOR))
        .map(|n| {
            let centre = n * FACTOR;
            let first = centre.saturating_sub(half);
            let last = (centre + half + 1).min(frames.len());
            let skipped = half - (centre - first);
            frames[first..last]
                .iter()
                .zip(&filter[skipped..])
                .map(|(frame, tap)| (frame[0] + frame[1]) * 0.5 * tap)
                .sum()
        })
        .collect();
    remove_bass(&mut band);
    band
}

/// A windowed sinc.
fn low_pass() -> Vec<f32> {
    let corner = TOP_HZ / f64::from(RATE);
    let taps: Vec<f64> = (0..TAPS)
        .map(|n| {
            let x = n as f64 - (TAPS / 2) as f64;
            let sinc = if x == 0.0 { 2.0 * corner } else { (2.0 * PI * corner * x).sin() / (PI * x) };
            let window = 0.54 - 0.46 * (2.0 * PI * n as f64 / (TAPS - 1) as f64).cos();
            sinc * window
        })
        .collect();
    let gain: f64 = taps.iter().sum();
    taps.iter().map(|tap| (tap / gain) as f32).collect()
}

/// A first-order high-pass. Its phase is not flat, but it is the same for both sounds that are compared.
fn remove_bass(band: &mut [f32]) {
    let keep = (1.0 / (1.0 + 2.0 * PI * BOTTOM_HZ / BAND_RATE as f64)) as f32;
    let (mut before, mut out) = (0.0, 0.0);
    for sample in band {
        out = keep * (out + *sample - before);
        before = *sample;
        *sample = out;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level_of(hz: f64) -> f32 {
        let frames = (0..48_000).map(|n| [(2.0 * PI * hz * f64::from(n) / 48_000.0).sin() as f32; 2]).collect();
        let band = to_band(&Audio::from_frames(frames));
        assert_eq!(band.len(), 8_000);
        let middle = &band[2_000..6_000];
        (middle.iter().map(|sample| sample * sample).sum::<f32>() / middle.len() as f32).sqrt()
    }

    #[test]
    fn keeps_the_middle_and_drops_what_codecs_and_speakers_change() {
        assert!(level_of(1_000.0) > 0.55);
        assert!(level_of(30.0) < 0.1);
        assert!(level_of(9_000.0) < 0.01);
    }

    #[test]
    fn a_click_stays_where_it_is() {
        let mut frames = vec![[0.0; 2]; 4_800];
        frames[2_400] = [1.0; 2];
        let band = to_band(&Audio::from_frames(frames));
        let loudest = (0..band.len()).max_by(|&a, &b| band[a].abs().total_cmp(&band[b].abs()));
        assert_eq!(loudest, Some(400));
    }
}
