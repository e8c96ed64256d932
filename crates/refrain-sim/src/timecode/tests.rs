//! Tracks, their files, and what an analysis tells.

use super::*;

fn stereo(track: u32, from_ms: f64, to_ms: f64) -> Vec<f32> {
    let mono = Track::new(track, 20.0).unwrap().samples();
    let at = |ms: f64| (ms * 48.0) as usize;
    mono[at(from_ms)..at(to_ms)].iter().flat_map(|sample| [*sample; 2]).collect()
}

fn silence(ms: f64) -> Vec<f32> {
    vec![0.0; (ms * 48.0) as usize * 2]
}

fn analyse(parts: &[Vec<f32>]) -> Analysis {
    let mut analyser = Analyser::new(1000.0);
    parts.iter().for_each(|part| analyser.push(part));
    analyser.finish()
}

#[track_caller]
fn near(value: f64, expected: f64) {
    assert!((value - expected).abs() <= 20.0, "{value} is not near {expected}");
}

#[test]
fn a_track_is_told_as_one_stretch_with_its_positions() {
    let heard = analyse(&[silence(500.0), stereo(4, 3000.0, 6010.0)]);
    assert_eq!(heard.segments.len(), 1, "{heard:?}");
    let segment = heard.segments[0];
    assert_eq!(segment.track, 4);
    for (value, expected) in [
        (segment.start_ms, 1500.0),
        (segment.length_ms, 3010.0),
        (segment.from_ms, 3000.0),
        (segment.to_ms, 6010.0),
        (heard.position_at(2500.0).unwrap().1, 4000.0),
    ] {
        near(value, expected);
    }
    assert_eq!(heard.position_at(1200.0), None);
    assert!(heard.silences.is_empty() && heard.repeats.is_empty() && heard.skips.is_empty());
    assert!(heard.unreadable.is_empty());
}

#[test]
fn a_frozen_playhead_is_a_silence_and_no_jump() {
    let heard = analyse(&[stereo(4, 0.0, 2000.0), silence(700.0), stereo(4, 2000.0, 4000.0)]);
    assert_eq!(heard.segments.len(), 2);
    assert_eq!(heard.silences.len(), 1);
    near(heard.silences[0].start_ms, 3000.0);
    near(heard.silences[0].length_ms, 700.0);
    assert!(heard.repeats.is_empty() && heard.skips.is_empty(), "{heard:?}");
}

#[test]
fn music_that_ran_on_unheard_is_a_skip_and_music_heard_twice_a_repeat() {
    let heard =
        analyse(&[stereo(4, 0.0, 2000.0), silence(700.0), stereo(4, 2700.0, 4000.0), stereo(4, 1000.0, 3000.0)]);
    assert_eq!((heard.skips.len(), heard.repeats.len()), (1, 1), "{heard:?}");
    near(heard.skips[0].by_ms, 700.0);
    near(heard.skips[0].pause_ms, 700.0);
    near(heard.repeats[0].by_ms, 3000.0);
    near(heard.repeats[0].at_ms, 1000.0 + 4000.0);
    near(heard.repeats[0].pause_ms, 0.0);
}

#[test]
fn tracks_are_told_in_their_order() {
    let heard = analyse(&[stereo(4, 0.0, 1000.0), stereo(9, 0.0, 1000.0), stereo(4, 500.0, 1500.0)]);
    let order: Vec<u8> = heard.order.iter().map(|played| played.track).collect();
    assert_eq!(order, [4, 9, 4]);
    near(heard.order[1].at_ms, 2000.0);
    near(heard.order[1].heard_ms, 1000.0);
    assert!(heard.skips.is_empty() && heard.repeats.is_empty(), "another track is no jump");
}

