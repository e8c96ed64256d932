//! Opening: whatever is there, there is a database afterwards that can be read, and nothing was lost.

use super::{
    gate::Gate,
    migrate,
    place::{Access, MemoryPlace, Place},
    words::Trouble,
};
use crate::tables::{Has, META, SCHEMA, has_meta};
use redb::{Database, DatabaseError, ReadableDatabase as _};
use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

/// What the database may keep of the file in memory.
const CACHE_BYTES: usize = 16 << 20;

/// What became of opening the file, for the operator. Its `Display` says it in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It was there.
    Opened,
    /// There was none; it was made.
    Created,
    /// An older version had written it; it is today's now.
    Migrated {
        /// The schema that it had.
        from: u32,
        /// A copy of how it was; `None` where there was no room for one.
        copy: Option<PathBuf>,
    },
    /// It was damaged: it is kept under another name, and a new one was begun.
    SetAside {
        /// Where it is now.
        to: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
    /// It cannot be written for now: what is handed over stays in memory until it can ([`StoreHealth::Failing`]). What
    /// is in the file can be read, if it could be opened at all.
    ///
    /// [`StoreHealth::Failing`]: crate::StoreHealth::Failing
    InMemory {
        /// What was wrong, where, and what to do.
        reason: String,
    },
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened => f.write_str("the database was opened"),
            Self::Created => f.write_str("a new database was made"),
            Self::Migrated { from, copy: Some(copy) } => write!(
                f,
                "the database was brought from schema {from} to {SCHEMA}; how it was is kept in {}",
                copy.display()
            ),
            Self::Migrated { from, copy: None } => {
                write!(
                    f,
                    "the database was brought from schema {from} to {SCHEMA}; no copy of how it was could be kept"
                )
            }
            Self::SetAside { to, reason } => {
                write!(f, "{reason}; it is kept as {}, and a new database was begun", to.display())
            }
            Self::InMemory { reason } => write!(f, "{reason}; until then everything is kept in memory only"),
        }
    }
}

/// A database to work with.
pub(crate) struct Found {
    pub(crate) db: Database,
    /// Why nothing can be written to it, if so.
    pub(crate) trouble: Option<Trouble>,
    pub(crate) opening: Opening,
}

/// Why there is no database.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Another process has it.
    Locked,
    /// It is a newer version's.
    Newer(Trouble),
    /// See [`Trouble::broken`].
    Trouble(Trouble),
}

/// Opens what is there, or makes the best of it.
///
/// # Errors
/// When another process has it.
pub(crate) fn open(place: &dyn Place) -> Result<Found, Refusal> {
    let (trouble, readable) = match attempt(place, Access::Write) {
        Ok(found) => return Ok(found),
        Err(Refusal::Locked) => return Err(Refusal::Locked),
        Err(Refusal::Newer(trouble)) => (trouble, false),
        Err(Refusal::Trouble(trouble)) if trouble.broken => match begin_anew(place, &trouble) {
            Ok(found) => return Ok(found),
            Err(more) => (more, false),
        },
        Err(Refusal::Trouble(trouble)) => (trouble, true),
    };
    let opening = Opening::InMemory { reason: trouble.to_string() };
    let read = readable.then(|| attempt(place, Access::Read));
    if let Some(Ok(found)) = read {
        return Ok(Found { trouble: Some(trouble), opening, ..found });
    }
    in_memory(trouble).map_err(Refusal::Trouble)
}

/// An empty database, to read nothing from while there is no other.
pub(crate) fn in_memory(trouble: Trouble) -> Result<Found, Trouble> {
    match attempt(&MemoryPlace, Access::Write) {
        Ok(found) => {
            Ok(Found { opening: Opening::InMemory { reason: trouble.to_string() }, trouble: Some(trouble), ..found })
        }
        Err(_) => Err(trouble),
    }
}

