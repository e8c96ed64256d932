//! How loud it was, where it was silent, and whether it was driven beyond full scale.

use serde::Serialize;

/// Samples of both channels in a millisecond.
const CELL: usize = 48 * 2;
/// Milliseconds in a step of the level.
const STEP: usize = 100;
/// What counts as silence.
const SILENCE_DBFS: f64 = -65.0;
/// What a level of nothing at all is told as.
const FLOOR_DBFS: f64 = -100.0;
/// Shorter silences are not told.
const MIN_SILENCE_MS: usize = 40;

/// A silence between the first sound and the end, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Silence {
    /// When it begins.
    pub start_ms: f64,
    /// How long it lasts.
    pub length_ms: f64,
    /// It reaches to the end of the samples.
    pub open: bool,
}

/// How loud it was, from the first sound to the last, in decibels of full scale.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Level {
    /// The mean over all that was not silent; null where all was.
    pub rms_dbfs: Option<f64>,
    /// The highest sample.
    pub peak_dbfs: Option<f64>,
    /// Samples at full scale or beyond.
    pub clipped_samples: u64,
    /// When it first clipped.
    pub clipped_ms: Option<f64>,
    /// The mean of each tenth of a second, from the first sample on.
    pub steps_dbfs: Vec<f64>,
}

/// Measures samples as they come.
#[derive(Debug)]
pub(super) struct Meter {
    start_ms: f64,
    /// Of each millisecond, the sum of the squares.
    cells: Vec<f32>,
    filled: usize,
    peak: f32,
    clipped: u64,
    first_clipped: Option<usize>,
}

impl Meter {
    pub(super) fn new(start_ms: f64) -> Self {
        Self { start_ms, cells: Vec::new(), filled: CELL, peak: 0.0, clipped: 0, first_clipped: None }
    }

    pub(super) fn push(&mut self, samples: &[f32]) {
        for sample in samples {
            if self.filled == CELL {
                self.cells.push(0.0);
                self.filled = 0;
            }
            self.filled += 1;
            if let Some(cell) = self.cells.last_mut() {
                *cell += sample * sample;
            }
            self.peak = self.peak.max(sample.abs());
            if sample.abs() >= 1.0 {
                self.clipped += 1;
                self.first_clipped.get_or_insert(self.cells.len() - 1);
            }
        }
    }

    /// How long it is, in whole milliseconds.
    pub(super) fn length(&self) -> usize {
        self.cells.len()
    }

    /// Whether anything is heard in this millisecond.
    pub(super) fn is_audible(&self, at: usize) -> bool {
        self.cells.get(at).is_some_and(|energy| dbfs(*energy, 1) >= SILENCE_DBFS)
    }

    pub(super) fn silences(&self) -> Vec<Silence> {
        let Some(first) = (0..self.length()).find(|at| self.is_audible(*at)) else {
            return Vec::new();
        };
        let mut silences = Vec::new();
        let mut from = first;
        for at in first..=self.length() {
            let is_end = at == self.length();
            if is_end || self.is_audible(at) {
                if at - from >= MIN_SILENCE_MS {
                    let start_ms = self.start_ms + from as f64;
                    silences.push(Silence { start_ms, length_ms: (at - from) as f64, open: is_end });
                }
                from = at + 1;
            }
        }
        silences
    }

    pub(super) fn level(&self) -> Level {
        let audible: Vec<f32> =
            (0..self.length()).filter(|at| self.is_audible(*at)).filter_map(|at| self.cells.get(at).copied()).collect();
        let mean = |cells: &[f32]| tenths(dbfs(cells.iter().sum(), cells.len()));
        Level {
            rms_dbfs: (!audible.is_empty()).then(|| mean(&audible)),
            peak_dbfs: (self.peak > 0.0).then(|| tenths((20.0 * f64::from(self.peak).log10()).max(FLOOR_DBFS))),
            clipped_samples: self.clipped,
            clipped_ms: self.first_clipped.map(|at| self.start_ms + at as f64),
            steps_dbfs: self.cells.chunks(STEP).map(mean).collect(),
        }
    }
}

fn dbfs(energy: f32, cells: usize) -> f64 {
    (10.0 * (f64::from(energy) / (cells.max(1) * CELL) as f64).log10()).max(FLOOR_DBFS)
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
