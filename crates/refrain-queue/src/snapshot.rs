//! The queue as a plain value, and back.

use crate::{Limits, Queue};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};
use refrain_model::{QueueSnapshot, Track, TrackId};

/// The highest number that a restored queue goes on from. No queue gets there by adding tracks: a snapshot that claims
/// it is broken. Half of all numbers are left above it, so that counting on never overflows.
const HIGHEST: u64 = u64::MAX / 2;

impl Queue {
    /// All that the queue holds, except what [`Queue::undo`] would bring back.
    #[must_use]
    pub fn snapshot(&self) -> QueueSnapshot {
        QueueSnapshot {
            next_id: self.next_id,
            current: self.current.clone(),
            upcoming: self.upcoming.iter().cloned().collect(),
            history: self.history.iter().cloned().collect(),
            looping: self.looping,
            true_order: self.true_order.clone(),
        }
    }

    /// The queue that a snapshot was taken of. Any snapshot gives a queue in order, since one may come from a file that
    /// somebody edited or from a bot with other limits:
    ///
    /// - What is beyond the limits is cut off: the oldest of the history, and the far end of the upcoming tracks.
    /// - If nothing is current, the first upcoming track becomes so.
    /// - Of tracks with the same number, the first one keeps it (the current one, then the upcoming ones, then the
    ///   history) and the others get new ones. The next number is above every one in the snapshot. If that is absurdly
    ///   high, all tracks are numbered from 1.
    /// - A true order loses what is not upcoming, and gets at its end what it lacks.
    #[must_use]
    pub fn restore(snapshot: QueueSnapshot, limits: Limits) -> Self {
        let given = snapshot.tracks().map(|track| track.id.0).max().unwrap_or(0);
        let next_id = snapshot.next_id.max(given.saturating_add(1));
        let line: Vec<_> = snapshot.current.into_iter().chain(snapshot.upcoming).take(limits.max_tracks).collect();
        let history: Vec<_> = snapshot.history.into_iter().take(limits.max_history).collect();
        let mut numbers = Numbers::of(next_id, line.iter().chain(&history));

        let mut queue = Self::new(limits);
        queue.looping = snapshot.looping;
        if !numbers.all_anew {
            queue.next_id = next_id;
        }
        let mut line = line.into_iter();
        queue.current = line.next().map(|track| numbers.adopt(&mut queue, track));
        let mut found = BTreeMap::new();
        for track in line {
            let number = track.id;
            let track = numbers.adopt(&mut queue, track);
            found.entry(number).or_insert(track.id);
            queue.upcoming.push_back(track);
        }
        for track in history {
            let track = numbers.adopt(&mut queue, track);
            queue.history.push_back(track);
        }
        queue.true_order = snapshot.true_order.map(|order| queue.complete(&order, found));
        queue.settle();
        queue
    }

    /// Makes a permutation of the upcoming tracks from a stored order. `found` leads from the stored numbers to those that
    /// the tracks have now.
    fn complete(&self, stored: &[TrackId], mut found: BTreeMap<TrackId, TrackId>) -> Vec<TrackId> {
        let mut order: Vec<TrackId> = stored.iter().filter_map(|id| found.remove(id)).collect();
        let known: BTreeSet<TrackId> = order.iter().copied().collect();
        order.extend(self.upcoming.iter().map(|track| track.id).filter(|id| !known.contains(id)));
        order
    }
}

/// Sees to it that no two restored tracks have the same number.
struct Numbers {
    taken: BTreeSet<TrackId>,
    all_anew: bool,
}

impl Numbers {
    /// Numbers for these tracks, of which those that share one get others from `next_id` on.
    fn of<'a>(next_id: u64, tracks: impl Iterator<Item = &'a Arc<Track>> + Clone) -> Self {
        let distinct: BTreeSet<TrackId> = tracks.clone().map(|track| track.id).collect();
        let doubles = tracks.count() - distinct.len();
        // The doubles count: otherwise they could take a queue beyond the highest number, and it would be numbered anew
        // by the next restore although nothing is wrong with it.
        let all_anew = next_id.saturating_add(doubles as u64) > HIGHEST;
        Self { taken: BTreeSet::new(), all_anew }
    }

    fn adopt(&mut self, queue: &mut Queue, track: Arc<Track>) -> Arc<Track> {
        if self.all_anew || !self.taken.insert(track.id) { queue.renewed(track) } else { track }
    }
}
