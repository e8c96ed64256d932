//! Records to keep.

use refrain_model::{
    AskedMessage, ChannelId, GuildId, GuildRecord, GuildSettings, LoopMode, MessageId, MessagePlace, Playhead,
    QueueSnapshot, TimelineRecord, Track, TrackId, TrackInfo, UserId, VoiceRecord,
};
use refrain_store::{RedbStore, Store as _, StoreHealth, StoreOptions};
use std::{path::Path, sync::Arc, time::Duration};

pub(crate) const GUILD: GuildId = GuildId::new(1_216_000_000_000_000_001);
pub(crate) const OTHER: GuildId = GuildId::new(1_216_000_000_000_000_002);

pub(crate) fn track(id: u64) -> Arc<Track> {
    Arc::new(Track {
        id: TrackId(id),
        info: TrackInfo {
            title: format!("Song number {id}"),
            page_url: format!("https://example.org/watch?v={id}"),
            uploader: id.is_multiple_of(2).then(|| "Somebody".to_owned()),
            thumbnail: None,
            duration: Some(Duration::from_millis(200_000 + id)),
            live: false,
        },
        requested_by: UserId::new(7),
        requested_in: ChannelId::new(8),
    })
}

pub(crate) fn playhead(track: u64, seconds: u64) -> Playhead {
    let position = Duration::from_secs(seconds) + Duration::from_nanos(123_456_789);
    Playhead { track: TrackId(track), position, at_unix_ms: 1_795_867_200_000 + seconds * 1000 }
}

/// A record with something in each of its fields, and this many tracks to come.
pub(crate) fn record(tracks: u64) -> GuildRecord {
    let place = |message| Some(MessagePlace { channel: ChannelId::new(5), message: MessageId::new(message) });
    GuildRecord {
        voice_channel: Some(ChannelId::new(3)),
        text_channel: Some(ChannelId::new(5)),
        queue: QueueSnapshot {
            next_id: tracks + 4,
            current: Some(track(1)),
            upcoming: (4..tracks + 4).map(track).collect(),
            history: vec![track(3), track(2)],
            looping: LoopMode::Queue,
            true_order: Some((4..tracks + 4).rev().map(TrackId).collect()),
        },
        playhead: Some(playhead(1, 60)),
        paused: true,
        halted: true,
        volume: Some(70),
        settings: Some(GuildSettings { playlist_limit: 9, ..GuildSettings::default() }),
        panel: place(11),
        incident_message: place(12),
        incident_asked: Some(AskedMessage { channel: ChannelId::new(5), incident: 7, at_unix_ms: 1_795_867_200_000 }),
        voice: VoiceRecord {
            last_close_code: Some(4006),
            last_close_reason: Some("the session is no longer valid".to_owned()),
            attempts: 2,
            ..VoiceRecord::default()
        },
        timeline: vec![TimelineRecord {
            unix_ms: 1,
            state: "RETRYING".to_owned(),
            attempt: 1,
            code: Some(4006),
            verdict: "rejoin".to_owned(),
            reason: "the line\nhas a break".to_owned(),
            times: 1,
        }],
    }
}

/// Impatient: for tests.
pub(crate) fn options() -> StoreOptions {
    StoreOptions {
        gather: Duration::from_millis(50),
        retry: Duration::from_millis(400),
        settle: Duration::from_secs(10),
        close: Duration::from_secs(10),
    }
}

pub(crate) fn open(path: &Path) -> RedbStore {
    RedbStore::open(path, options()).unwrap().0
}

/// Waits for what was handed over, without a runtime.
pub(crate) fn settle(store: &RedbStore) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.settled());
}

/// Waits until the store's health is as wanted.
pub(crate) fn wait_for_health(store: &RedbStore, wanted: impl Fn(&StoreHealth) -> bool) -> StoreHealth {
    let health = store.health();
    for _ in 0..1000 {
        let now = health.borrow().clone();
        if wanted(&now) {
            return now;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the health stays {:?}", *health.borrow());
}

/// Its words, of one that fails.
pub(crate) fn reason(health: &StoreHealth) -> &str {
    match health {
        StoreHealth::Failing { reason, .. } => reason,
        StoreHealth::Well => panic!("it is well"),
    }
}
