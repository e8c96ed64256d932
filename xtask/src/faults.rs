//! `cargo xtask faults`: everything that the simulator can do to a voice connection and a media server to a source, done to the
//! real bot.

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
    /// What carries the frames to Discord: songbird
    #[arg(long)]
    driver: Option<String>,
    /// Also writes everything as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// These only: kinds of fault, or words that a case's name begins with ("source": all of sources)
    #[arg(long, num_args = 1..)]
    only: Vec<String>,
    /// One case a kind, and those that matter most
    #[arg(long)]
    quick: bool,
    /// Only names the cases
    #[arg(long)]
    list: bool,
    /// Measures release builds
    #[arg(long)]
    release: bool,
    /// Passed on to the runner
    #[arg(last = true)]
    rest: Vec<OsString>,
}

/// Builds and becomes the runner; its exit code is ours.
pub(crate) fn faults(workspace: &Workspace, flags: &Flags) -> Result<()> {
    let ready = setup(workspace, Extent::BuildAndRun)?;
    // The whole workspace's binaries, as for the demo: what is compiled here serves the tests too.
    let mut build = workspace.cargo(["build", "--workspace", "--bins"]);
    let profile = if flags.release { "release" } else { "debug" };
    if flags.release {
        build.arg("--release");
    }
    command::run(&mut build)?;
    let built = workspace.target().join(profile);
    let mut runner = Command::new(built.join("refrain-faults"));
    runner.arg("--bot").arg(built.join("refrain"));
    runner.arg("--sim").arg(built.join("refrain-sim"));
    runner.arg("--yt-dlp").arg(ready.yt_dlp);
    runner.arg("--out").arg(workspace.target().join("faults"));
    add_flags(&mut runner, flags)?;
    command::become_it(&mut runner)
}

/// Paths are meant from where the person stands, whatever folder the runner works in.
fn add_flags(runner: &mut Command, flags: &Flags) -> Result<()> {
    if let Some(driver) = &flags.driver {
        runner.arg("--driver").arg(driver);
    }
    if let Some(json) = &flags.json {
        runner.arg("--json").arg(path::absolute(json).with_context(|| format!("finding {}", json.display()))?);
    }
    for only in &flags.only {
        runner.arg("--only").arg(only);
    }
    for (flag, given) in [("--quick", flags.quick), ("--list", flags.list)] {
        if given {
            runner.arg(flag);
        }
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
        let line = Line::try_parse_from(["faults", "--only", "close 4006", "kick", "--quick", "--", "--at-once", "4"])
            .unwrap();
        let mut runner = Command::new("runner");
        add_flags(&mut runner, &line.flags).unwrap();
        let passed: Vec<_> = runner.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        assert_eq!(passed, ["--only", "close 4006", "--only", "kick", "--quick", "--at-once", "4"]);
    }
}
