//! Faults made by hand, and what the measurement makes of them.

use crate::measure::{
    Audio, Comparison, FaultHeard,
    synthetic::{music, silence, with_noise},
};

const END: f64 = f64::INFINITY;

/// A stretch of the source, by milliseconds.
fn part(source: &[[f32; 2]], from_ms: usize, to_ms: usize) -> Vec<[f32; 2]> {
    source[from_ms * 48..to_ms * 48].to_vec()
}

fn measure(source: &[[f32; 2]], heard: &[Vec<[f32; 2]>], at_ms: f64, until_ms: f64) -> FaultHeard {
    let recording =
        heard.iter().flat_map(|piece| if piece[0] == [0.0; 2] { piece.clone() } else { with_noise(piece, 0.01) });
    let recording = Audio::from_frames(recording.collect());
    Comparison::new(&recording, &Audio::from_frames(source.to_vec())).fault(at_ms, until_ms)
}

#[track_caller]
fn close(is: Option<f64>, should: f64, within: f64) {
    assert!(is.is_some_and(|is| (is - should).abs() <= within), "{is:?} instead of {should}");
}

#[test]
fn a_pause_that_goes_on_where_it_stopped_has_no_position_error() {
    let source = music(1, 12_000);
    let heard = [silence(500), part(&source, 0, 4_000), silence(1_230), part(&source, 4_000, 9_000)];
    let fault = measure(&source, &heard, 4_490.0, END);
    close(fault.stopped_ms, 4_500.0, 5.0);
    close(fault.resumed_ms, 5_730.0, 5.0);
    close(Some(fault.silence_ms), 1_230.0, 10.0);
    close(fault.source_at_stop_ms, 4_000.0, 6.0);
    close(fault.position_error_ms, 0.0, 10.0);
    assert!(fault.came_back);
}

#[test]
fn a_blink_of_two_frames_is_measured_as_what_it_is() {
    let source = music(1, 12_000);
    let heard = [part(&source, 0, 4_000), silence(35), part(&source, 4_016, 9_000)];
    let fault = measure(&source, &heard, 3_990.0, END);
    close(Some(fault.silence_ms), 35.0, 5.0);
    close(fault.position_error_ms, 16.0, 6.0);
}

#[test]
fn what_is_skipped_or_repeated_is_the_position_error() {
    let source = music(1, 12_000);
    for (resume, error) in [(4_700, 700.0), (3_100, 900.0)] {
        let heard = [part(&source, 0, 4_000), silence(400), part(&source, resume, 10_000)];
        close(measure(&source, &heard, 3_950.0, END).position_error_ms, error, 10.0);
    }
}

#[test]
fn music_that_stays_away_is_silence_until_the_end() {
    let source = music(1, 12_000);
    let fault = measure(&source, &[part(&source, 0, 4_000), silence(6_000)], 4_000.0, 9_000.0);
    close(Some(fault.silence_ms), 5_000.0, 10.0);
    assert_eq!((fault.resumed_ms, fault.position_error_ms, fault.came_back), (None, None, false));
}

#[test]
fn no_gap_at_all_is_no_silence_and_no_error() {
    let source = music(1, 12_000);
    let fault = measure(&source, &[part(&source, 0, 10_000)], 5_000.0, END);
    assert_eq!((fault.silence_ms, fault.stopped_ms), (0.0, None));
    close(fault.position_error_ms, 0.0, 1.0);
    assert!(fault.came_back);
}

#[test]
fn a_jump_without_a_gap_is_a_position_error() {
    let source = music(1, 14_000);
    let heard = [part(&source, 0, 5_000), part(&source, 6_500, 13_000)];
    let fault = measure(&source, &heard, 4_900.0, END);
    assert_eq!(fault.silence_ms, 0.0);
    close(fault.position_error_ms, 1_500.0, 2.0);
}

/// Four seconds of music, a rest of 600 ms, and music again.
fn with_a_rest() -> Vec<[f32; 2]> {
    let tune = music(1, 12_000);
    [part(&tune, 0, 4_000), silence(600), part(&tune, 4_000, 12_000)].concat()
}

#[test]
fn a_rest_in_the_music_is_not_lost() {
    let source = with_a_rest();
    let heard = [part(&source, 0, 4_000), silence(600), part(&source, 4_600, 10_000)];
    let fault = measure(&source, &heard, 3_500.0, END);
    assert_eq!((fault.silence_ms, fault.stopped_ms), (0.0, None));
    close(fault.position_error_ms, 0.0, 1.0);
}

#[test]
fn a_gap_in_a_rest_counts_without_the_rest() {
    let source = with_a_rest();
    let heard = [part(&source, 0, 4_000), silence(1_500), part(&source, 4_600, 10_000)];
    let fault = measure(&source, &heard, 3_900.0, END);
    close(Some(fault.silence_ms), 900.0, 10.0);
    close(fault.position_error_ms, 0.0, 10.0);
}

#[test]
fn two_gaps_of_one_fault_are_added_up() {
    let source = music(1, 14_000);
    let heard = [
        part(&source, 0, 4_000),
        silence(300),
        part(&source, 4_000, 6_000),
        silence(500),
        part(&source, 5_800, 12_000),
    ];
    let fault = measure(&source, &heard, 3_990.0, END);
    close(Some(fault.silence_ms), 800.0, 15.0);
    close(fault.position_error_ms, 200.0, 15.0);
}

#[test]
fn a_gap_long_after_the_fault_is_not_put_down_to_it() {
    let source = music(1, 24_000);
    let heard = [part(&source, 0, 16_000), silence(500), part(&source, 16_000, 20_000)];
    assert_eq!(measure(&source, &heard, 4_000.0, END).silence_ms, 0.0);
}

#[test]
fn a_fault_before_any_music_lost_nothing_that_was_playing() {
    let source = music(1, 8_000);
    let fault = measure(&source, &[silence(3_000), part(&source, 0, 4_000)], 1_000.0, END);
    assert_eq!((fault.silence_ms, fault.stopped_ms, fault.position_error_ms), (0.0, None, None));
}

#[test]
fn music_that_comes_back_distorted_is_placed_by_what_follows() {
    let source = music(1, 12_000);
    let distorted = with_noise(&part(&source, 4_500, 5_400), 1.5);
    let heard = [part(&source, 0, 4_000), silence(400), distorted, part(&source, 5_400, 10_000)];
    close(measure(&source, &heard, 3_950.0, END).position_error_ms, 500.0, 10.0);
}
