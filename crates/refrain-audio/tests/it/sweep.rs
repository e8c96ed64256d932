//! Two sine sweeps, one a channel, as a WAV file; and how alike two pieces of sound are.

use std::{f64::consts::TAU, process::Command};

pub(crate) const RATE: usize = 48_000;
/// libopus looks ahead by this much at 48 kHz; the sound comes out so much later.
const ENCODER_DELAY: usize = 312;

/// (left, right) at sample `n`: one sweep rises, one falls, so that swapped or mixed channels are noticed.
fn sample(n: usize) -> (f64, f64) {
    let t = n as f64 / RATE as f64 % 20.0;
    (0.5 * (TAU * (200.0 + 150.0 * t) * t).sin(), 0.4 * (TAU * (6000.0 - 140.0 * t) * t).sin())
}

/// 48 kHz, stereo, 16 bits.
pub(crate) fn wav(seconds: usize) -> Vec<u8> {
    let frames = seconds * RATE;
    let size = u32::try_from(frames * 4).unwrap();
    let mut bytes = Vec::with_capacity(44 + frames * 4);
    bytes.extend(b"RIFF");
    bytes.extend((36 + size).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend([1, 0, 2, 0]);
    bytes.extend((RATE as u32).to_le_bytes());
    bytes.extend((RATE as u32 * 4).to_le_bytes());
    bytes.extend([4, 0, 16, 0]);
    bytes.extend(b"data");
    bytes.extend(size.to_le_bytes());
    for n in 0..frames {
        let (left, right) = sample(n);
        for value in [left, right] {
            bytes.extend(((value * 32_767.0) as i16).to_le_bytes());
        }
    }
    bytes
}

/// The same in another format, as ffmpeg makes it with these options.
pub(crate) fn encoded(seconds: usize, options: &[&str]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let (source, made) = (dir.path().join("a.wav"), dir.path().join("made"));
    std::fs::write(&source, wav(seconds)).unwrap();
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-i"])
        .arg(&source)
        .args(options)
        .arg(&made)
        .status()
        .unwrap();
    assert!(status.success());
    std::fs::read(made).unwrap()
}

/// Decodes `packets` and correlates each channel with the sweep from `first_sample` on: 1 is the same, 0 is unrelated.
pub(crate) fn likeness<'a>(packets: impl Iterator<Item = &'a [u8]>, first_sample: usize) -> (f64, f64) {
    let mut decoder = opus2::Decoder::new(48_000, opus2::Channels::Stereo).unwrap();
    let mut heard = Vec::new();
    for packet in packets {
        let mut pcm = [0.0_f32; 960 * 2];
        assert_eq!(decoder.decode_float(packet, &mut pcm, false).unwrap(), 960, "20 ms in each packet");
        heard.extend(pcm);
    }
    let heard: Vec<_> = heard.chunks(2).skip(ENCODER_DELAY).map(|pair| (pair[0].into(), pair[1].into())).collect();
    let source: Vec<_> = (first_sample..).take(heard.len()).map(sample).collect();
    (
        correlation(heard.iter().map(|s: &(f64, f64)| s.0), source.iter().map(|s| s.0)),
        correlation(heard.iter().map(|s| s.1), source.iter().map(|s| s.1)),
    )
}

fn correlation(a: impl Iterator<Item = f64>, b: impl Iterator<Item = f64>) -> f64 {
    let (ab, aa, bb) = a.zip(b).fold((0.0, 0.0, 0.0), |(ab, aa, bb), (a, b)| (ab + a * b, aa + a * a, bb + b * b));
    ab / f64::sqrt(aa * bb)
}
