//! Muse: an SQLite database, of which guilds' settings and favorites are of use here.

use crate::{
    redb_store::RedbStore,
    report::{ImportError, ImportReport},
    store::{Favorite, Store},
};
use refrain_model::{GuildId, GuildSettings};
use rusqlite::{Connection, OpenFlags, Row, types::ValueRef};
use std::path::Path;

/// Columns that say nothing that Refrain keeps.
const OF_NO_USE: [&str; 9] =
    ["id", "createdAt", "updatedAt", "guildId", "authorId", "name", "query", "channel", "queueAddResponseEphemeral"];

impl RedbStore {
    /// Brings Muse's settings and favorites here. `file` is its `db.sqlite`, which is only read. Settings replace those
    /// that the guild has here; its queue stays as it is. A favorite replaces one of the same name. Blocks.
    ///
    /// # Errors
    /// When the file cannot be opened. A table that is missing, a column that is not known and a row that makes no sense
    /// are left out and noted: versions of Muse differ.
    pub fn import_muse(&self, file: impl AsRef<Path>) -> Result<ImportReport, ImportError> {
        let file = file.as_ref();
        let doing = format!("reading {}", file.display());
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(file, flags).map_err(|error| ImportError::new(&doing, error))?;
        // Opening reads nothing: this finds out whether it is a database at all.
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
            .map_err(|error| ImportError::new(&doing, error))?;
        let mut report = ImportReport::default();
        each_row(&db, "Setting", &mut report, |row, report| self.import_setting(row, report));
        each_row(&db, "FavoriteQuery", &mut report, |row, report| self.import_favorite(row, report));
        Ok(report)
    }

    fn import_setting(&self, row: &Row<'_>, report: &mut ImportReport) {
        let Some(guild) = id(row, "guildId") else {
            return report.note("a row of Setting was left out: it names no guild");
        };
        let mut record = match self.load(guild) {
            Ok(record) => record.unwrap_or_default(),
            Err(error) => return report.note(format!("the settings of guild {guild} were left out: {error}")),
        };
        record.settings = Some(settings(row, record.settings.unwrap_or_default()));
        self.save(guild, record);
        report.guilds += 1;
    }

    fn import_favorite(&self, row: &Row<'_>, report: &mut ImportReport) {
        let (guild, name, query) = (id(row, "guildId"), text(row, "name"), text(row, "query"));
        let (Some(guild), Some(name), Some(query)) = (guild, name, query) else {
            return report.note("a row of FavoriteQuery was left out: it lacks its guild, name or query");
        };
        let by = text(row, "authorId").and_then(|id| id.parse().ok());
        self.save_favorite(guild, Favorite { name, queries: vec![query], by });
        report.favorites += 1;
    }
}

/// Muse's settings over these, within Refrain's bounds.
fn settings(row: &Row<'_>, before: GuildSettings) -> GuildSettings {
    let number = |column, otherwise: u16| small(row, column).unwrap_or(otherwise);
    let flag = |column, otherwise| integer(row, column).map_or(otherwise, |number| number != 0);
    let wait = integer(row, "secondsToWaitAfterQueueEmpties").and_then(|seconds| u32::try_from(seconds).ok());
    GuildSettings {
        playlist_limit: number("playlistLimit", before.playlist_limit),
        wait_after_queue_empties: wait.unwrap_or(before.wait_after_queue_empties),
        leave_if_no_listeners: flag("leaveIfNoListeners", before.leave_if_no_listeners),
        auto_announce_next_song: flag("autoAnnounceNextSong", before.auto_announce_next_song),
        default_volume: number("defaultVolume", before.default_volume),
        default_queue_page_size: number("defaultQueuePageSize", before.default_queue_page_size),
        reduce_vol_when_voice: flag("turnDownVolumeWhenPeopleSpeak", before.reduce_vol_when_voice),
        reduce_vol_when_voice_target: number(
            "turnDownVolumeWhenPeopleSpeakTarget",
            before.reduce_vol_when_voice_target,
        ),
        ..before
    }
    .bounded()
}

const SETTINGS: [&str; 8] = [
    "playlistLimit",
    "secondsToWaitAfterQueueEmpties",
    "leaveIfNoListeners",
    "autoAnnounceNextSong",
    "defaultVolume",
    "defaultQueuePageSize",
    "turnDownVolumeWhenPeopleSpeak",
    "turnDownVolumeWhenPeopleSpeakTarget",
];

/// Gives each row of a table, and notes the columns that nothing is made of.
fn each_row(
    db: &Connection,
    table: &str,
    report: &mut ImportReport,
    mut take: impl FnMut(&Row<'_>, &mut ImportReport),
) {
    let mut run = || -> rusqlite::Result<()> {
        let mut statement = db.prepare(&format!("SELECT * FROM \"{table}\""))?;
        for column in statement.column_names() {
            if !SETTINGS.contains(&column) && !OF_NO_USE.contains(&column) {
                report.note(format!("{table}.{column} has nothing that corresponds here, and was left out"));
            }
        }
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            take(row, report);
        }
        Ok(())
    };
    if let Err(error) = run() {
        report.note(format!("the table {table} was left out, or not read to its end: {error}"));
    }
}

fn integer(row: &Row<'_>, column: &str) -> Option<i64> {
    match row.get_ref(column).ok()? {
        ValueRef::Integer(number) => Some(number),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => None,
    }
}

/// Negative ones are none at all; too large ones are as large as can be, and bounded later.
fn small(row: &Row<'_>, column: &str) -> Option<u16> {
    let number = u64::try_from(integer(row, column)?).ok()?;
    Some(u16::try_from(number).unwrap_or(u16::MAX))
}

fn text(row: &Row<'_>, column: &str) -> Option<String> {
    let text = row.get_ref(column).ok()?.as_str().ok()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn id(row: &Row<'_>, column: &str) -> Option<GuildId> {
    text(row, column)?.parse().ok()
}
