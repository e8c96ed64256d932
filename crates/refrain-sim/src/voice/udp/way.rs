//! A bad way from the client to the media port: packets that get lost, come twice, come late or overtake one another.

use crate::voice::trouble::Figures;
use std::{cmp::Reverse, collections::BinaryHeap, net::SocketAddr};

/// How long a packet is held back that the next one is to overtake, in milliseconds: a frame and a half.
const HELD_BACK_MS: f64 = 30.0;
/// Packets that may be on their way at once.
const MAX_UNDERWAY: usize = 65_536;

/// One session's way.
#[derive(Debug)]
pub(in crate::voice) struct Way {
    /// The trouble that made it so.
    pub(in crate::voice) trouble: u64,
    figures: Figures,
    dice: u64,
}

/// After how many microseconds a packet arrives: once, twice or never.
pub(in crate::voice) type Fate = [Option<u64>; 2];

impl Way {
    /// The same `seed` makes the same of the same packets.
    pub(in crate::voice) fn new(trouble: u64, figures: Figures, seed: u64) -> Self {
        Self { trouble, figures, dice: seed }
    }

    /// What becomes of the next packet. Each packet throws the same dice, so that a packet's fate depends on its place
    /// in the stream alone.
    pub(in crate::voice) fn fate(&mut self) -> Fate {
        let [loss, twice, reorder, jitter, jitter_twice] = std::array::from_fn(|_| self.throw());
        let Figures { delay_ms, jitter_ms, .. } = self.figures;
        let held_back = if reorder < self.figures.reorder { HELD_BACK_MS } else { 0.0 };
        let first = (loss >= self.figures.loss).then(|| micros(delay_ms + held_back + jitter * jitter_ms));
        let second = (twice < self.figures.duplicate).then(|| micros(delay_ms + jitter_twice * jitter_ms));
        [first, first.and(second)]
    }

    /// A number from 0 up to 1, evenly spread (SplitMix64).
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what an f64 holds")]
    fn throw(&mut self) -> f64 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.dice;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of times between 0 and 10 s")]
fn micros(ms: f64) -> u64 {
    (ms * 1000.0) as u64
}

/// A packet that is still on its way.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Underway {
    pub(super) due_us: u64,
    /// Of two that are due together the one that was sent first comes first.
    number: u64,
    pub(super) from: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

/// All packets that are on their way.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    underway: BinaryHeap<Reverse<Underway>>,
    last: u64,
}

impl Traffic {
    /// Sends a packet on its way. Where there are too many already it is lost.
    pub(super) fn send(&mut self, due_us: u64, from: SocketAddr, bytes: &[u8]) {
        if self.underway.len() < MAX_UNDERWAY {
            self.last += 1;
            let packet = Underway { due_us, number: self.last, from, bytes: bytes.to_vec() };
            self.underway.push(Reverse(packet));
        }
    }

    /// The next packet that is there by now.
    pub(super) fn arrived(&mut self, now_us: u64) -> Option<Underway> {
        if self.next_us()? > now_us {
            return None;
        }
        self.underway.pop().map(|Reverse(packet)| packet)
    }

    /// When the next packet is there.
    pub(super) fn next_us(&self) -> Option<u64> {
        self.underway.peek().map(|Reverse(packet)| packet.due_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fates(figures: Figures, seed: u64) -> Vec<Fate> {
        let mut way = Way::new(1, figures, seed);
        (0..10_000).map(|_| way.fate()).collect()
    }

    #[test]
    fn figures_come_out_as_ordered() {
        let figures = Figures { loss: 0.1, duplicate: 0.2, reorder: 0.05, delay_ms: 40.0, jitter_ms: 10.0, seed: 0 };
        let fates = fates(figures, 7);
        let lost = fates.iter().filter(|fate| fate[0].is_none()).count();
        let twice = fates.iter().filter(|fate| fate[1].is_some()).count();
        let held_back = fates.iter().filter(|fate| fate[0].is_some_and(|us| us >= 70_000)).count();
        assert!((900..1100).contains(&lost), "{lost}");
        assert!((1650..1950).contains(&twice), "{twice}");
        assert!((380..520).contains(&held_back), "{held_back}");
        let times: Vec<u64> = fates.iter().filter_map(|fate| fate[0]).filter(|us| *us < 70_000).collect();
        assert!(times.iter().all(|us| (40_000..50_000).contains(us)));
        assert!(times.iter().any(|us| *us < 41_000) && times.iter().any(|us| *us > 49_000));
    }

    #[test]
    fn the_seed_decides() {
        let figures = Figures { loss: 0.3, jitter_ms: 5.0, ..Figures::default() };
        assert_eq!(fates(figures, 1), fates(figures, 1));
        assert_ne!(fates(figures, 1), fates(figures, 2));
    }

    #[test]
    fn a_good_way_changes_nothing() {
        assert!(fates(Figures::default(), 3).iter().all(|fate| *fate == [Some(0), None]));
    }

    proptest! {
        #[test]
        fn packets_arrive_by_their_times_and_never_before(times in proptest::collection::vec(0_u64..1000, 0..60)) {
            let mut traffic = Traffic::default();
            let from = SocketAddr::from(([127, 0, 0, 1], 9));
            for (number, due) in times.iter().enumerate() {
                traffic.send(*due, from, &[number as u8]);
            }
            let mut expected: Vec<(u64, u8)> = times.iter().copied().zip(0_u8..).collect();
            expected.sort_unstable();
            let mut came = Vec::new();
            for now in 0..1000 {
                while let Some(packet) = traffic.arrived(now) {
                    prop_assert_eq!(packet.due_us, now);
                    came.push((packet.due_us, packet.bytes[0]));
                }
            }
            prop_assert_eq!(came, expected);
            prop_assert_eq!(traffic.next_us(), None);
        }
    }
}
