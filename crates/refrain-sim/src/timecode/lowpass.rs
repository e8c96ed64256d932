//! From 48 kHz stereo to the 12 kHz mono that the reader works with.

use std::f64::consts::PI;

/// Samples of 48 kHz to one of 12 kHz.
pub(super) const STEP: usize = 4;
const TAPS: usize = 64;
/// In cycles a sample of 48 kHz: above the highest tone, and low enough that nothing is mirrored onto one.
const CUT: f64 = 5_500.0 / 48_000.0;

/// A filter that keeps what it needs of the samples before.
#[derive(Debug)]
pub(super) struct Lowpass {
    taps: Vec<f32>,
    waiting: Vec<f32>,
}

impl Lowpass {
    pub(super) fn new() -> Self {
        let tap = |at: usize| {
            let from_centre = at as f64 - (TAPS - 1) as f64 / 2.0;
            let sinc = (2.0 * PI * CUT * from_centre).sin() / (PI * from_centre);
            let window = 0.5 - 0.5 * (2.0 * PI * (at as f64 + 0.5) / TAPS as f64).cos();
            (sinc * window) as f32
        };
        // Half of the filter's length of silence before the first sample makes up for its delay.
        Self { taps: (0..TAPS).map(tap).collect(), waiting: vec![0.0; TAPS / 2] }
    }

    /// Interleaved stereo in, mono at a quarter of the rate out.
    pub(super) fn push(&mut self, stereo: &[f32], out: &mut Vec<f32>) {
        self.waiting.extend(stereo.chunks_exact(2).map(|pair| (pair[0] + pair[1]) / 2.0));
        let mut from = 0;
        while let Some(window) = self.waiting.get(from..from + TAPS) {
            out.push(window.iter().zip(&self.taps).map(|(sample, tap)| sample * tap).sum());
            from += STEP;
        }
        self.waiting.drain(..from);
    }
}
