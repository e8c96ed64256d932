//! Where the programs are that a stage runs.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};

/// The programs.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// The bot, `refrain`.
    pub bot: PathBuf,
    /// The simulator, `refrain-sim`.
    pub sim: PathBuf,
    /// yt-dlp, in a virtual environment of its own.
    pub yt_dlp: PathBuf,
}

impl Binaries {
    /// Finds them: by the variables `REFRAIN_BOT`, `REFRAIN_SIM` and `YT_DLP_PATH`, else beside the running test (in
    /// `target/<profile>/`) and in `.tools/`.
    ///
    /// # Errors
    /// When one is missing; the message says how to make it.
    pub fn find() -> Result<Self> {
        let test = std::env::current_exe().context("asking for the path of the running test")?;
        // target/<profile>/deps/it-0123456789abcdef
        let built = test.parent().and_then(Path::parent).context("the running test lies in no target folder")?;
        let found = Self {
            bot: from_env("REFRAIN_BOT").unwrap_or_else(|| built.join("refrain")),
            sim: from_env("REFRAIN_SIM").unwrap_or_else(|| built.join("refrain-sim")),
            yt_dlp: from_env("YT_DLP_PATH").unwrap_or_else(installed_yt_dlp),
        };
        found.check("run the tests with `cargo xtask test`, which builds and installs what they need")?;
        Ok(found)
    }

    /// Checks that all are there.
    ///
    /// # Errors
    /// Names the first that is missing, and ends with `advice`.
    pub fn check(&self, advice: &str) -> Result<()> {
        for (what, path) in [("the bot", &self.bot), ("the simulator", &self.sim), ("yt-dlp", &self.yt_dlp)] {
            if !path.is_file() {
                bail!("{what} is not at {}: {advice}", path.display());
            }
        }
        Ok(())
    }
}

/// What stands in yt-dlp's place where looking tracks up is not what is tested and the real one would cost more processor
/// time than all the rest: what is asked for is where the sound is.
const STAND_IN: &str = r#"#!/bin/sh
for asked; do :; done
printf '{"title":"Track","webpage_url":"%s","url":"%s","acodec":"opus","vcodec":"none","duration":180}\n' "$asked" "$asked"
"#;

/// Writes a stand-in for yt-dlp into `folder`: addresses of sounds are their own pages, and nothing can be searched for.
///
/// # Errors
/// When it cannot be written.
pub fn stand_in_for_yt_dlp(folder: &Path) -> Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("yt-dlp");
    std::fs::write(&path, STAND_IN).context("writing the stand-in for yt-dlp")?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
        .context("making the stand-in for yt-dlp executable")?;
    Ok(path)
}

/// Where `cargo xtask setup` puts yt-dlp.
pub(crate) fn installed_yt_dlp() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/yt-dlp/bin/yt-dlp")
}

fn from_env(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_what_to_do() {
        let nowhere = PathBuf::from("/nowhere/at-all");
        let binaries = Binaries { bot: nowhere.clone(), sim: nowhere.clone(), yt_dlp: nowhere };
        let error = binaries.check("run `cargo xtask test`").unwrap_err().to_string();
        assert_eq!(error, "the bot is not at /nowhere/at-all: run `cargo xtask test`");
    }
}
