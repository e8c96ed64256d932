//! Sounds for the tests of the measurements.

use crate::track::{Tune, compose};

/// A steady tone.
pub(super) fn tone(ms: usize) -> Vec<[f32; 2]> {
    (0..ms * 48).map(|n| [(n as f32 * 0.06).sin() * 0.5; 2]).collect()
}

/// Digital silence.
pub(super) fn silence(ms: usize) -> Vec<[f32; 2]> {
    vec![[0.0; 2]; ms * 48]
}

/// A tune of its own for each seed.
pub(super) fn music(seed: u64, ms: usize) -> Vec<[f32; 2]> {
    let tune = Tune { seed, seconds: ms.div_ceil(1000) as u32 };
    compose(tune).frames()[..ms * 48].to_vec()
}

/// The same sound with noise of up to `peak` added, as a codec adds it.
pub(super) fn with_noise(frames: &[[f32; 2]], peak: f32) -> Vec<[f32; 2]> {
    let mut state = 1_u64;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1 << 23) as f32 - 1.0) * peak
    };
    frames.iter().map(|frame| [frame[0] + noise(), frame[1] + noise()]).collect()
}