fn begin_anew(place: &dyn Place, broken: &Trouble) -> Result<Found, Trouble> {
    let doing = format!("moving the damaged {} out of the way", place.name());
    let to = place.set_aside().map_err(|error| Trouble::io(&doing, &error))?;
    let opening = Opening::SetAside { to, reason: broken.to_string() };
    match attempt(place, Access::Write) {
        Ok(found) => Ok(Found { opening, ..found }),
        Err(Refusal::Locked) => Err(Trouble::io(&doing, &io::Error::from(io::ErrorKind::WouldBlock))),
        Err(Refusal::Newer(trouble) | Refusal::Trouble(trouble)) => Err(trouble),
    }
}

/// One attempt. With [`Access::Read`] nothing of what the database writes leaves memory.
pub(crate) fn attempt(place: &dyn Place, access: Access) -> Result<Found, Refusal> {
    // A damaged file can make the database panic; a panic here means that, and must not end the process.
    catch_unwind(AssertUnwindSafe(|| opened(place, access))).unwrap_or_else(|payload| {
        let trouble = Trouble::panic(&format!("opening {}", place.name()), payload.as_ref());
        Err(Refusal::Trouble(trouble.of_the_content()))
    })
}

#[allow(clippy::wildcard_enum_match_arm, reason = "their errors are many, and may become more")]
fn opened(place: &dyn Place, access: Access) -> Result<Found, Refusal> {
    let doing = format!("opening {}", place.name());
    let io = |error: io::Error| Refusal::Trouble(Trouble::io(&doing, &error));
    let file = place.backend(access).map_err(io)?;
    let gate = Gate::new(file, access == Access::Read).map_err(io)?;
    let mut builder = Database::builder();
    // After a kill every page is looked at anyway; a file that was closed may have been damaged since.
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    let db = builder.create_with_backend(gate.clone()).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => Refusal::Locked,
        error => Refusal::Trouble(Trouble::new(&doing, error)),
    })?;
    let schema = schema(&db, &doing)?;
    let opening = match schema {
        0 => Opening::Created,
        SCHEMA => Opening::Opened,
        from if access == Access::Write => Opening::Migrated { from, copy: kept(place) },
        from => Opening::Migrated { from, copy: None },
    };
    let doing = format!("writing {}", place.name());
    if access == Access::Write {
        gate.open().map_err(|error| Refusal::Trouble(Trouble::io(&doing, &error)))?;
    }
    let written = migrate::migrate(&db, schema).and_then(|()| migrate::sign(&db));
    written.map_err(|error| Refusal::Trouble(Trouble::new(&doing, error)))?;
    Ok(Found { db, trouble: None, opening })
}

fn kept(place: &dyn Place) -> Option<PathBuf> {
    place.keep_copy(SCHEMA).unwrap_or_else(|error| {
        tracing::warn!(%error, "no copy of the database could be kept before it is brought to a new schema");
        None
    })
}

/// The number of the file's schema; 0: there is nothing in it.
fn schema(db: &Database, doing: &str) -> Result<u32, Refusal> {
    let trouble = |error: redb::Error| Refusal::Trouble(Trouble::new(doing, error));
    let read = || -> Result<Option<String>, redb::Error> {
        let transaction = db.begin_read()?;
        match has_meta(&transaction)? {
            Has::Nothing => Ok(Some("0".to_owned())),
            Has::OthersOnly => Ok(None),
            Has::Meta => Ok(transaction.open_table(META)?.get("schema")?.map(|schema| schema.value().to_owned())),
        }
    };
    let found = read().map_err(trouble)?.and_then(|schema| schema.parse().ok());
    match found {
        None => {
            Err(Refusal::Trouble(Trouble::broken(doing, "it is a database, but does not say which version wrote it")))
        }
        Some(newer) if newer > SCHEMA => Err(Refusal::Newer(Trouble::newer(doing, newer))),
        Some(schema) => Ok(schema),
    }
}
