//! From a record to rows: only those that differ from what was written before.

use super::{Small, order::Order, playhead_row};
use crate::tables::Writing;
use redb::StorageError;
use refrain_model::{GuildId, GuildRecord, MAX_TIMELINE, TimelineRecord, Track, TrackId};
use std::{collections::BTreeMap, sync::Arc};

/// Writes `new` over `old`, which must be what the rows hold; `None`: they hold nothing of this guild.
pub(crate) fn write(
    tables: &mut Writing<'_>,
    guild: GuildId,
    old: Option<&GuildRecord>,
    new: &GuildRecord,
) -> Result<(), StorageError> {
    let id = guild.get();
    let small = Small::of(new);
    if old.is_none_or(|old| Small::of(old) != small) {
        tables.small.insert(id, json(&small).as_slice())?;
    }
    write_tracks(tables, guild, old, new)?;
    let order = Order::of(&new.queue);
    if old.is_none_or(|old| Order::of(&old.queue) != order) {
        tables.order.insert(id, order.encode().as_slice())?;
    }
    if old.is_none_or(|old| old.timeline != new.timeline) {
        tables.timeline.insert(id, lines(&new.timeline).as_slice())?;
    }
    match &new.playhead {
        Some(playhead) => drop(tables.playheads.insert(id, playhead_row(playhead))?),
        None => drop(tables.playheads.remove(id)?),
    }
    Ok(())
}

/// Tracks that are new get a row, those that are gone lose theirs; all others stay untouched.
fn write_tracks(
    tables: &mut Writing<'_>,
    guild: GuildId,
    old: Option<&GuildRecord>,
    new: &GuildRecord,
) -> Result<(), StorageError> {
    let mut before: BTreeMap<TrackId, &Arc<Track>> = old.map(by_id).unwrap_or_default();
    for (id, track) in by_id(new) {
        // The same `Arc` compares at once; another of the same number is compared for what it says.
        if before.remove(&id).is_none_or(|before| !Arc::ptr_eq(before, track) && before != track) {
            tables.tracks.insert((guild.get(), id.0), json(track.as_ref()).as_slice())?;
        }
    }
    for id in before.into_keys() {
        tables.tracks.remove((guild.get(), id.0))?;
    }
    Ok(())
}

fn by_id(record: &GuildRecord) -> BTreeMap<TrackId, &Arc<Track>> {
    record.queue.tracks().map(|track| (track.id, track)).collect()
}

/// Removes everything that makes up a guild's record, whatever state it is in.
pub(crate) fn erase(tables: &mut Writing<'_>, guild: GuildId) -> Result<(), StorageError> {
    let id = guild.get();
    tables.small.remove(id)?;
    tables.order.remove(id)?;
    tables.timeline.remove(id)?;
    tables.playheads.remove(id)?;
    tables.tracks.retain_in((id, 0)..=(id, u64::MAX), |_, _| false)
}

fn lines(timeline: &[TimelineRecord]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in timeline.iter().take(MAX_TIMELINE) {
        bytes.extend(json(line));
        bytes.push(b'\n');
    }
    bytes
}

/// Our plain values always have a JSON form: no map with keys that are not strings, no failing serializer.
fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
