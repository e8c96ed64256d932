//! Changing what is upcoming: moving, removing, clearing.

use crate::{Queue, QueueError};
use alloc::{sync::Arc, vec::Vec};
use refrain_model::Track;

impl Queue {
    /// Moves the upcoming track at position `from` to position `to`, and returns it. The tracks between make way. In a
    /// shuffled queue only the shuffled order changes: [`Queue::unshuffle`] undoes the move as well.
    ///
    /// # Errors
    /// [`QueueError::NoSuchPosition`] when either is out of range. Positions count from 1.
    pub fn move_track(&mut self, from: usize, to: usize) -> Result<Arc<Track>, QueueError> {
        let (from_index, to_index) = (self.index(from)?, self.index(to)?);
        let track = self.upcoming.remove(from_index).ok_or_else(|| self.no_such(from))?;
        self.upcoming.insert(to_index, Arc::clone(&track));
        Ok(track)
    }

    /// Takes `count` upcoming tracks out, beginning at `position`; fewer when there are fewer, one when `count` is 0.
    /// They do not enter the history: nobody heard them. [`Queue::undo`] brings them back.
    ///
    /// # Errors
    /// [`QueueError::NoSuchPosition`] when nothing is at `position`. Positions count from 1.
    pub fn remove(&mut self, position: usize, count: usize) -> Result<Vec<Arc<Track>>, QueueError> {
        let start = self.index(position)?;
        let end = start.saturating_add(count.max(1)).min(self.upcoming.len());
        let mut removal = self.begin_removal();
        removal.tracks = self.upcoming.drain(start..end).collect();
        Ok(self.end_removal(removal))
    }

    /// Empties the queue: the current track and the upcoming ones, in order. The history stays and gains the current one.
    /// [`Queue::undo`] brings them back.
    pub fn clear(&mut self) -> Vec<Arc<Track>> {
        let mut removal = self.begin_removal();
        removal.current = self.current.take();
        removal.tracks = self.upcoming.drain(..).collect();
        if let Some(current) = &removal.current {
            self.remember(Arc::clone(current));
        }
        self.end_removal(removal)
    }

    /// Takes all upcoming tracks out, in order. The current one plays on. [`Queue::undo`] brings them back.
    pub fn clear_upcoming(&mut self) -> Vec<Arc<Track>> {
        let mut removal = self.begin_removal();
        removal.tracks = self.upcoming.drain(..).collect();
        self.end_removal(removal)
    }

    /// Where in `upcoming` a position is that people count from 1.
    pub(crate) fn index(&self, position: usize) -> Result<usize, QueueError> {
        position.checked_sub(1).filter(|index| *index < self.upcoming.len()).ok_or_else(|| self.no_such(position))
    }

    fn no_such(&self, position: usize) -> QueueError {
        QueueError::NoSuchPosition { position, len: self.upcoming.len() }
    }
}
