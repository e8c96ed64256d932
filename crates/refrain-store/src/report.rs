//! What an import did.

use std::fmt;

/// What an import brought in, and what it left out. Its `Display` says it in lines, for the operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Guilds of which a record or settings were brought in.
    pub guilds: usize,
    /// Favorites that were brought in.
    pub favorites: usize,
    /// What was left out or changed on the way, a sentence each.
    pub notes: Vec<String>,
}

impl ImportReport {
    pub(crate) fn note(&mut self, words: impl Into<String>) {
        self.notes.push(words.into());
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} guilds and {} favorites were imported", self.guilds, self.favorites)?;
        self.notes.iter().try_for_each(|note| write!(f, "\n{note}"))
    }
}

/// Why nothing, or not all, could be imported.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {reason}")]
pub struct ImportError {
    /// What was being done, with the file's path or the line's number.
    pub doing: String,
    /// What was wrong, and what to do.
    pub reason: String,
}

impl ImportError {
    pub(crate) fn new(doing: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self { doing: doing.into(), reason: reason.to_string() }
    }
}
