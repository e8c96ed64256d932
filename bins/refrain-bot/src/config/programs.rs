//! Finding the programs that the bot starts.

use std::path::{Path, PathBuf};

/// Where `cargo xtask setup` puts yt-dlp, below the directory the bot is started in.
const TOOLS: &str = ".tools/yt-dlp/bin/yt-dlp";

/// A program by path, or by name on `path` (the PATH). Absolute, so that it is found from another working directory;
/// `None` when there is none.
pub(crate) fn find(program: &Path, path: Option<&std::ffi::OsStr>) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return runnable(program);
    }
    std::env::split_paths(path?).filter(|dir| !dir.as_os_str().is_empty()).find_map(|dir| runnable(&dir.join(program)))
}

/// yt-dlp where nobody says where it is.
pub(crate) fn find_yt_dlp(path: Option<&std::ffi::OsStr>) -> Option<PathBuf> {
    find(Path::new("yt-dlp"), path).or_else(|| runnable(Path::new(TOOLS)))
}

#[cfg(unix)]
fn runnable(file: &Path) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let found = file.metadata().ok()?;
    let runs = found.is_file() && found.permissions().mode() & 0o111 != 0;
    // Not `canonicalize`: a program in a Python venv finds its venv through the link by which it is started.
    runs.then(|| std::path::absolute(file).ok()).flatten()
}

#[cfg(not(unix))]
fn runnable(file: &Path) -> Option<PathBuf> {
    file.is_file().then(|| std::path::absolute(file).ok()).flatten()
}
