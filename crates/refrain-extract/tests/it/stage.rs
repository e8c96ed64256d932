//! What each test stands on: the server, a copy of the plugin site that points to it, and an extractor.

use crate::server::Server;
use refrain_extract::{Extractor, ExtractorConfig, Query};
use refrain_model::GuildId;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

/// Generous: the machine may be busy. Nothing here is a measurement.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who asks, where it makes no difference.
pub(crate) const GUILD: GuildId = GuildId::new(1);

pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) extractor: Extractor,
    /// The plugin directory; the plugin writes the grandchild's process id here.
    pub(crate) plugins: TempDir,
    pub(crate) data: TempDir,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// Lets the test change the configuration first.
    pub(crate) async fn with(change: impl FnOnce(&mut ExtractorConfig)) -> Self {
        let server = Server::start().await;
        let plugins = TempDir::new().unwrap();
        let data = TempDir::new().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins");
        copy(&source, plugins.path());
        fs::write(plugins.path().join("site.json"), format!("{{\"base\": \"{}\"}}", server.url(""))).unwrap();
        let mut config = ExtractorConfig::new(yt_dlp(), data.path());
        // A busy machine takes long to start a dozen of them.
        config.time_limit *= 4;
        config.plugin_dirs = Some(plugins.path().to_owned());
        config.egress = server.address.to_string().parse().unwrap();
        change(&mut config);
        let extractor = Extractor::start(config).await.unwrap();
        Self { server, extractor, plugins, data }
    }

    /// With a shell script in yt-dlp's place, for what the real one cannot be made to do.
    pub(crate) async fn with_script(script: &str, change: impl FnOnce(&mut ExtractorConfig)) -> (Self, TempDir) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("yt-dlp");
        fs::write(&path, format!("#!/bin/sh\nhere=$(dirname \"$0\")\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let stage = Self::with(|config| {
            config.yt_dlp = path;
            config.plugin_dirs = None;
            change(config);
        })
        .await;
        (stage, folder)
    }

    /// Private directories of runs that are there now.
    pub(crate) fn run_directories(&self) -> usize {
        fs::read_dir(self.data.path().join("yt-dlp/runs")).unwrap().count()
    }
}

pub(crate) fn query(text: &str) -> Query {
    Query::parse(text).unwrap()
}

/// A page of the plugin's site.
pub(crate) fn site(kind: &str) -> String {
    format!("https://site.refrain.example/{kind}")
}

/// Waits until something is there, by looking again and again.
pub(crate) async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("never came: {what}"))
}

/// Waits for a process id that somebody writes into a file.
pub(crate) async fn process_id(path: &Path) -> u32 {
    until("a process id", || fs::read_to_string(path).ok()?.trim().parse().ok()).await
}

/// Waits until a process is dead; one that nobody has waited for is dead, too.
pub(crate) async fn dead(process: u32) {
    until("the end of a process", || {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"));
        let alive = stat.is_ok_and(|stat| !stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim().starts_with('Z')));
        (!alive).then_some(())
    })
    .await;
}

fn yt_dlp() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/yt-dlp/bin/yt-dlp");
    let path = std::env::var_os("YT_DLP_PATH").map_or(installed, PathBuf::from);
    assert!(
        path.exists(),
        "these tests run the real yt-dlp, and there is none at {path:?}: run `cargo xtask setup` first"
    );
    path
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
