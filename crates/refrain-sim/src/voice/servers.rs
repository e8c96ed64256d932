//! The voice servers' addresses: each has a port for TCP and one for UDP, and refuses connections while it is down.

use super::{Shared, session::lock, socket};
use anyhow::Context;
use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// The names of the servers' regions, in their order. Discord's list of regions has them.
pub(super) const REGIONS: [&str; 8] =
    ["rotterdam", "us-east", "singapore", "brazil", "japan", "us-west", "sydney", "southafrica"];
/// Sockets that may be open at once, at all servers together.
const MAX_SOCKETS: usize = 16_384;
/// How soon what went wrong with a port is tried again.
const AGAIN: Duration = Duration::from_millis(100);

/// One server's ports, bound.
pub(super) struct Ports {
    tcp: TcpListener,
    pub(super) tcp_port: u16,
    pub(super) udp: UdpSocket,
    pub(super) udp_port: u16,
}

impl Ports {
    /// Binds to two free ports of 127.0.0.1.
    pub(super) async fn bind() -> anyhow::Result<Self> {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("binding the voice gateway's port on 127.0.0.1")?;
        let tcp_port = tcp.local_addr().context("asking for the voice gateway's port")?.port();
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("binding the media port on 127.0.0.1")?;
        let udp_port = udp.local_addr().context("asking for the media port")?.port();
        Ok(Self { tcp, tcp_port, udp, udp_port })
    }
}

/// What all servers' doors share.
#[derive(Clone)]
pub(super) struct Doors {
    pub(super) tls: TlsAcceptor,
    pub(super) shared: Arc<Shared>,
    pub(super) stop: CancellationToken,
    places: Arc<Semaphore>,
    last_socket: Arc<AtomicU64>,
}

impl Doors {
    pub(super) fn new(tls: TlsAcceptor, shared: Arc<Shared>, stop: CancellationToken) -> Self {
        let places = Arc::new(Semaphore::new(MAX_SOCKETS));
        Self { tls, shared, stop, places, last_socket: Arc::default() }
    }

    /// Takes connections in until the end.
    pub(super) async fn keep(self, server: usize, ports: TcpListenerAt) {
        let stop = self.stop.clone();
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.open_and_close(server, ports) => {}
        }
    }

    async fn open_and_close(&self, server: usize, TcpListenerAt { mut listener, port }: TcpListenerAt) {
        let mut weather = lock(&self.shared.registry).weather();
        loop {
            if lock(&self.shared.registry).is_down(server) {
                // Without a listener the kernel refuses.
                drop(listener);
                while lock(&self.shared.registry).is_down(server) {
                    if weather.changed().await.is_err() {
                        return;
                    }
                }
                listener = rebound(port).await;
            }
            tokio::select! {
                biased;
                changed = weather.changed() => if changed.is_err() {
                    return;
                },
                () = self.take_one(server, &listener) => {}
            }
        }
    }

    async fn take_one(&self, server: usize, listener: &TcpListener) {
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
            return std::future::pending().await;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let id = self.last_socket.fetch_add(1, Ordering::Relaxed) + 1;
                let (tls, shared, stop) = (self.tls.clone(), Arc::clone(&self.shared), self.stop.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = socket::serve(stream, tls, shared, server, id) => {}
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "accepting a voice connection");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// A listener and the port it has, or had.
pub(super) struct TcpListenerAt {
    listener: TcpListener,
    port: u16,
}

impl Ports {
    /// The media port's socket, and the gateway's.
    pub(super) fn split(self) -> (UdpSocket, TcpListenerAt) {
        (self.udp, TcpListenerAt { listener: self.tcp, port: self.tcp_port })
    }
}

/// The same port again; somebody else may have taken it for a moment.
async fn rebound(port: u16) -> TcpListener {
    loop {
        match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await {
            Ok(listener) => return listener,
            Err(error) => {
                tracing::warn!(%error, port, "opening a voice server's port again");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}
