//! Going through the queue: a track ends, is passed over, is gone back to.

use crate::{Queue, QueueError};
use alloc::{sync::Arc, vec::Vec};
use refrain_model::{LoopMode, Track, TrackId};

/// What [`Queue::skip`] and [`Queue::skip_to`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The tracks that were passed over, the one that was playing first, with the numbers that they had.
    pub skipped: Vec<Arc<Track>>,
    /// What is current now.
    pub current: Option<Arc<Track>>,
}

impl Queue {
    /// The track `id` has come to its end: what plays after it becomes current and is returned. That is the next one, or,
    /// with [`LoopMode::Track`], the same again. With [`LoopMode::Queue`] the track that ended goes to the end.
    ///
    /// When `id` is not the current track, nothing changes and the current track is returned. An end that arrives late,
    /// after somebody skipped that very track, therefore never skips a second one. That holds for looped tracks too,
    /// since they get a new number.
    pub fn finish(&mut self, id: TrackId) -> Option<&Arc<Track>> {
        if let Some(ended) = self.current.take_if(|current| current.id == id) {
            match self.looping {
                LoopMode::Off => self.remember(ended),
                LoopMode::Track => self.current = Some(self.renewed(ended)),
                LoopMode::Queue => {
                    let again = self.renewed(ended);
                    self.append(again);
                }
            }
            self.settle();
        }
        self.current.as_ref()
    }

    /// The track `id` cannot be played: the next one becomes current and is returned. It goes to the history whatever the
    /// loop mode, since a loop of tracks that all fail would have no end.
    ///
    /// When `id` is not the current track, nothing changes, as with [`Queue::finish`].
    pub fn fail(&mut self, id: TrackId) -> Option<&Arc<Track>> {
        if let Some(failed) = self.current.take_if(|current| current.id == id) {
            self.remember(failed);
            self.settle();
        }
        self.current.as_ref()
    }

    /// Puts the current track, if it has this number, at the end of the upcoming ones under a new number, and makes the next
    /// one current. With nothing upcoming, or another current track, nothing changes. Returns the number that it has now.
    pub fn defer(&mut self, id: TrackId) -> Option<TrackId> {
        if self.upcoming.is_empty() {
            return None;
        }
        let deferred = self.current.take_if(|current| current.id == id)?;
        let again = self.renewed(deferred);
        let id = again.id;
        self.append(again);
        self.settle();
        Some(id)
    }

    /// Passes over `count` tracks, the current one first; fewer when there are fewer, none when `count` is 0.
    ///
    /// With [`LoopMode::Queue`] they go to the end in their order; passing over all of them thus ends where it began.
    /// Otherwise, [`LoopMode::Track`] included, they leave, and only the track that was current enters the history:
    /// nobody heard the others.
    pub fn skip(&mut self, count: usize) -> Skipped {
        let mut skipped = Vec::new();
        if count > 0
            && let Some(current) = self.current.take()
        {
            let unheard = (count - 1).min(self.upcoming.len());
            skipped.push(Arc::clone(&current));
            skipped.extend(self.upcoming.drain(..unheard));
            match self.looping {
                LoopMode::Off | LoopMode::Track => self.remember(current),
                LoopMode::Queue => {
                    for track in &skipped {
                        let again = self.renewed(Arc::clone(track));
                        self.append(again);
                    }
                }
            }
            self.settle();
        }
        Skipped { skipped, current: self.current.clone() }
    }

    /// Makes the upcoming track at `position` current and passes over everything before it, as [`Queue::skip`] does.
    ///
    /// # Errors
    /// [`QueueError::NoSuchPosition`] when nothing is there. Positions count from 1.
    pub fn skip_to(&mut self, position: usize) -> Result<Skipped, QueueError> {
        self.index(position)?;
        Ok(self.skip(position))
    }

    /// Goes back: the most recent track of the history becomes current, and the one that was current goes to the front of
    /// the upcoming ones. Both get new numbers, since both were current before.
    ///
    /// # Errors
    /// [`QueueError::NoHistory`] when nothing has been played, [`QueueError::Full`] when there is no room for one more.
    pub fn previous(&mut self) -> Result<Arc<Track>, QueueError> {
        if self.history.is_empty() {
            return Err(QueueError::NoHistory);
        }
        if self.held() >= self.limits.max_tracks {
            return Err(QueueError::Full { max: self.limits.max_tracks });
        }
        let played = self.history.pop_front().ok_or(QueueError::NoHistory)?;
        self.keep_from_undo(played.id);
        if let Some(current) = self.current.take() {
            let later = self.renewed(current);
            self.prepend(later);
        }
        let back = self.renewed(played);
        self.current = Some(Arc::clone(&back));
        Ok(back)
    }

    /// Begins the current track again, under a new number.
    ///
    /// # Errors
    /// [`QueueError::NothingCurrent`] when there is none.
    pub fn restart(&mut self) -> Result<Arc<Track>, QueueError> {
        let current = self.current.take().ok_or(QueueError::NothingCurrent)?;
        let again = self.renewed(current);
        self.current = Some(Arc::clone(&again));
        Ok(again)
    }
}
