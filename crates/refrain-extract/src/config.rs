//! How an extractor is made.

use crate::EgressPolicy;
use std::{io, path::PathBuf, time::Duration};

/// What an [`Extractor`](crate::Extractor) is started with.
#[derive(Clone, Debug)]
pub struct ExtractorConfig {
    /// The yt-dlp program: a path, or a bare name that is looked for in `PATH`. A path may lead through a symbolic link
    /// that is exchanged while the bot runs; each run follows it anew.
    pub yt_dlp: PathBuf,
    /// Where yt-dlp's cache is kept and the private directories of runs are made.
    pub data_dir: PathBuf,
    /// How long one run of yt-dlp may take, from its start. The wait for a place has no limit.
    pub time_limit: Duration,
    /// How much a run may print on its standard output, in bytes.
    pub max_output: usize,
    /// How many runs there may be at a time.
    pub concurrency: usize,
    /// A directory of yt-dlp plugins. Without one, no plugin is loaded from anywhere.
    pub plugin_dirs: Option<PathBuf>,
    /// Which addresses beyond the public ones may be reached.
    pub egress: EgressPolicy,
    /// A Netscape cookie file. Each run gets a copy, because yt-dlp writes the file anew when it ends.
    pub cookies: Option<PathBuf>,
}

impl ExtractorConfig {
    /// The defaults: 45 s, 8 MiB, 4 runs at a time, no plugins, no private addresses, no cookies.
    #[must_use]
    pub fn new(yt_dlp: impl Into<PathBuf>, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            yt_dlp: yt_dlp.into(),
            data_dir: data_dir.into(),
            time_limit: Duration::from_secs(45),
            max_output: 8 * 1024 * 1024,
            concurrency: 4,
            plugin_dirs: None,
            egress: EgressPolicy::default(),
            cookies: None,
        }
    }
}

/// Why an extractor did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no such program.
    #[error(
        "yt-dlp was not found at {path:?}, or it is no program that may be run: `cargo xtask setup` installs it, and \
         YT_DLP_PATH names another one"
    )]
    YtDlp {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file or directory that was named is not there.
    #[error("{what} {path:?} cannot be used: check that it exists and that the bot may read it")]
    Missing {
        /// What it is for.
        what: &'static str,
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The data directory cannot be written.
    #[error("the data directory {path:?} cannot be made or written: choose another with DATA_DIR")]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The egress guard could not listen on the loopback interface.
    #[error("the egress guard could not start on 127.0.0.1")]
    Guard {
        /// What the system said.
        source: io::Error,
    },
}
