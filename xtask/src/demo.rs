//! `cargo xtask demo`: the real bot in a simulated Discord, thrown out of voice and back.

use crate::{
    command,
    setup::{Extent, setup},
    workspace::Workspace,
};
use anyhow::{Context as _, Result};
use std::{
    ffi::OsString,
    path::{self, Path, PathBuf},
    process::Command,
};

#[derive(clap::Args)]
pub(crate) struct Flags {
    /// Plays this address in place of the demo's own tune
    #[arg(long, conflicts_with = "file")]
    url: Option<String>,
    /// Plays this file in place of the demo's own tune
    #[arg(long)]
    file: Option<PathBuf>,
    /// Prints no live view
    #[arg(long)]
    headless: bool,
    /// Where report.json goes [default: target/demo/report.json]
    #[arg(long)]
    report: Option<PathBuf>,
    /// Passed on to the demo
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<OsString>,
}

pub(crate) fn demo(workspace: &Workspace, flags: &Flags) -> Result<()> {
    let ready = setup(workspace, Extent::BuildAndRun)?;
    // The whole workspace's, although three would do: cargo picks the dependencies' features by what is built, and so
    // what is compiled here serves `cargo xtask test` too.
    command::run(&mut workspace.cargo(["build", "--workspace", "--bins"]))?;
    let built = workspace.target().join("debug");
    let mut demo = Command::new(built.join("refrain-demo"));
    demo.arg("--bot").arg(built.join("refrain"));
    demo.arg("--sim").arg(built.join("refrain-sim"));
    demo.arg("--yt-dlp").arg(ready.yt_dlp);
    demo.arg("--out").arg(workspace.target().join("demo"));
    add_flags(&mut demo, flags)?;
    // Its exit code is ours: 0 only when the listener heard the music come back.
    command::become_it(&mut demo)
}

/// Paths are meant from where the person stands, whatever folder the demo works in.
fn add_flags(demo: &mut Command, flags: &Flags) -> Result<()> {
    if let Some(url) = &flags.url {
        demo.arg("--url").arg(url);
    }
    if let Some(file) = &flags.file {
        demo.arg("--file").arg(absolute(file)?);
    }
    if flags.headless {
        demo.arg("--headless");
    }
    if let Some(report) = &flags.report {
        demo.arg("--report").arg(absolute(report)?);
    }
    demo.args(&flags.rest);
    Ok(())
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path::absolute(path).with_context(|| format!("finding {}", path.display()))
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

    /// What the demo is given for these words on the command line.
    fn passed(words: &[&str]) -> Vec<OsString> {
        let line = Line::try_parse_from([&["demo"], words].concat()).unwrap();
        let mut demo = Command::new("demo");
        add_flags(&mut demo, &line.flags).unwrap();
        demo.get_args().map(OsString::from).collect()
    }

    #[test]
    fn paths_are_meant_from_where_the_person_stands() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(
            passed(&["--headless", "--file", "song.mp3", "--report", "/r.json"]),
            [
                "--file".into(),
                here.join("song.mp3").into_os_string(),
                "--headless".into(),
                "--report".into(),
                "/r.json".into()
            ]
        );
    }

    #[test]
    fn flags_that_only_the_demo_knows_are_passed_on() {
        assert_eq!(
            passed(&["--url", "https://music.example/1", "--seed", "7", "--headless"]),
            ["--url", "https://music.example/1", "--seed", "7", "--headless"]
        );
    }

    #[test]
    fn an_address_and_a_file_at_once_are_refused() {
        assert!(Line::try_parse_from(["demo", "--url", "https://music.example/1", "--file", "a.mp3"]).is_err());
    }
}
