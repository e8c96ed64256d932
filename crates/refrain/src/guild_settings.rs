//! What a guild can set for itself, and where that is kept.

use refrain_model::GuildId;
use refrain_recovery::AutoRejoin;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A guild's own settings. The defaults are those of a guild that never set anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GuildSettings {
    /// When the bot comes back to its voice channel by itself.
    pub auto_rejoin: AutoRejoin,
    /// What becomes of the message of an interruption that is over.
    pub when_over: WhenOver,
}

/// What becomes of the message of an interruption that is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WhenOver {
    /// It becomes one line; after a short interruption (under 10 s) it is deleted a little later.
    #[default]
    Tidy,
    /// It becomes one line and stays.
    Settle,
    /// It becomes one line and is deleted a little later.
    Delete,
}

/// Where guilds' settings are kept. Calls return at once: an implementation that writes to a disk queues the work.
pub trait GuildSettingsStore: Send + Sync + 'static {
    /// A guild's settings; the defaults for a guild that has none.
    fn load(&self, guild: GuildId) -> GuildSettings;

    /// Keeps a guild's settings.
    fn save(&self, guild: GuildId, settings: GuildSettings);
}

/// Keeps settings for as long as the process runs.
#[derive(Debug, Default)]
pub struct InMemorySettings {
    guilds: Mutex<BTreeMap<GuildId, GuildSettings>>,
}

impl InMemorySettings {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<GuildId, GuildSettings>> {
        // The map is whole between any two statements, so a panic elsewhere has not hurt it.
        self.guilds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GuildSettingsStore for InMemorySettings {
    fn load(&self, guild: GuildId) -> GuildSettings {
        self.lock().get(&guild).copied().unwrap_or_default()
    }

    fn save(&self, guild: GuildId, settings: GuildSettings) {
        // What is as it always was needs no place.
        if settings == GuildSettings::default() {
            self.lock().remove(&guild);
        } else {
            self.lock().insert(guild, settings);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guild_has_what_it_set_last_and_others_have_the_defaults() {
        let store = InMemorySettings::default();
        let set = GuildSettings { when_over: WhenOver::Delete, ..GuildSettings::default() };
        store.save(GuildId::new(1), set);
        assert_eq!(store.load(GuildId::new(1)), set);
        assert_eq!(store.load(GuildId::new(2)), GuildSettings::default());
        store.save(GuildId::new(1), GuildSettings::default());
        assert_eq!(store.load(GuildId::new(1)), GuildSettings::default());
    }
}
