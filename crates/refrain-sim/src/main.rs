//! `refrain-sim`: the simulator as a program of its own, for bots in any language.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use refrain_sim::{Sim, SimOptions, timecode::Track, world::World};
use tokio::signal::unix::{SignalKind, signal};

/// A Discord that runs on this machine: REST, gateway, voice, faults, a listener.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a world on free ports of 127.0.0.1 until SIGTERM or SIGINT.
    Serve {
        /// The world file (JSON, described in docs/simulator.md).
        #[arg(long)]
        world: PathBuf,
        /// Where to write, once everything listens, where everything is. The CA is written beside it.
        #[arg(long)]
        ready_file: PathBuf,
        /// What to log to stderr: a tracing filter such as `info` or `refrain_sim=debug`.
        #[arg(long, default_value = "info")]
        log_level: String,
        /// Also serve the web page; its address is logged and stands in the ready file.
        #[arg(long)]
        ui: bool,
    },
    /// Write a sound that tells where in which track it is, for a bot to play: WAV, or Ogg Opus.
    Timecode {
        /// The track's id: 0 to 127.
        #[arg(long, default_value_t = 1)]
        id: u32,
        /// Its length, at most 2621 s.
        #[arg(long, default_value_t = 60.0)]
        seconds: f64,
        /// Where to: the name ends with .wav, .ogg or .opus.
        #[arg(long)]
        out: PathBuf,
        /// The rate of a WAV file in hertz.
        #[arg(long, default_value_t = 48_000)]
        rate: u32,
    },
    /// Write an example of a world file to a path.
    Example {
        /// Where to.
        path: PathBuf,
    },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve { world, ready_file, log_level, ui } => serve(&world, &ready_file, &log_level, ui),
        Command::Timecode { id, seconds, out, rate } => timecode(id, seconds, &out, rate),
        Command::Example { path } => example(&path),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("refrain-sim: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn timecode(id: u32, seconds: f64, out: &Path, rate: u32) -> anyhow::Result<()> {
    Ok(Track::new(id, seconds)?.write(out, rate)?)
}

fn example(path: &Path) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(&World::example()).context("writing the example as JSON")?;
    std::fs::write(path, text + "\n").with_context(|| format!("writing {}", path.display()))
}

fn serve(world: &Path, ready_file: &Path, log_level: &str, ui: bool) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(log_level)
        .with_context(|| format!("--log-level {log_level}: this is no tracing filter; `info` and `debug` are"))?;
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    let text = std::fs::read_to_string(world).with_context(|| format!("reading the world file {}", world.display()))?;
    let world = World::from_json(&text).with_context(|| format!("{}", world.display()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")?;
    runtime.block_on(async {
        // Before anything listens: a signal from now on ends the simulator properly.
        let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
        let beside = ready_file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let beside = std::path::absolute(beside).context("finding the ready file's directory")?;
        let sim = Sim::start(world, SimOptions { ui, ..SimOptions::new(beside) }).await?;
        write_ready_file(ready_file, &sim)?;
        let at = sim.addresses();
        tracing::info!(rest = at.rest, gateway = at.gateway, control = at.control, voice = at.voice, "ready");
        if let Some(ui) = &at.ui {
            tracing::info!("the page: {ui}");
        }
        tokio::select! { _ = terminate.recv() => {} _ = interrupt.recv() => {} }
        sim.stop().await;
        Ok(())
    })
}

/// Whole or not at all: whoever waits for the file finds all of it.
fn write_ready_file(path: &Path, sim: &Sim) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(sim.addresses()).context("writing the addresses as JSON")?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(".tmp");
    let wrote = std::fs::write(&draft, text + "\n").and_then(|()| std::fs::rename(&draft, path));
    wrote.with_context(|| format!("writing the ready file {}", path.display()))
}
