//! `cargo xtask fuzz`: every parser that reads from a socket or a file, under libFuzzer.
//!
//! Without a sanitizer, so that the toolchain of the project is enough: what is looked for is a panic, an overflow or an
//! endless loop, and the parsers hold no unsafe code.

use crate::{
    command,
    setup::{Extent, have_fuzz, setup},
    workspace::Workspace,
};
use anyhow::{Context as _, Result, ensure};
use std::{fs, path::Path};

pub(crate) fn fuzz(workspace: &Workspace, wanted: &[String], seconds: u32) -> Result<()> {
    setup(workspace, Extent::BuildAndRun)?;
    have_fuzz(workspace)?;
    let targets = targets(&workspace.root().join("fuzz/fuzz_targets"))?;
    for name in wanted {
        ensure!(targets.contains(name), "there is no target {name}; there are: {}", targets.join(", "));
    }
    for target in targets.iter().filter(|target| wanted.is_empty() || wanted.contains(target)) {
        eprintln!("\nfuzz: {target}, {seconds} s ...");
        let (corpus, seeds) = (format!("fuzz/corpus/{target}"), format!("fuzz/seeds/{target}"));
        fs::create_dir_all(workspace.root().join(&corpus)).with_context(|| format!("making {corpus}"))?;
        let mut run = workspace.cargo(["fuzz", "run", "--sanitizer", "none", target, &corpus, &seeds, "--"]);
        command::run(run.arg(format!("-max_total_time={seconds}")).args(["-timeout=10", "-print_final_stats=1"]))?;
    }
    Ok(())
}

/// A file a target.
fn targets(folder: &Path) -> Result<Vec<String>> {
    let context = || format!("listing {}", folder.display());
    let files = fs::read_dir(folder).with_context(context)?;
    let mut targets = Vec::new();
    for file in files {
        let path = file.with_context(context)?.path();
        targets.extend(path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned));
    }
    targets.sort();
    Ok(targets)
}
