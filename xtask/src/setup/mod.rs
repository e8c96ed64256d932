//! `cargo xtask setup`: finds or installs what building and running need. The other chores call it first.
//!
//! Whatever is there is left alone, so a second run changes nothing and needs no network.

mod debian;
mod needs;
mod tools;
mod venv;
mod ytdlp;

use crate::workspace::Workspace;
use anyhow::{Context as _, Result};
use std::{
    fs::{self, File, TryLockError},
    path::PathBuf,
    time::Instant,
};
pub(crate) use {
    tools::{have_fuzz, have_nextest},
    venv::{Venv, remove},
};

/// How much is set up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extent {
    /// What `demo` and `run` need.
    BuildAndRun,
    /// Also what only the tests run.
    Tests,
    /// Also the tools that only `ci` runs.
    Checks,
}

/// What was set up.
pub(crate) struct Ready {
    /// The yt-dlp that the bot is to run.
    pub(crate) yt_dlp: PathBuf,
    /// A Python that can make a venv.
    pub(crate) python: PathBuf,
}

pub(crate) fn setup(workspace: &Workspace, extent: Extent) -> Result<Ready> {
    let began = Instant::now();
    let _lock = lock(workspace)?;
    let python = needs::ensure()?;
    let yt_dlp = ytdlp::ensure(workspace, &python)?;
    if extent >= Extent::Tests {
        needs::ensure_browser()?;
    }
    if extent == Extent::Checks {
        tools::ensure(workspace)?;
    }
    say(&format!("done ({:.1} s)", began.elapsed().as_secs_f64()));
    Ok(Ready { yt_dlp, python })
}

/// One set-up of a clone at a time: two would build the same venv. The lock goes with the process, however it ends.
pub(crate) fn lock(workspace: &Workspace) -> Result<File> {
    let tools = workspace.tools();
    let path = tools.join("lock");
    let context = || format!("locking {}", path.display());
    fs::create_dir_all(&tools).with_context(context)?;
    let file = File::create(&path).with_context(context)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            say("another set-up of this clone is under way; waiting for it");
            file.lock().with_context(context)?;
        }
        Err(TryLockError::Error(error)) => return Err(error).with_context(context),
    }
    Ok(file)
}

/// One line to the person, on stderr: stdout belongs to what the chore runs.
pub(crate) fn say(text: &str) {
    eprintln!("setup: {text}");
}

/// Says what is installed, does it, and says how long it took.
pub(crate) fn installing<T>(what: &str, install: impl FnOnce() -> Result<T>) -> Result<T> {
    let began = Instant::now();
    say(&format!("installing {what} ..."));
    let made = install().with_context(|| format!("installing {what}"))?;
    say(&format!("{what}: installed ({:.1} s)", began.elapsed().as_secs_f64()));
    Ok(made)
}
