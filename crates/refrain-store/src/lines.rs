//! The store as JSON lines, for people, for other programs, and to go from one machine to another.
//!
//! The first line says what it is; each further one is an object with a `kind`. Sessions are never in it: they are
//! credentials. Worlds are not either: they go with a session, and a new one tells them again.

use crate::{
    json::FavoriteRow,
    redb_store::RedbStore,
    report::{ImportError, ImportReport},
    rows::Tolerant,
    store::{Favorite, Store, StoreError},
    tables::SCHEMA,
    whole::Whole,
};
use refrain_model::GuildId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{self, BufRead, Write};

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    refrain: String,
    schema: u32,
    #[serde(default)]
    version: String,
}

/// What the header says of itself.
const WHAT: &str = "store";

/// Each further line.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Line {
    Guild {
        guild: GuildId,
        record: Box<Tolerant<Whole>>,
    },
    Favorite {
        guild: GuildId,
        name: String,
        #[serde(flatten)]
        row: FavoriteRow,
    },
    /// Of a newer version.
    #[serde(other)]
    Other,
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// What was to be exported could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was exported could not be written.
    #[error("writing the export: {0}")]
    Write(#[from] io::Error),
}

impl RedbStore {
    /// Writes everything but sessions and worlds as JSON lines; `docs/storage.md` has the format. Each guild's record is
    /// as it was at one moment. Blocks. Gives the number of guilds.
    ///
    /// # Errors
    /// When something cannot be read, or not be written.
    pub fn export(&self, mut to: impl Write) -> Result<usize, ExportError> {
        let header = Header { refrain: WHAT.to_owned(), schema: SCHEMA, version: env!("CARGO_PKG_VERSION").to_owned() };
        put(&mut to, &header)?;
        let guilds = self.guilds()?;
        for guild in &guilds {
            if let Some(record) = self.load(*guild)? {
                put(&mut to, &Line::Guild { guild: *guild, record: Box::new(Tolerant(Whole::of(&record))) })?;
            }
        }
        for guild in self.guilds_with_favorites()? {
            for Favorite { name, queries, by } in self.favorites(guild)? {
                put(&mut to, &Line::Favorite { guild, name, row: FavoriteRow { queries, by } })?;
            }
        }
        to.flush()?;
        Ok(guilds.len())
    }

    /// Reads what [`Self::export`] wrote. A guild's record is replaced as a whole, a favorite by its name; all else stays.
    /// A line that cannot be read is left out and noted, as is one of a kind that only a newer version knows. Blocks; what
    /// was read is on the disk once the store has settled.
    ///
    /// # Errors
    /// When the text cannot be read, is no export, or is of a newer schema.
    pub fn import(&self, from: impl BufRead) -> Result<ImportReport, ImportError> {
        let mut lines = from.lines();
        header(lines.next())?;
        let mut report = ImportReport::default();
        for (number, line) in (2..).zip(lines) {
            let line = line.map_err(|error| ImportError::new(format!("reading line {number}"), error))?;
            if line.trim().is_empty() {
                continue;
            }
            match serde_json::from_str(&line) {
                Ok(line) => self.take_line(number, line, &mut report),
                Err(error) => report.note(format!("line {number} was left out: {error}")),
            }
        }
        Ok(report)
    }

    fn take_line(&self, number: usize, line: Line, report: &mut ImportReport) {
        match line {
            Line::Guild { guild, record } => {
                let Tolerant(whole) = *record;
                self.save(guild, whole.into_record());
                report.guilds += 1;
            }
            Line::Favorite { guild, name, row: FavoriteRow { queries, by } } => {
                self.save_favorite(guild, Favorite { name, queries, by });
                report.favorites += 1;
            }
            Line::Other => {
                report.note(format!("line {number} was left out: it is of a kind that this version does not know"))
            }
        }
    }
}

fn put(to: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *to, line)?;
    to.write_all(b"\n")
}

fn header(line: Option<io::Result<String>>) -> Result<(), ImportError> {
    let wrong = |reason: &str| ImportError::new("reading line 1", reason);
    let line = line.ok_or_else(|| wrong("the file is empty"))?;
    let line = line.map_err(|error| ImportError::new("reading line 1", error))?;
    let value: Value = serde_json::from_str(&line).map_err(|_| wrong("it is no export of Refrain: no JSON"))?;
    match serde_json::from_value::<Header>(value) {
        Ok(header) if header.refrain != WHAT => Err(wrong("it is no export of Refrain's store")),
        Ok(header) if header.schema > SCHEMA => Err(ImportError::new(
            "reading line 1",
            format!(
                "version {} wrote it, with schema {}; this one knows {SCHEMA}: update it",
                header.version, header.schema
            ),
        )),
        Ok(_) => Ok(()),
        Err(_) => Err(wrong("it is no export of Refrain: expected {\"refrain\":\"store\",\"schema\":2,...}")),
    }
}
