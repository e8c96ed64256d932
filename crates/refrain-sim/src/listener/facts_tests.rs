//! What is told of packets that come well and of such that do not.

use super::*;

const FRAME: i64 = 960;

struct Sender(Facts);

impl Sender {
    fn packet(&mut self, number: u64, at_ms: i64) {
        self.packet_with(number, at_ms, number as u32 * FRAME as u32, false);
    }

    fn packet_with(&mut self, number: u64, at_ms: i64, timestamp: u32, is_quiet: bool) {
        let at = at_ms * TICKS_PER_MS;
        self.0.note(1, Arrival { at, sequence: number, timestamp, ticks: FRAME, is_quiet });
    }

    fn told(&self, field: &str) -> f64 {
        self.0.report().pointer(field).unwrap().as_f64().unwrap()
    }
}

fn steady(frames: u64) -> Sender {
    let mut sender = Sender(Facts::default());
    (0..frames).for_each(|number| sender.packet(number, 1000 + 20 * number as i64));
    sender
}

#[test]
fn a_steady_sender_has_nothing_to_its_account() {
    let sender = steady(500);
    for field in ["/lost", "/loss", "/jitter_ms", "/late", "/sequence_errors", "/timestamp_errors"] {
        assert_eq!(sender.told(field), 0.0, "{field}");
    }
    assert_eq!(sender.told("/between_ms/p50"), 20.0);
    assert_eq!(sender.told("/between_ms/max"), 20.0);
    assert_eq!(sender.told("/lateness_ms/p99"), 0.0);
}

#[test]
fn lost_and_overtaken_packets_are_sequence_errors_and_only_lost_ones_are_missing() {
    let mut sender = steady(10);
    sender.packet(11, 1220);
    assert_eq!(sender.told("/lost"), 1.0);
    sender.packet(10, 1221);
    assert_eq!(sender.told("/lost"), 0.0);
    assert_eq!(sender.told("/sequence_errors"), 2.0);
    sender.packet(15, 1300);
    assert_eq!(sender.told("/lost"), 3.0);
    assert_eq!(sender.told("/timestamp_errors"), 0.0, "three packets are three steps");
}

#[test]
fn a_stall_is_late_against_the_pace_and_shows_in_the_distribution() {
    let mut sender = steady(100);
    for number in 100..110 {
        // All ten at once, when the last of them was due.
        sender.packet(number, 1000 + 20 * 109);
    }
    assert_eq!(sender.told("/late"), 8.0, "the last two were at most a frame late");
    assert_eq!(sender.told("/lateness_ms/max"), 180.0);
    assert_eq!(sender.told("/between_ms/max"), 200.0);
    assert!(sender.told("/jitter_ms") > 5.0);
}

#[test]
fn a_wrong_step_of_the_timestamp_is_told_and_one_after_silence_frames_is_not() {
    let mut sender = steady(10);
    sender.packet_with(10, 1200, 10 * 960 + 480, false);
    assert_eq!(sender.told("/timestamp_errors"), 1.0);
    sender.packet_with(11, 1220, 11 * 960 + 480, true);
    sender.packet_with(12, 9000, 400 * 960, false);
    assert_eq!(sender.told("/timestamp_errors"), 1.0);
    assert!(sender.told("/between_ms/max") < 100.0, "a pause is no late packet");
}

#[test]
fn wrapping_timestamps_are_no_errors() {
    let mut sender = Sender(Facts::default());
    for number in 0..20 {
        sender.packet_with(
            number,
            1000 + 20 * number as i64,
            (u32::MAX - 4000).wrapping_add(number as u32 * 960),
            false,
        );
    }
    assert_eq!(sender.told("/timestamp_errors"), 0.0);
    assert_eq!(sender.told("/late"), 0.0);
}
