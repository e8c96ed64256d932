//! What a guild can set for itself, and where that is kept.

use crate::registry::Shared;
use refrain_model::GuildId;
use refrain_recovery::AutoRejoin;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A guild's own settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GuildSettings {
    /// When the bot comes back to its voice channel by itself.
    pub auto_rejoin: AutoRejoin,
    /// What becomes of the message of an interruption that is over.
    pub when_over: WhenOver,
}

/// One setting, as somebody wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingChange {
    /// [`GuildSettings::auto_rejoin`].
    AutoRejoin(AutoRejoin),
    /// [`GuildSettings::when_over`].
    WhenOver(WhenOver),
}

impl GuildSettings {
    /// These settings with one of them changed.
    #[must_use]
    pub const fn with(self, change: SettingChange) -> Self {
        match change {
            SettingChange::AutoRejoin(auto_rejoin) => Self { auto_rejoin, ..self },
            SettingChange::WhenOver(when_over) => Self { when_over, ..self },
        }
    }
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
    /// A guild's settings; `None` for a guild that never set anything.
    fn load(&self, guild: GuildId) -> Option<GuildSettings>;

    /// Keeps a guild's settings.
    fn save(&self, guild: GuildId, settings: GuildSettings);
}

impl Shared {
    /// What a guild has set, or what counts for one that has not: the policy's word.
    pub(crate) fn settings_of(&self, guild: GuildId) -> GuildSettings {
        let defaults = GuildSettings { auto_rejoin: self.settings.recovery.auto_rejoin, ..GuildSettings::default() };
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

    #[test]
    fn a_guild_has_what_it_set_last_and_others_have_nothing() {
        let store = InMemorySettings::default();
        let changes = [SettingChange::AutoRejoin(AutoRejoin::Off), SettingChange::WhenOver(WhenOver::Delete)];
        for change in changes {
            let before = store.load(GuildId::new(1)).unwrap_or_default();
            store.save(GuildId::new(1), before.with(change));
        }
        let both = GuildSettings { auto_rejoin: AutoRejoin::Off, when_over: WhenOver::Delete };
        assert_eq!(store.load(GuildId::new(1)), Some(both));
        assert_eq!(store.load(GuildId::new(2)), None);
    }
}
