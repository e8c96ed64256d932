//! What all clients share: the simulator, the tracks, the media server, the folder of the logs.

use super::{client::Client, options::Programs, world};
use crate::{
    harness::{control::Control, process::Process, setting::start_simulator},
    media::{MediaServer, Sound},
};
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
};

/// The length of a track in seconds: longer than any step takes.
const TRACK_S: u32 = 120;

/// The ground that the clients meet on. Dropping it ends the simulator.
pub(crate) struct Ground {
    pub(crate) programs: Programs,
    pub(crate) control: Control,
    /// Where the simulator is: its ready file.
    pub(crate) ready: Value,
    pub(crate) media: MediaServer,
    pub(crate) folder: PathBuf,
    sim: Process,
    starts: AtomicU32,
}

impl Ground {
    /// Makes the tracks and starts the simulator.
    pub(crate) async fn prepare(programs: &Programs, clients: &[Client]) -> Result<Self> {
        let programs = with_whole_paths(programs)?;
        check(&programs, clients)?;
        let folder = programs.out.clone();
        // What an earlier run left must not be taken for this one's.
        if folder.join(world::FILE).is_file() {
            std::fs::remove_dir_all(&folder).with_context(|| format!("removing the old {}", folder.display()))?;
        }
        std::fs::create_dir_all(&folder).with_context(|| format!("making the folder {}", folder.display()))?;
        let mut sounds = Vec::new();
        for &client in clients {
            let track = track_path(&folder, client);
            make_track(&programs.sim, client, &track).await?;
            sounds.push((track_name(client), Sound::File(track)));
        }
        let media = MediaServer::start(sounds).await?;
        let (sim, ready) = start_simulator(&programs.sim, &world::world(), &folder).await?;
        let control = Control::new(ready["control"].as_str().context("the ready file names no control API")?)?;
        Ok(Self { programs, control, ready, media, folder, sim, starts: AtomicU32::new(0) })
    }

    /// The file that `client` plays.
    pub(crate) fn track(&self, client: Client) -> PathBuf {
        track_path(&self.folder, client)
    }

    /// What the media server calls it.
    pub(crate) fn track_name(&self, client: Client) -> String {
        track_name(client)
    }

    /// A log file for one more start of `client`.
    pub(crate) fn next_log(&self, client: Client) -> PathBuf {
        let start = self.starts.fetch_add(1, Ordering::Relaxed);
        self.folder.join(format!("{}-{start}.log", client.name()))
    }

    /// What the simulator complained of.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let complaints =
            self.sim.lines().into_iter().filter(|line| line.contains(" ERROR ") || line.contains("panicked"));
        complaints.map(|line| format!("the simulator: {line}")).collect()
    }
}

fn track_name(client: Client) -> String {
    format!("{}.ogg", client.name())
}

fn track_path(folder: &Path, client: Client) -> PathBuf {
    folder.join(track_name(client))
}

/// Children start in folders of their own: a relative path would be looked for there.
fn with_whole_paths(programs: &Programs) -> Result<Programs> {
    let mut programs = programs.clone();
    for path in [
        &mut programs.sim,
        &mut programs.bots,
        &mut programs.python,
        &mut programs.node,
        &mut programs.node_modules,
        &mut programs.songbird,
        &mut programs.bot,
        &mut programs.yt_dlp,
        &mut programs.out,
    ] {
        *path = std::path::absolute(&*path).with_context(|| format!("the path {}", path.display()))?;
    }
    Ok(programs)
}

/// Whether everything that these clients need is there.
fn check(programs: &Programs, clients: &[Client]) -> Result<()> {
    let mut needed = vec![("the simulator", programs.sim.clone())];
    for &client in clients {
        match client {
            Client::DiscordPy => needed.push(("the Python with discord.py", programs.python.clone())),
            Client::DiscordJs => {
                needed.push(("node", programs.node.clone()));
                needed.push(("discord.js", programs.node_modules.join("discord.js/package.json")));
            }
            Client::Songbird => needed.push(("the songbird bot", programs.songbird.clone())),
            Client::Refrain => {
                needed.push(("our bot", programs.bot.clone()));
                needed.push(("yt-dlp", programs.yt_dlp.clone()));
            }
        }
    }
    for (what, path) in needed {
        ensure!(
            path.is_file(),
            "{what} is not at {}: start this by `cargo xtask`, which builds and installs what it needs",
            path.display()
        );
    }
    Ok(())
}

/// An Ogg Opus file in frames of 20 ms, which every client can send as it is. Each frame tells whose it is and where in the
/// track it stands.
async fn make_track(sim: &Path, client: Client, path: &Path) -> Result<()> {
    let (id, seconds) = (client.number().to_string(), TRACK_S.to_string());
    let making = tokio::process::Command::new(sim)
        .args(["timecode", "--id", &id, "--seconds", &seconds, "--out"])
        .arg(path)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = making.await.context("running the simulator to make a track")?;
    if !output.status.success() {
        bail!("the simulator could not make {}: {}", path.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
