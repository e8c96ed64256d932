//! `cargo xtask test`: every test, with what the end-to-end tests run built before.

use crate::{
    command,
    setup::{Extent, have_nextest, setup},
    workspace::Workspace,
};
use anyhow::Result;
use std::{ffi::OsString, path::Path, process::Command};

pub(crate) fn test(workspace: &Workspace, rest: &[OsString]) -> Result<()> {
    let ready = setup(workspace, Extent::Tests)?;
    command::run(&mut build(workspace))?;
    command::run(tests(workspace, &ready.yt_dlp, have_nextest(workspace)).args(rest))?;
    // Whoever names tests wants those.
    if rest.is_empty() {
        command::run(&mut doc_tests(workspace))?;
    }
    Ok(())
}

/// The binaries that the end-to-end tests start. All targets in one go: cargo then picks the dependencies' features once,
/// for binaries and tests alike, and compiles nothing twice.
pub(crate) fn build(workspace: &Workspace) -> Command {
    workspace.cargo(["build", "--workspace", "--all-targets"])
}

/// Runs the tests: nextest limits each one's time and how many bots play at once; plain `cargo test` does without.
pub(crate) fn tests(workspace: &Workspace, yt_dlp: &Path, nextest: bool) -> Command {
    let mut command = if nextest {
        workspace.cargo(["nextest", "run", "--workspace"])
    } else {
        workspace.cargo(["test", "--workspace", "--all-targets"])
    };
    command.env("YT_DLP_PATH", yt_dlp);
    command
}

/// nextest does not run the examples in the documentation.
pub(crate) fn doc_tests(workspace: &Workspace) -> Command {
    workspace.cargo(["test", "--workspace", "--doc"])
}
