//! Looking a file over without changing it.

use crate::{
    disk::{self, Access, FilePlace, Found, Opening, Place as _, Refusal},
    rows::{self, order::Order},
    tables::{FAVORITE, GUILD, META, ORDER, Reading, Rows as _, SCHEMA, SESSION, TRACK, WORLD},
};
use redb::{ReadTransaction, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _};
use refrain_model::GuildId;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::{Path, PathBuf},
};

/// What is in a file. Its `Display` says it in lines, for the operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// The file.
    pub path: PathBuf,
    /// The schema that the file has; an older one is brought to today's when the bot opens it.
    pub schema: u32,
    /// The version that had it last.
    pub written_by: String,
    /// The file's size.
    pub file_bytes: u64,
    /// How much of that is content; what is neither this nor overhead is free, and used again.
    pub stored_bytes: u64,
    /// Guilds with a record.
    pub guilds: u64,
    /// Their tracks.
    pub tracks: u64,
    /// Favorites.
    pub favorites: u64,
    /// Gateway sessions.
    pub sessions: u64,
    /// Guilds of which the channels and roles are kept.
    pub worlds: u64,
    /// What is not as it should be, a sentence each; empty in a sound file.
    pub problems: Vec<String>,
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schema, written_by, file_bytes, stored_bytes, guilds, tracks, favorites, sessions, worlds, .. } =
            self;
        writeln!(f, "{}: schema {schema}, last written by version {written_by}", self.path.display())?;
        writeln!(f, "{file_bytes} bytes, of which {stored_bytes} are content")?;
        writeln!(
            f,
            "{guilds} guilds with {tracks} tracks, {favorites} favorites, {sessions} sessions, {worlds} worlds"
        )?;
        match self.problems.len() {
            0 => f.write_str("no problems were found"),
            _ => self.problems.iter().try_for_each(|problem| writeln!(f, "problem: {problem}")),
        }
    }
}

/// Why a file could not be looked over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// A running bot has it.
    #[error("{} is in use: end the bot first, or check a copy", .0.display())]
    Locked(PathBuf),
    /// It is damaged, of a newer version, or cannot be read: in words that name it.
    #[error("{0}")]
    Unreadable(String),
}

/// Looks a file over: that its pages are sound, that each record can be read, that each track that a queue names is there.
/// The file is opened for reading only; repairs and migrations are made in memory. `path` is what [`RedbStore::open`] takes.
///
/// # Errors
/// When the file cannot be looked into at all.
///
/// [`RedbStore::open`]: crate::RedbStore::open
pub fn check(path: impl AsRef<Path>) -> Result<CheckReport, CheckError> {
    let place = FilePlace::new(path.as_ref());
    let unreadable = |error: &dyn fmt::Display| CheckError::Unreadable(format!("checking {}: {error}", place.name()));
    let Found { db, opening, .. } = disk::attempt(&place, Access::Read).map_err(|refusal| match refusal {
        Refusal::Locked => CheckError::Locked(place.path().to_owned()),
        Refusal::Newer(trouble) | Refusal::Trouble(trouble) => CheckError::Unreadable(trouble.to_string()),
    })?;
    let mut report = CheckReport { path: place.path().to_owned(), schema: SCHEMA, ..CheckReport::default() };
    if let Opening::Migrated { from, .. } = opening {
        report.schema = from;
    }
    report.file_bytes = fs::metadata(place.path()).map_err(|error| unreadable(&error))?.len();
    let mut look_at_all = || -> Result<(), redb::Error> {
        let stats = db.begin_write()?.stats()?;
        report.stored_bytes = stats.stored_bytes();
        count(&db.begin_read()?, &mut report)?;
        look(&db.begin_read()?, &mut report.problems)
    };
    look_at_all().map_err(|error| unreadable(&error))?;
    Ok(report)
}

fn count(transaction: &ReadTransaction, report: &mut CheckReport) -> Result<(), redb::Error> {
    report.written_by =
        transaction.open_table(META)?.get("written_by")?.map(|version| version.value().to_owned()).unwrap_or_default();
    report.guilds = transaction.open_table(GUILD)?.len()?;
    report.tracks = transaction.open_table(TRACK)?.len()?;
    report.favorites = transaction.open_table(FAVORITE)?.len()?;
    report.sessions = transaction.open_table(SESSION)?.len()?;
    report.worlds = transaction.open_table(WORLD)?.len()?;
    Ok(())
}

fn look(transaction: &ReadTransaction, problems: &mut Vec<String>) -> Result<(), redb::Error> {
    let tables = Reading::of(transaction)?;
    let mut guilds = BTreeSet::new();
    for row in tables.small.iter()? {
        let guild = row?.0.value();
        guilds.insert(guild);
        if let Err(error) = rows::read(&tables, GuildId::new(guild)) {
            problems.push(format!("guild {guild}: {error}"));
        }
    }
    let mut there: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for row in tables.tracks.iter()? {
        let (key, json) = row?;
        let (guild, track) = key.value();
        there.entry(guild).or_default().insert(track);
        if let Err(error) = serde_json::from_slice::<refrain_model::Track>(json.value()) {
            problems.push(format!("guild {guild}: track {track} cannot be read: {error}"));
        }
    }
    for row in transaction.open_table(ORDER)?.iter()? {
        let (guild, bytes) = row?;
        let tracks = there.remove(&guild.value()).unwrap_or_default();
        let wanted: BTreeSet<u64> = Order::decode(bytes.value()).iter().flat_map(Order::ids).map(|id| id.0).collect();
        let missing = wanted.difference(&tracks).map(|id| format!("guild {}: track {id} is missing", guild.value()));
        problems.extend(missing);
        let extra = tracks.difference(&wanted).count();
        if extra > 0 {
            problems.push(format!("guild {}: {extra} tracks are in no list", guild.value()));
        }
    }
    problems.extend(there.keys().map(|guild| format!("guild {guild}: there are tracks, but no order")));
    for row in tables.playheads().iter()? {
        let guild = row?.0.value();
        if !guilds.contains(&guild) {
            problems.push(format!("guild {guild}: there is a playhead, but no record"));
        }
    }
    Ok(())
}
