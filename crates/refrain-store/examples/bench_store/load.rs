//! What the guilds do: the same for both, from nothing but numbers.

use refrain_model::{
    ChannelId, GuildId, GuildRecord, Playhead, QueueSnapshot, TimelineRecord, Track, TrackId, TrackInfo, UserId,
};
use std::{sync::Arc, time::Duration};

/// Tracks that wait in each queue.
const UPCOMING: usize = 50;
/// Tracks that a queue remembers.
const HISTORY: usize = 50;
const TRACK_SECONDS: u64 = 240;
const COMMAND_SECONDS: u64 = 60;

pub(crate) struct Load {
    records: Vec<GuildRecord>,
}

pub(crate) const fn id(guild: u64) -> GuildId {
    GuildId::new(1_216_000_000_000_000_000 + guild)
}

impl Load {
    pub(crate) fn new(guilds: u64) -> Self {
        Self { records: (0..guilds).map(first).collect() }
    }

    pub(crate) fn guilds(&self) -> u64 {
        self.records.len() as u64
    }

    pub(crate) fn record(&self, guild: u64) -> &GuildRecord {
        &self.records[usize::try_from(guild).unwrap_or(0)]
    }

    pub(crate) fn playhead(&self, guild: u64, second: u64) -> Playhead {
        let track = self.record(guild).queue.current.as_ref().map_or(TrackId(0), |track| track.id);
        let position = Duration::from_millis((second + guild) % TRACK_SECONDS * 1000 + guild % 1000);
        Playhead { track, position, at_unix_ms: 1_795_867_200_000 + second * 1000 }
    }

    /// The guilds whose record changes in this second: spread evenly, so that no second is like a rush hour.
    pub(crate) fn next_second(&mut self, second: u64) -> Vec<u64> {
        let mut changed = Vec::new();
        for (guild, record) in (0..).zip(&mut self.records) {
            if (second + guild).is_multiple_of(TRACK_SECONDS) {
                next_track(record);
                changed.push(guild);
            } else if (second + guild * 7).is_multiple_of(COMMAND_SECONDS) {
                // Turns about with a queue that is played down and filled up: /volume and /play.
                record.volume = Some(u16::try_from(second % 100).unwrap_or(50));
                if record.queue.upcoming.len() < UPCOMING {
                    add(record, guild);
                }
                changed.push(guild);
            }
        }
        changed
    }
}

fn first(guild: u64) -> GuildRecord {
    let line = |n: u64| TimelineRecord {
        unix_ms: n,
        state: "RETRYING".to_owned(),
        attempt: 1,
        code: Some(4006),
        verdict: "rejoin".to_owned(),
        reason: "the session is no longer valid: a new one is asked for".to_owned(),
        times: 1,
    };
    let mut record = GuildRecord {
        voice_channel: Some(ChannelId::new(guild)),
        text_channel: Some(ChannelId::new(guild)),
        queue: QueueSnapshot::default(),
        timeline: (0..20).map(line).collect(),
        ..GuildRecord::default()
    };
    for _ in 0..=UPCOMING {
        add(&mut record, guild);
    }
    next_track(&mut record);
    record
}

fn next_track(record: &mut GuildRecord) {
    let queue = &mut record.queue;
    if queue.upcoming.is_empty() {
        return;
    }
    let next = queue.upcoming.remove(0);
    if let Some(ended) = queue.current.replace(next) {
        queue.history.insert(0, ended);
        queue.history.truncate(HISTORY);
    }
}

fn add(record: &mut GuildRecord, guild: u64) {
    let id = record.queue.next_id;
    record.queue.next_id += 1;
    record.queue.upcoming.push(Arc::new(Track {
        id: TrackId(id),
        info: TrackInfo {
            title: format!("A song of a usual length, number {id} (Official Video)"),
            page_url: format!("https://www.youtube.com/watch?v={id:011}"),
            uploader: Some("The Usual Suspects".to_owned()),
            thumbnail: Some(format!("https://i.ytimg.com/vi/{id:011}/hqdefault.jpg")),
            duration: Some(Duration::from_secs(TRACK_SECONDS)),
            live: false,
        },
        requested_by: UserId::new(guild),
        requested_in: ChannelId::new(guild),
    }));
}
