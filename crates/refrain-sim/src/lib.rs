//! A Discord that runs on this machine: REST, main gateway, voice, faults, and in each voice channel a listener.
//!
//! It is written from Discord's public documentation and knows nothing of the bot it serves. `docs/simulator.md` in the
//! repository describes the world file, the control API and what is simulated. Everything listens on 127.0.0.1 only.
//!
//! ```no_run
//! # async fn run() -> anyhow::Result<()> {
//! use refrain_sim::{Sim, SimOptions, world::World};
//! let sim = Sim::start(World::example(), SimOptions::new("/tmp/sim")).await?;
//! println!("REST at {}, control at {}", sim.addresses().rest, sim.addresses().control);
//! sim.stop().await;
//! # Ok(()) }
//! ```

pub mod clock;
mod control;
mod faults;
#[cfg(any(test, feature = "fuzz"))]
#[doc(hidden)]
pub mod fuzz;
mod gateway;
pub mod id;
pub mod listener;
pub mod log;
mod rest;
pub mod scenario;
mod state;
pub mod timecode;
mod ui;
pub mod voice;
pub mod world;

use std::{net::Ipv4Addr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{clock::SimClock, log::FrameLog, state::Hub, voice::VoiceServer, world::World};

/// What a run of the simulator can be given besides its world.
#[derive(Clone, Debug)]
pub struct SimOptions {
    /// The directory `ca.pem` is written to. It is made if it is not there.
    pub ca_dir: PathBuf,
    /// How long a bot may take to answer an interaction (Discord: 3 s).
    pub interaction_deadline: Duration,
    /// How long an interaction's token is good for (Discord: 15 min).
    pub token_life: Duration,
    /// How long a main gateway session without a socket may be resumed.
    pub resume_window: Duration,
    /// The heartbeat interval that the main gateway's Hello asks for.
    pub gateway_heartbeat: Duration,
    /// Whether the control server also serves the page.
    pub ui: bool,
    /// Which ports to listen at.
    pub ports: Ports,
}

/// Ports of 127.0.0.1; 0 is any that is free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// The REST API's.
    pub rest: u16,
    /// The main gateway's.
    pub gateway: u16,
    /// The control API's.
    pub control: u16,
}

impl SimOptions {
    /// Discord's own times, with the CA in `ca_dir`.
    #[must_use]
    pub fn new(ca_dir: impl Into<PathBuf>) -> Self {
        Self {
            ca_dir: ca_dir.into(),
            interaction_deadline: Duration::from_secs(3),
            token_life: Duration::from_secs(15 * 60),
            resume_window: Duration::from_secs(90),
            gateway_heartbeat: Duration::from_millis(41_250),
            ui: false,
            ports: Ports::default(),
        }
    }
}

/// Where a running simulator is found: what the ready file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// `http://127.0.0.1:PORT`; the paths begin with `/api/v10`.
    pub rest: String,
    /// `ws://127.0.0.1:PORT`.
    pub gateway: String,
    /// The CA that voice clients must trust: a PEM file.
    pub ca: PathBuf,
    /// `http://127.0.0.1:PORT`; the paths begin with `/sim`.
    pub control: String,
    /// `localhost:PORT`, the endpoint of VOICE_SERVER_UPDATE.
    pub voice: String,
    /// The page, where it is served: `http://127.0.0.1:PORT/ui/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ui: Option<String>,
}

/// A running simulator. It ends with [`Sim::stop`], or when it is dropped.
#[derive(Debug)]
pub struct Sim {
    addresses: Addresses,
    clock: SimClock,
    /// The control API, for calls from inside the process.
    control: axum::Router,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Sim {
    /// Starts all servers on ports that are free.
    ///
    /// # Errors
    /// When the world's parts do not fit, the CA cannot be written or no port can be bound.
    pub async fn start(world: World, options: SimOptions) -> anyhow::Result<Self> {
        let world = world.checked()?;
        std::fs::create_dir_all(&options.ca_dir)
            .with_context(|| format!("making the directory {} for the CA", options.ca_dir.display()))?;
        let clock = SimClock::start();
        let log = FrameLog::new(clock);
        let voice_options = voice::VoiceOptions {
            heartbeat_interval_ms: world.voice.heartbeat_interval_ms,
            latency_ms: world.voice.latency_ms,
            servers: usize::from(world.voice.servers),
            host: world.voice.host.text(),
            dave: world.voice.dave(),
            ..voice::VoiceOptions::new(&options.ca_dir)
        };
        let except = world.listener.except.iter().map(|guild| guild.0);
        let listeners = listener::Listeners::with(clock, world.listener.decode, except);
        let voice = VoiceServer::start_with(voice_options, clock, log.clone(), listeners).await;
        let voice = voice.context("starting the voice server")?;
        let (rest, rest_at) = bind("REST", options.ports.rest).await?;
        let (gateway, gateway_at) = bind("gateway", options.ports.gateway).await?;
        let (control, control_at) = bind("control", options.ports.control).await?;
        let addresses = Addresses {
            rest: format!("http://{rest_at}"),
            gateway: format!("ws://{gateway_at}"),
            ca: voice.ca_path(),
            control: format!("http://{control_at}"),
            voice: voice.endpoint(),
            ui: options.ui.then(|| format!("http://{control_at}/ui/")),
        };
        let hub = Hub::new(world, options, clock, log, voice, addresses.gateway.clone(), addresses.rest.clone());
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(gateway::serve(hub.clone(), gateway, stop.clone()));
        tasks.spawn(rest::serve(hub.clone(), rest, stop.clone()));
        let inside = control::router(Arc::clone(&hub), stop.clone());
        tasks.spawn(serve_http("control", control, inside.clone(), stop.clone()));
        Ok(Self { addresses, clock, control: inside, stop, tasks })
    }

    /// Where everything is.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Milliseconds since the start, on the clock of everything that the simulator tells.
    #[must_use]
    pub fn now_ms(&self) -> f64 {
        self.clock.now_ms()
    }

    /// A call of the control API without a socket: `method` and `path` as over HTTP, and a JSON body (null for none).
    /// Answers the status, and the body: JSON as it is, anything else as text.
    pub async fn control(&self, method: &str, path: &str, body: &serde_json::Value) -> (u16, serde_json::Value) {
        control::call(self.control.clone(), method, path, body).await
    }

    /// Closes all sockets.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let end = async { while self.tasks.join_next().await.is_some() {} };
        // A request in flight (a long poll) is not waited for longer than this.
        let _ = tokio::time::timeout(Duration::from_secs(1), end).await;
    }
}

async fn bind(what: &str, port: u16) -> anyhow::Result<(TcpListener, std::net::SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = listener.with_context(|| format!("binding the {what} server to {}", port_words(port)))?;
    let address = listener.local_addr().with_context(|| format!("asking for the {what} server's port"))?;
    Ok((listener, address))
}

fn port_words(port: u16) -> String {
    if port == 0 { "a free port of 127.0.0.1".into() } else { format!("127.0.0.1:{port}") }
}

async fn serve_http(what: &str, listener: TcpListener, router: axum::Router, stop: CancellationToken) {
    use axum::serve::ListenerExt as _;
    let listener = listener.tap_io(|stream| {
        // Small answers are not to wait for the acknowledgement of earlier ones.
        let _ = stream.set_nodelay(true);
    });
    let server = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = server.await {
        tracing::error!(%error, "{what}: the server ended");
    }
}
