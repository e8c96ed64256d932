//! What the recording tells of what was written into it.

use super::*;

const START_MS: i64 = 500;

fn recording(is_decoding: bool) -> Recording {
    Recording::new(START_MS * TICKS_PER_MS, is_decoding)
}

/// 20 ms of a square wave at this share of full scale.
fn tone(peak: f32) -> Vec<f32> {
    (0..20 * CELL).flat_map(|at| [if at % 100 < 50 { peak } else { -peak }; 2]).collect()
}

fn play(recording: &mut Recording, from_ms: i64, frames: i64, peak: f32) {
    for frame in 0..frames {
        recording.write((from_ms + 20 * frame) * TICKS_PER_MS, &tone(peak), true);
    }
}

fn silences(recording: &Recording, now: i64) -> Vec<Silence> {
    recording.silences(now, std::iter::empty())
}

fn silence(start_ms: f64, length_ms: f64, is_open: bool) -> Silence {
    Silence { start_ms, length_ms, is_open }
}

#[test]
fn a_gap_is_told_with_its_start_and_length_on_the_clock() {
    let mut recording = recording(true);
    play(&mut recording, 1000, 10, 0.5);
    play(&mut recording, 1500, 10, 0.5);
    let now = 1700 * TICKS_PER_MS;
    assert_eq!(silences(&recording, now), [silence(1200.0, 300.0, false)]);
    assert_eq!(recording.first_music_ms(), Some(1000.0));
    assert_eq!(silences(&recording, now + 39 * TICKS_PER_MS).len(), 1);
    assert_eq!(silences(&recording, now + 250 * TICKS_PER_MS)[1], silence(1700.0, 250.0, true));
}

#[test]
fn gaps_below_forty_milliseconds_are_not_told() {
    let mut recording = recording(true);
    play(&mut recording, 1000, 1, 0.5);
    play(&mut recording, 1059, 1, 0.5);
    play(&mut recording, 1119, 1, 0.5);
    let now = 1139 * TICKS_PER_MS;
    assert_eq!(silences(&recording, now), [silence(1079.0, 40.0, false)]);
}

#[test]
fn sound_below_the_threshold_is_silence_although_it_was_sent() {
    let mut recording = recording(true);
    play(&mut recording, 1000, 5, 0.5);
    play(&mut recording, 1100, 5, 0.0004);
    play(&mut recording, 1200, 5, 0.5);
    assert_eq!(silences(&recording, 1300 * TICKS_PER_MS), [silence(1100.0, 100.0, false)]);
}

#[test]
fn before_any_music_there_is_nothing_to_tell() {
    let mut recording = recording(true);
    recording.write(1000 * TICKS_PER_MS, &[0.0; 20 * CELL * CHANNELS], false);
    assert_eq!(silences(&recording, 9000 * TICKS_PER_MS), []);
    assert_eq!(recording.first_music_ms(), None);
}

#[test]
fn levels_are_decibels_of_full_scale_per_tenth_of_a_second() {
    let mut recording = recording(true);
    play(&mut recording, START_MS, 5, 1.0);
    play(&mut recording, START_MS + 100, 5, 0.1);
    play(&mut recording, START_MS + 300, 1, 0.1);
    assert_eq!(recording.levels(), [0.0, -20.0, -100.0, -20.0]);
}

#[test]
fn live_levels_are_told_in_whole_tenths_from_where_one_left_off() {
    let mut recording = recording(true);
    play(&mut recording, START_MS, 5, 1.0);
    play(&mut recording, START_MS + 100, 2, 0.1);
    let now = (START_MS + 390) * TICKS_PER_MS;
    let heard = recording.tenths(0.0, now);
    assert_eq!(heard.tenths.iter().map(|one| one.dbfs).collect::<Vec<_>>(), [0.0, -24.0, -100.0]);
    assert_eq!(heard.tenths.iter().map(|one| one.has_music).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(heard.until_ms(), START_MS as f64 + 300.0);
    let next = recording.tenths(heard.until_ms(), now + 50 * TICKS_PER_MS);
    assert_eq!((next.from_ms, next.tenths.len()), (heard.until_ms(), 1));
    assert!(recording.tenths(next.until_ms(), now).tenths.is_empty());
}

#[test]
fn no_tenth_is_left_out_however_the_start_is_broken() {
    for start in 0..TICKS_PER_MS {
        let recording = Recording::new(START_MS * TICKS_PER_MS + start, true);
        let mut from_ms = 0.0;
        for step in 1..50 {
            let heard = recording.tenths(from_ms, (START_MS + 100 * step) * TICKS_PER_MS + start);
            assert_eq!(heard.tenths.len(), 1, "start {start}, step {step}");
            from_ms = heard.until_ms();
        }
    }
}

#[test]
fn streams_at_the_same_time_add_their_energies() {
    let mut recording = recording(true);
    play(&mut recording, START_MS, 5, 0.1);
    play(&mut recording, START_MS, 5, 0.1);
    assert_eq!(recording.levels(), [-17.0]);
}

#[test]
fn music_that_waits_behind_a_hole_is_no_silence() {
    let mut recording = recording(true);
    play(&mut recording, 1000, 5, 0.5);
    let now = 1300 * TICKS_PER_MS;
    assert_eq!(silences(&recording, now), [silence(1100.0, 200.0, true)]);
    let held = [(1120 * TICKS_PER_MS, 20 * TICKS_PER_MS), (1140 * TICKS_PER_MS, 160 * TICKS_PER_MS)];
    assert_eq!(recording.silences(now, held.into_iter()), []);
}

#[test]
fn what_began_before_the_recording_is_cut() {
    let mut recording = recording(true);
    play(&mut recording, START_MS - 10, 1, 0.5);
    play(&mut recording, START_MS - 1000, 1, 0.5);
    assert_eq!(recording.end(), (START_MS + 10) * TICKS_PER_MS);
    assert_eq!(recording.decoded, 10 * TICKS_PER_MS);
}

#[test]
fn after_four_hours_the_oldest_is_kept_and_that_is_said() {
    let mut recording = recording(true);
    play(&mut recording, START_MS + MAX_CELLS as i64 - 20, 1, 0.5);
    assert!(!recording.is_truncated);
    play(&mut recording, START_MS + MAX_CELLS as i64 + 5, 1, 0.5);
    assert!(recording.is_truncated);
    assert!(recording.cells.len() <= MAX_CELLS);
}

#[test]
fn without_decoding_silence_is_where_no_music_was_sent() {
    let mut recording = recording(false);
    for at_ms in [1000, 1020, 1140] {
        recording.mark(at_ms * TICKS_PER_MS, 20 * TICKS_PER_MS, true);
    }
    recording.mark(1040 * TICKS_PER_MS, 20 * TICKS_PER_MS, false);
    assert_eq!(silences(&recording, 1160 * TICKS_PER_MS), [silence(1040.0, 100.0, false)]);
    assert_eq!(recording.levels(), Vec::<f64>::new());
}
