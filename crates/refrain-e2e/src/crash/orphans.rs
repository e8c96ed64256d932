//! What the killed bot had started and is still there: nobody is left who would end it.

use anyhow::{Context as _, Result};
use std::{fs, path::PathBuf};

/// A process whose command line names this address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Orphan {
    file: PathBuf,
    command_line: String,
}

impl Orphan {
    /// All of them. The address is the media server's, which no other stage has.
    pub(super) fn all_with(address: &str) -> Result<Vec<Self>> {
        let processes = fs::read_dir("/proc").context("looking for processes")?;
        let files = processes.filter_map(|entry| Some(entry.ok()?.path().join("cmdline")));
        Ok(files.filter_map(Self::of).filter(|one| one.command_line.contains(address)).collect())
    }

    /// It has not ended since.
    pub(super) fn is_still_there(&self) -> bool {
        Self::of(self.file.clone()).is_some_and(|now| now == *self)
    }

    /// The program, for people.
    pub(super) fn program(&self) -> &str {
        let mut words = self.command_line.split_whitespace();
        words.next().unwrap_or_default().rsplit('/').next().unwrap_or_default()
    }

    fn of(file: PathBuf) -> Option<Self> {
        let line = fs::read(&file).ok()?;
        let command_line = String::from_utf8_lossy(&line).replace('\0', " ");
        Some(Self { file, command_line })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_found_by_what_stands_in_its_command_line() {
        let mut child = std::process::Command::new("sleep").arg("617.25").spawn().unwrap();
        // A process that was only just started may not have its command line yet.
        let found = loop {
            let found = Orphan::all_with("617.25").unwrap();
            if !found.is_empty() {
                break found;
            }
        };
        assert!(found.iter().any(|one| one.program() == "sleep" && one.is_still_there()), "{found:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!found.iter().any(Orphan::is_still_there));
    }
}
