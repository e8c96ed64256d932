//! What must be on the machine itself: the programs that build the bot, and those that it runs.

use super::{debian, say};
use crate::command;
use anyhow::{Result, bail};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The C library's own headers and start files; a compiler can be there without them.
const LIBC_HEADER: &str = "/usr/include/stdlib.h";

/// Something that must be there.
struct Need {
    /// What people call it.
    name: &'static str,
    found: fn() -> bool,
    /// The Debian packages that bring it.
    packages: &'static [&'static str],
}

/// libopus is built from the source that its crate carries, with cmake, and linked statically: the same codec on every
/// machine, whatever the distribution ships. ring and zstd bring C as well. ffmpeg reads what is not Opus in Ogg.
const NEEDS: [Need; 6] = [
    Need {
        name: "C compiler",
        found: || command::find("cc").is_some() && (Path::new(LIBC_HEADER).exists() || !debian::here()),
        packages: &["gcc", "libc6-dev"],
    },
    Need { name: "C++ compiler", found: || command::find("c++").is_some(), packages: &["g++"] },
    Need { name: "make", found: || command::find("make").is_some(), packages: &["make"] },
    Need { name: "cmake", found: || command::find("cmake").is_some(), packages: &["cmake"] },
    Need {
        name: "python3 (3.10 or newer) with venv",
        found: || python().is_some(),
        packages: &["python3", "python3-venv"],
    },
    Need { name: "ffmpeg", found: || command::find("ffmpeg").is_some(), packages: &["ffmpeg"] },
];

/// Where the tests of the simulator's page look (crates/refrain-sim/tests/it/ui/browser.rs). Ubuntu has Chromium as a
/// snap only, which cannot be used from here, but its machines of GitHub's have Chrome.
const BROWSERS: [&str; 2] = ["/usr/bin/chromium", "/usr/bin/google-chrome"];

/// Chromium, which the simulator's page is tested in. `CHROMIUM` names one that is elsewhere.
const BROWSER: Need = Need {
    name: "Chromium",
    found: || match std::env::var_os("CHROMIUM") {
        Some(path) => Path::new(&path).exists(),
        None => BROWSERS.iter().any(|path| Path::new(path).exists()),
    },
    packages: &["chromium"],
};

/// Makes sure of the browser that tests run.
pub(super) fn ensure_browser() -> Result<()> {
    let state = if (BROWSER.found)() { "ok" } else { "missing" };
    say(&format!("{}: {state}", BROWSER.name));
    if !(BROWSER.found)() {
        debian::install(&[BROWSER.name], BROWSER.packages)?;
        if !(BROWSER.found)() {
            bail!("Chromium is still missing after its Debian package was installed: {}", BROWSER.packages.join(" "));
        }
    }
    Ok(())
}

/// Makes sure of everything the machine itself must have; returns the Python that can make a venv.
pub(super) fn ensure() -> Result<PathBuf> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.found)()).collect();
    for need in &NEEDS {
        let state = if (missing.iter()).any(|gone| gone.name == need.name) { "missing" } else { "ok" };
        say(&format!("{}: {state}", need.name));
    }
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|need| need.name).collect();
        let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages).copied().collect();
        debian::install(&names, &packages)?;
        if let Some(still) = missing.iter().find(|need| !(need.found)()) {
            bail!(
                "{} is still missing after its Debian packages were installed: {}",
                still.name,
                still.packages.join(" ")
            );
        }
    }
    match python() {
        Some(python) => Ok(python),
        None => bail!("no python3 that can make a venv is left; install python3 and python3-venv"),
    }
}

/// The first Python that yt-dlp supports and that can make a venv with pip in it. Debian's only can with python3-venv,
/// which brings `ensurepip`; one that comes earlier on the PATH may lack it where Debian's does not.
fn python() -> Option<PathBuf> {
    let candidates = [command::find("python3"), Some("/usr/bin/python3".into())];
    candidates.into_iter().flatten().find(|python| {
        let program = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
        command::output(Command::new(python).args(["-I", "-c", program])).is_ok()
    })
}
