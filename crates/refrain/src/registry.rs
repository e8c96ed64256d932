//! All guilds of a process.

use crate::{
    GatewayPort, GuildHandle, Settings,
    actor::{self, Actor},
    gone::overdue,
    governor::Turns,
    playheads::Playheads,
    recording::Recordings,
    unix::unix_ms,
};
use refrain_extract::Extractor;
use refrain_model::{ChannelId, GuildId};
use refrain_recovery::GatewayEvent;
use refrain_store::{Store, StoreError};
use refrain_voice::{SongbirdDriver, SongbirdShared};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// How often guilds that are gone for long are forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(24 * 3600);

/// How long a shutdown may take: Discord's voice states are confirmed well within it.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(4);

/// The guild actors of a process. Cloning gives another handle on the same ones.
#[derive(Clone)]
pub struct Refrain {
    shared: Arc<Shared>,
    guilds: Arc<Guilds>,
    stored: Arc<Mutex<Stored>>,
}

type Guilds = Mutex<BTreeMap<GuildId, GuildHandle>>;

/// What the store has of guilds.
#[derive(Default)]
struct Stored {
    /// Guilds with a record that have had no actor: they have something to come back to once Discord says they are there.
    remembered: BTreeSet<GuildId>,
    /// Since when guilds are gone, in milliseconds since 1970.
    gone: BTreeMap<GuildId, u64>,
}

/// Why guilds cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Recordings were asked for, and cannot be made.
    #[error("recordings cannot be written to {dir}: {error}")]
    Recordings {
        /// The directory.
        dir: String,
        /// Why not.
        #[source]
        error: io::Error,
    },
}

/// What every actor is made with.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) extractor: Extractor,
    pub(crate) port: Arc<dyn GatewayPort>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) playheads: Arc<Playheads>,
    pub(crate) songbird: SongbirdShared,
    pub(crate) turns: Turns,
    pub(crate) recordings: Option<Recordings>,
    /// The epoch of every [`Moment`](refrain_model::Moment) in this process.
    pub(crate) epoch: Instant,
}

impl Refrain {
    /// No guild has an actor yet; each gets one when it is first asked for, or when it comes back from before the restart
    /// ([`Self::guild_available`]). What `store` holds of a guild is what its actor begins with. Must be called within a
    /// tokio runtime.
    ///
    /// # Errors
    /// When the store cannot be read, or recordings cannot be written.
    pub async fn start(
        settings: Settings,
        extractor: Extractor,
        port: Arc<dyn GatewayPort>,
        store: Arc<dyn Store>,
    ) -> Result<Self, StartError> {
        let songbird = SongbirdShared::new(settings.recovery.timeouts.reconnect, settings.recovery.liveness.clone());
        let epoch = Instant::now();
        let turns = Turns::start(settings.governor.clone(), epoch);
        let playheads = Playheads::start(store.clone(), epoch);
        let recordings = settings.recording.clone().map(|wanted| {
            let dir = wanted.dir.display().to_string();
            Recordings::start(wanted).map_err(|error| StartError::Recordings { dir, error })
        });
        let recordings = recordings.transpose()?;
        let stored = stored(store.clone()).await?;
        tracing::info!(guilds = stored.remembered.len(), "what was stored has been read");
        let shared = Shared { settings, extractor, port, store, playheads, songbird, turns, recordings, epoch };
        let refrain = Self { shared: Arc::new(shared), guilds: Arc::default(), stored: Arc::new(Mutex::new(stored)) };
        tokio::spawn(sweep(Arc::downgrade(&refrain.shared), Arc::downgrade(&refrain.guilds), refrain.stored.clone()));
        Ok(refrain)
    }

    /// Where what outlives the process is kept.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// Discord has told all about a guild: it can be used. `channel` is where it shows the bot to be. A guild with a record
    /// from before the restart gets its actor, which decides whether and how the music comes back.
    pub fn guild_available(&self, guild: GuildId, channel: Option<ChannelId>) {
        let stored = {
            let mut stored = self.stored();
            if stored.gone.remove(&guild).is_some() {
                self.shared.store.set_gone(guild, None);
            }
            stored.remembered.remove(&guild)
        };
        let handle = if stored { Some(self.guild(guild)) } else { self.existing(guild) };
        if let Some(handle) = handle {
            handle.gateway(GatewayEvent::GuildAvailable { channel });
        }
    }

    /// The bot was removed from a guild. What is kept of it is forgotten 30 days later, unless the bot is back by then.
    pub fn guild_deleted(&self, guild: GuildId) {
        self.is_gone(guild);
        if let Some(handle) = self.existing(guild) {
            handle.gateway(GatewayEvent::GuildDeleted);
        }
    }

    /// A shard has a new session, and these are all its guilds. `is_on_shard` says which guilds the shard serves. Those that
    /// the bot is no longer in count as deleted from now on.
    pub fn guilds_of_shard(&self, guilds: &BTreeSet<GuildId>, is_on_shard: impl Fn(GuildId) -> bool) {
        let known: BTreeSet<GuildId> = self.stored().remembered.iter().copied().chain(self.guilds()).collect();
        for guild in known.into_iter().filter(|guild| is_on_shard(*guild) && !guilds.contains(guild)) {
            tracing::info!(guild_id = %guild, "the bot is no longer in the guild");
            self.guild_deleted(guild);
        }
    }

