//! What can be read back after everything that happens to a sound on its way, and what cannot be read out of others.

use super::*;
use crate::timecode::Track;
use opus2::{Application, Bitrate, Channels, Decoder, Encoder};
use proptest::prelude::*;
use rand::{Rng, SeedableRng, rngs::SmallRng};

const FRAME: usize = 960 * 2;

fn stereo(mono: &[f32]) -> Vec<f32> {
    mono.iter().flat_map(|sample| [*sample; 2]).collect()
}

fn track(id: u32, seconds: f64) -> Vec<f32> {
    stereo(&Track::new(id, seconds).unwrap().samples())
}

fn read(stereo: &[f32]) -> Vec<Reading> {
    let mut reader = Reader::default();
    stereo.chunks(1234).map(|piece| &piece[..piece.len() / 2 * 2]).for_each(|piece| reader.push(piece));
    reader.finish()
}

/// How a sound travels.
struct Way {
    bitrate: i32,
    vbr: bool,
    complexity: i32,
    channels: Channels,
    volume: f32,
    /// One packet in so many is lost, and heard as silence.
    lost: Option<usize>,
}

impl Way {
    fn at(bitrate: i32) -> Self {
        Self { bitrate, vbr: true, complexity: 10, channels: Channels::Stereo, volume: 1.0, lost: None }
    }

    fn travel(&self, stereo: &[f32]) -> Vec<f32> {
        let mut encoder = Encoder::new(48_000, self.channels, Application::Audio).unwrap();
        encoder.set_bitrate(Bitrate::Bits(self.bitrate)).unwrap();
        encoder.set_vbr(self.vbr).unwrap();
        encoder.set_complexity(self.complexity).unwrap();
        let mut decoder = Decoder::new(48_000, Channels::Stereo).unwrap();
        let mut heard = Vec::new();
        let mut pcm = vec![0.0; FRAME];
        for (at, frame) in stereo.chunks_exact(FRAME).enumerate() {
            let every = if matches!(self.channels, Channels::Mono) { 2 } else { 1 };
            let frame: Vec<f32> = frame.iter().step_by(every).map(|sample| sample * self.volume).collect();
            let packet = encoder.encode_vec_float(&frame, 1500).unwrap();
            if self.lost.is_some_and(|lost| at % lost == lost - 1) {
                heard.extend([0.0; FRAME]);
                continue;
            }
            let samples = decoder.decode_float(&packet, &mut pcm, false).unwrap();
            heard.extend(&pcm[..samples * 2]);
        }
        heard
    }
}

/// The share of the frames that was read; all of them in the right place, the codec's delay being 6.5 ms.
fn share_read(readings: &[Reading], track: u8, seconds: f64, cut_ms: f64) -> f64 {
    for reading in readings {
        assert_eq!(reading.track, track, "{reading:?}");
        let error = reading.position_ms - (reading.at_ms - 6.5 + cut_ms);
        assert!(error.abs() < 8.0, "{reading:?} is {error} ms off");
    }
    assert!(readings.windows(2).all(|pair| pair[0].position_ms < pair[1].position_ms), "each frame once, in order");
    readings.len() as f64 * FRAME_MS / (seconds * 1000.0 - cut_ms)
}

#[test]
fn every_frame_is_read_where_it_lies() {
    let readings = read(&track(7, 5.0));
    assert_eq!(readings.len(), 250);
    for (at, reading) in readings.iter().enumerate() {
        assert_eq!((reading.track, reading.position_ms), (7, at as f64 * FRAME_MS));
        assert!((reading.at_ms - reading.position_ms).abs() < 0.1, "{reading:?}");
        assert!(reading.confidence > 0.98, "{reading:?}");
    }
}

#[test]
fn it_survives_opus_at_every_bitrate_of_music() {
    let sound = track(3, 6.0);
    for bitrate in [48_000, 64_000, 96_000, 128_000, 256_000] {
        for (vbr, complexity) in [(true, 10), (false, 10), (true, 0), (false, 5)] {
            let way = Way { vbr, complexity, ..Way::at(bitrate) };
            let share = share_read(&read(&way.travel(&sound)), 3, 6.0, 0.0);
            assert!(share > 0.97, "{bitrate} bit/s, vbr {vbr}, complexity {complexity}: {share}");
        }
    }
}

#[test]
fn it_survives_volume_mono_and_low_bitrates() {
    let sound = track(100, 4.0);
    for volume in [0.02, 0.25, 1.2, 2.0] {
        let way = Way { volume, ..Way::at(96_000) };
        let heard: Vec<f32> = way.travel(&sound).into_iter().map(|sample| sample.clamp(-1.0, 1.0)).collect();
        let share = share_read(&read(&heard), 100, 4.0, 0.0);
        assert!(share > 0.95, "volume {volume}: {share}");
    }
    let mono = Way { channels: Channels::Mono, ..Way::at(64_000) };
    assert!(share_read(&read(&mono.travel(&sound)), 100, 4.0, 0.0) > 0.97);
    assert!(share_read(&read(&Way::at(32_000).travel(&sound)), 100, 4.0, 0.0) > 0.8);
}

