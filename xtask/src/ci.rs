//! `cargo xtask ci`: all that a change must pass, here and in the workflow alike.

use crate::{
    command, conformance, layering,
    setup::{Extent, setup},
    test,
    workspace::Workspace,
};
use anyhow::{Context as _, Result};
use std::{
    env,
    process::Command,
    time::{Duration, Instant},
};

pub(crate) fn ci(workspace: &Workspace) -> Result<()> {
    let mut run = Run { done: Vec::new() };
    let passed = steps(workspace, &mut run);
    run.print_summary();
    passed
}

/// The steps, the cheap ones first where nothing speaks against it. The first that fails is the last.
fn steps(workspace: &Workspace, run: &mut Run) -> Result<()> {
    let ready = run.step("set-up", || setup(workspace, Extent::Checks))?;
    run.command("formatting", workspace.cargo(["fmt", "--all", "--check"]))?;
    // A workspace of its own, with the same habits.
    let songbird = ["fmt", "--check", "--manifest-path", "conformance/songbird/Cargo.toml"];
    run.command("formatting of the songbird bot", workspace.cargo(songbird))?;
    run.step("layering", || layering::check(workspace))?;
    run.command("licences, bans, sources", deny(workspace))?;
    let clippy = ["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
    run.command("lints", workspace.cargo(clippy))?;
    let mut build = test::build(workspace);
    // What took long stands in target/cargo-timings.
    build.arg("--timings");
    run.command("build", build)?;
    run.command("documentation", documentation(workspace))?;
    run.command("doc tests", test::doc_tests(workspace))?;
    run.step("conformance", || command::run(&mut conformance::judges(workspace)?))?;
    // Last, so that a log ends with what matters most: how many tests passed.
    run.command("tests", test::tests(workspace, &ready.yt_dlp, true))
}

/// The advisory database is on GitHub; where it cannot be reached a check would only ever fail.
fn deny(workspace: &Workspace) -> Command {
    let mut deny = workspace.cargo(["deny", "check", "bans", "licenses", "sources"]);
    if env::var_os("GITHUB_ACTIONS").is_some() {
        deny.arg("advisories");
    }
    deny
}

/// Without refrain-bot: its binary and the embedding API are both called `refrain` and would overwrite one another.
fn documentation(workspace: &Workspace) -> Command {
    let mut doc = workspace.cargo(["doc", "--no-deps", "--workspace", "--exclude", "refrain-bot"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    doc
}

/// What has been run so far.
struct Run {
    done: Vec<Done>,
}

struct Done {
    name: &'static str,
    took: Duration,
    passed: bool,
}

impl Run {
    fn step<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        eprintln!("\nci: {name} ...");
        let began = Instant::now();
        let result = work();
        let took = began.elapsed();
        let passed = result.is_ok();
        eprintln!("ci: {name}: {} ({:.1} s)", verdict(passed), took.as_secs_f64());
        self.done.push(Done { name, took, passed });
        result.with_context(|| format!("the step `{name}` failed"))
    }

    fn command(&mut self, name: &'static str, mut command: Command) -> Result<()> {
        self.step(name, || command::run(&mut command))
    }

    fn print_summary(&self) {
        eprintln!("\nci: summary");
        for done in &self.done {
            eprintln!("  {:<6} {:>8.1} s  {}", verdict(done.passed), done.took.as_secs_f64(), done.name);
        }
        let all: Duration = self.done.iter().map(|done| done.took).sum();
        eprintln!(
            "  {:<6} {:>8.1} s  all together\n",
            verdict(self.done.iter().all(|done| done.passed)),
            all.as_secs_f64()
        );
    }
}

const fn verdict(passed: bool) -> &'static str {
    if passed { "ok" } else { "FAILED" }
}
