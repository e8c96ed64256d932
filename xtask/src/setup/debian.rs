//! Installing Debian packages, where that is allowed; saying the one command that does, where it is not.

use super::installing;
use crate::command;
use anyhow::{Result, bail};
use std::{fs, process::Command};

/// Whether this is Debian or one of its kin.
pub(super) fn here() -> bool {
    command::find("apt-get").is_some()
}

/// Installs `packages` in one call. `wanted` is what they bring, as people call it.
pub(super) fn install(wanted: &[&str], packages: &[&str]) -> Result<()> {
    let packages_line = packages.join(" ");
    if !here() {
        bail!(
            "missing: {}. This is no Debian: install them by your system's package manager (on Debian the packages are \
             {packages_line}), then run the same command again",
            wanted.join(", ")
        );
    }
    let Some(root) = Root::find() else {
        bail!(
            "missing: {}. Run this, then the same command again:\n    sudo apt-get update && sudo apt-get install -y \
             --no-install-recommends {packages_line}",
            wanted.join(", ")
        );
    };
    installing(&format!("Debian packages: {packages_line}"), || {
        // apt writes hundreds of lines that interest nobody unless it fails: then the error carries them. The lists are
        // fetched only where there are none (a fresh image) or where they name versions long gone.
        if have_lists() && command::output(&mut root.install(packages)).is_ok() {
            return Ok(());
        }
        command::output(&mut root.apt_get(&["update"]))?;
        command::output(&mut root.install(packages)).map(drop)
    })
}

/// How we may act as root.
enum Root {
    /// We are.
    Already,
    /// sudo asks for no password.
    Sudo,
}

impl Root {
    fn find() -> Option<Self> {
        if command::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0") {
            return Some(Self::Already);
        }
        command::output(Command::new("sudo").args(["-n", "true"])).ok().map(|_| Self::Sudo)
    }

    fn apt_get(&self, args: &[&str]) -> Command {
        let mut command = match self {
            Self::Already => Command::new("env"),
            Self::Sudo => {
                let mut sudo = Command::new("sudo");
                sudo.args(["-n", "env"]);
                sudo
            }
        };
        // Another apt-get may be at work (unattended upgrades on a new machine): wait for it rather than fail.
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=600"]);
        command.args(args);
        command
    }

    fn install(&self, packages: &[&str]) -> Command {
        let mut command = self.apt_get(&["install", "-y", "--no-install-recommends"]);
        command.args(packages);
        command
    }
}

fn have_lists() -> bool {
    fs::read_dir("/var/lib/apt/lists")
        .is_ok_and(|files| files.flatten().any(|file| file.file_name().to_string_lossy().contains("_Packages")))
}
