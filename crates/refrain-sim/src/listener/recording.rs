//! The recorded timeline: for each millisecond how loud it was, and where there was music.

use super::{cover::Cover, timeline::TICKS_PER_MS};

/// Loudness is kept for this long.
const MAX_CELLS: usize = 4 * 60 * 60 * 1000;
/// What counts as silence: -65 dBFS, as the mean square of full scale.
const SILENCE: f32 = 3.162_277_7e-7;
/// What a level of nothing at all is told as.
const FLOOR_DBFS: f64 = -100.0;
/// Shorter silences are not told.
const MIN_SILENCE_MS: usize = 40;
const CELL: usize = TICKS_PER_MS as usize;
const CHANNELS: usize = 2;
/// A tenth of a second, in cells.
pub(super) const TENTH: usize = 100;

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
    /// Of each millisecond, the sum of the squares of its samples, both channels, full scale being 1: the upper half of
    /// an f32, which is right to a thirtieth of a decibel. Empty where nothing is decoded.
    cells: Vec<u16>,
    /// Where there was music, audible or not.
    music_at: Cover,
    pub(super) is_truncated: bool,
    pub(super) decoded: i64,
    pub(super) music: i64,
}

impl Recording {
    /// An empty recording that begins at `start` ticks.
    pub(super) fn new(start: i64, is_decoding: bool) -> Self {
        Self {
            start,
            is_decoding,
            cells: Vec::new(),
            music_at: Cover::default(),
            is_truncated: false,
            decoded: 0,
            music: 0,
        }
    }

    /// Where it begins, in ticks.
    pub(super) fn start(&self) -> i64 {
        self.start
    }

    /// Where it begins, in milliseconds of the simulator's clock.
    pub(super) fn start_ms(&self) -> f64 {
        ms(self.start)
    }

    pub(super) fn is_decoding(&self) -> bool {
        self.is_decoding
    }

    /// Where the last frame ends, in ticks.
    pub(super) fn end(&self) -> i64 {
        let cells = self.cells.len().max(self.music_at.end());
        self.start + i64::try_from(cells * CELL).unwrap_or(0)
    }

    /// A decoded frame (stereo, interleaved) begins at `at` ticks. Streams that sound at the same time are added.
    pub(super) fn write(&mut self, at: i64, frame: &[f32], is_music: bool) {
        let Some((offset, skipped)) = self.place(at) else {
            return;
        };
        let frame = frame.get(skipped * CHANNELS..).unwrap_or_default();
        let ticks = frame.len() / CHANNELS;
        self.decoded += ticks as i64;
        self.cover(offset, ticks, is_music);
        self.measure(offset, frame);
    }

    /// A frame that is not decoded begins at `at` ticks and lasts for `ticks`.
    pub(super) fn mark(&mut self, at: i64, ticks: i64, is_music: bool) {
        if let Some((offset, skipped)) = self.place(at) {
            let ticks = usize::try_from(ticks).unwrap_or(0).saturating_sub(skipped);
            self.cover(offset, ticks, is_music);
        }
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
        if is_music {
            self.music += ticks as i64;
            self.music_at.add(offset / CELL, end);
        }
        if self.is_decoding && self.cells.len() < end {
            self.cells.resize(end, 0);
        }
    }

    fn measure(&mut self, offset: usize, frame: &[f32]) {
        // The first piece ends where its millisecond ends; the others are whole but the last.
        let (first, rest) = frame.split_at(((CELL - offset % CELL) * CHANNELS).min(frame.len()));
        let pieces = std::iter::once(first).chain(rest.chunks(CELL * CHANNELS));
        for (cell, piece) in self.cells.iter_mut().skip(offset / CELL).zip(pieces) {
            let energy: f32 = piece.iter().map(|sample| sample * sample).sum();
            *cell = packed(unpacked(*cell) + energy);
        }
    }

    /// When the first frame of music began.
    pub(super) fn first_music_ms(&self) -> Option<f64> {
        self.music_at.first().map(|first| self.start_ms() + first as f64)
    }

    /// The level of each tenth of a second, in dBFS; empty where nothing is decoded.
    pub(super) fn levels(&self) -> Vec<f64> {
        self.cells.chunks(TENTH).map(|cells| level(cells, cells.len())).collect()
    }

    /// The tenth of a second with this number: its level, and whether there was music.
    pub(super) fn tenth(&self, number: usize) -> (f64, bool) {
        let (from, until) = (number * TENTH, (number + 1) * TENTH);
        // Behind the last cell nothing was heard.
        let cells = self.cells.get(from.min(self.cells.len())..until.min(self.cells.len())).unwrap_or_default();
        (level(cells, TENTH), self.music_at.touches(from, until))
    }

    /// Silences from the first music on, heard up to `now` ticks; `held` is music whose place is not settled yet, where
    /// it will most likely be. A silence that reaches to the end is open.
    pub(super) fn silences(&self, now: i64, held: impl Iterator<Item = (i64, i64)>) -> Vec<Silence> {
        let mut heard = self.audible();
        for (at, ticks) in held {
            if let (Ok(from), Ok(until)) = (usize::try_from(at - self.start), usize::try_from(at + ticks - self.start))
            {
                heard.add(from / CELL, until.div_ceil(CELL));
            }
        }
        let Some(first) = self.music_at.first().or(heard.first()) else {
            return Vec::new();
        };
        let until = usize::try_from((now - self.start) / TICKS_PER_MS).unwrap_or(0);
        let end = until.max(self.cells.len()).max(heard.end()).min(MAX_CELLS);
        let told = |(from, until): (usize, usize)| {
            let start_ms = self.start_ms() + from as f64;
            Silence { start_ms, length_ms: (until - from) as f64, is_open: until == end }
        };
        let holes = heard.holes(first, end).into_iter();
        holes.filter(|(from, until)| until - from >= MIN_SILENCE_MS).map(told).collect()
    }

    /// Where something could be heard.
    fn audible(&self) -> Cover {
        if !self.is_decoding {
            return self.music_at.clone();
        }
        let mut cover = Cover::default();
        let mut from = None;
        for (at, cell) in self.cells.iter().enumerate() {
            if unpacked(*cell) >= SILENCE * (CELL * CHANNELS) as f32 {
                from.get_or_insert(at);
            } else if let Some(from) = from.take() {
                cover.add(from, at);
            }
        }
        if let Some(from) = from {
            cover.add(from, self.cells.len());
        }
        cover
    }
}

/// The mean level of cells that are so many, in dBFS.
fn level(cells: &[u16], count: usize) -> f64 {
    let energy: f32 = cells.iter().map(|cell| unpacked(*cell)).sum();
    let mean = f64::from(energy) / (count * CELL * CHANNELS).max(1) as f64;
    ((10.0 * mean.log10()).max(FLOOR_DBFS) * 10.0).round() / 10.0
}

/// Rounded, so that many small sums do not all lose the same way.
fn packed(energy: f32) -> u16 {
    (energy.min(1e30).to_bits().saturating_add(0x8000) >> 16) as u16
}

fn unpacked(cell: u16) -> f32 {
    f32::from_bits(u32::from(cell) << 16)
}

/// Ticks as milliseconds.
pub(super) fn ms(ticks: i64) -> f64 {
    ticks as f64 / TICKS_PER_MS as f64
}

#[cfg(test)]
#[path = "recording_tests.rs"]
mod tests;
