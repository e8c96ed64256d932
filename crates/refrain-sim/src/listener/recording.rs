//! The recorded timeline: samples, and for each millisecond how loud it was and what covered it.

use super::timeline::TICKS_PER_MS;

/// Samples are kept for this long; after that the recording stops and says so.
const MAX_SAMPLES_MS: usize = 15 * 60 * 1000;
/// Loudness is kept for this long.
const MAX_CELLS: usize = 4 * 60 * 60 * 1000;
/// What counts as silence.
const SILENCE_DBFS: f64 = -65.0;
/// What a level of nothing at all is told as.
const FLOOR_DBFS: f64 = -100.0;
/// Shorter silences are not told.
const MIN_SILENCE_MS: usize = 40;
const CELL: usize = TICKS_PER_MS as usize;
const CHANNELS: usize = 2;

/// A tenth of a second, in cells.
const TENTH: usize = 100;
/// Tenths told at once: two minutes.
const MAX_TENTHS: usize = 1200;

/// How loud it was, tenth by tenth.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tenths {
    /// When the first begins, in milliseconds of the simulator's clock.
    pub(crate) from_ms: f64,
    /// Without decoding every level is that of silence.
    pub(crate) is_decoding: bool,
    pub(crate) tenths: Vec<Tenth>,
}

/// A tenth of a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tenth {
    pub(crate) dbfs: f64,
    /// Whether any of it was covered by music that was sent.
    pub(crate) has_music: bool,
}

impl Tenths {
    /// When the last one ends.
    pub(crate) fn until_ms(&self) -> f64 {
        self.from_ms + (self.tenths.len() * TENTH) as f64
    }
}

/// One millisecond.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    /// The sum of the squares of its samples, both channels, full scale being 1.
    energy: f32,
    has_music: bool,
}

/// A stretch of silence, in milliseconds of the simulator's clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Silence {
    pub(super) start_ms: f64,
    pub(super) length_ms: f64,
    /// It has not ended yet.
    pub(super) is_open: bool,
}

/// What was heard, from `start` on.
#[derive(Debug)]
pub(super) struct Recording {
    start: i64,
    is_decoding: bool,
    samples: Vec<i16>,
    cells: Vec<Cell>,
    pub(super) is_truncated: bool,
    pub(super) decoded: i64,
    pub(super) music: i64,
}

impl Recording {
    /// An empty recording that begins at `start` ticks.
    pub(super) fn new(start: i64, is_decoding: bool) -> Self {
        Self { start, is_decoding, samples: Vec::new(), cells: Vec::new(), is_truncated: false, decoded: 0, music: 0 }
    }

    /// Where it begins, in milliseconds of the simulator's clock.
    pub(super) fn start_ms(&self) -> f64 {
        ms(self.start)
    }

    /// A decoded frame (stereo, interleaved) begins at `at` ticks. Streams that sound at the same time are mixed.
    pub(super) fn write(&mut self, at: i64, frame: &[i16], is_music: bool) {
        let Some((offset, skipped)) = self.place(at) else {
            return;
        };
        let frame = frame.get(skipped * CHANNELS..).unwrap_or_default();
        let ticks = frame.len() / CHANNELS;
        self.decoded += ticks as i64;
        self.music += if is_music { ticks as i64 } else { 0 };
        self.cover(offset, ticks, is_music);
        self.measure(offset, frame);
        self.mix(offset, frame);
    }

    /// A frame that is not decoded begins at `at` ticks and lasts for `ticks`.
    pub(super) fn mark(&mut self, at: i64, ticks: i64, is_music: bool) {
        let Some((offset, skipped)) = self.place(at) else {
            return;
        };
        let ticks = usize::try_from(ticks).unwrap_or(0).saturating_sub(skipped);
        self.music += if is_music { ticks as i64 } else { 0 };
        self.cover(offset, ticks, is_music);
    }

    /// The offset of `at` from the start, and how many ticks before the start it lies.
    fn place(&mut self, at: i64) -> Option<(usize, usize)> {
        let offset = at - self.start;
        let skipped = usize::try_from(-offset.min(0)).ok()?;
        let offset = usize::try_from(offset.max(0)).ok()?;
        if offset / CELL >= MAX_CELLS {
            self.is_truncated = true;
            return None;
        }
        Some((offset, skipped))
    }

    fn cover(&mut self, offset: usize, ticks: usize, is_music: bool) {
        let end = (offset + ticks).div_ceil(CELL).min(MAX_CELLS);
        if self.cells.len() < end {
            self.cells.resize(end, Cell::default());
        }
        for cell in self.cells.get_mut(offset / CELL..end).unwrap_or_default() {
            cell.has_music |= is_music;
        }
    }

    fn measure(&mut self, offset: usize, frame: &[i16]) {
        for (at, pair) in frame.chunks_exact(CHANNELS).enumerate() {
            if let Some(cell) = self.cells.get_mut((offset + at) / CELL) {
                cell.energy += pair.iter().map(|&sample| (f32::from(sample) / 32768.0).powi(2)).sum::<f32>();
            }
        }
    }

