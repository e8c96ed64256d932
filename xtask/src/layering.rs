//! The floors of the house: a crate depends on lower floors only, and some things are known to some crates alone.
//!
//! docs/architecture.md says why. Checked on what is linked (normal and build dependencies); tests may climb.

mod rules;
mod tree;

use crate::{command, workspace::Workspace};
use anyhow::{Context as _, Result, bail};
use std::fs;

/// Checks the workspace as it is.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let args = ["tree", "--workspace", "--edges", "normal,build", "--prefix", "depth", "--format", "{p}"];
    let graph = tree::Graph::parse(&command::output(&mut workspace.cargo(args))?)?;
    let mut found = rules::violations(&graph);
    for pure in rules::PURE {
        found.extend(rules::impurities(pure, |file| read(workspace, pure, file)));
    }
    if !found.is_empty() {
        bail!("the layering is broken:\n  {}", found.join("\n  "));
    }
    eprintln!("layering: {} crates, each on its floor", graph.members().count());
    Ok(())
}

fn read(workspace: &Workspace, name: &str, file: &str) -> Result<String> {
    let path = workspace.root().join("crates").join(name).join(file);
    fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
}
