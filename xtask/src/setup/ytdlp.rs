//! yt-dlp with its JavaScript runtime, in a venv of this clone's own.
//!
//! Why so: the distribution's yt-dlp is too old for the sites of today, a user's own changes under the bot's feet, and
//! pip left to itself may choose an old one. So every package stands in `xtask/setup/requirements.txt` at one version.
//! Each yt-dlp version gets a folder of its own, `.tools/yt-dlp-<version>`, and `.tools/yt-dlp` is a link that is swapped
//! in one step once the new one has proved that it starts: a bot that runs keeps a working yt-dlp throughout, and the
//! version before stays for going back.

use super::{
    installing, say,
    venv::{Venv, remove},
};
use crate::{command, workspace::Workspace};
use anyhow::{Context as _, Result, bail};
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

/// The wanted yt-dlp, built if need be. Returns the executable, by way of the link.
pub(super) fn ensure(workspace: &Workspace, python: &Path) -> Result<PathBuf> {
    let list = workspace.root().join("xtask/setup/requirements.txt");
    let requirements = fs::read_to_string(&list).with_context(|| format!("reading {}", list.display()))?;
    let version = version_of(&requirements, "yt-dlp").with_context(|| format!("reading {}", list.display()))?;
    let venv = Venv::new(workspace.tools().join(format!("yt-dlp-{version}")), &requirements);
    let yt_dlp = YtDlp { venv, version };
    let what = format!("yt-dlp {}", yt_dlp.version);
    if yt_dlp.venv.is_complete() && yt_dlp.starts().is_ok() {
        say(&format!("{what}: ok"));
    } else {
        installing(&format!("{what} with its JavaScript runtime"), || {
            yt_dlp.venv.build(python, &list, || yt_dlp.starts().and_then(|()| yt_dlp.sees_its_runtime()))
        })?;
    }
    point_link(&workspace.tools().join("yt-dlp"), yt_dlp.venv.home())?;
    Ok(workspace.tools().join("yt-dlp/bin/yt-dlp"))
}

/// The venv, and the version of yt-dlp that belongs in it.
struct YtDlp {
    venv: Venv,
    version: String,
}

impl YtDlp {
    /// Whether it starts and is the version that was asked for. A Python that was upgraded under it shows here.
    fn starts(&self) -> Result<()> {
        let said = command::output(Command::new(self.venv.program("yt-dlp")).args(["--ignore-config", "--version"]))?;
        if !same_version(said.trim(), &self.version) {
            bail!("asked for yt-dlp {}, and it says that it is {}", self.version, said.trim());
        }
        Ok(())
    }

    /// Whether yt-dlp sees its JavaScript runtime and the scripts for it, without which YouTube gives little more than
    /// pictures. Its verbose head names them; that it then wants an address is expected.
    fn sees_its_runtime(&self) -> Result<()> {
        let output = Command::new(self.venv.program("yt-dlp"))
            .args(["--ignore-config", "--no-plugin-dirs", "--verbose"])
            .output()
            .context("starting yt-dlp")?;
        let said = String::from_utf8_lossy(&output.stderr);
        for (what, start, part) in [
            ("its JavaScript runtime (deno)", "[debug] JS runtimes:", "deno-"),
            ("its challenge solver (yt-dlp-ejs)", "[debug] Optional libraries:", "yt_dlp_ejs-"),
        ] {
            if !said.lines().any(|line| line.starts_with(start) && line.contains(part)) {
                bail!("yt-dlp does not see {what}; it said:\n{}", said.trim());
            }
        }
        Ok(())
    }
}

/// Points the link at `home` in one step: whoever opens it finds the old one or the new one, never none.
fn point_link(link: &Path, home: &Path) -> Result<()> {
    let context = || format!("pointing {} at {}", link.display(), home.display());
    let name = home.file_name().with_context(context)?;
    if fs::read_link(link).is_ok_and(|to| to == Path::new(name)) {
        return Ok(());
    }
    let new = link.with_extension("new");
    remove(fs::remove_file(&new), &new)?;
    symlink(name, &new).with_context(context)?;
    fs::rename(&new, link).with_context(context)
}

/// The version at which `package` is pinned; an error if any package is pinned otherwise than exactly.
fn version_of(requirements: &str, package: &str) -> Result<String> {
    let mut found = None;
    for line in requirements.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once("==") {
            Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains('*') => {
                if name == package {
                    found = Some(version.to_owned());
                }
            }
            Some(_) | None => bail!("`{line}` is no exact pin; write package==version"),
        }
    }
    found.with_context(|| format!("{package} is not in the list"))
}

/// PyPI drops leading zeros, yt-dlp's own date does not: 2026.8.9 is 2026.08.09.
fn same_version(a: &str, b: &str) -> bool {
    a.split('.').map(|part| part.trim_start_matches('0')).eq(b.split('.').map(|part| part.trim_start_matches('0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PINS: &str = include_str!("../../setup/requirements.txt");

    #[test]
    fn every_package_in_the_list_is_pinned_exactly() {
        for package in ["yt-dlp", "yt-dlp-ejs", "deno", "requests"] {
            version_of(PINS, package).unwrap();
        }
    }

    #[test]
    fn loose_pins_are_refused_by_name() {
        for loose in ["requests<3", "requests", "requests==2.*", "requests>=2"] {
            let error = version_of(&format!("yt-dlp==2026.10.26\n{loose}\n"), "yt-dlp").unwrap_err();
            assert!(error.to_string().contains(loose), "{error}");
        }
    }

    #[test]
    fn a_list_without_the_package_is_refused() {
        assert!(version_of("# nothing\n\n", "yt-dlp").is_err());
    }

    #[test]
    fn a_date_is_the_same_with_and_without_leading_zeros() {
        assert!(same_version("2026.08.09", "2026.8.9"));
        assert!(!same_version("2026.08.09", "2026.8.19"));
        assert!(!same_version("2026.08.09", "2026.8"));
    }
}
