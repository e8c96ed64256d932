//! `cargo xtask soak`: the real bot plays in many guilds while random faults happen; every second of silence has a reason.

use crate::{
    command,
    setup::{Extent, setup},
    workspace::Workspace,
};
use anyhow::{Context as _, Result};
use std::{
    path::{self, PathBuf},
    process::Command,
};

#[derive(clap::Args)]
pub(crate) struct Flags {
    /// How long the faults go on (25)
    #[arg(long)]
    minutes: Option<u64>,
    /// How many guilds play (12)
    #[arg(long)]
    guilds: Option<u16>,
    /// How many faults there are (300)
    #[arg(long)]
    faults: Option<u16>,
    /// What the faults are drawn from
    #[arg(long)]
    seed: Option<u64>,
    /// Also writes the report there
    #[arg(long)]
    json: Option<PathBuf>,
    /// Runs a release build
    #[arg(long)]
    release: bool,
}

/// Builds and becomes the runner; its exit code is ours.
pub(crate) fn soak(workspace: &Workspace, flags: &Flags) -> Result<()> {
    setup(workspace, Extent::BuildAndRun)?;
    // The whole workspace's binaries, as for the demo: what is compiled here serves the tests too.
    let mut build = workspace.cargo(["build", "--workspace", "--bins"]);
    let profile = if flags.release { "release" } else { "debug" };
    if flags.release {
        build.arg("--release");
    }
    command::run(&mut build)?;
    let built = workspace.target().join(profile);
    let mut runner = Command::new(built.join("refrain-soak"));
    runner.arg("--bot").arg(built.join("refrain"));
    runner.arg("--sim").arg(built.join("refrain-sim"));
    runner.arg("--out").arg(workspace.target().join("soak"));
    add_flags(&mut runner, flags)?;
    command::become_it(&mut runner)
}

/// Paths are meant from where the person stands, whatever folder the runner works in.
fn add_flags(runner: &mut Command, flags: &Flags) -> Result<()> {
    let numbers = [
        ("--minutes", flags.minutes),
        ("--guilds", flags.guilds.map(u64::from)),
        ("--faults", flags.faults.map(u64::from)),
        ("--seed", flags.seed),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            runner.arg(name).arg(number.to_string());
        }
    }
    if let Some(json) = &flags.json {
        runner.arg("--json").arg(path::absolute(json).with_context(|| format!("finding {}", json.display()))?);
    }
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
        let line = Line::try_parse_from(["soak", "--minutes", "3", "--seed", "5", "--guilds", "4"]).unwrap();
        let mut runner = Command::new("runner");
        add_flags(&mut runner, &line.flags).unwrap();
        let passed: Vec<_> = runner.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        assert_eq!(passed, ["--minutes", "3", "--guilds", "4", "--seed", "5"]);
    }
}
