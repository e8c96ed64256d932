//! `cargo xtask bench`: what the programs cost, in release builds.

use crate::{
    command,
    setup::{Extent, setup},
    workspace::Workspace,
};
use anyhow::Result;
use std::{ffi::OsString, process::Command};

#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Benchmark {
    /// The simulator with many guilds playing
    Sim,
}

pub(crate) fn bench(workspace: &Workspace, benchmark: Benchmark, rest: &[OsString]) -> Result<()> {
    setup(workspace, Extent::BuildAndRun)?;
    command::run(&mut workspace.cargo(["build", "--release", "--locked", "-p", "refrain-sim", "-p", "refrain-bench"]))?;
    let built = workspace.target().join("release");
    let mut run = Command::new(built.join("refrain-bench"));
    match benchmark {
        Benchmark::Sim => run.arg("sim").arg("--sim").arg(built.join("refrain-sim")),
    };
    command::become_it(run.args(rest))
}
