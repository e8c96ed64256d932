//! The tables of the file, as docs/storage.md describes them. A table's name carries its version: a layout that changes
//! gets a new table and a migration, and no reader ever guesses.

use redb::{
    ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, TableError, TableHandle as _,
    WriteTransaction,
};

/// What this build writes. 1 was the 0.1 preview: a whole record in one row.
pub(crate) const SCHEMA: u32 = 2;

/// Facts about the file: `schema` (a decimal number), `created_by` and `written_by` (versions).
pub(crate) const META: TableDefinition<&str, &str> = TableDefinition::new("meta/1");

/// Guild -> JSON of the small part of its record ([`crate::rows::Small`]).
pub(crate) const GUILD: TableDefinition<u64, &[u8]> = TableDefinition::new("guild/1");

/// (guild, track) -> JSON of the track. A row is written once; it goes when the track is in no list of its queue any more.
pub(crate) const TRACK: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("track/1");

/// Guild -> which tracks in which order, as numbers ([`crate::rows::order`]).
pub(crate) const ORDER: TableDefinition<u64, &[u8]> = TableDefinition::new("order/1");

/// Guild -> (track, position in nanoseconds, milliseconds since 1970): 24 bytes, written each second that music plays.
pub(crate) const PLAYHEAD: TableDefinition<u64, (u64, u64, u64)> = TableDefinition::new("playhead/1");

/// Guild -> JSON lines, the newest first.
pub(crate) const TIMELINE: TableDefinition<u64, &[u8]> = TableDefinition::new("timeline/1");

/// Shard -> JSON of a gateway session. It is a credential: it is in no export.
pub(crate) const SESSION: TableDefinition<u32, &[u8]> = TableDefinition::new("session/1");

/// Guild -> bytes, as their keeper wrote them.
pub(crate) const WORLD: TableDefinition<u64, &[u8]> = TableDefinition::new("world/1");

/// (guild, name) -> JSON of the favorite's queries and of who made it.
pub(crate) const FAVORITE: TableDefinition<(u64, &str), &[u8]> = TableDefinition::new("favorite/1");

/// Guild -> since when the bot is no longer in it, in milliseconds since 1970. It is in no export.
pub(crate) const GONE: TableDefinition<u64, u64> = TableDefinition::new("gone/1");

/// Schema 1: guild -> JSON of the whole record.
pub(crate) const GUILD_0: TableDefinition<u64, &[u8]> = TableDefinition::new("guild/0");

/// The tables that make up a guild's record, in a transaction of either kind.
pub(crate) struct RecordTables<B, T, P> {
    pub(crate) small: B,
    pub(crate) order: B,
    pub(crate) timeline: B,
    pub(crate) tracks: T,
    pub(crate) playheads: P,
}

/// To read from.
pub(crate) type Reading = RecordTables<
    ReadOnlyTable<u64, &'static [u8]>,
    ReadOnlyTable<(u64, u64), &'static [u8]>,
    ReadOnlyTable<u64, (u64, u64, u64)>,
>;

/// To change.
pub(crate) type Writing<'t> =
    RecordTables<Table<'t, u64, &'static [u8]>, Table<'t, (u64, u64), &'static [u8]>, Table<'t, u64, (u64, u64, u64)>>;

/// What both can do.
pub(crate) trait Rows {
    fn small(&self) -> &impl ReadableTable<u64, &'static [u8]>;
    fn order(&self) -> &impl ReadableTable<u64, &'static [u8]>;
    fn timeline(&self) -> &impl ReadableTable<u64, &'static [u8]>;
    fn tracks(&self) -> &impl ReadableTable<(u64, u64), &'static [u8]>;
    fn playheads(&self) -> &impl ReadableTable<u64, (u64, u64, u64)>;
}

impl<B, T, P> Rows for RecordTables<B, T, P>
where
    B: ReadableTable<u64, &'static [u8]>,
    T: ReadableTable<(u64, u64), &'static [u8]>,
    P: ReadableTable<u64, (u64, u64, u64)>,
{
    fn small(&self) -> &impl ReadableTable<u64, &'static [u8]> {
        &self.small
    }

    fn order(&self) -> &impl ReadableTable<u64, &'static [u8]> {
        &self.order
    }

    fn timeline(&self) -> &impl ReadableTable<u64, &'static [u8]> {
        &self.timeline
    }

    fn tracks(&self) -> &impl ReadableTable<(u64, u64), &'static [u8]> {
        &self.tracks
    }

    fn playheads(&self) -> &impl ReadableTable<u64, (u64, u64, u64)> {
        &self.playheads
    }
}

impl Reading {
    pub(crate) fn of(transaction: &ReadTransaction) -> Result<Self, TableError> {
        Ok(Self {
            small: transaction.open_table(GUILD)?,
            order: transaction.open_table(ORDER)?,
            timeline: transaction.open_table(TIMELINE)?,
            tracks: transaction.open_table(TRACK)?,
            playheads: transaction.open_table(PLAYHEAD)?,
        })
    }
}

impl<'t> Writing<'t> {
    pub(crate) fn of(transaction: &'t WriteTransaction) -> Result<Self, TableError> {
        Ok(Self {
            small: transaction.open_table(GUILD)?,
            order: transaction.open_table(ORDER)?,
            timeline: transaction.open_table(TIMELINE)?,
            tracks: transaction.open_table(TRACK)?,
            playheads: transaction.open_table(PLAYHEAD)?,
        })
    }
}

/// Makes every table of this schema, so that readers find them.
pub(crate) fn create_all(transaction: &WriteTransaction) -> Result<(), TableError> {
    drop(Writing::of(transaction)?);
    transaction.open_table(META)?;
    transaction.open_table(SESSION)?;
    transaction.open_table(WORLD)?;
    transaction.open_table(FAVORITE)?;
    transaction.open_table(GONE)?;
    Ok(())
}

/// Whether the file has a table of this name.
pub(crate) fn has_meta(transaction: &ReadTransaction) -> Result<Has, redb::StorageError> {
    let names: Vec<_> = transaction.list_tables()?.map(|table| redb::TableHandle::name(&table).to_owned()).collect();
    Ok(match names.iter().any(|name| name == META.name()) {
        true => Has::Meta,
        false if names.is_empty() => Has::Nothing,
        false => Has::OthersOnly,
    })
}

/// What there is in a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Has {
    /// Our table of facts.
    Meta,
    /// No table: it has just been made.
    Nothing,
    /// Somebody else's tables.
    OthersOnly,
}
