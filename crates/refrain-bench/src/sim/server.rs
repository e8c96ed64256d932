//! The simulator as a child process.

use super::world;
use anyhow::{Context as _, Result, bail, ensure};
use refrain_e2e::harness::process::{Launch, Process, plain_environment};
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// Where everything is: the ready file.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Addresses {
    pub(super) gateway: String,
    pub(super) control: String,
    pub(super) ca: PathBuf,
}

pub(super) struct Server {
    process: Process,
    pub(super) at: Addresses,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl Server {
    pub(super) async fn start(program: &Path, guilds: usize, decoding: bool) -> Result<Self> {
        let folder = tempfile::tempdir().context("making a folder for the simulator")?;
        let (world_file, ready) = (folder.path().join("world.json"), folder.path().join("ready.json"));
        fs::write(&world_file, world::world(guilds, decoding).to_string()).context("writing the world file")?;
        let words = ["serve", "--log-level", "warn", "--world"].map(Into::into).into_iter();
        let arguments = words.chain([world_file.into(), "--ready-file".into(), ready.clone().into()]).collect();
        let launch = Launch {
            name: "the simulator",
            program: program.to_owned(),
            arguments,
            environment: plain_environment(folder.path()),
            folder: folder.path().to_owned(),
            log_file: folder.path().join("sim.log"),
        };
        let mut process = Process::start(&launch)?;
        let began = Instant::now();
        while !ready.is_file() {
            ensure!(process.ended()?.is_none(), "the simulator ended: {}", process.lines().join("; "));
            ensure!(began.elapsed() < PATIENCE, "the simulator was not ready after {} s", PATIENCE.as_secs());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let text = fs::read_to_string(&ready).context("reading the ready file")?;
        let at = serde_json::from_str(&text).context("understanding the ready file")?;
        let http =
            reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().context("building an HTTP client")?;
        Ok(Self { process, at, http, _folder: folder })
    }

    pub(super) fn id(&self) -> Result<u32> {
        let Some(id) = self.process.id() else {
            bail!("the simulator ended: {}", self.process.lines().join("; "));
        };
        Ok(id)
    }

    /// How many packets all listeners counted and could decrypt.
    pub(super) async fn packets(&self, guilds: usize) -> Result<u64> {
        let mut all = 0;
        for guild in 0..guilds {
            let address = format!("{}/sim/listeners/{}", self.at.control, world::guild_id(guild));
            let answer = self.http.get(address).send().await.context("asking a listener what it heard")?;
            let text = answer.error_for_status().context("asking a listener")?.text().await.context("reading")?;
            let report: serde_json::Value = serde_json::from_str(&text).context("understanding a listener's report")?;
            let count = |name: &str| report[name].as_u64().unwrap_or(0);
            all += count("packets").saturating_sub(count("undecryptable"));
        }
        Ok(all)
    }

    pub(super) async fn stop(mut self) -> Result<()> {
        self.process.terminate(PATIENCE).await.map(drop)
    }
}
