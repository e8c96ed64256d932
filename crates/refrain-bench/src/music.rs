//! Something to send: Opus frames that cost a decoder what music costs.

use anyhow::{Context as _, Result};
use opus2::{Application, Bitrate, Channels, Encoder};

/// How many frames there are; they are sent again and again.
const FRAMES: usize = 250;
/// Samples of one channel in a frame of 20 ms.
const SAMPLES: usize = 960;

/// Five seconds of chords, strokes and noise at 128 kbit/s, in stereo frames of 20 ms.
pub(crate) fn frames() -> Result<Vec<Vec<u8>>> {
    let mut encoder = Encoder::new(48_000, Channels::Stereo, Application::Audio).context("making an Opus encoder")?;
    encoder.set_bitrate(Bitrate::Bits(128_000)).context("setting the bitrate")?;
    let mut noise = 0x9e37_79b9_u32;
    (0..FRAMES)
        .map(|frame| {
            let samples: Vec<f32> = (frame * SAMPLES..(frame + 1) * SAMPLES)
                .flat_map(|at| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let hiss = (noise >> 16) as f32 / 65_536.0 - 0.5;
                    stereo(at as f32 / 48_000.0, hiss)
                })
                .collect();
            encoder.encode_vec_float(&samples, 1275).context("encoding a frame")
        })
        .collect()
}

fn stereo(seconds: f32, hiss: f32) -> [f32; 2] {
    let tone = |hertz: f32| (seconds * hertz * std::f32::consts::TAU).sin();
    let stroke = (-8.0 * (seconds * 2.0).fract()).exp();
    let chord = 0.15 * (tone(220.0) + tone(277.2) + tone(329.6)) + 0.05 * tone(1760.0 + 30.0 * tone(5.0));
    [chord + 0.2 * stroke * hiss, chord * 0.8 + 0.2 * stroke * hiss]
}
