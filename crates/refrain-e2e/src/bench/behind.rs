//! Where Refrain is known to be behind another client: `conformance/behind.toml`.

use super::row::Row;
use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::path::Path;

/// The file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Behind {
    #[serde(default)]
    behind: Vec<Known>,
}

/// One row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    row: Row,
    /// Why, in a sentence.
    reason: String,
}

impl Behind {
    /// Reads the file.
    ///
    /// # Errors
    /// When it is not there, or an entry is not understood.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("reading {}", path.display()))
    }

    /// Why Refrain is known to be behind in this row.
    pub(super) fn reason(&self, row: Row) -> Option<&str> {
        self.behind.iter().find(|known| known.row == row).map(|known| known.reason.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_file_is_understood_and_gives_reasons() {
        let known: Behind = toml::from_str(include_str!("../../../../conformance/behind.toml")).unwrap();
        assert!(known.behind.iter().all(|one| one.reason.len() > 20));
    }
}
