//! Guilds that are gone, by the real registry and a real store.

use super::*;
use crate::{Announcement, SourcePolicy};
use refrain_extract::ExtractorConfig;
use refrain_model::{AutoResume, GuildRecord, UserId};
use refrain_queue::Limits;
use refrain_recovery::{Policy, governor::GovernorPolicy};
use refrain_store::RedbStore;

const GUILD: GuildId = GuildId::new(7);
const OTHER: GuildId = GuildId::new(8);
const DAY: u64 = 24 * 3600 * 1000;

struct Nowhere;

impl GatewayPort for Nowhere {
    fn update_voice_state(&self, _guild: GuildId, _channel: Option<ChannelId>) {}
    fn announce(&self, _guild: GuildId, _announcement: Announcement) {}
}

async fn start(store: Arc<RedbStore>, data: &std::path::Path) -> Refrain {
    // Nothing is looked up here, so any program will do.
    let program = std::env::current_exe().unwrap();
    let extractor = Extractor::start(ExtractorConfig::new(program, data)).await.unwrap();
    let settings = Settings {
        bot_user: UserId::new(1),
        recovery: Policy::default(),
        sources: SourcePolicy::default(),
        governor: GovernorPolicy::default(),
        pipeline: refrain_audio::PipelineConfig::default(),
        limits: Limits::default(),
        auto_resume: AutoResume::Resume,
        goodbye: false,
        recording: None,
    };
    Refrain::start(settings, extractor, Arc::new(Nowhere), store).await.unwrap()
}

/// A store with a record of both guilds.
fn store() -> Arc<RedbStore> {
    let store = Arc::new(RedbStore::in_memory().unwrap());
    for guild in [GUILD, OTHER] {
        store.save(guild, GuildRecord { volume: Some(70), ..GuildRecord::default() });
    }
    store
}

async fn soon(what: &str, is: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !is() {
        assert!(Instant::now() < limit, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn the_actor_of_a_guild_that_is_gone_ends_and_the_record_stays_for_the_guilds_return() {
    let (store, data) = (store(), tempfile::tempdir().unwrap());
    let refrain = start(store.clone(), data.path()).await;
    refrain.guild_available(GUILD, None);
    assert_eq!(refrain.guilds(), [GUILD]);
    refrain.guild_deleted(GUILD);
    soon("the actor ends", || refrain.guilds().is_empty()).await;
    assert!(store.gone().unwrap().contains_key(&GUILD));
    assert_eq!(store.load(GUILD).unwrap().unwrap().volume, Some(70));

    refrain.guild_available(GUILD, None);
    assert!(store.gone().unwrap().is_empty());
    assert_eq!(refrain.guild(GUILD).volume(None).await, Ok(70));
}

#[tokio::test]
async fn guilds_that_a_new_session_does_not_have_are_gone() {
    let (store, data) = (store(), tempfile::tempdir().unwrap());
    let refrain = start(store.clone(), data.path()).await;
    refrain.guilds_of_shard(&BTreeSet::from([OTHER]), |_| true);
    assert_eq!(store.gone().unwrap().into_keys().collect::<Vec<_>>(), [GUILD]);
    refrain.guilds_of_shard(&BTreeSet::new(), |guild| guild != OTHER);
    assert_eq!(store.gone().unwrap().len(), 1, "another shard's guilds are not its business");
}

#[tokio::test]
async fn what_is_kept_of_a_guild_that_is_gone_for_thirty_days_is_forgotten_at_the_start() {
    let (store, data) = (store(), tempfile::tempdir().unwrap());
    store.set_gone(GUILD, Some(unix_ms() - 31 * DAY));
    store.set_gone(OTHER, Some(unix_ms() - 29 * DAY));
    let _refrain = start(store.clone(), data.path()).await;
    soon("the guild is forgotten", || store.load(GUILD).unwrap().is_none()).await;
    assert_eq!(store.gone().unwrap().into_keys().collect::<Vec<_>>(), [OTHER]);
    assert!(store.load(OTHER).unwrap().is_some());
}
