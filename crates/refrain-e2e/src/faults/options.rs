//! What `refrain-faults` can be told.

use super::case::Case;
use anyhow::{Result, ensure};
use clap::Parser;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What carries the frames to Discord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// The songbird driver.
    Songbird,
}

/// Does to the bot everything that the simulator can, and listens.
#[derive(Clone, Debug, Parser)]
#[command(name = "refrain-faults", version)]
pub struct Options {
    /// The bot's binary, `refrain`.
    #[arg(long)]
    pub bot: PathBuf,
    /// The simulator's binary, `refrain-sim`.
    #[arg(long)]
    pub sim: PathBuf,
    /// Where the logs go.
    #[arg(long)]
    pub out: PathBuf,
    /// What carries the frames to Discord.
    #[arg(long, value_enum, default_value_t = Driver::Songbird)]
    pub driver: Driver,
    /// Also writes everything as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// These only: kinds of fault, or words that a case's name begins with; separated by commas.
    #[arg(long, num_args = 1.., value_delimiter = ',')]
    pub only: Vec<String>,
    /// One case a kind, and those that matter most.
    #[arg(long)]
    pub quick: bool,
    /// Only names the cases.
    #[arg(long)]
    pub list: bool,
    /// How many cases play at the same time.
    #[arg(long, default_value_t = 10)]
    pub at_once: usize,
}

impl Options {
    /// The cases to run.
    ///
    /// # Errors
    /// When something is named that no case has.
    pub(super) fn choose(&self, all: &[Case]) -> Result<Vec<Case>> {
        for wanted in &self.only {
            ensure!(
                all.iter().any(|case| is_meant(case, wanted)),
                "no case is called \"{wanted}\", and none has such a fault"
            );
        }
        let chosen = all.iter().filter(|case| {
            let named = self.only.is_empty() || self.only.iter().any(|wanted| is_meant(case, wanted));
            named && (case.quick || !self.quick)
        });
        Ok(chosen.cloned().collect())
    }
}

fn is_meant(case: &Case, wanted: &str) -> bool {
    case.kind() == wanted || case.name.starts_with(wanted)
}
