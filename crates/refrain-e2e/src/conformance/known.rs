//! What clients are known not to manage: `conformance/known.toml`.

use super::{client::Client, step::Step};
use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::path::Path;

/// The file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    #[serde(default)]
    inability: Vec<Inability>,
}

/// One client at one step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inability {
    client: Client,
    step: Step,
    /// It fails now and then, not every time.
    #[serde(default)]
    pub(super) sometimes: bool,
    /// Why, in a sentence.
    pub(super) reason: String,
}

impl Known {
    /// Reads the file.
    ///
    /// # Errors
    /// When it is not there, or an entry is not understood.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("reading {}", path.display()))
    }

    /// What is known of `client` at `step`.
    pub(super) fn of(&self, client: Client, step: Step) -> Option<&Inability> {
        self.inability.iter().find(|one| one.client == client && one.step == step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_file_is_understood_and_gives_reasons() {
        let known: Known = toml::from_str(include_str!("../../../../conformance/known.toml")).unwrap();
        assert!(known.inability.iter().all(|one| one.reason.len() > 20));
    }

    #[test]
    fn a_step_that_does_not_exist_is_refused() {
        let entry = "[[inability]]\nclient = \"songbird\"\nstep = \"4007\"\nreason = \"no such step\"\n";
        assert!(toml::from_str::<Known>(entry).is_err());
    }
}
