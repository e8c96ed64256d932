//! The demo's own tune: composed in code from a seed, so that nothing has to be downloaded or licensed, and such that no
//! two moments of it are alike, so that any half second tells its place.
//!
//! Soft chords that drift slowly against each other, a bass, a plucked melody drawn from the chord and a pentatonic
//! scale, a slow airy sweep, and a faint brush on the beat whose noise never repeats.

use crate::measure::{Audio, RATE};
use std::f64::consts::TAU;

/// Beats a minute.
const TEMPO: f64 = 92.0;
/// A beat in seconds.
const BEAT: f64 = 60.0 / TEMPO;
/// The loudest sample of the finished tune.
const PEAK: f32 = 0.7;
/// How long it fades at both ends, in seconds.
const FADE: f64 = 0.03;

/// Chords as semitones above A2 (110 Hz), four voices each; which follows which is drawn.
const CHORDS: [[i32; 4]; 6] =
    [[0, 12, 19, 24], [5, 12, 17, 21], [-2, 14, 17, 22], [3, 10, 19, 22], [7, 14, 19, 23], [8, 12, 15, 20]];
/// The melody's scale above A4, in semitones: minor pentatonic.
const SCALE: [i32; 8] = [0, 3, 5, 7, 10, 12, 15, 17];

/// Which tune, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tune {
    /// The same seed gives the same tune, sample by sample.
    pub seed: u64,
    /// The length in seconds.
    pub seconds: u32,
}

impl Default for Tune {
    fn default() -> Self {
        Self { seed: 4006, seconds: 60 }
    }
}

/// Composes a tune.
#[must_use]
pub fn compose(tune: Tune) -> Audio {
    let mut canvas = Canvas::new(tune.seconds);
    let mut dice = Dice(tune.seed);
    let bars = (f64::from(tune.seconds) / (BEAT * 4.0)).ceil() as usize;
    let mut chord = dice.below(CHORDS.len());
    for bar in 0..bars {
        let start = bar as f64 * BEAT * 4.0;
        play_bar(&mut canvas, &mut dice, start, CHORDS[chord]);
        chord = (chord + 1 + dice.below(CHORDS.len() - 1)) % CHORDS.len();
    }
    canvas.sweep(&mut dice);
    canvas.finish()
}

fn play_bar(canvas: &mut Canvas, dice: &mut Dice, start: f64, chord: [i32; 4]) {
    for (voice, &step) in chord.iter().enumerate() {
        // A few cents off, differently each time: the beating never repeats.
        let detune = 1.0 + (dice.unit() - 0.5) * 0.006;
        let pan = 0.2 + 0.2 * voice as f64;
        canvas.note(&Note {
            start,
            length: BEAT * 4.4,
            hz: pitch(110.0, step) * detune,
            gain: 0.11,
            pan,
            kind: Kind::Pad,
        });
    }
    for half in 0..2 {
        let at = start + f64::from(half) * BEAT * 2.0;
        canvas.note(&Note {
            start: at,
            length: BEAT * 1.9,
            hz: pitch(55.0, chord[0]),
            gain: 0.16,
            pan: 0.5,
            kind: Kind::Bass,
        });
    }
    for eighth in 0..8 {
        let at = start + f64::from(eighth) * BEAT * 0.5;
        if dice.unit() < 0.62 {
            let step = SCALE[dice.below(SCALE.len())];
            let note = Note {
                start: at,
                length: BEAT * (0.6 + dice.unit()),
                hz: pitch(440.0, step) * (1.0 + (dice.unit() - 0.5) * 0.003),
                gain: 0.14 + 0.08 * dice.unit(),
                pan: 0.25 + 0.5 * dice.unit(),
                kind: Kind::Pluck,
            };
            canvas.note(&note);
        }
        canvas.brush(dice, at, if eighth % 4 == 2 { 0.05 } else { 0.018 });
    }
}

fn pitch(base: f64, semitones: i32) -> f64 {
    base * (f64::from(semitones) / 12.0).exp2()
}

/// How a note sounds.
#[derive(Clone, Copy)]
enum Kind {
    Pad,
    Bass,
    Pluck,
}

impl Kind {
    /// The strength of each overtone, the fundamental first.
    const fn partials(self) -> &'static [f64] {
        match self {
            Self::Pad => &[1.0, 0.35, 0.22, 0.08],
            Self::Bass => &[1.0, 0.5, 0.18],
            Self::Pluck => &[1.0, 0.45, 0.28, 0.16, 0.08],
        }
    }

    /// The time in seconds that a note takes to come up, and how fast it dies away (1 a second).
    const fn attack_and_decay(self) -> (f64, f64) {
        match self {
            Self::Pad => (0.5, 0.0),
            Self::Bass => (0.02, 0.9),
            Self::Pluck => (0.006, 4.0),
        }
    }
}

struct Note {
    /// In seconds from the start of the tune.
    start: f64,
    length: f64,
    hz: f64,
    gain: f64,
    /// 0 is left, 1 is right.
    pan: f64,
    kind: Kind,
}

/// The tune in the making.
struct Canvas {
    frames: Vec<[f32; 2]>,
}

impl Canvas {
    fn new(seconds: u32) -> Self {
        Self { frames: vec![[0.0; 2]; seconds as usize * RATE as usize] }
    }

