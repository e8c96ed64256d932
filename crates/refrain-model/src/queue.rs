//! A queue as a plain value: what is stored.

use crate::{Track, TrackId};
use alloc::{sync::Arc, vec::Vec};
use serde::{Deserialize, Serialize};

/// The most tracks that an operator may allow in a guild's queue, and the largest number in a command about it.
pub const MAX_QUEUE: u16 = 10_000;

/// What happens when a track has come to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoopMode {
    /// The next one begins.
    #[default]
    Off,
    /// It begins again.
    Track,
    /// It goes to the end of the queue.
    Queue,
}

/// All that a queue holds. Nothing is promised of one that was read from somewhere: whoever restores a queue from it
/// repairs what contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueSnapshot {
    /// The number that the next track gets; above every number that was ever given.
    pub next_id: u64,
    /// What plays, or will as soon as there is a connection.
    pub current: Option<Arc<Track>>,
    /// What comes after it, in the order in which it will play.
    pub upcoming: Vec<Arc<Track>>,
    /// What has played, the most recent first.
    pub history: Vec<Arc<Track>>,
    /// What happens at the end of a track.
    pub looping: LoopMode,
    /// While the queue is shuffled: the upcoming tracks in the order that they had, to go back to.
    pub true_order: Option<Vec<TrackId>>,
}

impl Default for QueueSnapshot {
    fn default() -> Self {
        Self {
            next_id: 1,
            current: None,
            upcoming: Vec::new(),
            history: Vec::new(),
            looping: LoopMode::Off,
            true_order: None,
        }
    }
}

impl QueueSnapshot {
    /// Every track in it: the current one, the upcoming ones, the history.
    pub fn tracks(&self) -> impl Iterator<Item = &Arc<Track>> {
        self.current.iter().chain(&self.upcoming).chain(&self.history)
    }
}
