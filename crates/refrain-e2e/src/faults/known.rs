//! What a driver is known not to manage: `known.toml`.

use super::{
    case::Case,
    options::Driver,
    report::{Row, Verdict},
};
use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

const TEXT: &str = include_str!("known.toml");

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    inability: Vec<Inability>,
}

/// One driver in some cases.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inability {
    driver: Driver,
    cases: Vec<String>,
    /// It fails now and then, not every time.
    #[serde(default)]
    sometimes: bool,
    /// Why, in a sentence.
    reason: String,
}

/// What one driver is known not to manage.
#[derive(Clone, Debug)]
pub(super) struct Known {
    inabilities: Vec<Inability>,
}

impl Known {
    /// Reads what is known of `driver`.
    ///
    /// # Errors
    /// When the file is not understood.
    pub(super) fn read(driver: Driver) -> Result<Self> {
        let file: File = toml::from_str(TEXT).context("reading known.toml")?;
        Ok(Self { inabilities: file.inability.into_iter().filter(|one| one.driver == driver).collect() })
    }

    /// Checks that every case that is named is there, once, and that there is a reason.
    ///
    /// # Errors
    /// Names the first that is not.
    pub(super) fn check(&self, cases: &[Case]) -> Result<()> {
        let mut named = std::collections::BTreeSet::new();
        for inability in &self.inabilities {
            ensure!(inability.reason.len() > 20, "known.toml gives no reason for {:?}", inability.cases);
            for name in &inability.cases {
                ensure!(
                    cases.iter().any(|case| case.name == *name),
                    "known.toml names a case that is not there: {name}"
                );
                ensure!(named.insert(name), "known.toml names a case twice: {name}");
            }
        }
        Ok(())
    }

    /// Holds a row against what is known.
    pub(super) fn judge(&self, row: &mut Row) {
        let Some(inability) = self.inabilities.iter().find(|one| one.cases.contains(&row.case)) else { return };
        match row.verdict {
            Verdict::Failed => {
                row.verdict = Verdict::Known;
                row.known = Some(inability.reason.clone());
            }
            Verdict::Ok if !inability.sometimes => {
                row.verdict = Verdict::Surprise;
                row.known = Some(inability.reason.clone());
            }
            Verdict::Ok | Verdict::Broken | Verdict::Known | Verdict::Surprise => {}
        }
    }
}
