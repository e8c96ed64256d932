//! `refrain-sim serve`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use refrain_sim::{Sim, SimOptions, world::World};
use tokio::signal::unix::{SignalKind, signal};

use super::{PortOptions, directory_of, fail, read_world, start_log, write_ready_file};

/// Serve a world.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The world file (JSON, described in docs/simulator.md); the example world without it.
    #[arg(long)]
    world: Option<PathBuf>,
    /// Where to write, once everything listens, where everything is. The CA is written beside it.
    #[arg(long, default_value = "refrain-sim.json")]
    ready_file: PathBuf,
    /// Also serve the web page; its address is logged and stands in the ready file.
    #[arg(long)]
    ui: bool,
    #[command(flatten)]
    ports: PortOptions,
    /// What to log to stderr: a tracing filter such as `info` or `refrain_sim=debug`.
    #[arg(long, default_value = "info")]
    log_level: String,
}

impl Serve {
    pub(crate) fn run(&self) -> ExitCode {
        match self.serve() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error, 1),
        }
    }

    fn serve(&self) -> anyhow::Result<()> {
        start_log(&self.log_level)?;
        let world = self.world.as_deref().map_or_else(|| Ok(World::example()), read_world)?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")?;
        runtime.block_on(async {
            // Before anything listens: a signal from now on ends the simulator properly.
            let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
            let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
            let mut options = SimOptions::new(directory_of(&self.ready_file)?);
            options.ports = self.ports.ports();
            options.ui = self.ui;
            let sim = Sim::start(world, options).await?;
            write_ready_file(&self.ready_file, sim.addresses())?;
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
}
