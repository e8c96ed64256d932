//! From samples to readings: which frame of which track begins when.
//!
//! A window of 20 ms is measured at the 64 tones. It is a frame's when in each group one tone stands out, the winners'
//! symbols pass the check, and their phases agree on one place of the window within the frame. Once a frame is found,
//! the next is looked for where it must begin, and is then also believed with a few wrong symbols; where nothing is
//! found the window moves on by 5 ms.

use super::{
    FRAME_MS,
    code::{self, GROUPS},
    lowpass::Lowpass,
    spectrum::{Bank, WINDOW},
};

/// How far the window moves where nothing was found.
const HOP: usize = WINDOW / 4;
/// Windows with less than this mean square hold nothing: -66 dBFS.
const FLOOR: f32 = 2.5e-7;
const PER_MS: f64 = WINDOW as f64 / FRAME_MS;

/// A frame that was heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// When it begins, in milliseconds from the first sample.
    pub at_ms: f64,
    /// Which track it is of.
    pub track: u8,
    /// Where in the track it begins, in milliseconds: a multiple of 20.
    pub position_ms: f64,
    /// How well the sixteen tones agreed, up to 1.
    pub confidence: f32,
}

/// Reads frames out of samples as they come.
#[derive(Debug)]
pub struct Reader {
    bank: Bank,
    lowpass: Lowpass,
    waiting: Vec<f32>,
    /// How many samples went before those that wait.
    gone: usize,
    /// The frame that should begin here.
    expected: Option<(u8, u32)>,
    readings: Vec<Reading>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            bank: Bank::new(),
            lowpass: Lowpass::new(),
            waiting: Vec::new(),
            gone: 0,
            expected: None,
            readings: Vec::new(),
        }
    }
}

impl Reader {
    /// The next samples: 48 kHz, stereo, interleaved, full scale being 1.
    pub fn push(&mut self, stereo: &[f32]) {
        self.lowpass.push(stereo, &mut self.waiting);
        let mut from = 0;
        while from + WINDOW <= self.waiting.len() {
            from += self.look(from);
        }
        let from = from.min(self.waiting.len());
        self.waiting.drain(..from);
        self.gone += from;
    }

    /// Everything that was read.
    #[must_use]
    pub fn finish(mut self) -> Vec<Reading> {
        // Silence at the end lets the last, perhaps incomplete, frame be looked at.
        self.push(&[0.0; 960 * 2]);
        self.readings
    }

    /// Looks at the window that begins there; how far it is to the next one.
    fn look(&mut self, from: usize) -> usize {
        let expected = self.expected.take();
        let Some(window) = self.waiting.get(from..from + WINDOW) else {
            return HOP;
        };
        let energy: f32 = window.iter().map(|sample| sample * sample).sum();
        if energy < FLOOR * WINDOW as f32 {
            return HOP;
        }
        let spectrum = self.bank.measure(window);
        let found = spectrum
            .frame(energy)
            .or_else(|| expected.and_then(|(track, frame)| spectrum.confirms(&code::symbols(track, frame), expected)));
        let Some(found) = found else {
            return HOP;
        };
        let begins = (self.gone + from) as f64 - found.offset;
        self.readings.push(Reading {
            at_ms: begins.max(0.0) / PER_MS,
            track: found.track,
            position_ms: f64::from(found.frame) * FRAME_MS,
            confidence: found.confidence,
        });
        self.expected = Some((found.track, (found.frame + 1) % code::FRAMES));
        // The offset is less than half a window either way.
        (WINDOW as f64 - found.offset).round().clamp(HOP as f64, 2.0 * WINDOW as f64) as usize
    }
}

const _: () = assert!(GROUPS == 16, "the thresholds were measured with sixteen groups");

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
