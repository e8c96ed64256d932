//! Adding tracks: at the end, next, or in place of what plays.

use crate::{Queue, QueueError};
use alloc::{sync::Arc, vec::Vec};
use refrain_model::{ChannelId, Track, TrackInfo, UserId};
use serde::{Deserialize, Serialize};

/// Where added tracks go. In an idle queue the first becomes current, wherever it was to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// After everything that is upcoming.
    #[default]
    End,
    /// Before everything that is upcoming.
    Next,
    /// The first becomes current at once and any others follow it. What was current goes to the history, whatever the
    /// loop mode.
    Now,
}

/// What [`Queue::enqueue`] and [`Queue::add`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The track, with the number it got.
    pub track: Arc<Track>,
    /// 0: it became the current track; otherwise its place among the upcoming ones, from 1.
    pub position: usize,
}

/// What [`Queue::add_all`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedAll {
    /// The tracks that were added, in the order in which they will play.
    pub tracks: Vec<Arc<Track>>,
    /// The place of the first: 0 when it became the current track; otherwise among the upcoming ones, from 1. The others
    /// follow it.
    pub position: usize,
    /// How many there was no room for: the last ones of those given.
    pub left_out: usize,
}

impl Queue {
    /// Puts a track at the end; in an idle queue it becomes current at once.
    ///
    /// # Errors
    /// [`QueueError::Full`] when the queue holds [`Limits::max_tracks`](crate::Limits::max_tracks), the current track
    /// included.
    pub fn enqueue(
        &mut self,
        info: TrackInfo,
        requested_by: UserId,
        requested_in: ChannelId,
    ) -> Result<Added, QueueError> {
        self.add(info, requested_by, requested_in, Place::End)
    }

    /// Puts a track at a place; in an idle queue it becomes current at once.
    ///
    /// # Errors
    /// [`QueueError::Full`] when the queue holds [`Limits::max_tracks`](crate::Limits::max_tracks), the current track
    /// included. With [`Place::Now`] the current one makes room, so that a full queue takes one more.
    pub fn add(
        &mut self,
        info: TrackInfo,
        requested_by: UserId,
        requested_in: ChannelId,
        place: Place,
    ) -> Result<Added, QueueError> {
        if self.room(place) == 0 {
            return Err(QueueError::Full { max: self.limits.max_tracks });
        }
        let position = self.position(place);
        let track = self.track(info, requested_by, requested_in);
        self.insert(core::slice::from_ref(&track), place);
        Ok(Added { track, position })
    }

    /// Puts several tracks at a place, in their order, as many as there is room for. No tracks change nothing.
    ///
    /// # Errors
    /// [`QueueError::Full`] when there is room for none of them.
    pub fn add_all(
        &mut self,
        infos: Vec<TrackInfo>,
        requested_by: UserId,
        requested_in: ChannelId,
        place: Place,
    ) -> Result<AddedAll, QueueError> {
        let (given, room) = (infos.len(), self.room(place));
        if room == 0 && given > 0 {
            return Err(QueueError::Full { max: self.limits.max_tracks });
        }
        let position = self.position(place);
        let tracks: Vec<_> =
            infos.into_iter().take(room).map(|info| self.track(info, requested_by, requested_in)).collect();
        self.insert(&tracks, place);
        Ok(AddedAll { left_out: given - tracks.len(), tracks, position })
    }

    /// How many tracks can be added at this place.
    fn room(&self, place: Place) -> usize {
        let stays = match place {
            Place::End | Place::Next => self.held(),
            Place::Now => self.upcoming.len(),
        };
        self.limits.max_tracks.saturating_sub(stays)
    }

    /// The position that the first track added at this place gets.
    fn position(&self, place: Place) -> usize {
        match place {
            _ if self.current.is_none() => 0,
            Place::End => self.upcoming.len() + 1,
            Place::Next => 1,
            Place::Now => 0,
        }
    }

    /// Gives a track its number.
    fn track(&mut self, info: TrackInfo, requested_by: UserId, requested_in: ChannelId) -> Arc<Track> {
        Arc::new(Track { id: self.take_id(), info, requested_by, requested_in })
    }

    /// Puts tracks, for which there is room, at a place.
    fn insert(&mut self, tracks: &[Arc<Track>], place: Place) {
        if place == Place::Now
            && !tracks.is_empty()
            && let Some(interrupted) = self.current.take()
        {
            self.remember(interrupted);
        }
        match place {
            Place::End => tracks.iter().for_each(|track| self.append(Arc::clone(track))),
            Place::Next | Place::Now => tracks.iter().rev().for_each(|track| self.prepend(Arc::clone(track))),
        }
        self.settle();
    }
}
