//! When each packet of one stream is heard. Pure: arrivals in, places out; time in ticks of 48 kHz.
//!
//! The model is a receiver with a fixed playout delay of 60 ms, no time-stretching and no concealment:
//! 1. The first packet is played 60 ms after it arrived; that anchors its RTP timestamp.
//! 2. Every later packet is played at its timestamp's distance from the anchor.
//! 3. A packet that comes after its moment has passed shows an underrun. What was missing was silence, and the packet is
//!    played 60 ms after its own arrival: a new anchor.
//! 4. Packets are played in order of sequence. One that others overtook is waited for until the next one's moment; after
//!    that it is lost, and its place is silence.
//! 5. A timestamp more than 2 s ahead of its arrival is a jump, and anchors anew behind what is already to be played;
//!    where even that is more than 2 s ahead, the buffer is full and the packet is dropped.
//!
//! Places are told on the recorded timeline, where the 60 ms are taken off again: a packet that came in time for the
//! anchor lies where it arrived.

use std::collections::BTreeMap;

/// Ticks a millisecond.
pub(super) const TICKS_PER_MS: i64 = 48;
/// The playout delay.
pub(super) const DELAY: i64 = 60 * TICKS_PER_MS;
/// The most that is buffered ahead.
const MAX_AHEAD: i64 = 2000 * TICKS_PER_MS;
/// The most packets that wait for an overtaken one.
const MAX_HELD: usize = 128;

/// Microseconds of the clock as ticks of 48 kHz.
pub(super) fn ticks(micros: u64) -> i64 {
    i64::try_from(u128::from(micros) * 48 / 1000).unwrap_or(i64::MAX / 4)
}

/// A packet as it arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) at: i64,
    /// Extended beyond 16 bits.
    pub(super) sequence: u64,
    pub(super) timestamp: u32,
    /// How much sound it holds.
    pub(super) ticks: i64,
    /// Whether it is an explicit silence frame, after which a pause is no underrun.
    pub(super) is_quiet: bool,
}

/// What became of the packets of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// New anchors because a packet came too late.
    pub(super) underruns: u64,
    /// Packets that came after their place had been passed.
    pub(super) late: u64,
    /// Places that no packet came for.
    pub(super) lost: u64,
    /// Packets for which the buffer was full.
    pub(super) overflow: u64,
}

impl Tally {
    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            underruns: self.underruns + other.underruns,
            late: self.late + other.late,
            lost: self.lost + other.lost,
            overflow: self.overflow + other.overflow,
        }
    }
}

#[derive(Debug)]
struct Held<T> {
    slot: i64,
    ticks: i64,
    is_quiet: bool,
    frame: T,
}

#[derive(Clone, Copy, Debug)]
struct Anchor {
    slot: i64,
    timestamp: u32,
}

/// One stream's playout.
#[derive(Debug)]
pub(super) struct Timeline<T> {
    anchor: Option<Anchor>,
    next: Option<u64>,
    /// Where the last frame that has its place ends.
    end: i64,
    was_quiet: bool,
    held: BTreeMap<u64, Held<T>>,
    pub(super) tally: Tally,
}

impl<T> Default for Timeline<T> {
    fn default() -> Self {
        Self { anchor: None, next: None, end: 0, was_quiet: false, held: BTreeMap::new(), tally: Tally::default() }
    }
}

impl<T> Timeline<T> {
    /// Takes a packet; `place` gets every frame whose place is settled by that, in order, with where it begins.
    pub(super) fn push(&mut self, arrival: Arrival, frame: T, place: &mut impl FnMut(i64, T)) {
        self.advance(arrival.at, place);
        if self.next.is_some_and(|next| arrival.sequence < next) {
            self.tally.late += 1;
            return;
        }
        let Some(slot) = self.slot(arrival) else {
            return;
        };
        // The distance is always measured from the newest packet: it stays small, however long the stream.
        self.anchor = Some(Anchor { slot, timestamp: arrival.timestamp });
        let held = Held { slot, ticks: arrival.ticks, is_quiet: arrival.is_quiet, frame };
        self.held.insert(arrival.sequence, held);
        while self.is_next_held() || self.held.len() > MAX_HELD {
            self.release(place);
        }
    }

    /// Settles the frames whose moment has come although packets before them are missing.
    pub(super) fn advance(&mut self, now: i64, place: &mut impl FnMut(i64, T)) {
        while self.due().is_some_and(|due| due <= now) || self.is_next_held() {
            self.release(place);
        }
    }

    /// When [`advance`](Self::advance) has something to do.
    pub(super) fn due(&self) -> Option<i64> {
        self.held.first_key_value().map(|(_, held)| held.slot)
    }

    /// The music that waits for a packet before it: where it is to be heard on the recorded timeline, and for how long.
    pub(super) fn held(&self) -> impl Iterator<Item = (i64, i64)> {
        self.held.values().filter(|held| !held.is_quiet).map(|held| (held.slot - DELAY, held.ticks))
    }

    fn is_next_held(&self) -> bool {
        match (self.held.first_key_value(), self.next) {
            (Some((sequence, _)), Some(next)) => *sequence == next,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    fn release(&mut self, place: &mut impl FnMut(i64, T)) {
        let Some((sequence, held)) = self.held.pop_first() else {
            return;
        };
        self.tally.lost += self.next.map_or(0, |next| sequence.saturating_sub(next));
        self.next = Some(sequence + 1);
        self.end = self.end.max(held.slot + held.ticks);
        self.was_quiet = held.is_quiet;
        place(held.slot - DELAY, held.frame);
    }

    /// When a packet is to be played; `None` when it cannot be.
    fn slot(&mut self, arrival: Arrival) -> Option<i64> {
        let soonest = arrival.at + DELAY;
        let Some(anchor) = self.anchor else {
            return Some(soonest);
        };
        let distance = arrival.timestamp.wrapping_sub(anchor.timestamp).cast_signed();
        let slot = anchor.slot + i64::from(distance);
        if slot < arrival.at {
            if !self.held.is_empty() {
                self.tally.late += 1;
                return None;
            }
            self.tally.underruns += u64::from(!self.was_quiet);
            return Some(soonest);
        }
        if slot - arrival.at <= MAX_AHEAD {
            return Some(slot);
        }
        let behind = soonest.max(self.end);
        if behind - arrival.at > MAX_AHEAD || !self.held.is_empty() {
            self.tally.overflow += 1;
            return None;
        }
        Some(behind)
    }
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
