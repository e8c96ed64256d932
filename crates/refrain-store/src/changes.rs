//! What was handed over and is not on the disk yet: the latest of each thing, and nothing twice.

use crate::store::{Favorite, GatewaySession};
use refrain_model::{GuildId, GuildRecord, Playhead};
use std::{collections::BTreeMap, sync::Arc};

/// What is to become of a guild's record.
#[derive(Clone, Debug, Default)]
pub(crate) struct GuildChange {
    /// All that was kept of the guild goes first.
    pub(crate) forgotten: bool,
    /// The whole record.
    pub(crate) record: Option<Arc<GuildRecord>>,
    /// Newer than the record: replaces its playhead.
    pub(crate) playhead: Option<Playhead>,
}

impl GuildChange {
    fn absorb(&mut self, newer: &Self) {
        if newer.forgotten {
            *self = newer.clone();
            return;
        }
        if let Some(record) = &newer.record {
            self.record = Some(record.clone());
            self.playhead = None;
        }
        if newer.playhead.is_some() && !self.is_gone() {
            self.playhead = newer.playhead;
        }
    }

    /// The guild has no record after this.
    pub(crate) fn is_gone(&self) -> bool {
        self.forgotten && self.record.is_none()
    }

    /// The record, where this alone says what it is.
    pub(crate) fn whole(&self) -> Option<GuildRecord> {
        let mut record = self.record.as_deref()?.clone();
        record.playhead = self.playhead.or(record.playhead);
        Some(record)
    }
}

/// A batch: what one transaction writes. Later calls replace what earlier ones said of the same thing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    pub(crate) guilds: BTreeMap<GuildId, GuildChange>,
    pub(crate) worlds: BTreeMap<GuildId, Vec<u8>>,
    /// `None`: removed.
    pub(crate) favorites: BTreeMap<(GuildId, String), Option<Favorite>>,
    /// Since when the bot is no longer in the guild, in milliseconds since 1970; `None`: it is.
    pub(crate) gone: BTreeMap<GuildId, Option<u64>>,
    /// `None`: forgotten.
    pub(crate) sessions: BTreeMap<u32, Option<GatewaySession>>,
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.guilds.is_empty()
            && self.worlds.is_empty()
            && self.favorites.is_empty()
            && self.gone.is_empty()
            && self.sessions.is_empty()
    }

    pub(crate) fn save(&mut self, guild: GuildId, record: GuildRecord) {
        let change = GuildChange { record: Some(Arc::new(record)), ..GuildChange::default() };
        self.guilds.entry(guild).or_default().absorb(&change);
    }

    pub(crate) fn save_playhead(&mut self, guild: GuildId, playhead: Playhead) {
        let change = GuildChange { playhead: Some(playhead), ..GuildChange::default() };
        self.guilds.entry(guild).or_default().absorb(&change);
    }

    pub(crate) fn forget(&mut self, guild: GuildId) {
        self.worlds.remove(&guild);
        self.favorites.retain(|(of, _), _| *of != guild);
        self.gone.remove(&guild);
        self.guilds.insert(guild, GuildChange { forgotten: true, ..GuildChange::default() });
    }

    /// These, and then those: what could not be written joins what came meanwhile.
    pub(crate) fn followed_by(mut self, newer: Self) -> Self {
        for (guild, change) in newer.guilds {
            if change.forgotten {
                self.forget(guild);
            }
            self.guilds.entry(guild).or_default().absorb(&change);
        }
        self.worlds.extend(newer.worlds);
        self.favorites.extend(newer.favorites);
        self.gone.extend(newer.gone);
        self.sessions.extend(newer.sessions);
        self
    }
}

/// What is handed over and what is being written, for readers: they see both, the newer first.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(crate) waiting: Changes,
    pub(crate) writing: Arc<Changes>,
}

/// What is pending of one thing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said<T> {
    /// Nothing: the file says.
    Nothing,
    /// It is gone.
    Gone,
    /// It is this.
    This(T),
}

impl Pending {
    /// What is pending of a guild's record; the default where nothing is.
    pub(crate) fn guild(&self, guild: GuildId) -> GuildChange {
        let mut change = self.writing.guilds.get(&guild).cloned().unwrap_or_default();
        if let Some(newer) = self.waiting.guilds.get(&guild) {
            change.absorb(newer);
        }
        change
    }

    pub(crate) fn guilds(&self) -> impl Iterator<Item = GuildId> {
        self.writing.guilds.keys().chain(self.waiting.guilds.keys()).copied()
    }

