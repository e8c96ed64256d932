//! Errors in an operator's words: what, where, and what to do.

use std::io;

/// Something that the storage did not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {advice}")]
pub(crate) struct Trouble {
    /// What failed, as the system or the database says it.
    what: String,
    advice: &'static str,
    /// The file's content is at fault, not the disk.
    pub(crate) broken: bool,
}

impl Trouble {
    /// `doing` names the file.
    #[allow(clippy::wildcard_enum_match_arm, reason = "their errors are many, and may become more")]
    pub(crate) fn new(doing: &str, error: impl Into<redb::Error>) -> Self {
        let error = error.into();
        match &error {
            redb::Error::Io(io) => Self::io(doing, io),
            redb::Error::Corrupted(_) | redb::Error::UpgradeRequired(_) | redb::Error::RepairAborted => {
                Self { what: format!("{doing}: {error}"), advice: "the file is damaged, or none of ours", broken: true }
            }
            redb::Error::TableTypeMismatch { .. }
            | redb::Error::TypeDefinitionChanged { .. }
            | redb::Error::TableIsMultimap(_)
            | redb::Error::TableIsNotMultimap(_)
            | redb::Error::TableDoesNotExist(_) => {
                Self { what: format!("{doing}: {error}"), advice: "it is a database of another program", broken: true }
            }
            error => Self {
                what: format!("{doing}: {error}"),
                advice: "it is tried again; restart the bot if that does not help",
                broken: false,
            },
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "their errors are many, and may become more")]
    pub(crate) fn io(doing: &str, error: &io::Error) -> Self {
        use io::ErrorKind;
        // What a file that ends early, or has something else in it, is reported as.
        let broken = matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData);
        let advice = match error.kind() {
            _ if broken => "the file is damaged, or none of ours",
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space there",
            ErrorKind::PermissionDenied => "let the user that runs the bot read and write there",
            ErrorKind::ReadOnlyFilesystem => "mount it for writing, or name another data directory",
            ErrorKind::NotFound => "the directory is gone: make it again, or mount it",
            ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::AlreadyExists => {
                "something else is in its place: move it away, or name another data directory"
            }
            _ if error.raw_os_error() == Some(5) => "the disk itself reports a fault: see the system's log",
            _ => "it is tried again",
        };
        Self { what: format!("{doing}: {error}"), advice, broken }
    }

    /// A panic of the database, which must not be ours.
    pub(crate) fn panic(doing: &str, payload: &(dyn std::any::Any + Send)) -> Self {
        let words = payload.downcast_ref::<String>().map(String::as_str);
        let words = words.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no words");
        Self {
            what: format!("{doing}: the database panicked: {words}"),
            advice: "please report this; it is tried again",
            broken: false,
        }
    }

    /// The same, laid to what is in the file.
    pub(crate) fn of_the_content(self) -> Self {
        Self { broken: true, ..self }
    }

    pub(crate) fn locked(doing: &str) -> Self {
        Self {
            what: format!("{doing}: another process has opened it"),
            advice: "end the other one, or name another data directory",
            broken: false,
        }
    }

    pub(crate) fn broken(doing: &str, what: &str) -> Self {
        Self { what: format!("{doing}: {what}"), advice: "the file is damaged, or none of ours", broken: true }
    }

    pub(crate) fn newer(doing: &str, found: u32) -> Self {
        Self {
            what: format!(
                "{doing}: it was written by a newer version (schema {found}, this one knows {})",
                crate::tables::SCHEMA
            ),
            advice: "run that version again, or name another data directory; the file is left untouched",
            broken: false,
        }
    }
}
