//! What a receiver checks of each packet of a stream: order, repetition, and that no nonce is used twice.

use std::collections::BTreeMap;

/// How many sequence numbers back a repetition is still recognised.
const WINDOW: u64 = 1024;
/// How many separate runs of nonces are remembered; a counter needs one.
const MAX_NONCE_RUNS: usize = 4096;

/// What a packet is in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Newer than all before it.
    Next,
    /// Overtaken by a newer one.
    Overtaken,
    /// Has been here before.
    Duplicate,
}

/// The sequence numbers of one stream, made wide enough never to wrap.
#[derive(Debug, Default)]
pub(super) struct SequenceGuard {
    highest: Option<u64>,
    /// Bit n of the window is set when `highest - n` has been seen.
    seen: [u64; (WINDOW / 64) as usize],
}

impl SequenceGuard {
    /// Places a packet's number; returns it extended beyond 16 bits.
    pub(super) fn check(&mut self, sequence: u16) -> (u64, Order) {
        let Some(highest) = self.highest else {
            // A start far from zero leaves room for packets that the first one overtook.
            let first = (1 << 32) + u64::from(sequence);
            self.highest = Some(first);
            self.seen[0] = 1;
            return (first, Order::Next);
        };
        let ahead = sequence.wrapping_sub(highest as u16);
        if ahead != 0 && ahead < 0x8000 {
            return (self.advance(highest, u64::from(ahead)), Order::Next);
        }
        let behind = u64::from((highest as u16).wrapping_sub(sequence));
        if behind >= WINDOW {
            // Too far back to have been overtaken: the sender began to count anew.
            self.seen = Default::default();
            return (self.advance(highest, WINDOW), Order::Next);
        }
        let (word, bit) = ((behind / 64) as usize, 1 << (behind % 64));
        let order = if self.seen[word] & bit == 0 { Order::Overtaken } else { Order::Duplicate };
        self.seen[word] |= bit;
        (highest - behind, order)
    }

    fn advance(&mut self, highest: u64, by: u64) -> u64 {
        let (words, bits) = ((by / 64) as usize, by % 64);
        let old = self.seen;
        for (at, word) in self.seen.iter_mut().enumerate() {
            let low = at.checked_sub(words).map_or(0, |from| old[from] << bits);
            let carried = at.checked_sub(words + 1).filter(|_| bits > 0).map_or(0, |from| old[from] >> (64 - bits));
            *word = low | carried;
        }
        self.seen[0] |= 1;
        self.highest = Some(highest + by);
        highest + by
    }
}

/// The nonces of one key, as runs of consecutive numbers.
#[derive(Debug, Default)]
pub(super) struct NonceGuard {
    /// First to last of each run.
    runs: BTreeMap<u32, u32>,
}

impl NonceGuard {
    /// Remembers a nonce; false when this key has had it before.
    pub(super) fn is_fresh(&mut self, nonce: [u8; 4]) -> bool {
        let nonce = u32::from_be_bytes(nonce);
        let before = self.runs.range(..=nonce).next_back();
        let (mut first, mut last) = (nonce, nonce);
        if let Some((&run_first, &run_last)) = before {
            if run_last >= nonce {
                return false;
            }
            if run_last + 1 == nonce {
                first = run_first;
            }
        }
        if let Some(run_last) = nonce.checked_add(1).and_then(|next| self.runs.remove(&next)) {
            last = run_last;
        }
        self.runs.insert(first, last);
        if self.runs.len() > MAX_NONCE_RUNS {
            self.runs.pop_first();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn order_and_repetition_are_told_across_the_wrap() {
        let mut guard = SequenceGuard::default();
        let orders: Vec<Order> =
            [65534, 65535, 1, 0, 0, 2, 1, 65535].into_iter().map(|sequence| guard.check(sequence).1).collect();
        use Order::{Duplicate, Next, Overtaken};
        assert_eq!(orders, [Next, Next, Next, Overtaken, Duplicate, Next, Duplicate, Duplicate]);
    }

    #[test]
    fn extended_numbers_go_on_where_sixteen_bits_begin_again() {
        let mut guard = SequenceGuard::default();
        let (first, _) = guard.check(65535);
        assert_eq!(guard.check(0), (first + 1, Order::Next));
        assert_eq!(guard.check(70), (first + 71, Order::Next));
        assert_eq!(guard.check(1), (first + 2, Order::Overtaken));
        assert_eq!(guard.check(0), (first + 1, Order::Duplicate));
    }

    #[test]
    fn a_sender_that_counts_anew_is_followed() {
        let mut guard = SequenceGuard::default();
        let (first, _) = guard.check(30_000);
        let (anew, order) = guard.check(5);
        assert!(anew > first);
        assert_eq!(order, Order::Next);
        let mut other = SequenceGuard::default();
        other.check(40_000);
        assert_eq!(other.check(20_000).1, Order::Next);
    }

    proptest! {
        #[test]
        fn nonces_are_fresh_exactly_once(nonces in proptest::collection::vec(prop_oneof![0..40_u32, (u32::MAX - 4)..=u32::MAX], 0..80)) {
            let mut guard = NonceGuard::default();
            let mut known = BTreeSet::new();
            for nonce in nonces {
                prop_assert_eq!(guard.is_fresh(nonce.to_be_bytes()), known.insert(nonce));
            }
        }

        #[test]
        fn the_window_agrees_with_a_set(steps in proptest::collection::vec(-60_i32..90, 1..200)) {
            let mut guard = SequenceGuard::default();
            let mut at = 1_000_i32;
            let (base, _) = guard.check(at as u16);
            let mut known = BTreeSet::from([at]);
            for step in steps {
                let highest = *known.last().unwrap();
                at = (at + step).max(highest - 1000).max(0);
                let (extended, order) = guard.check(at as u16);
                prop_assert_eq!(i64::try_from(extended).unwrap() - i64::try_from(base).unwrap(), i64::from(at - 1_000));
                let expected = match (known.insert(at), at > highest) {
                    (false, _) => Order::Duplicate,
                    (true, true) => Order::Next,
                    (true, false) => Order::Overtaken,
                };
                prop_assert_eq!(order, expected);
            }
        }
    }
}
