//! All guilds of a process.

use crate::{
    GatewayPort, GuildHandle, Settings,
    actor::{self, Actor},
    governor::Turns,
    playheads::Playheads,
};
use refrain_extract::Extractor;
use refrain_model::{ChannelId, GuildId};
use refrain_recovery::GatewayEvent;
use refrain_store::{Store, StoreError};
use refrain_voice::{DriverReport, SongbirdDriver, SongbirdShared, VoiceDriver};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// How long a shutdown may take: Discord's voice states are confirmed well within it.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(4);

/// The guild actors of a process. Cloning gives another handle on the same ones.
#[derive(Clone)]
pub struct Refrain {
    shared: Arc<Shared>,
    guilds: Arc<Mutex<BTreeMap<GuildId, GuildHandle>>>,
    /// Guilds with a record and without an actor: they have something to come back to once Discord says they are there.
    remembered: Arc<Mutex<BTreeSet<GuildId>>>,
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
    /// The epoch of every [`Moment`](refrain_model::Moment) in this process.
    pub(crate) epoch: Instant,
}

impl Refrain {
    /// No guild has an actor yet; each gets one when it is first asked for, or when it comes back from before the restart
    /// ([`Self::guild_available`]). What `store` holds of a guild is what its actor begins with. Must be called within a
    /// tokio runtime.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn start(
        settings: Settings,
        extractor: Extractor,
        port: Arc<dyn GatewayPort>,
        store: Arc<dyn Store>,
    ) -> Result<Self, StoreError> {
        let songbird = SongbirdShared::new(settings.recovery.timeouts.reconnect, settings.recovery.liveness.clone());
        let epoch = Instant::now();
        let turns = Turns::start(settings.governor.clone(), epoch);
        let playheads = Playheads::start(store.clone());
        let remembered = remembered(store.clone()).await?;
        tracing::info!(guilds = remembered.len(), "what was stored has been read");
        let shared = Shared { settings, extractor, port, store, playheads, songbird, turns, epoch };
        Ok(Self { shared: Arc::new(shared), guilds: Arc::default(), remembered: Arc::new(Mutex::new(remembered)) })
    }

    /// Where what outlives the process is kept.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// Discord has told all about a guild: it can be used. `channel` is where it shows the bot to be. A guild with a record
    /// from before the restart gets its actor, which decides whether and how the music comes back.
    pub fn guild_available(&self, guild: GuildId, channel: Option<ChannelId>) {
        let stored = self.remembered().remove(&guild);
        let handle = if stored { Some(self.guild(guild)) } else { self.existing(guild) };
        if let Some(handle) = handle {
            handle.gateway(GatewayEvent::GuildAvailable { channel });
        }
    }

    /// The guild's actor, started if there is none, or if the one there was has failed.
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
        let shared = self.shared.clone();
        let (reports_in, reports) = mpsc::unbounded_channel::<DriverReport>();
        let driver = SongbirdDriver::new(shared.songbird.clone(), guild, shared.settings.bot_user, reports_in);
        let driver: Box<dyn VoiceDriver> = Box::new(driver);
        let (handle, inbox) = GuildHandle::new(guild, shared.extractor.clone(), shared.store.clone());
        tokio::spawn(actor::supervise(guild, Actor::new(guild, shared, driver, &handle).run(inbox, reports)));
        handle
    }

    fn remembered(&self) -> MutexGuard<'_, BTreeSet<GuildId>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<GuildId, GuildHandle>> {
        // The map is whole between any two statements, so a panic elsewhere has not hurt it.
        self.guilds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn remembered(store: Arc<dyn Store>) -> Result<BTreeSet<GuildId>, StoreError> {
    let read = tokio::task::spawn_blocking(move || store.guilds()).await;
    let cut_short = |_| Err(StoreError { doing: "reading".into(), reason: "the runtime is shutting down".into() });
    Ok(read.unwrap_or_else(cut_short)?.into_iter().collect())
}
