//! `refrain-sim check`, `refrain-sim example` and `refrain-sim timecode`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::Args;
use refrain_sim::{
    scenario::{EXAMPLE, Scenario},
    timecode::Track,
    world::World,
};

use super::{WRONG_FILE, fail, read_world};

/// What a file is, by its ending.
enum Kind {
    World,
    Scenario,
}

fn kind(path: &Path) -> anyhow::Result<Kind> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Ok(Kind::World),
        Some("toml") => Ok(Kind::Scenario),
        Some(_) | None => bail!("{}: a world file ends in .json, a scenario file in .toml", path.display()),
    }
}

/// Check files.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// World files (.json) and scenario files (.toml).
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

impl Check {
    pub(crate) fn run(&self) -> ExitCode {
        let mut code = ExitCode::SUCCESS;
        for file in &self.files {
            match check(file) {
                Ok(words) => eprintln!("{}: {words}", file.display()),
                Err(error) => code = fail(&error, WRONG_FILE),
            }
        }
        code
    }
}

fn check(file: &Path) -> anyhow::Result<String> {
    match kind(file)? {
        Kind::World => {
            let world = read_world(file)?;
            let (guilds, users, bots) = (world.guilds.len(), world.users.len(), world.bots.len());
            Ok(format!("a good world: guilds {guilds}, users {users}, bots {bots}"))
        }
        Kind::Scenario => Ok(format!("a good scenario: steps {}", Scenario::read(file)?.len())),
    }
}

/// Write an example.
#[derive(Debug, Args)]
pub(crate) struct Example {
    /// Where to: a path that ends in .json for a world file, in .toml for a scenario file.
    path: PathBuf,
}

impl Example {
    pub(crate) fn run(&self) -> ExitCode {
        match self.write() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error, 1),
        }
    }

    fn write(&self) -> anyhow::Result<()> {
        let text = match kind(&self.path)? {
            Kind::World => {
                serde_json::to_string_pretty(&World::example()).context("writing the example as JSON")? + "\n"
            }
            Kind::Scenario => EXAMPLE.to_owned(),
        };
        std::fs::write(&self.path, text).with_context(|| format!("writing {}", self.path.display()))
    }
}

/// Write a timecode track.
#[derive(Debug, Args)]
pub(crate) struct Timecode {
    /// The track's id: 0 to 127.
    #[arg(long, default_value_t = 1)]
    id: u32,
    /// Its length, at most 2621 s.
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,
    /// Where to: the name ends with .wav, .ogg or .opus.
    #[arg(long)]
    out: PathBuf,
    /// The rate of a WAV file in hertz.
    #[arg(long, default_value_t = 48_000)]
    rate: u32,
}

impl Timecode {
    pub(crate) fn run(&self) -> ExitCode {
        let track = Track::new(self.id, self.seconds).map_err(anyhow::Error::new);
        match track.and_then(|track| Ok(track.write(&self.out, self.rate)?)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error, 1),
        }
    }
}
