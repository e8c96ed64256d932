//! The voice servers: gateway v4 to v8 over TLS, media over UDP, sessions that outlive their sockets, faults.
//!
//! Written from Discord's documentation of voice connections. `servers` has the addresses, `wire` the JSON of the
//! gateway, `socket` one client's connection, `registry` the credentials and the sessions behind them, `udp`, `rtp` and
//! `media` the voice packets, `outbox` what a version 8 resume sends again, `trouble` what goes wrong on order, `dave`
//! the end-to-end encryption inside it all. What is heard goes to [`crate::listener`].

mod dave;
mod guard;
mod media;
mod outbox;
mod registry;
mod rtcp;
mod rtp;
mod servers;
mod session;
mod socket;
mod tls;
mod trouble;
mod udp;
mod wire;

use crate::{clock::SimClock, listener::Listeners, log::FrameLog};
use aes_gcm::aead::{OsRng, rand_core::RngCore};
use anyhow::Context;
use registry::Registry;
use servers::{Doors, Ports, REGIONS};
use session::lock;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use dave::{Dave, DavePolicy};
pub use trouble::{Blow, Dark, Ending, Figures, Stage, Trouble, Whom};

/// How the voice server behaves.
#[derive(Clone, Debug)]
pub struct VoiceOptions {
    /// What Hello asks for, in milliseconds. A client that is silent for one and a half of it (and 2 s) is closed
    /// with 4009.
    pub heartbeat_interval_ms: u64,
    /// Artificial delay of every voice gateway frame that the server sends, in milliseconds.
    pub latency_ms: u64,
    /// Where `ca.pem` is written.
    pub ca_dir: PathBuf,
    /// How many voice servers there are, each with ports of its own; at least 1, at most 8.
    pub servers: usize,
    /// What stands before the port in an endpoint: a name or address of the loopback that the certificate names,
    /// `localhost` or `127.0.0.1`.
    pub host: &'static str,
    /// End-to-end encryption.
    pub dave: Dave,
}

impl VoiceOptions {
    /// Two servers at `localhost` with Discord's heartbeat interval and no delay.
    #[must_use]
    pub fn new(ca_dir: impl Into<PathBuf>) -> Self {
        let ca_dir = ca_dir.into();
        let dave = Dave::new(DavePolicy::Never);
        Self { heartbeat_interval_ms: 13_750, latency_ms: 0, ca_dir, servers: 2, host: "localhost", dave }
    }
}

/// What the sockets' tasks and the media thread share.
#[derive(Debug)]
struct Shared {
    options: VoiceOptions,
    clock: SimClock,
    log: FrameLog,
    listeners: Listeners,
    registry: Mutex<Registry>,
}

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    /// The gateway's port of each server.
    tcp_ports: Vec<u16>,
    _stop: DropGuard,
}

/// The voice server's handle; clones share one server, which ends with the last of them.
#[derive(Clone, Debug)]
pub struct VoiceServer(Arc<Inner>);

impl VoiceServer {
    /// Binds to 127.0.0.1, writes `ca.pem` and serves until the last handle is gone.
    ///
    /// # Errors
    /// When a port cannot be bound, or the CA cannot be made or written.
    pub async fn start(options: VoiceOptions, clock: SimClock, log: FrameLog) -> anyhow::Result<Self> {
        let listeners = Listeners::new(clock, true);
        Self::start_with(options, clock, log, listeners).await
    }

