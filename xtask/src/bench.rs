//! `cargo xtask bench`: what the programs cost, and how soon the music is back, in release builds.

use crate::{
    command,
    conformance::{Profile, prepare_for},
    setup::{Extent, setup},
    workspace::Workspace,
};
use anyhow::Result;
use std::{ffi::OsString, process::Command};

#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Benchmark {
    /// The simulator with many guilds playing
    Sim,
    /// How long the music stays away after each fault, with Refrain, discord.py, discord.js and songbird (--json FILE,
    /// --svg FILE, --rounds N, --check; --debug: not built for release)
    Recovery,
    /// What the database costs while many guilds play, beside SQLite (--guilds N, --hours H, --dir DIR, --json FILE)
    Store,
}

pub(crate) fn bench(workspace: &Workspace, benchmark: Benchmark, rest: &[OsString]) -> Result<()> {
    match benchmark {
        Benchmark::Sim => sim(workspace, rest),
        Benchmark::Recovery => recovery(workspace, rest),
        Benchmark::Store => store(workspace, rest),
    }
}

fn sim(workspace: &Workspace, rest: &[OsString]) -> Result<()> {
    setup(workspace, Extent::BuildAndRun)?;
    command::run(&mut workspace.cargo(["build", "--release", "--locked", "-p", "refrain-sim", "-p", "refrain-bench"]))?;
    let built = workspace.target().join("release");
    let mut run = Command::new(built.join("refrain-bench"));
    run.arg("sim").arg("--sim").arg(built.join("refrain-sim"));
    command::become_it(run.args(rest))
}

fn recovery(workspace: &Workspace, rest: &[OsString]) -> Result<()> {
    // How it is built is our business, all else the benchmark's.
    let (debug, rest): (Vec<&OsString>, Vec<&OsString>) = rest.iter().partition(|flag| *flag == "--debug");
    let profile = if debug.is_empty() { Profile::Release } else { Profile::Debug };
    let mut run = prepare_for(workspace, "refrain-bench-recovery", profile, "bench-recovery")?;
    run.arg("--built").arg(profile.folder());
    command::become_it(run.args(rest))
}

fn store(workspace: &Workspace, rest: &[OsString]) -> Result<()> {
    setup(workspace, Extent::BuildAndRun)?;
    let build = ["build", "--release", "--locked", "-p", "refrain-store", "--example", "bench_store"];
    command::run(&mut workspace.cargo(build))?;
    command::become_it(Command::new(workspace.target().join("release/examples/bench_store")).args(rest))
}