#[test]
fn sound_that_is_no_track_is_told_as_unreadable() {
    let hum: Vec<f32> = (0..48_000).flat_map(|at| [(at as f32 * 0.03).sin() * 0.3; 2]).collect();
    let heard = analyse(&[stereo(4, 0.0, 1000.0), hum, stereo(4, 1000.0, 2000.0)]);
    assert_eq!(heard.unreadable.len(), 1, "{heard:?}");
    near(heard.unreadable[0].start_ms, 2000.0);
    near(heard.unreadable[0].length_ms, 1000.0);
    assert!(heard.silences.is_empty());
}

#[test]
fn the_level_tells_mean_peak_and_clipping() {
    let loud: Vec<f32> = (0..48_000).flat_map(|at| [((at as f32 * 0.05).sin() * 1.5).clamp(-1.0, 1.0); 2]).collect();
    let heard = analyse(&[silence(100.0), stereo(1, 0.0, 1000.0)]);
    let rms = heard.level.rms_dbfs.unwrap();
    assert!((-18.0..-16.0).contains(&rms), "{rms}");
    assert!(heard.level.peak_dbfs.unwrap() < -1.9);
    assert_eq!(heard.level.clipped_samples, 0);
    assert_eq!(heard.level.steps_dbfs[0], -100.0);
    let heard = analyse(&[silence(100.0), loud]);
    assert!(heard.level.clipped_samples > 10_000);
    assert_eq!(heard.level.peak_dbfs, Some(0.0));
    assert!(heard.level.clipped_ms.unwrap() >= 1100.0);
}

#[test]
fn a_track_that_cannot_be_carried_is_refused_with_words() {
    assert_eq!(Track::new(128, 1.0).unwrap_err().to_string(), "the track id 128 is too large: ids go from 0 to 127");
    for seconds in [0.0, -1.0, 0.01, 2700.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(Track::new(1, seconds), Err(TrackError::Length(_))), "{seconds}");
    }
    assert_eq!(Track::new(127, 2621.4).unwrap().seconds(), 2621.4);
}

#[test]
fn a_wav_at_another_rate_has_the_same_sound() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.wav");
    Track::new(7, 2.0).unwrap().write(&path, 44_100).unwrap();
    let reader = hound::WavReader::open(&path).unwrap();
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate, reader.duration()), (2, 44_100, 88_200));
}

#[test]
fn an_ogg_file_holds_the_track_as_opus() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.ogg");
    Track::new(7, 3.0).unwrap().write(&path, 48_000).unwrap();
    let mut pages = ogg::PacketReader::new(std::fs::File::open(&path).unwrap());
    let head = pages.read_packet().unwrap().unwrap();
    assert!(head.data.starts_with(b"OpusHead\x01\x02"));
    assert!(pages.read_packet().unwrap().unwrap().data.starts_with(b"OpusTags"));
    let mut decoder = opus2::Decoder::new(48_000, opus2::Channels::Stereo).unwrap();
    let mut analyser = Analyser::new(0.0);
    let mut pcm = vec![0.0; 960 * 2];
    let mut end = 0;
    while let Some(packet) = pages.read_packet().unwrap() {
        end = packet.absgp_page();
        let samples = decoder.decode_float(&packet.data, &mut pcm, false).unwrap();
        analyser.push(&pcm[..samples * 2]);
    }
    let heard = analyser.finish();
    assert_eq!(heard.order.iter().map(|played| played.track).collect::<Vec<_>>(), [7]);
    near(heard.order[0].heard_ms, 3000.0);
    assert_eq!(end, 3 * 48_000 + 312);
}

#[test]
fn a_file_of_another_kind_is_refused_with_words() {
    let track = Track::new(7, 1.0).unwrap();
    let said = |path: &str, rate| track.write(std::path::Path::new(path), rate).unwrap_err().to_string();
    assert_eq!(said("x.mp3", 48_000), "x.mp3: the name must end with .wav, .ogg or .opus");
    assert!(said("x.wav", 11_025).contains("11025 Hz cannot be made"));
    assert!(said("x.ogg", 44_100).contains("only 48000 for Ogg"));
}
