//! `cargo xtask conformance`: bots made with other people's libraries judge the simulator.
//!
//! What each library needs is installed on first use below `.tools/conformance`, each package at one exact version; when
//! all is there, nothing needs the network.

mod install;

use crate::{
    command,
    setup::{Extent, lock, setup},
    workspace::Workspace,
};
use anyhow::{Context as _, Result};
use std::{
    ffi::OsString,
    path::{self, PathBuf},
    process::Command,
};

/// What only the judges know is passed on to them.
#[derive(clap::Args)]
pub(crate) struct Flags {
    /// These clients only, separated by commas: discord.py, discord.js, songbird, refrain
    #[arg(long)]
    client: Option<String>,
    /// These steps only, separated by commas: login, commands, interaction, join, play, leave, 4006, 4015, reset, move,
    /// server-update, party
    #[arg(long)]
    step: Option<String>,
    /// Also writes the table as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Passed on to the judges
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<OsString>,
}

/// Installs, builds and becomes the judges; their exit code is ours.
pub(crate) fn conformance(workspace: &Workspace, flags: &Flags) -> Result<()> {
    let mut judges = prepare_for(workspace, PROGRAM, Profile::Debug, OUT)?;
    if let Some(client) = &flags.client {
        judges.arg("--client").arg(client);
    }
    if let Some(step) = &flags.step {
        judges.arg("--step").arg(step);
    }
    if let Some(json) = &flags.json {
        judges.arg("--json").arg(path::absolute(json).with_context(|| format!("finding {}", json.display()))?);
    }
    judges.args(&flags.rest);
    command::become_it(&mut judges)
}

/// How the programs are built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// For tests.
    Debug,
    /// For figures.
    Release,
}

impl Profile {
    /// What cargo calls the folder, and people the profile.
    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }

    const fn flag(self) -> Option<&'static str> {
        match self {
            Self::Debug => None,
            Self::Release => Some("--release"),
        }
    }
}

const PROGRAM: &str = "refrain-conformance";
const OUT: &str = "conformance/run";

/// The command that runs all of them, in a workspace that is built, with everything else it needs in place.
pub(crate) fn judges(workspace: &Workspace) -> Result<Command> {
    prepare_built(workspace, PROGRAM, Profile::Debug, OUT)
}

/// A `program` of ours that runs the bots, with everything it needs in place; its logs go to `out` below `target`.
pub(crate) fn prepare_for(workspace: &Workspace, program: &str, profile: Profile, out: &str) -> Result<Command> {
    let run = prepare_built(workspace, program, profile, out)?;
    // The whole workspace's binaries, as for the demo: what is compiled here serves the benchmarks too.
    command::run(workspace.cargo(["build", "--workspace", "--bins"]).args(profile.flag()))?;
    Ok(run)
}

/// The same where the workspace is built. A build of the binaries alone would choose other features for what they are made
/// of than one with the tests, and compile half of it anew.
pub(crate) fn prepare_built(workspace: &Workspace, program: &str, profile: Profile, out: &str) -> Result<Command> {
    let ready = setup(workspace, Extent::BuildAndRun)?;
    let installed = {
        let _lock = lock(workspace)?;
        install::install(workspace, &ready.python, profile)?
    };
    let built = workspace.target().join(profile.folder());
    let mut run = Command::new(built.join(program));
    run.arg("--sim").arg(built.join("refrain-sim"));
    run.arg("--bot").arg(built.join("refrain"));
    run.arg("--yt-dlp").arg(ready.yt_dlp);
    run.arg("--bots").arg(workspace.root().join("conformance"));
    run.arg("--python").arg(installed.python);
    run.arg("--node").arg(installed.node);
    run.arg("--node-modules").arg(installed.node_modules);
    run.arg("--songbird").arg(installed.songbird);
    run.arg("--out").arg(workspace.target().join(out));
    Ok(run)
}
