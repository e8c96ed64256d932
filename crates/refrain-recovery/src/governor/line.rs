//! Who waits on one shard, by rank and by age.

use crate::Urgency;
use alloc::collections::BTreeSet;
use core::cmp::Reverse;
use refrain_model::{GuildId, Moment};

/// Who comes first: a person who asks now; then channels by how many people listen; empty ones last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Asked,
    Recovery(Reverse<u32>),
}

impl Rank {
    pub(super) const fn new(urgency: Urgency, listeners: u32) -> Self {
        match urgency {
            Urgency::Asked => Self::Asked,
            Urgency::Recovery => Self::Recovery(Reverse(listeners)),
        }
    }
}

/// A place in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) rank: Rank,
    /// Since when it waits: of one rank, the older first.
    pub(super) since: Moment,
    pub(super) guild: GuildId,
}

/// The line of one shard.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    by_rank: BTreeSet<Place>,
    by_age: BTreeSet<(Moment, GuildId, Rank)>,
}

impl Line {
    pub(super) fn insert(&mut self, place: Place) {
        self.by_rank.insert(place);
        self.by_age.insert((place.since, place.guild, place.rank));
    }

    pub(super) fn remove(&mut self, place: &Place) {
        self.by_rank.remove(place);
        self.by_age.remove(&(place.since, place.guild, place.rank));
    }

    pub(super) fn first(&self) -> Option<Place> {
        self.by_rank.first().copied()
    }

    pub(super) fn oldest(&self) -> Option<Place> {
        self.by_age.first().map(|(since, guild, rank)| Place { rank: *rank, since: *since, guild: *guild })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_rank.is_empty()
    }
}
