//! A record as one JSON object: what schema 1 kept, and what an export says of a guild.

use crate::rows::{Small, Tolerant};
use refrain_model::{GuildRecord, Playhead, TimelineRecord, Track, TrackId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Reading it is a promise: files of schema 1 and exports exist. A field may be added, with a default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Whole {
    #[serde(flatten)]
    small: Tolerant<Small>,
    current: Option<Track>,
    upcoming: Vec<Track>,
    history: Vec<Track>,
    true_order: Option<Vec<TrackId>>,
    playhead: Option<Playhead>,
    timeline: Vec<TimelineRecord>,
}

impl Whole {
    pub(crate) fn of(record: &GuildRecord) -> Self {
        let owned = |tracks: &[Arc<Track>]| tracks.iter().map(|track| track.as_ref().clone()).collect();
        Self {
            small: Tolerant(Small::of(record)),
            current: record.queue.current.as_deref().cloned(),
            upcoming: owned(&record.queue.upcoming),
            history: owned(&record.queue.history),
            true_order: record.queue.true_order.clone(),
            playhead: record.playhead,
            timeline: record.timeline.clone(),
        }
    }

    pub(crate) fn into_record(self) -> GuildRecord {
        let shared = |tracks: Vec<Track>| tracks.into_iter().map(Arc::new).collect();
        let mut record = self.small.0.into_record();
        record.queue.current = self.current.map(Arc::new);
        record.queue.upcoming = shared(self.upcoming);
        record.queue.history = shared(self.history);
        record.queue.true_order = self.true_order;
        record.playhead = self.playhead;
        record.timeline = self.timeline;
        record
    }
}
