//! What `refrain-conformance` can be told.

use super::{client::Client, step::Step};
use crate::harness::binaries::Binaries;
use clap::{Args, Parser};
use std::path::PathBuf;

/// The programs, and where their logs go.
#[derive(Clone, Debug, Args)]
pub struct Programs {
    /// The simulator's binary, `refrain-sim`.
    #[arg(long)]
    pub sim: PathBuf,
    /// The folder of the bots, `conformance` in the repository.
    #[arg(long)]
    pub bots: PathBuf,
    /// The Python that has discord.py.
    #[arg(long)]
    pub python: PathBuf,
    /// The node that runs discord.js.
    #[arg(long)]
    pub node: PathBuf,
    /// The folder `node_modules` that holds discord.js.
    #[arg(long)]
    pub node_modules: PathBuf,
    /// The binary of the songbird bot.
    #[arg(long)]
    pub songbird: PathBuf,
    /// Our own bot's binary, `refrain`.
    #[arg(long)]
    pub bot: PathBuf,
    /// yt-dlp, which our own bot wants.
    #[arg(long)]
    pub yt_dlp: PathBuf,
    /// Where logs and recordings go.
    #[arg(long)]
    pub out: PathBuf,
}

impl Programs {
    /// The programs as the stage knows them.
    #[must_use]
    pub fn binaries(&self) -> Binaries {
        Binaries { bot: self.bot.clone(), sim: self.sim.clone(), yt_dlp: self.yt_dlp.clone() }
    }
}

/// Runs bots made with other people's Discord libraries against the simulator, and listens.
#[derive(Clone, Debug, Parser)]
#[command(name = "refrain-conformance", version)]
pub struct Options {
    /// What is run.
    #[command(flatten)]
    pub programs: Programs,
    /// These clients only, separated by commas.
    #[arg(long = "client", value_delimiter = ',')]
    pub client: Vec<Client>,
    /// These steps only, separated by commas; what must come before them is done all the same.
    #[arg(long = "step", value_delimiter = ',')]
    pub step: Vec<Step>,
    /// Also writes the table as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

impl Options {
    /// The clients to run.
    #[must_use]
    pub fn clients(&self) -> Vec<Client> {
        let chosen = Client::ALL.into_iter().filter(|client| self.client.is_empty() || self.client.contains(client));
        chosen.collect()
    }

    /// The steps to take.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        Step::ALL.into_iter().filter(|step| self.step.is_empty() || self.step.contains(step)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(more: &[&str]) -> Options {
        let needed = ["refrain-conformance"].into_iter();
        let paths =
            ["--sim", "--bots", "--python", "--node", "--node-modules", "--songbird", "--bot", "--yt-dlp", "--out"];
        let needed = needed.chain(paths.into_iter().flat_map(|flag| [flag, "x"]));
        Options::try_parse_from(needed.chain(more.iter().copied())).unwrap()
    }

    #[test]
    fn all_clients_take_all_steps_unless_some_are_named() {
        assert_eq!((options(&[]).clients(), options(&[]).steps()), (Client::ALL.to_vec(), Step::ALL.to_vec()));
        let some = options(&["--client", "songbird,discord.py", "--step", "reset,4006"]);
        assert_eq!(some.clients(), [Client::DiscordPy, Client::Songbird]);
        assert_eq!(some.steps(), [Step::Invalid, Step::Reset]);
    }
}
