//! How loud it is, and where it is silent.

use super::audio::Audio;
use serde::Serialize;

/// The length of one step of the level, in milliseconds.
pub const HOP_MS: f64 = 5.0;
/// Frames in a step.
const HOP_FRAMES: usize = 240;
/// Quieter than this is silence, in dB below full scale. Opus keeps digital silence far below, music never stays there.
pub const SILENT_DBFS: f32 = -65.0;
/// Shorter silences are not counted, in milliseconds: nobody hears two lost frames as a pause.
pub const SHORTEST_MS: f64 = 40.0;
/// The level of digital silence, which has no logarithm.
pub(super) const FLOOR_DBFS: f32 = -120.0;

/// A stretch of time, in milliseconds from the start of the sound.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Span {
    /// Its start.
    pub start_ms: f64,
    /// Its end.
    pub end_ms: f64,
}

impl Span {
    /// Its length in milliseconds.
    #[must_use]
    pub fn length_ms(&self) -> f64 {
        self.end_ms - self.start_ms
    }
}

/// The level of a sound in steps of [`HOP_MS`].
#[derive(Clone, Debug)]
pub struct Levels {
    dbfs: Vec<f32>,
}

impl Levels {
    /// Measures `audio`: the louder channel's RMS of each step. What is left over at the end is a step of its own.
    #[must_use]
    pub fn of(audio: &Audio) -> Self {
        Self { dbfs: audio.frames().chunks(HOP_FRAMES).map(loudness).collect() }
    }

    /// The level of each step, in dB below full scale.
    #[must_use]
    pub fn dbfs(&self) -> &[f32] {
        &self.dbfs
    }

    /// The length of the sound in milliseconds, in whole steps.
    #[must_use]
    pub fn duration_ms(&self) -> f64 {
        self.dbfs.len() as f64 * HOP_MS
    }

    /// Every silence of [`SHORTEST_MS`] or more, those at the start and the end included.
    #[must_use]
    pub fn silences(&self) -> Vec<Span> {
        self.silences_of(SHORTEST_MS)
    }

    /// Every silence of `least_ms` or more.
    #[must_use]
    pub fn silences_of(&self, least_ms: f64) -> Vec<Span> {
        let mut silences = self.runs(|level| level < SILENT_DBFS);
        silences.retain(|span| span.length_ms() >= least_ms);
        silences
    }

    /// What lies between the silences.
    #[must_use]
    pub fn music(&self) -> Vec<Span> {
        let mut music = Vec::new();
        let mut from_ms = 0.0;
        for silence in self.silences() {
            if silence.start_ms > from_ms {
                music.push(Span { start_ms: from_ms, end_ms: silence.start_ms });
            }
            from_ms = silence.end_ms;
        }
        if self.duration_ms() > from_ms {
            music.push(Span { start_ms: from_ms, end_ms: self.duration_ms() });
        }
        music
    }

    /// How long it stays silent from `at_ms` on, in milliseconds; zero when there is music right there. Past the end of
    /// the sound all is silent, for ever.
    #[must_use]
    pub fn silent_for_ms(&self, at_ms: f64) -> f64 {
        // The step that `at_ms` falls into may hold the last of the music: a step of tolerance either way.
        let first = ((at_ms / HOP_MS).round().max(0.0) as usize).saturating_add(1);
        let music = self.dbfs.iter().skip(first).position(|&level| level >= SILENT_DBFS);
        match music {
            None => f64::INFINITY,
            Some(0) => 0.0,
            Some(steps) => ((first + steps) as f64 * HOP_MS - at_ms).max(0.0),
        }
    }

    fn runs(&self, wanted: impl Fn(f32) -> bool) -> Vec<Span> {
        let mut runs = Vec::new();
        let mut start = None;
        for (step, &level) in self.dbfs.iter().chain(std::iter::once(&f32::NAN)).enumerate() {
            match (start, wanted(level)) {
                (None, true) => start = Some(step),
                (Some(from), false) => {
                    runs.push(Span { start_ms: from as f64 * HOP_MS, end_ms: step as f64 * HOP_MS });
                    start = None;
                }
                (None, false) | (Some(_), true) => {}
            }
        }
        runs
    }
}

/// The RMS level of the louder channel.
fn loudness(frames: &[[f32; 2]]) -> f32 {
    let mut power = [0.0_f64; 2];
    for frame in frames {
        power[0] += f64::from(frame[0]) * f64::from(frame[0]);
        power[1] += f64::from(frame[1]) * f64::from(frame[1]);
    }
    let mean = power[0].max(power[1]) / frames.len().max(1) as f64;
    if mean > 0.0 { (10.0 * mean.log10() as f32).max(FLOOR_DBFS) } else { FLOOR_DBFS }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::synthetic::{silence, tone};

    #[test]
    fn finds_the_silences_and_the_music_between() {
        let audio = Audio::from_frames([silence(100), tone(500), silence(200), tone(300), silence(50)].concat());
        let levels = Levels::of(&audio);
        let span = |start_ms, end_ms| Span { start_ms, end_ms };
        assert_eq!(levels.silences(), [span(0.0, 100.0), span(600.0, 800.0), span(1100.0, 1150.0)]);
        assert_eq!(levels.music(), [span(100.0, 600.0), span(800.0, 1100.0)]);
    }

    #[test]
    fn two_lost_frames_are_no_silence_and_a_soft_passage_is_music() {
        let soft: Vec<[f32; 2]> = tone(200).iter().map(|frame| [frame[0] * 0.005, 0.0]).collect();
        let audio = Audio::from_frames([tone(200), silence(35), tone(200), soft, tone(100)].concat());
        assert_eq!(Levels::of(&audio).silences(), []);
    }

    #[test]
    fn one_channel_alone_is_music() {
        let left: Vec<[f32; 2]> = tone(100).iter().map(|frame| [frame[0], 0.0]).collect();
        assert_eq!(Levels::of(&Audio::from_frames(left)).silences(), []);
    }

    #[test]
    fn says_how_long_a_passage_stays_silent() {
        let levels = Levels::of(&Audio::from_frames([tone(500), silence(200), tone(300)].concat()));
        assert_eq!(levels.silent_for_ms(200.0), 0.0);
        assert_eq!(levels.silent_for_ms(500.0), 200.0);
        assert_eq!(levels.silent_for_ms(1000.0), f64::INFINITY);
    }

    #[test]
    fn an_empty_sound_has_neither() {
        let levels = Levels::of(&Audio::default());
        assert!(levels.silences().is_empty() && levels.music().is_empty());
    }
}
