//! A sound that tells where in which track it is: what a bot is given to play, so that a listener can read back what
//! was heard.
//!
//! A track is a row of frames of 20 ms. Each frame carries its number (17 bits, up to 43 minutes), the track's id (7
//! bits) and a check (8 bits): 32 bits as 16 groups of four tones, of which one each sounds. The 64 tones are the
//! multiples of 50 Hz from 400 to 3550 Hz, so that each has a whole number of periods in a frame: any window of 20 ms
//! keeps them apart, every frame begins with the same phases, and nothing clicks between two frames. The loudest tone of
//! a group wins whatever the volume, and the phases of the sixteen winners together say where in its frame a window
//! lies, to a fraction of a millisecond; on music and noise neither fits.
//!
//! [`Track`] makes the sound and writes it to files, [`Reader`] reads positions out of samples, [`Analysis`] makes of
//! them what a judge asks for: stretches, silences, repeats, skips, levels.

mod analysis;
mod code;
mod files;
mod lowpass;
mod meter;
mod reader;
mod segments;
mod spectrum;
mod tones;

pub use analysis::{Analyser, Analysis, Played, Unreadable};
pub use files::FileError;
pub use meter::{Level, Silence};
pub use reader::{Reader, Reading};
pub use segments::{Jump, Segment};

use code::{FRAMES, TRACKS};

/// How long a frame is.
pub const FRAME_MS: f64 = 20.0;

/// A track to play.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Track {
    id: u8,
    frames: u32,
}

/// Why there is no such track.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum TrackError {
    /// The id does not fit.
    #[error("the track id {0} is too large: ids go from 0 to {max}", max = TRACKS - 1)]
    Id(u32),
    /// The length does not fit.
    #[error("a track of {0} s cannot be made: tracks are 0.02 s to {max} s long", max = f64::from(FRAMES) * FRAME_MS / 1000.0)]
    Length(f64),
}

impl Track {
    /// The track with this id (0 to 127) and this length, rounded down to whole frames of 20 ms.
    ///
    /// # Errors
    /// When the id or the length cannot be carried.
    pub fn new(id: u32, seconds: f64) -> Result<Self, TrackError> {
        let small = u8::try_from(id).ok().filter(|small| *small < TRACKS).ok_or(TrackError::Id(id))?;
        let frames = (seconds * 1000.0 / FRAME_MS + 1e-6).floor();
        if !(1.0..=f64::from(FRAMES)).contains(&frames) {
            return Err(TrackError::Length(seconds));
        }
        Ok(Self { id: small, frames: frames as u32 })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> u8 {
        self.id
    }

    /// Its length in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        f64::from(self.frames) * FRAME_MS / 1000.0
    }

    /// Its sound at 48 kHz, mono, full scale being 1: about -17 dBFS, with peaks below -1.9 dBFS.
    #[must_use]
    pub fn samples(&self) -> Vec<f32> {
        self.sound(48_000).flatten().collect()
    }

    /// Its sound, frame by frame, at this rate in hertz: a multiple of 50 of at least 8000.
    fn sound(&self, rate: u32) -> impl Iterator<Item = Vec<f32>> + use<> {
        let Self { id, frames } = *self;
        let synth = tones::Synth::new(rate);
        (0..frames).map(move |frame| synth.frame(&code::symbols(id, frame)))
    }
}

#[cfg(test)]
mod tests;
