//! Taking back the last clear or remove.

use crate::{Queue, QueueError};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};
use refrain_model::{Track, TrackId};

/// What [`Queue::undo`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The tracks that are back. A track that was current when the queue was cleared comes first, under a new number.
    pub restored: Vec<Arc<Track>>,
    /// How many there was no room for any more: the last ones of those removed. They are gone for good.
    pub left_out: usize,
}

/// What a clear or remove took, and how the queue stood before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Removal {
    /// What was current, if that was taken too.
    pub(crate) current: Option<Arc<Track>>,
    /// The upcoming tracks that were taken.
    pub(crate) tracks: Vec<Arc<Track>>,
    /// All upcoming tracks as they stood before: what was taken goes back behind its old neighbours, since positions
    /// mean little once a track has played or another was put next.
    line: Vec<TrackId>,
    /// The true order, if the queue was shuffled.
    true_order: Option<Vec<TrackId>>,
}

impl Removal {
    /// The queue was put back into its true order, so what comes back goes to its place in that.
    pub(crate) fn unshuffle(&mut self) {
        if let Some(order) = self.true_order.take() {
            self.line = order;
        }
    }

    fn is_empty(&self) -> bool {
        self.current.is_none() && self.tracks.is_empty()
    }
}

impl Queue {
    /// Takes back the last [`clear`](Queue::clear), [`clear_upcoming`](Queue::clear_upcoming) or
    /// [`remove`](Queue::remove), however much has been added or played since; those that took nothing do not count.
    ///
    /// A track comes back behind the nearest one that stood before it and is still upcoming, or to the front when there
    /// is none. A cleared current track leaves the history and becomes current again if nothing is current; otherwise it
    /// stands at the front of the upcoming ones. When there is room for some only, the first ones come back.
    ///
    /// # Errors
    /// [`QueueError::NothingToUndo`] when nothing was taken or it is back already; [`QueueError::Full`] when there is
    /// room for none, and then it can still be undone later.
    pub fn undo(&mut self) -> Result<Undone, QueueError> {
        let room = self.limits.max_tracks.saturating_sub(self.held());
        if self.undo.is_some() && room == 0 {
            return Err(QueueError::Full { max: self.limits.max_tracks });
        }
        let mut removal = self.undo.take().ok_or(QueueError::NothingToUndo)?;
        let fit = room - usize::from(removal.current.is_some());
        let left_out = removal.tracks.len().saturating_sub(fit);
        removal.tracks.truncate(fit);
        self.put_back(&removal);
        let mut restored = Vec::new();
        if let Some(cleared) = removal.current {
            self.history.retain(|track| track.id != cleared.id);
            let again = self.renewed(cleared);
            restored.push(Arc::clone(&again));
            // Without a current track this makes it current: `settle` takes the first.
            self.prepend(again);
        }
        restored.extend(removal.tracks);
        self.settle();
        Ok(Undone { restored, left_out })
    }

    /// Notes how the queue stands before something is taken from it.
    pub(crate) fn begin_removal(&self) -> Removal {
        Removal { current: None, tracks: Vec::new(), line: self.upcoming_ids(), true_order: self.true_order.clone() }
    }

    /// Keeps what was taken for [`Queue::undo`], and returns it. What took nothing leaves the earlier one in place.
    pub(crate) fn end_removal(&mut self, removal: Removal) -> Vec<Arc<Track>> {
        let taken = removal.current.iter().chain(&removal.tracks).cloned().collect();
        if !removal.is_empty() {
            self.undo = Some(removal);
        }
        self.settle();
        taken
    }

    /// The track `id` has come back from the history: if it is what was cleared, an undo must not bring it a second time.
    pub(crate) fn keep_from_undo(&mut self, id: TrackId) {
        if let Some(removal) = &mut self.undo {
            removal.current.take_if(|cleared| cleared.id == id);
        }
        self.undo.take_if(|removal| removal.is_empty());
    }

    /// Puts upcoming tracks back among those of now, in the order of playing and in the true order.
    fn put_back(&mut self, removal: &Removal) {
        let back: BTreeSet<TrackId> = removal.tracks.iter().map(|track| track.id).collect();
        let now = self.upcoming_ids();
        let merged = merge(&now, &removal.line, &back);
        // A queue that was shuffled then and has been emptied since is shuffled again; what was added to it meanwhile is
        // in its true order as it is.
        let order_now = self.true_order.take().or_else(|| removal.true_order.is_some().then_some(now));
        let order_then = removal.true_order.as_ref().unwrap_or(&removal.line);
        self.true_order = order_now.map(|order| merge(&order, order_then, &back));
        let mut tracks: BTreeMap<TrackId, Arc<Track>> =
            self.upcoming.drain(..).chain(removal.tracks.iter().cloned()).map(|track| (track.id, track)).collect();
        self.upcoming = merged.iter().filter_map(|id| tracks.remove(id)).collect();
    }
}

/// Puts those of `then` that come `back` into `now`, each behind the nearest one that stood before it then and is there
/// now, or at the front.
fn merge(now: &[TrackId], then: &[TrackId], back: &BTreeSet<TrackId>) -> Vec<TrackId> {
    let there: BTreeSet<TrackId> = now.iter().copied().collect();
    let mut behind: BTreeMap<Option<TrackId>, Vec<TrackId>> = BTreeMap::new();
    let mut neighbour = None;
    for id in then {
        if back.contains(id) {
            behind.entry(neighbour).or_default().push(*id);
        } else if there.contains(id) {
            neighbour = Some(*id);
        }
    }
    let mut merged = behind.remove(&None).unwrap_or_default();
    for id in now {
        merged.push(*id);
        merged.extend(behind.remove(&Some(*id)).unwrap_or_default());
    }
    merged
}
