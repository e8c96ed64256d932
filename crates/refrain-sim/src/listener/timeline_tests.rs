//! Arrivals and what is heard of them.

use super::*;
use proptest::prelude::*;

const FRAME: i64 = 20 * TICKS_PER_MS;

#[derive(Default)]
struct Receiver {
    timeline: Timeline<u64>,
    heard: Vec<(i64, u64)>,
}

impl Receiver {
    /// A packet: its number, when it arrives; its timestamp follows from its number.
    fn packet(&mut self, number: u64, at_ms: i64) {
        self.packet_with(number, at_ms, number as u32 * FRAME as u32, false);
    }

    fn packet_with(&mut self, number: u64, at_ms: i64, timestamp: u32, is_quiet: bool) {
        let arrival = Arrival { at: at_ms * TICKS_PER_MS, sequence: number, timestamp, ticks: FRAME, is_quiet };
        let heard = &mut self.heard;
        self.timeline.push(arrival, number, &mut |at, frame| {
            heard.push((at / TICKS_PER_MS, frame));
        });
    }

    fn until(&mut self, at_ms: i64) -> &[(i64, u64)] {
        let heard = &mut self.heard;
        self.timeline.advance(at_ms * TICKS_PER_MS, &mut |at, frame| {
            heard.push((at / TICKS_PER_MS, frame));
        });
        &self.heard
    }
}

#[test]
fn packets_with_jitter_are_heard_without_a_gap() {
    let mut receiver = Receiver::default();
    for (number, at_ms) in [(1, 1000), (2, 1059), (3, 1061), (4, 1075), (5, 1100), (6, 1100)] {
        receiver.packet(number, at_ms);
    }
    assert_eq!(receiver.until(1100), [(1000, 1), (1020, 2), (1040, 3), (1060, 4), (1080, 5), (1100, 6)]);
    assert_eq!(receiver.timeline.tally, Tally::default());
}

#[test]
fn an_underrun_is_silence_and_a_new_anchor() {
    let mut receiver = Receiver::default();
    receiver.packet(1, 1000);
    // Its moment was 1080; the sender stalled, then goes on at its pace.
    receiver.packet(2, 1500);
    receiver.packet(3, 1520);
    assert_eq!(receiver.until(1600), [(1000, 1), (1500, 2), (1520, 3)]);
    assert_eq!(receiver.timeline.tally.underruns, 1);
}

#[test]
fn a_pause_after_silence_frames_is_no_underrun() {
    let mut receiver = Receiver::default();
    receiver.packet(1, 1000);
    receiver.packet_with(2, 1020, 2 * FRAME as u32, true);
    receiver.packet(3, 9000);
    assert_eq!(receiver.until(9000), [(1000, 1), (1020, 2), (9000, 3)]);
    assert_eq!(receiver.timeline.tally.underruns, 0);
}

#[test]
fn an_overtaken_packet_is_heard_in_its_place() {
    let mut receiver = Receiver::default();
    receiver.packet(1, 1000);
    receiver.packet(3, 1022);
    assert_eq!(receiver.until(1030), [(1000, 1)], "the third waits for the second");
    receiver.packet(2, 1035);
    assert_eq!(receiver.until(1035), [(1000, 1), (1020, 2), (1040, 3)]);
}

#[test]
fn a_lost_packet_is_silence_once_the_next_one_is_due() {
    let mut receiver = Receiver::default();
    receiver.packet(1, 1000);
    receiver.packet(3, 1040);
    assert_eq!(receiver.until(1099).len(), 1);
    assert_eq!(receiver.until(1100), [(1000, 1), (1040, 3)]);
    receiver.packet(2, 1101);
    assert_eq!(receiver.until(2000).len(), 2, "too late to be heard");
    let expected = Tally { lost: 1, late: 1, ..Tally::default() };
    assert_eq!(receiver.timeline.tally, expected);
}

#[test]
fn timestamps_wrap_without_a_trace() {
    let mut receiver = Receiver::default();
    receiver.packet_with(1, 1000, u32::MAX - 100, false);
    receiver.packet_with(2, 1020, (FRAME - 101) as u32, false);
    assert_eq!(receiver.until(1020), [(1000, 1), (1020, 2)]);
}

#[test]
fn a_jump_of_the_timestamps_is_heard_on_without_a_gap() {
    let mut receiver = Receiver::default();
    receiver.packet_with(1, 1000, 0, false);
    receiver.packet_with(2, 1020, 1_000_000_000, false);
    receiver.packet_with(3, 1040, 1_000_000_000 + FRAME as u32, false);
    assert_eq!(receiver.until(1040), [(1000, 1), (1020, 2), (1040, 3)]);
    let mut backwards = Receiver::default();
    backwards.packet_with(1, 1000, 1_000_000_000, false);
    backwards.packet_with(2, 1020, 0, false);
    assert_eq!(backwards.until(1020), [(1000, 1), (1020, 2)]);
}

#[test]
fn a_sender_that_bursts_fills_the_buffer_and_no_more() {
    let mut receiver = Receiver::default();
    for number in 0..500 {
        receiver.packet(number, 1000);
    }
    let heard = receiver.until(1000);
    assert_eq!(heard.last().map(|(at, _)| *at), Some(1000 + 1940));
    assert_eq!(receiver.timeline.tally.overflow, 500 - 98);
}

proptest! {
    /// Whatever arrives: frames are heard in order, once, never before they arrived, and no two at the same time.
    #[test]
    fn any_arrivals_are_heard_in_order_and_in_bounds(
        arrivals in proptest::collection::vec((0_i64..200, 0_u64..60, any::<u32>(), any::<bool>()), 0..120),
    ) {
        let mut receiver = Receiver::default();
        let mut now = 0;
        let mut seen = std::collections::BTreeSet::new();
        for (wait, sequence, noise, regular) in arrivals {
            now += wait;
            if seen.insert(sequence) {
                let timestamp = if regular { sequence as u32 * FRAME as u32 } else { noise };
                receiver.packet_with(sequence, now, timestamp, false);
            }
        }
        receiver.until(now + 10_000);
        let tally = receiver.timeline.tally;
        prop_assert!(receiver.timeline.held.is_empty());
        prop_assert_eq!(receiver.heard.len() as u64 + tally.late + tally.overflow, seen.len() as u64);
        prop_assert!(receiver.heard.windows(2).all(|pair| pair[0].1 < pair[1].1));
        prop_assert!(receiver.heard.iter().all(|(at, _)| *at <= now + 2000));
    }
}
