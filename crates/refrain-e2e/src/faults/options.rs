//! What `refrain-faults` can be told.

use super::{case::Case, requests::case::RequestCase, sources::case::SourceCase};
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
    /// yt-dlp, which the cases of sources run; without it, that of the work tree.
    #[arg(long)]
    pub yt_dlp: Option<PathBuf>,
    /// Where the logs go.
    #[arg(long)]
    pub out: PathBuf,
    /// What carries the frames to Discord.
    #[arg(long, value_enum, default_value_t = Driver::Songbird)]
    pub driver: Driver,
    /// Also writes everything as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// These only: kinds of fault, or words that a case's name begins with.
    #[arg(long, num_args = 1..)]
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
    /// The cases to run: of the voice connection, of sources, and of requests to Discord.
    ///
    /// # Errors
    /// When something is named that no case has.
    pub(super) fn choose(
        &self,
        voice: &[Case],
        sources: &[SourceCase],
        requests: &[RequestCase],
    ) -> Result<(Vec<Case>, Vec<SourceCase>, Vec<RequestCase>)> {
        let names = |wanted: &str| {
            voice.iter().any(|case| is_meant(&case.name, case.kind(), wanted))
                || sources.iter().any(|case| is_meant(&case.name, case.kind(), wanted))
                || requests.iter().any(|case| is_meant(&case.name, case.kind(), wanted))
        };
        for wanted in &self.only {
            ensure!(names(wanted), "no case is called \"{wanted}\", and none has such a fault");
        }
        let voice = voice.iter().filter(|case| self.is_chosen(&case.name, case.kind(), case.quick));
        let sources = sources.iter().filter(|case| self.is_chosen(&case.name, case.kind(), case.quick));
        let requests = requests.iter().filter(|case| self.is_chosen(&case.name, case.kind(), case.quick));
        Ok((voice.cloned().collect(), sources.cloned().collect(), requests.cloned().collect()))
    }

    fn is_chosen(&self, name: &str, kind: &str, quick: bool) -> bool {
        let named = self.only.is_empty() || self.only.iter().any(|wanted| is_meant(name, kind, wanted));
        named && (quick || !self.quick)
    }
}

fn is_meant(name: &str, kind: &str, wanted: &str) -> bool {
    kind == wanted || name.starts_with(wanted)
}