#[test]
fn lost_packets_cost_their_own_frames_and_their_neighbours_at_most() {
    let sound = track(9, 8.0);
    for lost in [50, 20, 10] {
        let way = Way { lost: Some(lost), ..Way::at(96_000) };
        let share = share_read(&read(&way.travel(&sound)), 9, 8.0, 0.0);
        assert!(share > 1.0 - 3.2 / lost as f64, "one in {lost}: {share}");
    }
}

#[test]
fn it_survives_resampling_from_44_1_khz() {
    let mono: Vec<f32> = Track::new(5, 4.0).unwrap().sound(44_100).flatten().collect();
    // Straight lines between the samples: worse than any resampler that is in use.
    let at = |index: usize| mono.get(index).copied().unwrap_or(0.0);
    let resampled: Vec<f32> = (0..4 * 48_000)
        .map(|sample| {
            let exact = f64::from(sample) * 44_100.0 / 48_000.0;
            let share = exact.fract() as f32;
            at(exact as usize) * (1.0 - share) + at(exact as usize + 1) * share
        })
        .collect();
    let share = share_read(&read(&Way::at(96_000).travel(&stereo(&resampled))), 5, 4.0, 0.0);
    assert!(share > 0.97, "{share}");
}

#[test]
fn random_numbers_of_a_seed_are_never_taken_for_a_track() {
    let mut random = SmallRng::seed_from_u64(1);
    let white: Vec<f32> = (0..60 * 48_000 * 2).map(|_| random.random_range(-0.5..0.5)).collect();
    assert_eq!(read(&white), []);
    // The same below 4 kHz, where the tones are.
    let mut low = 0.0;
    let pink: Vec<f32> = white
        .iter()
        .map(|sample| {
            low += (sample - low) * 0.3;
            low
        })
        .collect();
    assert_eq!(read(&pink), []);
}

#[test]
fn music_is_never_taken_for_a_track() {
    let mut random = SmallRng::seed_from_u64(2);
    let mut music = Vec::new();
    for _ in 0..240 {
        // A chord of up to eight notes with harmonics, as loud as it gets, for a quarter of a second.
        let notes: Vec<f32> = (0..random.random_range(1..8))
            .map(|_| 55.0 * 2_f32.powf(random.random_range(0..60) as f32 / 12.0))
            .collect();
        for at in 0..12_000 {
            let time = at as f32 / 48_000.0;
            let wave = |hertz: &f32| {
                (1..8).map(|n| (n as f32 * hertz * time * std::f32::consts::TAU).sin() / n as f32).sum::<f32>()
            };
            let sample = notes.iter().map(wave).sum::<f32>() * 0.05 * (-3.0 * time).exp();
            music.extend([sample; 2]);
        }
    }
    assert_eq!(read(&music), []);
    let tones: Vec<f32> = (0..20 * 48_000)
        .map(|at| {
            (0..64)
                .map(|tone| ((400 + tone * 50) as f32 * at as f32 / 48_000.0 * std::f32::consts::TAU).sin())
                .sum::<f32>()
                * 0.01
        })
        .collect();
    assert_eq!(read(&stereo(&tones)), [], "all tones at once are no frame");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Wherever the codec's frames lie in the track's, whatever the track.
    #[test]
    fn any_alignment_can_be_read(id in 0_u32..128, cut in 0_usize..96_000, bitrate in 56_000..140_000_i32) {
        let sound = track(id, 4.0);
        let heard = Way::at(bitrate).travel(&sound[cut * 2..]);
        let share = share_read(&read(&heard), id as u8, 4.0, cut as f64 / 48.0);
        prop_assert!(share > 0.95, "{}", share);
    }

    /// A position changes between any two samples: what is read is of before or of after, and soon of after.
    #[test]
    fn a_jump_is_read_within_two_frames(at in 48_000_usize..96_000, to in 0_usize..144_000) {
        let sound = track(1, 4.0);
        let jumped = [&sound[..at * 2], &sound[to * 2..]].concat();
        let jump_ms = at as f64 / 48.0;
        let mut first_after = None;
        for reading in read(&Way::at(96_000).travel(&jumped)) {
            let before = (reading.position_ms - (reading.at_ms - 6.5)).abs() < 20.0;
            let after = (reading.position_ms - (reading.at_ms - 6.5 - jump_ms + to as f64 / 48.0)).abs() < 20.0;
            prop_assert!(before || after, "{:?}", reading);
            if reading.at_ms > jump_ms && after {
                first_after.get_or_insert(reading.at_ms);
            }
        }
        if to + 4800 < 192_000 {
            prop_assert!(first_after.is_some_and(|first| first < jump_ms + 6.5 + 45.0), "{:?} {}", first_after, jump_ms);
        }
    }

    /// Any samples have an answer, those of no sound at all included.
    #[test]
    fn any_samples_are_survived(samples in proptest::collection::vec(any::<f32>(), 0..6000)) {
        let _ = read(&samples);
    }
}
