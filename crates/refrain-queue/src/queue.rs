//! The queue itself: what plays, what comes, what was.

use crate::{Page, undo::Removal};
use alloc::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    vec::Vec,
};
use core::time::Duration;
use refrain_model::{LoopMode, Track, TrackId};
use serde::{Deserialize, Serialize};

/// The queue's bounds: a guild can make it no bigger than this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// How many tracks it holds, the current one included.
    pub max_tracks: usize,
    /// How many played tracks it remembers.
    pub max_history: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_tracks: 1000, max_history: 50 }
    }
}

/// One guild's queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    pub(crate) limits: Limits,
    /// The number for the next track. Numbers are never used twice, so an event about a track that has gone can be told
    /// from one about the track that is playing, even when both are the same song.
    pub(crate) next_id: u64,
    pub(crate) current: Option<Arc<Track>>,
    pub(crate) upcoming: VecDeque<Arc<Track>>,
    /// The most recent at the front.
    pub(crate) history: VecDeque<Arc<Track>>,
    pub(crate) looping: LoopMode,
    /// While shuffled: the upcoming tracks' numbers in the order to go back to. Always a permutation of `upcoming`, and
    /// never empty: a queue in which nothing is upcoming is not shuffled.
    pub(crate) true_order: Option<Vec<TrackId>>,
    /// What the last clear or remove took.
    pub(crate) undo: Option<Removal>,
}

impl Queue {
    /// An empty queue with these bounds.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            next_id: 1,
            current: None,
            upcoming: VecDeque::new(),
            history: VecDeque::new(),
            looping: LoopMode::Off,
            true_order: None,
            undo: None,
        }
    }

    /// The bounds that the queue was made with.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// The track that plays, or will as soon as there is a connection.
    #[must_use]
    pub const fn current(&self) -> Option<&Arc<Track>> {
        self.current.as_ref()
    }

    /// The tracks after the current one, in the order in which they will play.
    pub fn upcoming(&self) -> impl ExactSizeIterator<Item = &Arc<Track>> + DoubleEndedIterator {
        self.upcoming.iter()
    }

    /// The tracks that have been current and no longer are, the most recent first; at most [`Limits::max_history`].
    /// A track that was looped is not among them: it is still in the queue.
    pub fn history(&self) -> impl ExactSizeIterator<Item = &Arc<Track>> + DoubleEndedIterator {
        self.history.iter()
    }

    /// How many tracks are upcoming; the current one is not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.upcoming.len()
    }

    /// Whether nothing comes after the current track. Whether anything plays is what [`Queue::current`] tells.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.upcoming.is_empty()
    }

    /// How long the upcoming tracks last together; `None` when the length of one is unknown, as of any live stream.
    #[must_use]
    pub fn total_duration(&self) -> Option<Duration> {
        self.upcoming.iter().try_fold(Duration::ZERO, |sum, track| {
            let length = track.info.duration.filter(|_| !track.info.live)?;
            Some(sum.saturating_add(length))
        })
    }

    /// Page `page` of the upcoming tracks, `size` to a page. Both count from 1, and a number out of range is taken for
    /// the nearest one in it.
    #[must_use]
    pub fn page(&self, page: usize, size: usize) -> Page {
        Page::cut(self.upcoming.iter(), page, size)
    }

    /// What happens when a track has come to its end.
    #[must_use]
    pub const fn looping(&self) -> LoopMode {
        self.looping
    }

    /// Sets what happens when a track has come to its end, from the current one on.
    pub const fn set_looping(&mut self, looping: LoopMode) {
        self.looping = looping;
    }

    /// How many tracks count against [`Limits::max_tracks`].
    pub(crate) fn held(&self) -> usize {
        self.upcoming.len() + usize::from(self.current.is_some())
    }

    /// A number that no track of this queue has had.
    pub(crate) const fn take_id(&mut self) -> TrackId {
        let id = TrackId(self.next_id);
        // Does not overflow: a queue begins at 1, or in the lower half of all numbers when it is restored.
        self.next_id += 1;
        id
    }

    /// The same track under a new number, so that no late event about the old one is taken for one about it.
    pub(crate) fn renewed(&mut self, mut track: Arc<Track>) -> Arc<Track> {
        Arc::make_mut(&mut track).id = self.take_id();
        track
    }

    /// Puts a track at the end of the upcoming ones, in the true order too.
    pub(crate) fn append(&mut self, track: Arc<Track>) {
        if let Some(order) = &mut self.true_order {
            order.push(track.id);
        }
        self.upcoming.push_back(track);
    }

    /// Puts a track before the upcoming ones, in the true order too.
    pub(crate) fn prepend(&mut self, track: Arc<Track>) {
        if let Some(order) = &mut self.true_order {
            order.insert(0, track.id);
        }
        self.upcoming.push_front(track);
    }

    /// Puts a track that is no longer current into the history, which forgets its oldest.
    pub(crate) fn remember(&mut self, track: Arc<Track>) {
        self.history.push_front(track);
        self.history.truncate(self.limits.max_history);
    }

    /// The upcoming tracks' numbers, in the order in which they will play.
    pub(crate) fn upcoming_ids(&self) -> Vec<TrackId> {
        self.upcoming.iter().map(|track| track.id).collect()
    }

    /// Ends every change: something plays if there is anything to play, and the true order knows the upcoming tracks
    /// only.
    pub(crate) fn settle(&mut self) {
        if self.current.is_none() {
            self.current = self.upcoming.pop_front();
        }
        if let Some(order) = &mut self.true_order {
            let upcoming: BTreeSet<TrackId> = self.upcoming.iter().map(|track| track.id).collect();
            order.retain(|id| upcoming.contains(id));
        }
        self.true_order.take_if(|order| order.is_empty());
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}