    pub(crate) fn world(&self, guild: GuildId) -> Said<Vec<u8>> {
        for layer in [&self.waiting, &*self.writing] {
            if let Some(bytes) = layer.worlds.get(&guild) {
                return Said::This(bytes.clone());
            }
            if layer.guilds.get(&guild).is_some_and(|change| change.forgotten) {
                return Said::Gone;
            }
        }
        Said::Nothing
    }

    /// A guild's favorites by name, `None` for one that is removed; and whether those in the file are gone.
    pub(crate) fn favorites(&self, guild: GuildId) -> (bool, BTreeMap<String, Option<Favorite>>) {
        let (mut forgotten, mut favorites) = (false, BTreeMap::new());
        for layer in [&*self.writing, &self.waiting] {
            if layer.guilds.get(&guild).is_some_and(|change| change.forgotten) {
                forgotten = true;
                favorites.clear();
            }
            let ours = layer.favorites.range((guild, String::new())..).take_while(|((of, _), _)| *of == guild);
            favorites.extend(ours.map(|((_, name), favorite)| (name.clone(), favorite.clone())));
        }
        (forgotten, favorites)
    }

    /// Guilds with favorites among what is pending.
    pub(crate) fn guilds_with_favorites(&self) -> impl Iterator<Item = GuildId> {
        self.writing.favorites.keys().chain(self.waiting.favorites.keys()).map(|(guild, _)| *guild)
    }

    /// Since when guilds are gone, `None` for one that is not.
    pub(crate) fn gone(&self) -> BTreeMap<GuildId, Option<u64>> {
        let mut gone = BTreeMap::new();
        for layer in [&*self.writing, &self.waiting] {
            let forgotten = layer.guilds.iter().filter(|(_, change)| change.forgotten);
            gone.extend(forgotten.map(|(guild, _)| (*guild, None)));
            gone.extend(layer.gone.iter().map(|(guild, since)| (*guild, *since)));
        }
        gone
    }

    /// The sessions by shard, `None` for one that is forgotten.
    pub(crate) fn sessions(&self) -> BTreeMap<u32, Option<GatewaySession>> {
        let all = self.writing.sessions.iter().chain(&self.waiting.sessions);
        all.map(|(shard, session)| (*shard, session.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use refrain_model::TrackId;
    use std::time::Duration;

    const GUILD: GuildId = GuildId::new(7);

    fn playhead(seconds: u64) -> Playhead {
        Playhead { track: TrackId(1), position: Duration::from_secs(seconds), at_unix_ms: seconds }
    }

    fn record(volume: u16) -> GuildRecord {
        GuildRecord { volume: Some(volume), ..GuildRecord::default() }
    }

    #[test]
    fn a_playhead_moves_a_record_and_a_later_record_replaces_it() {
        let mut changes = Changes::default();
        changes.save(GUILD, record(1));
        changes.save_playhead(GUILD, playhead(5));
        assert_eq!(changes.guilds[&GUILD].whole().unwrap().playhead, Some(playhead(5)));
        changes.save(GUILD, record(2));
        assert_eq!(changes.guilds[&GUILD].whole(), Some(record(2)));
    }

    #[test]
    fn a_playhead_does_not_bring_back_a_forgotten_guild() {
        let mut changes = Changes::default();
        changes.save(GUILD, record(1));
        changes.worlds.insert(GUILD, vec![1]);
        changes.forget(GUILD);
        changes.save_playhead(GUILD, playhead(5));
        assert!(changes.guilds[&GUILD].is_gone() && changes.guilds[&GUILD].playhead.is_none());
        assert!(changes.worlds.is_empty());
        changes.save(GUILD, record(2));
        assert!(changes.guilds[&GUILD].forgotten, "what is on the disk still goes first");
    }

    #[test]
    fn what_was_being_written_comes_before_what_came_meanwhile() {
        let mut older = Changes::default();
        older.save(GUILD, record(1));
        older.worlds.insert(GUILD, vec![1]);
        let mut newer = Changes::default();
        newer.save_playhead(GUILD, playhead(9));
        let both = older.clone().followed_by(newer);
        assert_eq!(both.guilds[&GUILD].whole().unwrap().playhead, Some(playhead(9)));
        assert_eq!(both.worlds[&GUILD], [1]);
        let mut newer = Changes::default();
        newer.forget(GUILD);
        let both = older.followed_by(newer);
        assert!(both.guilds[&GUILD].is_gone() && both.worlds.is_empty());
    }
}
