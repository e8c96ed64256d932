//! A random order, and the way back from it.

use crate::Queue;
use alloc::{collections::BTreeMap, sync::Arc};
use refrain_model::{Track, TrackId};

impl Queue {
    /// Puts the upcoming tracks in a random order. The same queue and `seed` give the same order: chance comes from
    /// whoever calls. The order that they had is kept for [`Queue::unshuffle`]; shuffling again keeps the first.
    ///
    /// With nothing upcoming this does nothing. Tracks that are added later go where they are put, not to a random place.
    pub fn shuffle(&mut self, seed: u64) {
        if self.upcoming.is_empty() {
            return;
        }
        if self.true_order.is_none() {
            self.true_order = Some(self.upcoming_ids());
        }
        let mut random = SplitMix(seed);
        for last in (1..self.upcoming.len()).rev() {
            self.upcoming.swap(last, random.up_to(last));
        }
    }

    /// Puts the upcoming tracks back into the order that they had before [`Queue::shuffle`], and tells whether they were
    /// shuffled. Tracks that were added meanwhile stand where they were added, at the end or at the front; those that have
    /// gone stay away.
    pub fn unshuffle(&mut self) -> bool {
        let Some(order) = self.true_order.take() else {
            return false;
        };
        let mut tracks: BTreeMap<TrackId, Arc<Track>> =
            self.upcoming.drain(..).map(|track| (track.id, track)).collect();
        self.upcoming = order.iter().filter_map(|id| tracks.remove(id)).collect();
        if let Some(removal) = &mut self.undo {
            removal.unshuffle();
        }
        true
    }

    /// Whether the upcoming tracks are in a random order. Never while nothing is upcoming.
    #[must_use]
    pub const fn is_shuffled(&self) -> bool {
        self.true_order.is_some()
    }
}

/// Sebastiano Vigna's SplitMix64: a few lines, and every seed is a good one.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `last`. It scales instead of taking a remainder; the bias that is left is one part in 2^64 for
    /// each possible result.
    fn up_to(&mut self, last: usize) -> usize {
        let scaled = (u128::from(self.next()) * (last as u128 + 1)) >> 64;
        // At most `last`, so the conversion cannot fail.
        usize::try_from(scaled).unwrap_or(last)
    }
}
