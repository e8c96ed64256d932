//! What a stage is made of, and how its parts are started.

use super::{
    PATIENCE, POLL,
    binaries::Binaries,
    process::{Launch, Process, plain_environment},
    world,
};
use crate::media::{MediaServer, Sound};
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    time::Instant,
};

/// The plugin that gives yt-dlp a site and a search on this machine.
const PLUGIN: &str = include_str!("../../plugins/refrain/yt_dlp_plugins/extractor/refrain_stage.py");
/// Where Debian keeps the certificates that a system trusts.
const SYSTEM_CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What to put on the stage.
#[derive(Debug)]
pub struct Setting {
    /// The programs.
    pub binaries: Binaries,
    /// What the media server serves, by name.
    pub sounds: Vec<(String, Sound)>,
    /// Where logs and work files go; a temporary folder by default.
    pub folder: Option<PathBuf>,
    /// An address elsewhere that the bot is going to play: it then trusts the system's certificates as well, runs without
    /// the site on the stage, and may reach that very host even when it is this machine.
    pub elsewhere: Option<String>,
    /// How long each frame of the voice gateway takes to the bot, in milliseconds.
    pub latency_ms: u64,
}

/// Starts the simulator with `world` and waits until it tells its addresses.
pub(crate) async fn start_simulator(program: &Path, world: &Value, folder: &Path) -> Result<(Process, Value)> {
    let (world_file, ready_file) = (folder.join("world.json"), folder.join("ready.json"));
    std::fs::write(&world_file, world.to_string()).context("writing the world file")?;
    // A stage set up twice in the same folder must not read the address of the one before.
    let _none_yet = std::fs::remove_file(&ready_file);
    let arguments = [
        "serve".into(),
        "--world".into(),
        world_file.into_os_string(),
        "--ready-file".into(),
        ready_file.clone().into(),
    ];
    let mut sim = Process::start(&Launch {
        name: "the simulator",
        program: program.to_owned(),
        arguments: arguments.into(),
        environment: plain_environment(folder),
        folder: folder.to_owned(),
        log_file: folder.join("sim.log"),
    })?;
    let start = Instant::now();
    loop {
        if let Ok(ready) = std::fs::read(&ready_file) {
            let ready = serde_json::from_slice(&ready).context("reading the simulator's ready file")?;
            return Ok((sim, ready));
        }
        if let Some(status) = sim.ended()? {
            sim.wait(PATIENCE).await?;
            bail!("the simulator ended ({status}) before it was ready: {}", sim.lines().join("\n"));
        }
        ensure!(start.elapsed() < PATIENCE, "the simulator was not ready after {} s", PATIENCE.as_secs());
        tokio::time::sleep(POLL).await;
    }
}

/// Gives yt-dlp the site and the search of this stage; answers the plugin folder.
pub(crate) fn install_plugin(folder: &Path, media: &MediaServer) -> Result<PathBuf> {
    let plugins = folder.join("plugins");
    let place = plugins.join("refrain/yt_dlp_plugins/extractor");
    std::fs::create_dir_all(&place).context("making the plugin folder")?;
    std::fs::write(place.join("refrain_stage.py"), PLUGIN).context("installing the yt-dlp plugin")?;
    std::fs::write(place.join("media-address"), format!("{}\n", media.address()))
        .context("installing the yt-dlp plugin")?;
    Ok(plugins)
}

/// The bot's environment: its documented variables and nothing else.
pub(crate) fn bot_environment(
    folder: &Path,
    ready: &Value,
    media: &MediaServer,
    binaries: &Binaries,
) -> Result<BTreeMap<String, OsString>> {
    let told = |key: &str| {
        ready[key].as_str().map(OsString::from).with_context(|| format!("the ready file holds no \"{key}\""))
    };
    let mut environment = plain_environment(folder);
    environment.extend([
        ("DISCORD_TOKEN".to_owned(), world::TOKEN.into()),
        ("REFRAIN_DISCORD_API".to_owned(), told("rest")?),
        ("REFRAIN_DISCORD_GATEWAY".to_owned(), told("gateway")?),
        ("SSL_CERT_FILE".to_owned(), told("ca")?),
        ("YT_DLP_PATH".to_owned(), std::path::absolute(&binaries.yt_dlp).context("the path of yt-dlp")?.into()),
        ("DATA_DIR".to_owned(), folder.join("data").into()),
        ("REFRAIN_ALLOW_PRIVATE".to_owned(), media.address().to_string().into()),
        // More than operators see, so that more is searched for tokens.
        ("REFRAIN_LOG".to_owned(), "info,refrain=debug,refrain_discord=debug,refrain_rest=debug".into()),
        ("REFRAIN_LOG_FORMAT".to_owned(), "json".into()),
    ]);
    Ok(environment)
}

/// Lets the bot reach an address that is not on the stage.
pub(super) fn open_to(url: &str, folder: &Path, environment: &mut BTreeMap<String, OsString>) -> Result<()> {
    let authority = environment.get("SSL_CERT_FILE").context("there is no certificate authority")?;
    let mut trusted = std::fs::read(SYSTEM_CERTIFICATES).unwrap_or_default();
    trusted.extend(std::fs::read(authority).context("reading the simulator's certificate authority")?);
    let both = folder.join("trusted.pem");
    std::fs::write(&both, trusted).context("writing the trusted certificates")?;
    environment.insert("SSL_CERT_FILE".to_owned(), both.into());
    let url = reqwest::Url::parse(url).with_context(|| format!("{url} is no address"))?;
    if let (Some(host @ ("127.0.0.1" | "localhost")), Some(port)) = (url.host_str(), url.port_or_known_default()) {
        let allowed = environment.entry("REFRAIN_ALLOW_PRIVATE".to_owned()).or_default();
        allowed.push(format!(",{host}:{port}"));
    }
    Ok(())
}
