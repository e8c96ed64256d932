//! The voice server: gateway v4 to v8 over TLS, media over UDP, sessions that outlive their sockets, faults.
//!
//! Written from Discord's documentation of voice connections. `wire` has the JSON of the gateway, `socket` one client's
//! connection, `registry` the credentials and the sessions behind them, `udp`, `rtp` and `media` the voice packets,
//! `outbox` what a version 8 resume sends again. What is heard goes to [`crate::listener`].
//!
//! End-to-end encryption (DAVE) is not served yet: Session Description always names version 0, decided in one place
//! (`session::Negotiation`).

mod guard;
mod media;
mod outbox;
mod registry;
mod rtp;
mod session;
mod socket;
mod tls;
mod udp;
mod wire;

use crate::{clock::SimClock, listener::Listeners, log::FrameLog};
use aes_gcm::aead::{OsRng, rand_core::RngCore};
use anyhow::Context;
use registry::Registry;
use session::lock;
use std::{
    net::{Ipv4Addr, UdpSocket},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Sockets that may be open at once.
const MAX_SOCKETS: usize = 16_384;

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
    port: u16,
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
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("binding the voice gateway's port on 127.0.0.1")?;
        let port = tcp.local_addr().context("asking for the voice gateway's port")?.port();
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("binding the media port on 127.0.0.1")?;
        let udp_port = udp.local_addr().context("asking for the media port")?.port();
        let shared = Arc::new(Shared {
            options,
            clock,
            log,
            registry: Mutex::new(Registry::new(listeners.clone(), udp_port)),
            listeners,
        });
        let stop = CancellationToken::new();
        udp::serve(udp, Arc::clone(&shared), stop.clone())?;
        tokio::spawn(accept(tcp, tls, Arc::clone(&shared), stop.clone()));
        Ok(Self(Arc::new(Inner { shared, port, _stop: stop.drop_guard() })))
    }

    /// `localhost:PORT`, what goes into VOICE_SERVER_UPDATE.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("localhost:{}", self.0.port)
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
        self.registry().reset((guild, user))
    }

    /// Whether resumes of this guild's sessions are refused, with 4006, from now on.
    pub fn refuse_resume(&self, guild: u64, refuse: bool) {
        self.registry().refuse_resume(guild, refuse);
    }

    /// Who is in the channel now, the bot itself or not: clients there get op 11 and op 13 for what changed.
    pub fn members_changed(&self, guild: u64, channel: u64, users: &[u64]) {
        self.registry().members_changed(guild, channel, users);
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

async fn accept(tcp: TcpListener, tls: TlsAcceptor, shared: Arc<Shared>, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(MAX_SOCKETS));
    for id in 1.. {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = tcp.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (tls, shared, stop) = (tls.clone(), Arc::clone(&shared), stop.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = socket::serve(stream, tls, shared, id) => {}
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "accepting a voice connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
