//! The command line's parts. They read files, start the library, and say how it went.

pub(crate) mod files;
pub(crate) mod scenario;
pub(crate) mod serve;

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Args;
use refrain_sim::{Addresses, Ports, world::World};

/// A file is wrong. (clap uses the same for a wrong command line.)
const WRONG_FILE: u8 = 2;

/// Ports that are not left to chance.
#[derive(Debug, Args)]
pub(crate) struct PortOptions {
    /// The REST API's port; a free one without it.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    rest_port: u16,
    /// The main gateway's port; a free one without it.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    gateway_port: u16,
    /// The control API's port; a free one without it.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    control_port: u16,
}

impl PortOptions {
    fn ports(&self) -> Ports {
        Ports { rest: self.rest_port, gateway: self.gateway_port, control: self.control_port }
    }
}

/// Says on stderr what went wrong.
fn fail(error: &anyhow::Error, code: u8) -> ExitCode {
    eprintln!("refrain-sim: {error:#}");
    ExitCode::from(code)
}

/// The log goes to stderr.
fn start_log(level: &str) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(level)
        .with_context(|| format!("--log-level {level}: this is no tracing filter; `info` and `debug` are"))?;
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    Ok(())
}

fn read_world(path: &Path) -> anyhow::Result<World> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading the world file {}", path.display()))?;
    World::from_json(&text).with_context(|| format!("{}", path.display()))
}

/// Whole or not at all: whoever waits for the file finds all of it.
fn write_ready_file(path: &Path, at: &Addresses) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(at).context("writing the addresses as JSON")?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(".tmp");
    let wrote = std::fs::write(&draft, text + "\n").and_then(|()| std::fs::rename(&draft, path));
    wrote.with_context(|| format!("writing the ready file {}", path.display()))
}

/// The directory that a file lies in, as an absolute path.
fn directory_of(file: &Path) -> anyhow::Result<PathBuf> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::path::absolute(parent).with_context(|| format!("finding the directory of {}", file.display()))
}
