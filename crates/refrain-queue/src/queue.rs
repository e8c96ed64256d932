//! The queue itself: what plays, what comes, what was.

use crate::Page;
use alloc::{collections::VecDeque, vec::Vec};
use core::time::Duration;
use refrain_model::{ChannelId, Track, TrackId, TrackInfo, UserId};

/// The queue's bounds: a guild can make it no bigger than this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Why the queue did not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// It holds as many tracks as it may.
    #[error("the queue is full: it holds {max} tracks; skip or clear some first")]
    Full {
        /// Its bound.
        max: usize,
    },
}

/// What [`Queue::enqueue`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The track, with the number it got.
    pub track: Track,
    /// 0: it became the current track; otherwise its place among the upcoming ones, from 1.
    pub position: usize,
}

/// What [`Queue::skip`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The tracks that were passed over, the one that was playing first.
    pub skipped: Vec<Track>,
    /// What is current now.
    pub current: Option<Track>,
}

/// One guild's queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    limits: Limits,
    /// The number for the next track. Numbers are never used twice, so an event about a track that has gone can be told
    /// from one about the track that is playing, even when both are the same song.
    next_id: u64,
    current: Option<Track>,
    upcoming: VecDeque<Track>,
    /// The most recent at the front.
    history: VecDeque<Track>,
}

impl Queue {
    /// An empty queue with these bounds.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits, next_id: 1, current: None, upcoming: VecDeque::new(), history: VecDeque::new() }
    }

    /// Puts a track at the end; in an idle queue it becomes current at once.
    ///
    /// # Errors
    /// [`QueueError::Full`] when the queue holds [`Limits::max_tracks`], the current track included.
    pub fn enqueue(
        &mut self,
        info: TrackInfo,
        requested_by: UserId,
        requested_in: ChannelId,
    ) -> Result<Added, QueueError> {
        let held = self.upcoming.len() + usize::from(self.current.is_some());
        if held >= self.limits.max_tracks {
            return Err(QueueError::Full { max: self.limits.max_tracks });
        }
        let track = Track { id: TrackId(self.next_id), info, requested_by, requested_in };
        self.next_id += 1;
        if self.current.is_none() {
            self.current = Some(track.clone());
        } else {
            self.upcoming.push_back(track.clone());
        }
        Ok(Added { track, position: self.upcoming.len() })
    }

    /// The track that plays, or will as soon as there is a connection.
    #[must_use]
    pub const fn current(&self) -> Option<&Track> {
        self.current.as_ref()
    }

    /// The tracks after the current one, in the order in which they will play.
    pub fn upcoming(&self) -> impl ExactSizeIterator<Item = &Track> {
        self.upcoming.iter()
    }

    /// The tracks that have been current and no longer are, the most recent first; at most [`Limits::max_history`].
    pub fn history(&self) -> impl Iterator<Item = &Track> {
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

    /// The track `id` has ended: the next one becomes current and is returned.
    ///
    /// When `id` is not the current track, nothing changes and the current track is returned. An end that arrives late,
    /// after somebody skipped that very track, therefore never skips a second one.
    pub fn finish(&mut self, id: TrackId) -> Option<&Track> {
        if self.current.as_ref().is_some_and(|current| current.id == id) {
            self.advance();
        }
        self.current.as_ref()
    }

    /// Passes over `count` tracks, the current one first; fewer when there are fewer, none when `count` is 0.
    ///
    /// Only the track that was current enters the history: nobody heard the others.
    pub fn skip(&mut self, count: usize) -> Skipped {
        let mut skipped = Vec::new();
        if count > 0
            && let Some(current) = self.current.clone()
        {
            let unheard = (count - 1).min(self.upcoming.len());
            skipped.push(current);
            skipped.extend(self.upcoming.drain(..unheard));
            self.advance();
        }
        Skipped { skipped, current: self.current.clone() }
    }

    /// Empties the queue: the current track and the upcoming ones, in order. The history stays and gains the current one.
    pub fn clear(&mut self) -> Vec<Track> {
        let mut cleared: Vec<Track> = self.current.iter().cloned().collect();
        cleared.extend(self.upcoming.drain(..));
        self.advance();
        cleared
    }

    /// Page `page` of the upcoming tracks, `size` to a page. Both count from 1, and a number out of range is taken for
    /// the nearest one in it.
    #[must_use]
    pub fn page(&self, page: usize, size: usize) -> Page {
        Page::cut(self.upcoming.iter(), page, size)
    }

    /// Moves the current track into the history and makes the next one current.
    fn advance(&mut self) {
        let next = self.upcoming.pop_front();
        if let Some(played) = core::mem::replace(&mut self.current, next) {
            self.history.push_front(played);
            self.history.truncate(self.limits.max_history);
        }
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}