    fn is_gone(&self, guild: GuildId) {
        let mut stored = self.stored();
        stored.gone.entry(guild).or_insert_with(|| {
            let since = unix_ms();
            self.shared.store.set_gone(guild, Some(since));
            since
        });
    }

    /// The guild's actor, started if there is none.
    #[must_use]
    pub fn guild(&self, guild: GuildId) -> GuildHandle {
        let mut guilds = self.lock();
        if let Some(handle) = guilds.get(&guild)
            && handle.is_alive()
        {
            return handle.clone();
        }
        let handle = self.start_actor(guild);
        guilds.insert(guild, handle.clone());
        handle
    }

    /// The guild's actor, if it has one.
    #[must_use]
    pub fn existing(&self, guild: GuildId) -> Option<GuildHandle> {
        self.lock().get(&guild).filter(|handle| handle.is_alive()).cloned()
    }

    /// The guilds that have an actor.
    #[must_use]
    pub fn guilds(&self) -> Vec<GuildId> {
        self.lock().keys().copied().collect()
    }

    /// Tells every guild that `concerns` picks: what happens to a shard happens to all its guilds.
    pub fn gateway_all(&self, event: &GatewayEvent, concerns: impl Fn(GuildId) -> bool) {
        for (guild, handle) in self.lock().iter() {
            if concerns(*guild) {
                handle.gateway(event.clone());
            }
        }
    }

    /// Leaves voice in every guild and ends the actors and their children. Takes 4 s at most.
    pub async fn shutdown(&self) {
        // They stay in the map: Discord's confirmations still have to reach them.
        let handles: Vec<_> = self.lock().values().cloned().collect();
        let leaving: Vec<_> = handles.into_iter().map(|h| tokio::spawn(async move { h.shut_down().await })).collect();
        let all = async {
            for left in leaving {
                // An error says that the actor has failed, and then it is over too.
                let _ = left.await;
            }
        };
        if tokio::time::timeout(SHUTDOWN_LIMIT, all).await.is_err() {
            tracing::warn!("some guilds did not confirm leaving voice in time; Discord will notice by itself");
        }
        self.shared.extractor.shutdown().await;
        self.settled().await;
    }

    /// Waits until what was handed to the store is on the disk, or the disk is known not to take it.
    pub async fn settled(&self) {
        self.shared.store.settled().await;
    }

    fn start_actor(&self, guild: GuildId) -> GuildHandle {
        let (shared, guilds) = (self.shared.clone(), Arc::downgrade(&self.guilds));
        let (handle, inbox) = GuildHandle::new(guild, shared.store.clone());
        let make = move || {
            let (reports_in, reports) = mpsc::unbounded_channel();
            let driver = SongbirdDriver::new(shared.songbird.clone(), guild, shared.settings.bot_user, reports_in);
            Actor::new(guild, shared.clone(), Box::new(driver), reports)
        };
        tokio::spawn(async move {
            let ended = actor::supervise(guild, inbox, make).await;
            tracing::debug!(guild_id = %guild, ?ended, "the guild's actor has ended");
            leave_map(&guilds, guild);
        });
        handle
    }

    fn stored(&self) -> MutexGuard<'_, Stored> {
        lock(&self.stored)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<GuildId, GuildHandle>> {
        lock(&self.guilds)
    }
}

/// What is behind these locks is whole between any two statements, so a panic elsewhere has not hurt it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An actor has ended. Another one may have taken its place in the map meanwhile.
fn leave_map(guilds: &Weak<Guilds>, guild: GuildId) {
    if let Some(guilds) = guilds.upgrade() {
        let mut guilds = lock(&guilds);
        if guilds.get(&guild).is_some_and(|handle| !handle.is_alive()) {
            guilds.remove(&guild);
        }
    }
}

async fn stored(store: Arc<dyn Store>) -> Result<Stored, StoreError> {
    let read = tokio::task::spawn_blocking(move || {
        let remembered = store.guilds()?.into_iter().collect();
        Ok::<_, StoreError>(Stored { remembered, gone: store.gone()? })
    });
    let cut_short = |_| Err(StoreError { doing: "reading".into(), reason: "the runtime is shutting down".into() });
    read.await.unwrap_or_else(cut_short)
}

/// Forgets guilds that are gone for long: now, and once a day for as long as the process serves guilds.
async fn sweep(shared: Weak<Shared>, guilds: Weak<Guilds>, stored: Arc<Mutex<Stored>>) {
    let mut days = tokio::time::interval(SWEEP_EVERY);
    loop {
        days.tick().await;
        let (Some(shared), Some(guilds)) = (shared.upgrade(), guilds.upgrade()) else { return };
        let overdue = overdue(&lock(&stored).gone, unix_ms());
        for guild in overdue {
            // An actor would write the record again.
            if lock(&guilds).get(&guild).is_some_and(GuildHandle::is_alive) {
                continue;
            }
            tracing::info!(guild_id = %guild, "the bot has been out of the guild for 30 days: what was kept of it is forgotten");
            shared.store.forget(guild);
            let mut stored = lock(&stored);
            stored.gone.remove(&guild);
            stored.remembered.remove(&guild);
        }
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
