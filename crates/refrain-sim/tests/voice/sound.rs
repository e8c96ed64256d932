//! Something to hear.

use opus2::{Application, Channels, Encoder};

/// Opus frames of 20 ms of a 440 Hz tone at half of full scale, stereo.
pub(crate) fn tone(frames: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(48_000, Channels::Stereo, Application::Audio).unwrap();
    (0..frames)
        .map(|frame| {
            let pcm: Vec<f32> = (frame * 960..(frame + 1) * 960)
                .flat_map(|at| [(at as f32 * 440.0 * std::f32::consts::TAU / 48_000.0).sin() * 0.5; 2])
                .collect();
            encoder.encode_vec_float(&pcm, 1000).unwrap()
        })
        .collect()
}
