//! A Python virtual environment of this clone's own, with every package at one exact version.

use crate::command;
use anyhow::{Context as _, Result};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// A venv's scripts hold its absolute path, so it cannot be built elsewhere and renamed into place. Instead this file is
/// written last: a folder without it was interrupted and is started over.
const MARKER: &str = ".complete";

pub(crate) struct Venv {
    home: PathBuf,
    /// What the marker of the finished venv says: the folder's path (a clone that was moved or copied needs a new venv)
    /// and the requirements (so does one whose pins have changed).
    seal: String,
}

impl Venv {
    pub(crate) fn new(home: PathBuf, requirements: &str) -> Self {
        let seal = format!("{}\n{requirements}", home.display());
        Self { home, seal }
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Where a program of it is.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.home.join("bin").join(name)
    }

    pub(crate) fn is_complete(&self) -> bool {
        fs::read_to_string(self.home.join(MARKER)).is_ok_and(|found| found == self.seal)
    }

    /// Builds it anew from the requirements in the file `list`; it counts as complete once `check` has passed.
    pub(crate) fn build(&self, python: &Path, list: &Path, check: impl FnOnce() -> Result<()>) -> Result<()> {
        // The marker first: should removing the rest be interrupted, what is left does not pass for complete.
        remove(fs::remove_file(self.home.join(MARKER)), &self.home)?;
        remove(fs::remove_dir_all(&self.home), &self.home)?;
        command::output(Command::new(python).args(["-I", "-m", "venv"]).arg(&self.home))?;
        // Wheels only: a package built from source would run its own code and want a compiler's worth of headers.
        command::output(
            Command::new(self.program("python"))
                .args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"])
                .args(["--no-deps", "--only-binary=:all:", "-r"])
                .arg(list),
        )
        .context("the packages come from PyPI: is the network there?")?;
        check()?;
        let marker = self.home.join(MARKER);
        fs::write(&marker, &self.seal).with_context(|| format!("writing {}", marker.display()))
    }
}

/// Removing what is not there is no error.
pub(crate) fn remove(done: io::Result<()>, what: &Path) -> Result<()> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing the unfinished {}", what.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