    /// The frames from `start` on, for `length` seconds, as far as the tune goes.
    fn stretch(&mut self, start: f64, length: f64) -> &mut [[f32; 2]] {
        let from = ((start * f64::from(RATE)) as usize).min(self.frames.len());
        let to = (((start + length) * f64::from(RATE)) as usize).min(self.frames.len());
        &mut self.frames[from..to]
    }

    fn note(&mut self, note: &Note) {
        let gains = [(1.0 - note.pan).sqrt() * note.gain, note.pan.sqrt() * note.gain];
        let (attack, decay) = note.kind.attack_and_decay();
        let strengths = note.kind.partials();
        let mut partials: Vec<Turning> =
            (1..=strengths.len()).map(|overtone| Turning::new(note.hz * overtone as f64)).collect();
        let fading = (-decay / f64::from(RATE)).exp();
        let mut loudness = 1.0;
        for (n, frame) in self.stretch(note.start, note.length).iter_mut().enumerate() {
            let at = n as f64 / f64::from(RATE);
            let sound: f64 =
                partials.iter_mut().zip(strengths).map(|(partial, strength)| partial.next() * strength).sum();
            let edges = (at / attack).min(1.0) * ((note.length - at) / 0.25).clamp(0.0, 1.0);
            let sound = sound * edges * loudness;
            loudness *= fading;
            frame[0] += (sound * gains[0]) as f32;
            frame[1] += (sound * gains[1]) as f32;
        }
    }

    /// A short stroke of noise.
    fn brush(&mut self, dice: &mut Dice, start: f64, gain: f64) {
        let mut smooth = 0.0;
        for (n, frame) in self.stretch(start, 0.16).iter_mut().enumerate() {
            smooth += 0.35 * (dice.unit() * 2.0 - 1.0 - smooth);
            let sound = (smooth * gain * (-(n as f64) / f64::from(RATE) * 26.0).exp()) as f32;
            frame[0] += sound;
            frame[1] += sound;
        }
    }

    /// A breath of noise around a tone that rises over the whole tune.
    fn sweep(&mut self, dice: &mut Dice) {
        let total = self.frames.len().max(1) as f64;
        let (mut phase, mut breath) = (0.0_f64, 0.0);
        for (n, frame) in self.frames.iter_mut().enumerate() {
            let along = n as f64 / total;
            phase = (phase + TAU * (260.0 + 900.0 * along) / f64::from(RATE)) % TAU;
            breath += 0.002 * (dice.unit() * 2.0 - 1.0 - breath);
            let sound = phase.sin() * (0.02 + breath * 0.6);
            frame[0] += (sound * (1.0 - along)) as f32;
            frame[1] += (sound * along) as f32;
        }
    }

    fn finish(mut self) -> Audio {
        let loudest = self.frames.iter().flatten().fold(0.0_f32, |loudest, sample| loudest.max(sample.abs()));
        let gain = if loudest > 0.0 { PEAK / loudest } else { 0.0 };
        let (count, fade) = (self.frames.len(), FADE * f64::from(RATE));
        for (n, frame) in self.frames.iter_mut().enumerate() {
            let edge = (n.min(count - 1 - n) as f64 / fade).min(1.0) as f32;
            *frame = [frame[0] * gain * edge, frame[1] * gain * edge];
        }
        Audio::from_frames(self.frames)
    }
}

/// A sine, computed by turning a pointer: far cheaper than asking for the sine of every sample.
struct Turning {
    sine: f64,
    cosine: f64,
    turn: (f64, f64),
}

impl Turning {
    fn new(hz: f64) -> Self {
        Self { sine: 0.0, cosine: 1.0, turn: (TAU * hz / f64::from(RATE)).sin_cos() }
    }

    fn next(&mut self) -> f64 {
        let sine = self.sine;
        self.sine = sine * self.turn.1 + self.cosine * self.turn.0;
        self.cosine = self.cosine * self.turn.1 - sine * self.turn.0;
        sine
    }
}

/// Reproducible chance: the splitmix64 generator.
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 to `bound - 1`; zero when there is no room.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((self.unit() * bound as f64) as usize).min(bound.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Comparison, Levels};

    const SHORT: Tune = Tune { seed: 4006, seconds: 30 };

    #[test]
    fn the_same_seed_gives_the_same_tune() {
        assert_eq!(compose(SHORT), compose(SHORT));
        assert_ne!(compose(SHORT), compose(Tune { seed: 1, ..SHORT }));
    }

    #[test]
    fn it_sounds_from_beginning_to_end_and_never_clips() {
        let tune = compose(Tune::default());
        assert_eq!(tune.duration_ms(), 60_000.0);
        assert!(Levels::of(&tune).silences().is_empty());
        assert!(tune.frames().iter().flatten().all(|sample| sample.abs() <= PEAK + 1e-3));
    }

    #[test]
    fn every_moment_of_it_tells_its_place() {
        let tune = compose(SHORT);
        // Each window of the second half is looked for in the whole tune: it must be found at its own place.
        let half = Audio::from_frames(tune.frames()[15 * 48_000..].to_vec());
        let comparison = Comparison::new(&half, &tune);
        for window in comparison.windows() {
            assert!((window.source_ms.unwrap() - window.at_ms - 15_000.0).abs() <= 1.0, "{window:?}");
        }
    }

    #[test]
    fn an_empty_tune_is_empty() {
        assert_eq!(compose(Tune { seed: 1, seconds: 0 }).frames().len(), 0);
    }
}
