//! The lists of a queue as numbers: a thousand tracks are a kilobyte or two, written whenever the order changes.
//!
//! Layout: the current track (a list of none or one), the upcoming ones, the history, then the order before shuffling
//! (one byte: 0 none, 1 and a list). A list is its length and, for each id, the difference from the id before it, zigzag
//! encoded, so that neighbours take one byte. All numbers are LEB128.

use refrain_model::{QueueSnapshot, TrackId};

/// Which tracks, in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) current: Option<TrackId>,
    pub(crate) upcoming: Vec<TrackId>,
    pub(crate) history: Vec<TrackId>,
    pub(crate) true_order: Option<Vec<TrackId>>,
}

impl Order {
    pub(crate) fn of(queue: &QueueSnapshot) -> Self {
        Self {
            current: queue.current.as_ref().map(|track| track.id),
            upcoming: queue.upcoming.iter().map(|track| track.id).collect(),
            history: queue.history.iter().map(|track| track.id).collect(),
            true_order: queue.true_order.clone(),
        }
    }

    /// Every id that must have a track.
    pub(crate) fn ids(&self) -> impl Iterator<Item = TrackId> {
        self.current.iter().chain(&self.upcoming).chain(&self.history).copied()
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + self.upcoming.len() + self.history.len());
        put_list(&mut bytes, self.current.as_slice());
        put_list(&mut bytes, &self.upcoming);
        put_list(&mut bytes, &self.history);
        match &self.true_order {
            None => bytes.push(0),
            Some(order) => {
                bytes.push(1);
                put_list(&mut bytes, order);
            }
        }
        bytes
    }

    /// `None` for bytes that are no such lists.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let current = take_list(&mut rest)?;
        let (upcoming, history) = (take_list(&mut rest)?, take_list(&mut rest)?);
        let true_order = match take(&mut rest)? {
            0 => None,
            1 => Some(take_list(&mut rest)?),
            _ => return None,
        };
        let whole = rest.is_empty() && current.len() <= 1;
        whole.then(|| Self { current: current.first().copied(), upcoming, history, true_order })
    }
}

fn put_list(bytes: &mut Vec<u8>, ids: &[TrackId]) {
    put(bytes, ids.len() as u64);
    let mut before = 0_u64;
    for id in ids {
        let step = id.0.wrapping_sub(before).cast_signed();
        put(bytes, ((step << 1) ^ (step >> 63)).cast_unsigned());
        before = id.0;
    }
}

fn take_list(rest: &mut &[u8]) -> Option<Vec<TrackId>> {
    let length = usize::try_from(take(rest)?).ok()?;
    // An id takes a byte at least: no length makes us reserve more than was read.
    if length > rest.len() {
        return None;
    }
    let mut ids = Vec::with_capacity(length);
    let mut before = 0_u64;
    for _ in 0..length {
        let zigzag = take(rest)?;
        let step = (zigzag >> 1) ^ (zigzag & 1).wrapping_neg();
        before = before.wrapping_add(step);
        ids.push(TrackId(before));
    }
    Some(ids)
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        let seven = u64::from(byte & 0x7f);
        if shift == 63 && seven > 1 {
            return None;
        }
        number |= seven << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ids() -> impl Strategy<Value = Vec<TrackId>> {
        let id = prop_oneof![0..50_u64, any::<u64>()];
        proptest::collection::vec(id.prop_map(TrackId), 0..40)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            current in proptest::option::of(any::<u64>().prop_map(TrackId)),
            upcoming in ids(), history in ids(), true_order in proptest::option::of(ids()),
        ) {
            let order = Order { current, upcoming, history, true_order };
            prop_assert_eq!(Order::decode(&order.encode()), Some(order));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(order) = Order::decode(&bytes) {
                prop_assert_eq!(Order::decode(&order.encode()), Some(order));
            }
        }
    }

    #[test]
    fn a_thousand_neighbours_take_a_kilobyte() {
        let order = Order { upcoming: (1..=1000).map(TrackId).collect(), ..Order::default() };
        assert!(order.encode().len() < 1010);
    }
}
