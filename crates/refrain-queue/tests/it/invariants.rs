//! What holds of every queue, whatever was done to it.

use proptest::prelude::*;
use refrain_model::TrackId;
use refrain_queue::{Limits, Queue};
use std::collections::BTreeSet;

/// Checks one queue, as far as it can be seen from outside.
pub(crate) fn hold(queue: &Queue, limits: Limits) -> Result<(), TestCaseError> {
    let all = queue.snapshot();
    prop_assert!(all.current.is_some() || all.upcoming.is_empty(), "while nothing is current, nothing is upcoming");
    prop_assert!(usize::from(all.current.is_some()) + all.upcoming.len() <= limits.max_tracks);
    prop_assert!(all.history.len() <= limits.max_history);

    let ids: BTreeSet<TrackId> = all.tracks().map(|track| track.id).collect();
    prop_assert_eq!(ids.len(), all.tracks().count(), "no number is used twice");
    prop_assert!(ids.iter().all(|id| id.0 < all.next_id), "the next number is above every one in use");

    if let Some(mut order) = all.true_order {
        let mut upcoming: Vec<TrackId> = all.upcoming.iter().map(|track| track.id).collect();
        upcoming.sort();
        order.sort();
        prop_assert_eq!(order, upcoming, "the true order is one of the upcoming tracks");
        prop_assert!(!queue.is_empty() && queue.is_shuffled());
    } else {
        prop_assert!(!queue.is_shuffled());
    }
    Ok(())
}

/// Watches one queue over time.
#[derive(Default)]
pub(crate) struct Watch {
    next_id: u64,
    current: Option<TrackId>,
    has_been_current: BTreeSet<TrackId>,
    seen: BTreeSet<TrackId>,
}

impl Watch {
    /// Checks that numbers go up only, and that none is current a second time.
    pub(crate) fn look(&mut self, queue: &Queue) -> Result<(), TestCaseError> {
        let all = queue.snapshot();
        prop_assert!(all.next_id >= self.next_id);
        for track in all.tracks() {
            let new = self.seen.insert(track.id);
            prop_assert!(!new || track.id.0 >= self.next_id, "a number is given once only");
        }
        self.next_id = all.next_id;
        let current = queue.current().map(|track| track.id);
        if current != self.current {
            self.current = current;
            if let Some(id) = current {
                prop_assert!(self.has_been_current.insert(id), "what was current comes back under a new number");
            }
        }
        Ok(())
    }
}
