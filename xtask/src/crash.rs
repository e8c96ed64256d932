//! `cargo xtask crash`: the real bot is killed with -9 again and again, and must have lost nothing.

use crate::{
    command,
    setup::{Extent, setup},
    workspace::Workspace,
};
use anyhow::{Context as _, Result};
use std::{
    ffi::OsString,
    path::{self, PathBuf},
    process::Command,
};

#[derive(clap::Args)]
pub(crate) struct Flags {
    /// How often the bot is killed (100)
    #[arg(long)]
    rounds: Option<u32>,
    /// What the commands and the moments are drawn from
    #[arg(long)]
    seed: Option<u64>,
    /// Kills the bot once while it plays in so many guilds, and each look-up takes 3 s, instead of rounds in one
    #[arg(long)]
    guilds: Option<u16>,
    /// Also writes everything as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Kills a release build
    #[arg(long)]
    release: bool,
    /// Passed on to the runner
    #[arg(last = true)]
    rest: Vec<OsString>,
}

/// Builds and becomes the runner; its exit code is ours.
pub(crate) fn crash(workspace: &Workspace, flags: &Flags) -> Result<()> {
    let ready = setup(workspace, Extent::BuildAndRun)?;
    // The whole workspace's binaries, as for the demo: what is compiled here serves the tests too.
    let mut build = workspace.cargo(["build", "--workspace", "--bins"]);
    let profile = if flags.release { "release" } else { "debug" };
    if flags.release {
        build.arg("--release");
    }
    command::run(&mut build)?;
    let built = workspace.target().join(profile);
    let mut runner = Command::new(built.join("refrain-crash"));
    runner.arg("--bot").arg(built.join("refrain"));
    runner.arg("--sim").arg(built.join("refrain-sim"));
    runner.arg("--yt-dlp").arg(ready.yt_dlp);
    let out = if flags.guilds.is_some() { "crash-guilds" } else { "crash" };
    runner.arg("--out").arg(workspace.target().join(out));
    add_flags(&mut runner, flags)?;
    command::become_it(&mut runner)
}

/// Paths are meant from where the person stands, whatever folder the runner works in.
fn add_flags(runner: &mut Command, flags: &Flags) -> Result<()> {
    if let Some(rounds) = flags.rounds {
        runner.arg("--rounds").arg(rounds.to_string());
    }
    if let Some(seed) = flags.seed {
        runner.arg("--seed").arg(seed.to_string());
    }
    if let Some(guilds) = flags.guilds {
        runner.arg("--guilds").arg(guilds.to_string());
    }
    if let Some(json) = &flags.json {
        runner.arg("--json").arg(path::absolute(json).with_context(|| format!("finding {}", json.display()))?);
    }
    runner.args(&flags.rest);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        flags: Flags,
    }

    #[test]
    fn what_is_asked_for_reaches_the_runner() {
        let line = ["crash", "--rounds", "7", "--seed", "3", "--guilds", "9", "--", "--at-once", "2"];
        let line = Line::try_parse_from(line).unwrap();
        let mut runner = Command::new("runner");
        add_flags(&mut runner, &line.flags).unwrap();
        let passed: Vec<_> = runner.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        assert_eq!(passed, ["--rounds", "7", "--seed", "3", "--guilds", "9", "--at-once", "2"]);
    }
}
