//! One window, measured at the tones.

use super::{
    code::{self, GROUPS},
    tones::{PER_GROUP, TONES, hertz, periods, phase},
};
use std::f64::consts::TAU;

/// Samples of 12 kHz in a window of 20 ms.
pub(super) const WINDOW: usize = 240;
const RATE: f64 = 12_000.0;

/// How much of a group's energy its loudest tone must have, on average over the groups. Noise comes to 0.52, with a
/// standard deviation of 0.04.
const MIN_PURITY: f32 = 0.7;
/// How much of the window's energy the winners must have.
const MIN_SHARE: f32 = 0.2;
/// How well the winners' phases must agree. Arbitrary phases reach this for one window in fifty.
const MIN_AGREEMENT: f32 = 0.65;
/// How well a frame that was expected must fit, wrong symbols counting against it.
const MIN_EXPECTED: f32 = 0.55;
/// How far from a frame's beginning a window is still understood, in samples: 7.5 ms.
const REACH: f64 = 90.0;
/// The same for a frame that was expected: 1 ms.
const NEAR: f64 = 12.0;
/// The step in which places are tried: a seventh of the highest tone's period.
const STEP: f64 = 0.5;

/// What a window was found to hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) track: u8,
    pub(super) frame: u32,
    /// How many samples of the frame lie before the window; negative where the window begins before the frame.
    pub(super) offset: f64,
    pub(super) confidence: f32,
}

/// The tables that windows are measured with.
#[derive(Debug)]
pub(super) struct Bank {
    cosines: Vec<[f32; TONES]>,
    sines: Vec<[f32; TONES]>,
}

impl Bank {
    pub(super) fn new() -> Self {
        let row = |at: usize, wave: fn(f64) -> f64| {
            std::array::from_fn(|tone| wave(TAU * (at * periods(tone)) as f64 / WINDOW as f64) as f32)
        };
        Self {
            cosines: (0..WINDOW).map(|at| row(at, f64::cos)).collect(),
            sines: (0..WINDOW).map(|at| row(at, f64::sin)).collect(),
        }
    }

    pub(super) fn measure(&self, window: &[f32]) -> Spectrum {
        let mut real = [0.0; TONES];
        let mut imaginary = [0.0; TONES];
        for ((sample, cosines), sines) in window.iter().zip(&self.cosines).zip(&self.sines) {
            for ((sum, cosine), (other, sine)) in real.iter_mut().zip(cosines).zip(imaginary.iter_mut().zip(sines)) {
                *sum += sample * cosine;
                *other -= sample * sine;
            }
        }
        Spectrum { real, imaginary }
    }
}

/// Amplitude and phase of each tone.
#[derive(Debug)]
pub(super) struct Spectrum {
    real: [f32; TONES],
    imaginary: [f32; TONES],
}

impl Spectrum {
    /// The frame that the window, whose samples have this sum of squares, is one of.
    pub(super) fn frame(&self, energy: f32) -> Option<Found> {
        let mut symbols = [0; GROUPS];
        let (mut purity, mut won) = (0.0, 0.0);
        for (group, symbol) in symbols.iter_mut().enumerate() {
            let energies = self.group(group);
            let (best, most) = energies
                .iter()
                .copied()
                .enumerate()
                .fold((0, 0.0), |best, one| if one.1 > best.1 { one } else { best });
            purity += most / energies.iter().sum::<f32>().max(f32::MIN_POSITIVE) / GROUPS as f32;
            won += most;
            *symbol = best as u8;
        }
        // A tone of amplitude a has an energy of (a * 120)^2 here, and a^2 * 120 as a sum of squares.
        let share = won / (WINDOW as f32 / 2.0) / energy;
        if purity < MIN_PURITY || share < MIN_SHARE {
            return None;
        }
        let (track, frame) = code::read(&symbols)?;
        let (offset, confidence) = self.place(&symbols, REACH);
        (confidence >= MIN_AGREEMENT).then_some(Found { track, frame, offset, confidence })
    }

    /// Whether the window holds this frame, of which these are the symbols, and begins with it.
    pub(super) fn confirms(&self, symbols: &[u8; GROUPS], expected: Option<(u8, u32)>) -> Option<Found> {
        let (track, frame) = expected?;
        let (offset, confidence) = self.place(symbols, NEAR);
        (confidence >= MIN_EXPECTED).then_some(Found { track, frame, offset, confidence })
    }

    /// The energies of a group's tones.
    fn group(&self, group: usize) -> [f32; PER_GROUP] {
        std::array::from_fn(|symbol| {
            let tone = group * PER_GROUP + symbol;
            self.real[tone].powi(2) + self.imaginary[tone].powi(2)
        })
    }

    /// Where in its frame the window begins, in samples, by the phases of these tones, and how well they agree on it: 1
    /// when they do and are alone in their groups.
    fn place(&self, symbols: &[u8; GROUPS], reach: f64) -> (f64, f32) {
        let mut total = 0.0;
        // For each tone: what is left of its phase at the first place tried, and by how much a step turns it.
        let mut tones = [([0.0_f64; 2], [0.0_f64; 2]); GROUPS];
        for (group, (tone, symbol)) in tones.iter_mut().zip(symbols).enumerate() {
            let at = group * PER_GROUP + usize::from(symbol & 3);
            total += f64::from(self.group(group).iter().sum::<f32>()).sqrt();
            let turn = TAU * hertz(at) / RATE;
            let value = [f64::from(self.real[at]), f64::from(self.imaginary[at])];
            let start = turn * reach - phase(at);
            *tone = (times(value, [start.cos(), start.sin()]), [(turn * STEP).cos(), -(turn * STEP).sin()]);
        }
        let mut best = (0.0, 0.0);
        let steps = (2.0 * reach / STEP) as usize;
        for step in 0..=steps {
            let sum = tones.iter().fold([0.0, 0.0], |sum, (value, _)| [sum[0] + value[0], sum[1] + value[1]]);
            let size = sum[0].hypot(sum[1]);
            if size > best.1 {
                best = (step as f64 * STEP - reach, size);
            }
            for (value, turn) in &mut tones {
                *value = times(*value, *turn);
            }
        }
        (best.0, (best.1 / total.max(f64::MIN_POSITIVE)) as f32)
    }
}

fn times(one: [f64; 2], other: [f64; 2]) -> [f64; 2] {
    [one[0] * other[0] - one[1] * other[1], one[0] * other[1] + one[1] * other[0]]
}