    /// [`start`](Self::start) with listeners of one's own, for instance such as do not decode.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_with(
        options: VoiceOptions,
        clock: SimClock,
        log: FrameLog,
        listeners: Listeners,
    ) -> anyhow::Result<Self> {
        let tls = tls::acceptor(&options.ca_dir)?;
        let mut all_ports = Vec::new();
        for _ in 0..options.servers.clamp(1, REGIONS.len()) {
            all_ports.push(Ports::bind().await.context("giving each voice server its ports")?);
        }
        let udp_ports = all_ports.iter().map(|ports| ports.udp_port).collect();
        let tcp_ports = all_ports.iter().map(|ports| ports.tcp_port).collect();
        let (rooms, jobs) = dave::Rooms::new(options.dave);
        let shared = Arc::new(Shared {
            options,
            clock,
            log,
            registry: Mutex::new(Registry::new(listeners.clone(), udp_ports).with_rooms(rooms)),
            listeners,
        });
        dave::spawn(jobs, &shared)?;
        let stop = CancellationToken::new();
        let doors = Doors::new(tls, Arc::clone(&shared), stop.clone());
        let mut media_ports = Vec::new();
        for (server, ports) in all_ports.into_iter().enumerate() {
            let (udp, tcp) = ports.split();
            media_ports.push(udp);
            tokio::spawn(doors.clone().keep(server, tcp));
        }
        udp::serve(media_ports, &shared, &stop)?;
        Ok(Self(Arc::new(Inner { shared, tcp_ports, _stop: stop.drop_guard() })))
    }

    /// The first server's `localhost:PORT`: where all guilds are that were not moved.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.endpoint_at(0)
    }

    /// The endpoint of the server that this guild's calls are at: what goes into VOICE_SERVER_UPDATE.
    #[must_use]
    pub fn endpoint_of(&self, guild: u64) -> String {
        let server = self.registry().home(guild);
        self.endpoint_at(server)
    }

    fn endpoint_at(&self, server: usize) -> String {
        let port = self.0.tcp_ports.get(server).copied().unwrap_or_default();
        format!("{}:{port}", self.0.shared.options.host)
    }

    /// The names of the servers' regions, in their order.
    #[must_use]
    pub fn regions(&self) -> Vec<&'static str> {
        REGIONS.into_iter().take(self.0.tcp_ports.len()).collect()
    }

    /// The number of the server that this guild's calls are at, counted from 0.
    #[must_use]
    pub fn server_of(&self, guild: u64) -> usize {
        self.registry().home(guild)
    }

    /// Moves a guild's calls to another server: what is granted from now on is good there alone, and the server before
    /// knows the guild no longer. A server that is not there changes nothing.
    pub fn move_guild(&self, guild: u64, server: usize) {
        if server < self.0.tcp_ports.len() {
            self.registry().move_home(guild, server);
        }
    }

    /// Where the CA lies that clients must trust.
    #[must_use]
    pub fn ca_path(&self) -> PathBuf {
        self.0.shared.options.ca_dir.join("ca.pem")
    }

    /// A fresh token, good for one Identify of this user with this session id; an older one that was not used is void.
    #[must_use]
    pub fn grant(&self, guild: u64, channel: u64, user: u64, session_id: &str) -> String {
        let token = format!("{:016x}", OsRng.next_u64());
        self.registry().grant((guild, user), channel, session_id, &token);
        token
    }

    /// The user left the channel: credentials and session end now, and the socket is closed with 4014 after half a
    /// second unless the client closes it first.
    pub fn revoke(&self, guild: u64, user: u64) {
        self.registry().revoke((guild, user));
    }

    /// Closes the user's voice socket now; false when there is none.
    ///
    /// The codes that Discord lists, other than 4015, end the session as well. 4015, 1000 to 1015 and unlisted codes
    /// leave it to be resumed. No code, or 1005, is a close frame without one; 1006 is an end of the connection
    /// without any frame.
    pub fn close(&self, guild: u64, user: u64, code: Option<u16>, reason: &str) -> bool {
        self.registry().close((guild, user), code, reason)
    }

    /// Resets the user's voice socket (TCP RST), session kept; false when there is none.
    pub fn reset(&self, guild: u64, user: u64) -> bool {
        self.end(guild, user, Ending::Reset)
    }

    /// Ends the user's voice socket as told, now; false when there is none. A [close](Self::close) may end the session
    /// with it, the others leave it to be resumed.
    pub fn end(&self, guild: u64, user: u64, ending: Ending) -> bool {
        self.registry().blow((guild, user), ending)
    }

    /// Puts a trouble in force. It is known by the number; the receiver wakes when it is over, be it lifted or used up.
    pub fn trouble(&self, whom: Whom, trouble: Trouble) -> (u64, oneshot::Receiver<()>) {
        self.registry().trouble(whom, trouble)
    }

    /// Takes a trouble back; false when it is over already.
    pub fn lift(&self, trouble: u64) -> bool {
        self.registry().lift(trouble)
    }

    /// A server (`None`: all of them) crashes: all its sockets end. The sessions are `lost`, or can be resumed. Tells
    /// how many sockets there were.
    pub fn crash(&self, server: Option<usize>, ending: &Ending, lost: bool) -> usize {
        self.registry().crash(server, ending, lost)
    }

    /// Whether the user hears nothing by its own wish (self-deaf): then no other client's voice is sent to it.
    pub fn deafened(&self, guild: u64, user: u64, is_deaf: bool) {
        self.registry().deafened((guild, user), is_deaf);
    }

    /// Whether nothing that the user sends is heard: muted by the server, or suppressed.
    pub fn silenced(&self, guild: u64, user: u64, is_silenced: bool) {
        self.registry().silenced((guild, user), is_silenced);
    }

    /// Who is in the channel now, the bot itself or not: clients there get op 11 and op 13 for what changed.
    pub fn members_changed(&self, guild: u64, channel: u64, users: &[u64]) {
        self.registry().members_changed(guild, channel, users);
    }

    /// The people in the channel now that have no client of their own: the simulator speaks for them in the channel's
    /// end-to-end encrypted group.
    pub fn people_changed(&self, guild: u64, channel: u64, people: &[u64]) {
        self.registry().people_changed(guild, channel, people);
    }

    /// What people in the channels heard.
    #[must_use]
    pub fn listeners(&self) -> Listeners {
        self.0.shared.listeners.clone()
    }

    fn registry(&self) -> std::sync::MutexGuard<'_, Registry> {
        lock(&self.0.shared.registry)
    }
}

/// A door for the fuzz targets: any text has an answer, in both dialects.
#[cfg(any(test, feature = "fuzz"))]
pub(crate) fn fuzz_text(text: &str) {
    let _older = wire::read(text, wire::Version::Unbuffered(4));
    let _newer = wire::read(text, wire::Version::Buffered);
}

/// A door for the fuzz targets: any binary message of a client has an answer, and so does what a commit and a frame have
/// in them.
#[cfg(any(test, feature = "fuzz"))]
pub(crate) fn fuzz_binary(bytes: &[u8]) {
    let _message = wire::read_binary(bytes);
    dave::fuzz(bytes);
}

/// A door for the fuzz targets: any packet has an answer, and one that cannot be decrypted is told as such.
#[cfg(any(test, feature = "fuzz"))]
pub(crate) fn fuzz_packet(packet: &[u8]) {
    if let rtp::Datagram::Voice(sealed) = rtp::read(packet) {
        for mode in [rtp::Mode::Aes256Gcm, rtp::Mode::XChaCha20Poly1305] {
            let _opus = rtp::Cipher::new(mode, &[7; 32]).open(&sealed);
        }
    }
}
