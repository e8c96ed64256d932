//! Where things are, and the commands that are run there.

use anyhow::{Context as _, Result};
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// cargo tells where this crate's source is; the workspace is the folder above.
    pub(crate) fn find() -> Result<Self> {
        let xtask = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = xtask.parent().context("looking for the workspace: xtask lies in no folder")?;
        Ok(Self { root: root.to_owned() })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What set-up installs for this clone alone.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }

    /// cargo's build folder; the demo's results go there too.
    pub(crate) fn target(&self) -> PathBuf {
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), |dir| self.root.join(dir))
    }

    /// `cargo …` in the workspace's root: the cargo that runs this.
    pub(crate) fn cargo<const N: usize>(&self, args: [&str; N]) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root).args(args);
        // What cargo tells this program of its own package, build scripts (ring's) would take for a change: a build by hand
        // and one by xtask would compile everything anew in turns.
        for (name, _) in env::vars_os() {
            let of_this = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
            if name.to_str().is_some_and(of_this) {
                command.env_remove(name);
            }
        }
        command
    }
}
