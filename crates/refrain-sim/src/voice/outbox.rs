//! The numbered messages of a session that a client has not acknowledged: what a resume sends again (version 8).

use super::wire::Packed;
use std::collections::VecDeque;

/// More than this are not kept; a client that missed more must begin anew.
pub(super) const CAPACITY: usize = 1024;
/// More bytes than this are not kept either.
const MAX_BYTES: usize = 4 << 20;

/// The buffer. Numbers are 16 bits wide, as binary frames carry them, and wrap.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    last: u16,
    /// The number of the newest message that is no longer kept.
    forgotten: Option<u16>,
    kept: VecDeque<(u16, Packed)>,
    /// All that is kept.
    bytes: usize,
}

impl Outbox {
    /// The number that the next message gets: the first is 1.
    pub(super) fn next_seq(&mut self) -> u16 {
        self.last = self.last.wrapping_add(1);
        self.last
    }

    /// Keeps a message until it is acknowledged.
    pub(super) fn keep(&mut self, seq: u16, message: Packed) {
        self.bytes += message.len();
        self.kept.push_back((seq, message));
        while self.kept.len() > CAPACITY || self.bytes > MAX_BYTES {
            self.forget();
        }
    }

    /// The client has this message and all before it.
    pub(super) fn acknowledge(&mut self, seq_ack: Option<i64>) {
        if let Some(at) = self.position(seq_ack) {
            for _ in 0..=at {
                self.forget();
            }
        }
    }

    /// What the client missed, oldest first; `None` when that is no longer known.
    pub(super) fn missed_since(&self, seq_ack: Option<i64>) -> Option<Vec<Packed>> {
        let from = match seq_ack.filter(|seq| *seq >= 0) {
            None if self.forgotten.is_none() => 0,
            None => return None,
            // The first number is 1: a client that counts from 0 has none yet.
            Some(0) if self.forgotten.is_none() => 0,
            Some(seq) if self.forgotten.is_some_and(|last| i64::from(last) == seq) => 0,
            Some(_) => self.position(seq_ack)? + 1,
        };
        Some(self.kept.iter().skip(from).map(|(_, message)| message.clone()).collect())
    }

    /// All that is kept, which is then forgotten.
    pub(super) fn take(&mut self) -> Vec<Packed> {
        self.bytes = 0;
        self.kept.drain(..).map(|(_, message)| message).collect()
    }

    fn position(&self, seq_ack: Option<i64>) -> Option<usize> {
        let seq = u16::try_from(seq_ack?).ok()?;
        self.kept.iter().position(|(kept, _)| *kept == seq)
    }

    fn forget(&mut self) {
        if let Some((seq, message)) = self.kept.pop_front() {
            self.bytes = self.bytes.saturating_sub(message.len());
            self.forgotten = Some(seq);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(messages: usize) -> Outbox {
        let mut outbox = Outbox::default();
        for _ in 0..messages {
            let seq = outbox.next_seq();
            outbox.keep(seq, Packed::Text(seq.to_string()));
        }
        outbox
    }

    fn missed(outbox: &Outbox, seq_ack: Option<i64>) -> Option<Vec<Packed>> {
        outbox.missed_since(seq_ack)
    }

    #[test]
    fn a_resume_gets_what_came_after_its_acknowledgement() {
        let outbox = with(3);
        let all = ["1", "2", "3"].map(|text| Packed::Text(String::from(text)));
        assert_eq!(missed(&outbox, None).as_deref(), Some(&all[..]));
        assert_eq!(missed(&outbox, Some(-1)).as_deref(), Some(&all[..]));
        assert_eq!(missed(&outbox, Some(2)).as_deref(), Some(&all[2..]));
        assert_eq!(missed(&outbox, Some(3)).as_deref(), Some(&all[3..]));
    }

    #[test]
    fn acknowledged_messages_are_dropped_and_cannot_be_asked_for_again() {
        let mut outbox = with(3);
        outbox.acknowledge(Some(2));
        assert_eq!(missed(&outbox, Some(2)), Some(vec![Packed::Text(String::from("3"))]));
        assert_eq!(missed(&outbox, Some(1)), None);
        assert_eq!(missed(&outbox, None), None);
        outbox.acknowledge(Some(70_000));
        outbox.acknowledge(Some(-1));
        outbox.acknowledge(None);
        assert_eq!(missed(&outbox, Some(3)), Some(Vec::new()));
    }

    #[test]
    fn a_number_that_was_never_given_cannot_be_resumed_from() {
        assert_eq!(missed(&with(3), Some(9)), None);
        assert_eq!(missed(&with(0), Some(i64::MAX)), None);
        assert_eq!(missed(&with(0), Some(-1)), Some(Vec::new()));
    }

    #[test]
    fn the_buffer_is_bounded_and_numbers_wrap() {
        let outbox = with(70_000);
        assert_eq!(outbox.kept.len(), CAPACITY);
        assert_eq!(missed(&outbox, Some(70_000 - 65_536)), Some(Vec::new()));
        assert_eq!(missed(&outbox, Some(70_000 - 65_536 - 2)).map(|kept| kept.len()), Some(2));
        assert_eq!(missed(&outbox, Some(60_000)), None);
    }

    #[test]
    fn the_buffer_is_bounded_in_bytes_too() {
        let mut outbox = Outbox::default();
        for _ in 0..100 {
            let seq = outbox.next_seq();
            outbox.keep(seq, Packed::Binary(vec![0; MAX_BYTES / 10]));
        }
        assert_eq!(outbox.kept.len(), 10);
        assert_eq!(missed(&outbox, Some(90)).map(|kept| kept.len()), Some(10));
        assert_eq!(missed(&outbox, Some(89)), None);
        outbox.acknowledge(Some(100));
        assert_eq!(outbox.bytes, 0);
    }

    proptest! {
        /// A resume gets exactly what was said after the number it names, or is told that this cannot be had.
        #[test]
        fn a_resume_never_skips_a_message(steps in proptest::collection::vec((0_u8..4, -2_i64..120), 0..200)) {
            let mut outbox = Outbox::default();
            let (mut said, mut acknowledged) = (0_i64, 0_i64);
            for (step, number) in steps {
                match step {
                    0 | 1 => {
                        let seq = outbox.next_seq();
                        said += 1;
                        outbox.keep(seq, Packed::Text(seq.to_string()));
                    }
                    2 => {
                        outbox.acknowledge(Some(number));
                        if (acknowledged + 1..=said).contains(&number) {
                            acknowledged = number;
                        }
                    }
                    _ => {
                        let from = number.max(0);
                        let is_known = from >= acknowledged && from <= said && (number >= 0 || acknowledged == 0);
                        let expected = is_known
                            .then(|| (from + 1..=said).map(|seq| Packed::Text(seq.to_string())).collect::<Vec<_>>());
                        prop_assert_eq!(missed(&outbox, Some(number)), expected, "{} of {} said", number, said);
                    }
                }
            }
        }
    }
}
