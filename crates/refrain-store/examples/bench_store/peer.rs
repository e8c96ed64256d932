//! The same rows in SQLite: a write ahead log, `synchronous = FULL`, a transaction a commit, and only rows that changed.

use crate::{
    Kept,
    load::{self, Load},
};
use anyhow::Result;
use refrain_model::{GuildRecord, Track, TrackId};
use rusqlite::{Connection, Transaction, params};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

pub(crate) struct Peer {
    db: Connection,
    written: HashMap<u64, GuildRecord>,
}

impl Peer {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let db = Connection::open(path)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS guild (guild INTEGER PRIMARY KEY, json BLOB);
             CREATE TABLE IF NOT EXISTS track (guild INTEGER, track INTEGER, json BLOB, PRIMARY KEY (guild, track))
               WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS lists (guild INTEGER PRIMARY KEY, ids BLOB);
             CREATE TABLE IF NOT EXISTS timeline (guild INTEGER PRIMARY KEY, lines BLOB);
             CREATE TABLE IF NOT EXISTS playhead (guild INTEGER PRIMARY KEY, track INTEGER, position INTEGER, at INTEGER);",
        )?;
        Ok(Self { db, written: HashMap::new() })
    }

    pub(crate) fn read_all(&self) -> Result<()> {
        for table in ["guild", "lists", "timeline", "playhead"] {
            let mut statement = self.db.prepare(&format!("SELECT * FROM {table}"))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                std::hint::black_box(row.get_ref(1)?);
            }
        }
        let mut statement = self.db.prepare("SELECT json FROM track")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            std::hint::black_box(serde_json::from_slice::<Track>(row.get_ref(0)?.as_blob()?)?);
        }
        Ok(())
    }

    fn try_playheads(&mut self, load: &Load, second: u64) -> Result<()> {
        let transaction = self.db.transaction()?;
        for guild in 0..load.guilds() {
            put_playhead(&transaction, load, guild, second)?;
        }
        Ok(transaction.commit()?)
    }

    fn try_save(&mut self, guild: u64, new: &GuildRecord) -> Result<()> {
        let transaction = self.db.transaction()?;
        put(&transaction, guild, self.written.get(&guild), new)?;
        transaction.commit()?;
        self.written.insert(guild, new.clone());
        Ok(())
    }
}

impl Kept for Peer {
    fn playheads(&mut self, load: &Load, second: u64) {
        self.try_playheads(load, second).expect("SQLite writes playheads");
    }

    fn save(&mut self, load: &Load, guild: u64) {
        self.try_save(guild, load.record(guild)).expect("SQLite writes a record");
    }
}

fn number(number: u64) -> i64 {
    number.cast_signed()
}

fn put_playhead(transaction: &Transaction<'_>, load: &Load, guild: u64, second: u64) -> Result<()> {
    let playhead = load.playhead(guild, second);
    let position = i64::try_from(playhead.position.as_nanos())?;
    let row = params![number(load::id(guild).get()), number(playhead.track.0), position, number(playhead.at_unix_ms)];
    transaction.prepare_cached("INSERT OR REPLACE INTO playhead VALUES (?1, ?2, ?3, ?4)")?.execute(row)?;
    Ok(())
}

fn put(transaction: &Transaction<'_>, guild: u64, old: Option<&GuildRecord>, new: &GuildRecord) -> Result<()> {
    let id = number(load::id(guild).get());
    let blob = |sql: &str, bytes: Vec<u8>| transaction.prepare_cached(sql)?.execute(params![id, bytes]);
    blob("INSERT OR REPLACE INTO guild VALUES (?1, ?2)", small(new))?;
    let mut before: BTreeMap<TrackId, &Arc<Track>> = old.map(by_id).unwrap_or_default();
    for (track, content) in by_id(new) {
        if before.remove(&track).is_none() {
            let row = params![id, number(track.0), serde_json::to_vec(content.as_ref())?];
            transaction.prepare_cached("INSERT INTO track VALUES (?1, ?2, ?3)")?.execute(row)?;
        }
    }
    for track in before.into_keys() {
        let sql = "DELETE FROM track WHERE guild = ?1 AND track = ?2";
        transaction.prepare_cached(sql)?.execute(params![id, number(track.0)])?;
    }
    let ids = |record: &GuildRecord| record.queue.tracks().map(|track| track.id).collect::<Vec<_>>();
    if old.is_none_or(|old| ids(old) != ids(new)) {
        // A byte a track: as long as the store's own.
        let bytes = ids(new).iter().map(|id| id.0.to_le_bytes()[0]).collect();
        blob("INSERT OR REPLACE INTO lists VALUES (?1, ?2)", bytes)?;
    }
    if old.is_none_or(|old| old.timeline != new.timeline) {
        blob("INSERT OR REPLACE INTO timeline VALUES (?1, ?2)", serde_json::to_vec(&new.timeline)?)?;
    }
    Ok(())
}

fn by_id(record: &GuildRecord) -> BTreeMap<TrackId, &Arc<Track>> {
    record.queue.tracks().map(|track| (track.id, track)).collect()
}

fn small(record: &GuildRecord) -> Vec<u8> {
    let json = serde_json::json!({
        "voice_channel": record.voice_channel, "text_channel": record.text_channel, "paused": record.paused,
        "volume": record.volume, "settings": record.settings, "panel": record.panel,
        "incident_message": record.incident_message, "incident_asked": record.incident_asked, "voice": record.voice, "looping": record.queue.looping,
        "next_id": record.queue.next_id,
    });
    json.to_string().into_bytes()
}
