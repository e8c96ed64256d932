//! The tones: which there are, with which phases a frame begins, and their sum.

use super::code::GROUPS;
use std::f64::consts::{PI, TAU};

/// Tones in a group.
pub(super) const PER_GROUP: usize = 4;
/// All tones.
pub(super) const TONES: usize = GROUPS * PER_GROUP;
/// The distance between two tones, in hertz: one period a frame.
const SPACING: usize = 50;
/// The lowest tone, as a multiple of the spacing.
const LOWEST: usize = 8;
/// One tone's share of full scale. All sixteen at their peak together stay below 1.
const AMPLITUDE: f64 = 0.05;

/// Periods in a frame of a tone.
pub(super) fn periods(tone: usize) -> usize {
    LOWEST + tone
}

/// Its frequency in hertz.
pub(super) fn hertz(tone: usize) -> f64 {
    (periods(tone) * SPACING) as f64
}

/// The phase that every frame begins with, spread (after Newman) so that the peaks of the sum stay low.
pub(super) fn phase(tone: usize) -> f64 {
    let group = (tone / PER_GROUP) as f64;
    PI * group * group / GROUPS as f64
}

/// Makes frames at one rate.
pub(super) struct Synth {
    /// One frame of each tone.
    tones: Vec<Vec<f32>>,
    length: usize,
}

impl Synth {
    /// For this rate in hertz.
    pub(super) fn new(rate: u32) -> Self {
        let length = rate as usize / SPACING;
        let tone = |tone: usize| {
            let sample = |at: usize| {
                let turns = (at * periods(tone)) as f64 / length as f64;
                (AMPLITUDE * (TAU * turns + phase(tone)).cos()) as f32
            };
            (0..length).map(sample).collect()
        };
        Self { tones: (0..TONES).map(tone).collect(), length }
    }

    /// The sound of a frame.
    pub(super) fn frame(&self, symbols: &[u8; GROUPS]) -> Vec<f32> {
        let mut sum = vec![0.0; self.length];
        for (group, symbol) in symbols.iter().enumerate() {
            for (sample, tone) in sum.iter_mut().zip(&self.tones[group * PER_GROUP + usize::from(symbol & 3)]) {
                *sample += tone;
            }
        }
        sum
    }
}
