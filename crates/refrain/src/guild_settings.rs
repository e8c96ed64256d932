//! What a guild can set for itself, and where that is kept.

use crate::registry::Shared;
use refrain_model::{GuildId, GuildSettings};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Where guilds' settings are kept. Calls return at once: an implementation that writes to a disk queues the work.
pub trait GuildSettingsStore: Send + Sync + 'static {
    /// A guild's settings; `None` for a guild that never set anything.
    fn load(&self, guild: GuildId) -> Option<GuildSettings>;

    /// Keeps a guild's settings.
    fn save(&self, guild: GuildId, settings: GuildSettings);
}

impl Shared {
    /// What a guild has set, or what counts for one that has not: the policy's word.
    pub(crate) fn settings_of(&self, guild: GuildId) -> GuildSettings {
        let defaults =
            GuildSettings { auto_rejoin: Some(self.settings.recovery.auto_rejoin), ..GuildSettings::default() };
        self.guild_settings.load(guild).unwrap_or(defaults)
    }
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
    fn load(&self, guild: GuildId) -> Option<GuildSettings> {
        self.lock().get(&guild).copied()
    }

    fn save(&self, guild: GuildId, settings: GuildSettings) {
        self.lock().insert(guild, settings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use refrain_model::{AutoRejoin, SettingChange, WhenOver};

    #[test]
    fn a_guild_has_what_it_set_last_and_others_have_nothing() {
        let store = InMemorySettings::default();
        let changes = [SettingChange::AutoRejoin(AutoRejoin::Off), SettingChange::WhenOver(WhenOver::Delete)];
        for change in changes {
            let before = store.load(GuildId::new(1)).unwrap_or_default();
            store.save(GuildId::new(1), before.with(change));
        }
        let both = GuildSettings {
            auto_rejoin: Some(AutoRejoin::Off),
            when_over: WhenOver::Delete,
            ..GuildSettings::default()
        };
        assert_eq!(store.load(GuildId::new(1)), Some(both));
        assert_eq!(store.load(GuildId::new(2)), None);
    }
}
