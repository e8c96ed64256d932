//! From rows to a record.

use super::{Small, order::Order, playhead_of, tolerantly};
use crate::tables::Rows;
use redb::ReadableTable as _;
use refrain_model::{GuildId, GuildRecord, TimelineRecord, Track, TrackId};
use std::{collections::BTreeMap, sync::Arc};

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// The file.
    #[error(transparent)]
    Storage(#[from] redb::StorageError),
    /// A table.
    #[error(transparent)]
    Table(#[from] redb::TableError),
    /// A row that is not what it should be.
    #[error("{0}")]
    Row(String),
}

/// A guild's record; `None` for one that has none.
///
/// A track that is listed and has no readable row is left out, with a warning: the rest of a queue is better than none.
pub(crate) fn read(rows: &impl Rows, guild: GuildId) -> Result<Option<GuildRecord>, Unreadable> {
    let Some(small) = rows.small().get(guild.get())? else {
        return Ok(None);
    };
    let small: Small = serde_json::from_slice(small.value())
        .and_then(tolerantly)
        .map_err(|error| Unreadable::Row(format!("its row in guild/1 is no JSON that is known: {error}")))?;
    let mut record = small.into_record();
    let order = match rows.order().get(guild.get())? {
        None => Order::default(),
        Some(bytes) => {
            Order::decode(bytes.value()).ok_or_else(|| Unreadable::Row("its row in order/1 is damaged".to_owned()))?
        }
    };
    let tracks = tracks(rows, guild)?;
    let find = |id: &TrackId| {
        let track = tracks.get(id).cloned();
        if track.is_none() {
            tracing::warn!(guild_id = guild.get(), track = id.0, "a track of the queue is missing in the database");
        }
        track
    };
    record.queue.current = order.current.as_ref().and_then(find);
    record.queue.upcoming = order.upcoming.iter().filter_map(find).collect();
    record.queue.history = order.history.iter().filter_map(find).collect();
    record.queue.true_order = order.true_order;
    record.playhead = rows.playheads().get(guild.get())?.map(|row| playhead_of(row.value()));
    record.timeline = timeline(rows, guild)?;
    Ok(Some(record))
}

fn tracks(rows: &impl Rows, guild: GuildId) -> Result<BTreeMap<TrackId, Arc<Track>>, redb::StorageError> {
    let mut tracks = BTreeMap::new();
    for row in rows.tracks().range((guild.get(), 0)..=(guild.get(), u64::MAX))? {
        let (key, value) = row?;
        // One that cannot be read is missed, and named, where the queue asks for it.
        if let Ok(track) = serde_json::from_slice::<Track>(value.value()) {
            tracks.insert(TrackId(key.value().1), Arc::new(track));
        }
    }
    Ok(tracks)
}

/// A line that this version cannot read is left out.
fn timeline(rows: &impl Rows, guild: GuildId) -> Result<Vec<TimelineRecord>, redb::StorageError> {
    let Some(lines) = rows.timeline().get(guild.get())? else {
        return Ok(Vec::new());
    };
    let lines = lines.value().split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
}
