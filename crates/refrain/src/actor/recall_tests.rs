//! A record that the disk does not give is asked for again, and is never overwritten.

use super::turn_tests::{Town, shared_with};
use refrain_model::{GuildId, GuildRecord, Playhead, SettingChange};
use refrain_recovery::governor::GovernorPolicy;
use refrain_store::{Favorite, GatewaySession, RedbStore, Settled, Store, StoreError, StoreHealth};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::watch;

const GUILD: GuildId = GuildId::new(1);

/// A store whose records cannot be read so many times.
struct Stuttering {
    store: RedbStore,
    failures: AtomicUsize,
}

impl Store for Stuttering {
    fn load(&self, guild: GuildId) -> Result<Option<GuildRecord>, StoreError> {
        let fail = |left: usize| left.checked_sub(1);
        if self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fail).is_ok() {
            return Err(StoreError { doing: "reading".into(), reason: "input/output error".into() });
        }
        self.store.load(guild)
    }

    fn guilds(&self) -> Result<Vec<GuildId>, StoreError> {
        self.store.guilds()
    }

    fn save(&self, guild: GuildId, record: GuildRecord) {
        self.store.save(guild, record);
    }

    fn save_playhead(&self, guild: GuildId, playhead: Playhead) {
        self.store.save_playhead(guild, playhead);
    }

    fn forget(&self, guild: GuildId) {
        self.store.forget(guild);
    }

    fn gone(&self) -> Result<BTreeMap<GuildId, u64>, StoreError> {
        self.store.gone()
    }

    fn set_gone(&self, guild: GuildId, since_unix_ms: Option<u64>) {
        self.store.set_gone(guild, since_unix_ms);
    }

    fn settled(&self) -> Settled {
        self.store.settled()
    }

    fn health(&self) -> watch::Receiver<StoreHealth> {
        self.store.health()
    }

    fn sessions(&self) -> Result<Vec<GatewaySession>, StoreError> {
        self.store.sessions()
    }

    fn save_session(&self, session: GatewaySession) {
        self.store.save_session(session);
    }

    fn forget_session(&self, shard: u32) {
        self.store.forget_session(shard);
    }

    fn world(&self, guild: GuildId) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.world(guild)
    }

    fn save_world(&self, guild: GuildId, bytes: Vec<u8>) {
        self.store.save_world(guild, bytes);
    }

    fn favorites(&self, guild: GuildId) -> Result<Vec<Favorite>, StoreError> {
        self.store.favorites(guild)
    }

    fn save_favorite(&self, guild: GuildId, favorite: Favorite) {
        self.store.save_favorite(guild, favorite);
    }

    fn remove_favorite(&self, guild: GuildId, name: &str) {
        self.store.remove_favorite(guild, name);
    }
}

/// What is kept of a guild that had its volume at 70, after somebody has set its playlist limit.
async fn kept_after(failures: usize) -> (u16, Option<u16>, bool) {
    let store = Arc::new(Stuttering { store: RedbStore::in_memory().unwrap(), failures: AtomicUsize::new(failures) });
    store.save(GUILD, GuildRecord { volume: Some(70), ..GuildRecord::default() });
    let (town, data) = (Town::new(), tempfile::tempdir().unwrap());
    let shared = shared_with(&town, GovernorPolicy::default(), data.path(), store.clone()).await;
    let handle = town.settle(GUILD, &shared);
    handle.configure(SettingChange::PlaylistLimit(7)).await.unwrap();
    let volume = handle.volume(None).await.unwrap();
    let kept = store.store.load(GUILD).unwrap().unwrap();
    (volume, kept.volume, kept.settings.is_some())
}

#[tokio::test]
async fn a_record_that_the_disk_gives_a_little_later_is_taken_over() {
    assert_eq!(kept_after(0).await, (70, Some(70), true));
    assert_eq!(kept_after(2).await, (70, Some(70), true));
}

#[tokio::test]
async fn a_record_that_the_disk_does_not_give_is_not_overwritten() {
    assert_eq!(kept_after(usize::MAX).await, (100, Some(70), false));
}
