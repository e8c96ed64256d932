//! Storage that fails: at every operation of a run, at random, and by losing power.

mod disk;
mod power;
mod script;

use crate::{RedbStore, Store as _, StoreOptions};
use refrain_model::{ChannelId, GuildId, GuildRecord, Playhead, QueueSnapshot, Track, TrackId, TrackInfo, UserId};
use std::{sync::Arc, time::Duration};

/// Impatient, and on no account waiting for company.
fn options() -> StoreOptions {
    StoreOptions {
        gather: Duration::from_millis(1),
        retry: Duration::from_millis(20),
        settle: Duration::from_secs(20),
        close: Duration::from_secs(20),
    }
}

fn settle(store: &RedbStore) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(store.settled());
}

/// A record that says in all of its parts which one it is: parts of two would be seen.
fn record(number: u64, tracks: u64) -> GuildRecord {
    let track = |id| {
        Arc::new(Track {
            id: TrackId(id),
            info: TrackInfo {
                title: format!("{id} of {number}"),
                page_url: String::new(),
                uploader: None,
                thumbnail: None,
                duration: None,
                live: false,
            },
            requested_by: UserId::new(number),
            requested_in: ChannelId::new(1),
        })
    };
    GuildRecord {
        volume: Some(u16::try_from(number % 200).unwrap()),
        text_channel: Some(ChannelId::new(number)),
        queue: QueueSnapshot {
            next_id: number,
            upcoming: (number..number + tracks).map(track).collect(),
            history: (number / 2..number / 2 + 2).map(|id| track(id + 1_000_000)).collect(),
            ..QueueSnapshot::default()
        },
        playhead: Some(playhead(number)),
        ..GuildRecord::default()
    }
}

fn playhead(number: u64) -> Playhead {
    Playhead { track: TrackId(number), position: Duration::from_secs(number), at_unix_ms: number }
}

const fn guild(number: u64) -> GuildId {
    GuildId::new(number + 1)
}
