//! The cargo tools that `ci` runs. They are compiled from source, which takes minutes: once a machine, only when missing.

use super::{installing, say};
use crate::{command, workspace::Workspace};
use anyhow::Result;

struct Tool {
    /// The package, and the program that it brings.
    name: &'static str,
    /// As cargo calls it: `cargo <subcommand>`.
    subcommand: &'static str,
    /// Installed when there is none; any other version that is there is left alone.
    version: &'static str,
}

const TOOLS: [Tool; 2] = [
    Tool { name: "cargo-nextest", subcommand: "nextest", version: "0.9.143" },
    Tool { name: "cargo-deny", subcommand: "deny", version: "0.20.2" },
];

/// What `fuzz` alone runs.
const FUZZ: Tool = Tool { name: "cargo-fuzz", subcommand: "fuzz", version: "0.13.2" };

/// Makes sure of all that `ci` runs.
pub(super) fn ensure(workspace: &Workspace) -> Result<()> {
    TOOLS.iter().try_for_each(|tool| ensure_one(workspace, tool))
}

/// Makes sure of cargo-fuzz.
pub(crate) fn have_fuzz(workspace: &Workspace) -> Result<()> {
    ensure_one(workspace, &FUZZ)
}

fn ensure_one(workspace: &Workspace, tool: &Tool) -> Result<()> {
    if found(workspace, tool) {
        say(&format!("{}: ok", tool.name));
        return Ok(());
    }
    installing(&format!("{} {} (compiling it takes minutes)", tool.name, tool.version), || {
        let install = ["install", "--locked", "--quiet", tool.name, "--version", tool.version];
        command::run(&mut workspace.cargo(install))
    })
}

/// Whether nextest is there, for those that can do without.
pub(crate) fn have_nextest(workspace: &Workspace) -> bool {
    TOOLS.iter().any(|tool| tool.subcommand == "nextest" && found(workspace, tool))
}

fn found(workspace: &Workspace, tool: &Tool) -> bool {
    command::output(&mut workspace.cargo([tool.subcommand, "--version"])).is_ok()
}
