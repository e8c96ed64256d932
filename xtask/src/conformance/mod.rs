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
    let mut judges = prepare(workspace)?;
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

/// The command that runs all of them, with everything it needs in place.
pub(crate) fn prepare(workspace: &Workspace) -> Result<Command> {
    let ready = setup(workspace, Extent::BuildAndRun)?;
    let installed = {
        let _lock = lock(workspace)?;
        install::install(workspace, &ready.python)?
    };
    // The whole workspace's binaries, as for the demo: what is compiled here serves the tests too.
    command::run(&mut workspace.cargo(["build", "--workspace", "--bins"]))?;
    let built = workspace.target().join("debug");
    let mut judges = Command::new(built.join("refrain-conformance"));
    judges.arg("--sim").arg(built.join("refrain-sim"));
    judges.arg("--bot").arg(built.join("refrain"));
    judges.arg("--yt-dlp").arg(ready.yt_dlp);
    judges.arg("--bots").arg(workspace.root().join("conformance"));
    judges.arg("--python").arg(installed.python);
    judges.arg("--node").arg(installed.node);
    judges.arg("--node-modules").arg(installed.node_modules);
    judges.arg("--songbird").arg(installed.songbird);
    judges.arg("--out").arg(workspace.target().join("conformance/run"));
    Ok(judges)
}