    fn mix(&mut self, offset: usize, frame: &[i16]) {
        let from = offset * CHANNELS;
        let limit = MAX_SAMPLES_MS * CELL * CHANNELS;
        let end = (from + frame.len()).min(limit);
        self.is_truncated |= from + frame.len() > limit;
        if self.samples.len() < end {
            self.samples.resize(end, 0);
        }
        for (sample, new) in self.samples.iter_mut().skip(from).zip(frame) {
            *sample = sample.saturating_add(*new);
        }
    }

    /// Samples from `from` on, silence behind what was heard, up to `now` ticks; `None` at the end. At most a few
    /// seconds at a time, so that whoever records need not wait for long.
    pub(super) fn samples(&self, from: usize, now: i64) -> Option<Vec<i16>> {
        let heard = usize::try_from(now - self.start).unwrap_or(0) * CHANNELS;
        let end = heard.max(self.samples.len()).min(MAX_SAMPLES_MS * CELL * CHANNELS);
        let until = end.min(from + 10_000 * CELL * CHANNELS);
        if from >= until {
            return None;
        }
        let mut samples = self.samples.get(from..until.min(self.samples.len())).unwrap_or_default().to_vec();
        samples.resize(until - from, 0);
        Some(samples)
    }

    /// When the first frame of music began.
    pub(super) fn first_music_ms(&self) -> Option<f64> {
        let first = self.cells.iter().position(|cell| cell.has_music)?;
        Some(self.start_ms() + first as f64)
    }

    /// The level of each tenth of a second, in dBFS; empty where nothing is decoded.
    pub(super) fn levels(&self) -> Vec<f64> {
        if !self.is_decoding {
            return Vec::new();
        }
        let level = |cells: &[Cell]| {
            let energy: f32 = cells.iter().map(|cell| cell.energy).sum();
            (dbfs(energy, cells.len()) * 10.0).round() / 10.0
        };
        self.cells.chunks(100).map(level).collect()
    }

    /// The whole tenths of a second that begin at `from_ms` or later and were heard by `now` ticks.
    pub(super) fn tenths(&self, from_ms: f64, now: i64) -> Tenths {
        // A time that was told is a sum of fractions: what is off by a rounding still begins there.
        let passed = ((from_ms - self.start_ms()) / TENTH as f64 - 0.001).ceil().max(0.0) as usize;
        let heard = usize::try_from((now - self.start) / TICKS_PER_MS).unwrap_or(0) / TENTH;
        // Behind the last cell nothing was heard.
        let tenth = |number: usize| {
            let from = (number * TENTH).min(self.cells.len());
            let cells = self.cells.get(from..(from + TENTH).min(self.cells.len())).unwrap_or_default();
            let energy: f32 = cells.iter().map(|cell| cell.energy).sum();
            Tenth {
                dbfs: (dbfs(energy, TENTH) * 10.0).round() / 10.0,
                has_music: cells.iter().any(|one| one.has_music),
            }
        };
        let tenths = (passed..heard.min(passed.saturating_add(MAX_TENTHS))).map(tenth).collect();
        Tenths { from_ms: self.start_ms() + (passed * TENTH) as f64, is_decoding: self.is_decoding, tenths }
    }

    /// Silences from the first music on, heard up to `now` ticks. One that reaches to the end is open.
    pub(super) fn silences(&self, now: i64) -> Vec<Silence> {
        let Some(first) = self.cells.iter().position(|cell| cell.has_music) else {
            return Vec::new();
        };
        let heard = usize::try_from((now - self.start) / TICKS_PER_MS).unwrap_or(0);
        let end = heard.max(self.cells.len()).min(MAX_CELLS);
        let mut silences = Vec::new();
        let mut silent_from = first;
        for (at, cell) in self.cells.iter().enumerate().skip(first) {
            if self.is_audible(cell) {
                silences.extend(self.silence(silent_from, at, false));
                silent_from = at + 1;
            }
        }
        silences.extend(self.silence(silent_from, end, true));
        silences
    }

    fn silence(&self, from: usize, until: usize, is_open: bool) -> Option<Silence> {
        let length = until.saturating_sub(from);
        (length >= MIN_SILENCE_MS).then(|| Silence {
            start_ms: self.start_ms() + from as f64,
            length_ms: length as f64,
            is_open,
        })
    }

    fn is_audible(&self, cell: &Cell) -> bool {
        if self.is_decoding { dbfs(cell.energy, 1) >= SILENCE_DBFS } else { cell.has_music }
    }
}

fn dbfs(energy: f32, cells: usize) -> f64 {
    let samples = (cells * CELL * CHANNELS).max(1) as f64;
    (10.0 * (f64::from(energy) / samples).log10()).max(FLOOR_DBFS)
}

/// Ticks as milliseconds.
pub(super) fn ms(ticks: i64) -> f64 {
    ticks as f64 / TICKS_PER_MS as f64
}

#[cfg(test)]
#[path = "recording_tests.rs"]
mod tests;
