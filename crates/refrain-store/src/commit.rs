//! One batch, one transaction.

use crate::{
    changes::{Changes, GuildChange},
    json,
    rows::{self, Unreadable, playhead_row},
    tables::{FAVORITE, GONE, SESSION, WORLD, Writing},
};
use redb::{Database, ReadableTable as _, WriteTransaction};
use refrain_model::{GuildId, GuildRecord};
use std::{collections::BTreeMap, sync::Arc};

/// What the rows hold, as this process wrote it: a record that is saved again is compared with it, and only what differs
/// is written. It shares its tracks with whoever handed the record over.
pub(crate) type Written = BTreeMap<GuildId, Arc<GuildRecord>>;

/// Writes a batch. When this fails nothing of it was written, and `written` is no longer true: it must be cleared.
pub(crate) fn commit(db: &Database, changes: &Changes, written: &mut Written) -> Result<(), redb::Error> {
    let transaction = db.begin_write()?;
    {
        let mut tables = Writing::of(&transaction)?;
        for (guild, change) in &changes.guilds {
            if change.forgotten {
                rows::erase(&mut tables, *guild)?;
                forget_the_rest(&transaction, *guild)?;
                written.remove(guild);
            }
            keep(&mut tables, *guild, change, written)?;
        }
    }
    let mut worlds = transaction.open_table(WORLD)?;
    for (guild, bytes) in &changes.worlds {
        worlds.insert(guild.get(), bytes.as_slice())?;
    }
    let mut favorites = transaction.open_table(FAVORITE)?;
    for ((guild, name), favorite) in &changes.favorites {
        let key = (guild.get(), name.as_str());
        match favorite {
            Some(favorite) => drop(favorites.insert(key, json::favorite(favorite).as_slice())?),
            None => drop(favorites.remove(key)?),
        }
    }
    let mut sessions = transaction.open_table(SESSION)?;
    for (shard, session) in &changes.sessions {
        match session {
            Some(session) => drop(sessions.insert(shard, json::session(session).as_slice())?),
            None => drop(sessions.remove(shard)?),
        }
    }
    let mut gone = transaction.open_table(GONE)?;
    for (guild, since) in &changes.gone {
        match since {
            Some(since) => drop(gone.insert(guild.get(), since)?),
            None => drop(gone.remove(guild.get())?),
        }
    }
    drop((worlds, favorites, sessions, gone));
    transaction.commit()?;
    Ok(())
}

fn keep(
    tables: &mut Writing<'_>,
    guild: GuildId,
    change: &GuildChange,
    written: &mut Written,
) -> Result<(), redb::Error> {
    if let Some(record) = &change.record {
        let old = match written.get(&guild) {
            Some(old) => Some(old.clone()),
            None if change.forgotten => None,
            None => before(tables, guild)?,
        };
        rows::write(tables, guild, old.as_deref(), record)?;
        written.insert(guild, record.clone());
    }
    if let Some(playhead) = &change.playhead {
        // A guild without a record has no use for one.
        if change.record.is_some() || tables.small.get(guild.get())?.is_some() {
            tables.playheads.insert(guild.get(), playhead_row(playhead))?;
        }
    }
    Ok(())
}

/// What an earlier run wrote. Rows that cannot be read are removed: the record that comes replaces them.
fn before(tables: &mut Writing<'_>, guild: GuildId) -> Result<Option<Arc<GuildRecord>>, redb::Error> {
    match rows::read(tables, guild) {
        Ok(old) => Ok(old.map(Arc::new)),
        Err(Unreadable::Storage(error)) => Err(error.into()),
        Err(Unreadable::Table(error)) => Err(error.into()),
        Err(Unreadable::Row(what)) => {
            tracing::warn!(guild_id = guild.get(), what, "a record that could not be read is replaced");
            rows::erase(tables, guild)?;
            Ok(None)
        }
    }
}

fn forget_the_rest(transaction: &WriteTransaction, guild: GuildId) -> Result<(), redb::Error> {
    transaction.open_table(WORLD)?.remove(guild.get())?;
    transaction.open_table(GONE)?.remove(guild.get())?;
    // Names follow each other within a guild, and the next guild's follow the last of them.
    let mut favorites = transaction.open_table(FAVORITE)?;
    match guild.get().checked_add(1) {
        Some(next) => favorites.retain_in((guild.get(), "")..(next, ""), |_, _| false)?,
        None => favorites.retain_in((guild.get(), "").., |_, _| false)?,
    }
    Ok(())
}
