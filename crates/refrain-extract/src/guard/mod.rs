//! The egress guard: the one way to the network for yt-dlp and ffmpeg.
//!
//! A forward proxy for HTTP/1.1 on the loopback interface. It resolves names itself and connects to the very address
//! that it checked, so that a name cannot lead elsewhere a moment later. Bodies and tunnels are passed on as they come;
//! nothing is kept. There is no idle time limit on a tunnel, because a paused track reads nothing for hours: a tunnel
//! lives as long as the child that opened it, and children are supervised.

mod address;
mod answer;
mod connect;
mod pass;
mod policy;
mod proxy;

pub(crate) use connect::literal_is_refused;
pub use pass::{MediaPass, ProxyUrl};
pub(crate) use pass::{Noted, Pass, Trouble};
pub use policy::{AllowedHost, BadAllowedHost, EgressPolicy};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use pass::Passes;
use std::{io, net::Ipv4Addr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

/// How many connections children may hold at a time; more wait.
const MAX_CONNECTIONS: usize = 1024;
/// How long a child may take to send a request's head, or keep a connection open between requests.
const HEAD_LIMIT: Duration = Duration::from_secs(30);

/// A running guard. It ends when its token is cancelled.
#[derive(Debug)]
pub(crate) struct Guard {
    passes: Arc<Passes>,
    policy: Arc<EgressPolicy>,
}

impl Guard {
    /// Starts listening on a free port.
    pub(crate) async fn start(policy: EgressPolicy, stop: CancellationToken) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let passes = Passes::new(listener.local_addr()?);
        let policy = Arc::new(policy);
        let shared = proxy::Shared { passes: Arc::clone(&passes), policy: Arc::clone(&policy), stop };
        tokio::spawn(accept(listener, shared));
        Ok(Self { passes, policy })
    }

    /// Lets one more child through.
    pub(crate) fn issue(&self) -> io::Result<Pass> {
        self.passes.issue()
    }

    pub(crate) fn policy(&self) -> &EgressPolicy {
        &self.policy
    }
}

async fn accept(listener: TcpListener, shared: proxy::Shared) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let work = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let shared = shared.clone();
                    tokio::spawn(async move {
                        let stop = shared.stop.clone();
                        // A tunnel outlives its connection, so it holds a share of the place.
                        let place = Arc::new(place);
                        stop.run_until_cancelled(serve(stream, shared, Arc::clone(&place))).await;
                    });
                }
                Err(error) => {
                    // Out of descriptors, most likely: pausing is all that helps.
                    tracing::warn!(%error, "the egress guard could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    };
    shared.stop.run_until_cancelled(work).await;
}

async fn serve(stream: TcpStream, shared: proxy::Shared, place: proxy::Place) {
    // Small writes pass at once, as they would without a proxy.
    stream.set_nodelay(true).ok();
    let service = service_fn(move |request| proxy::answer(request, shared.clone(), Arc::clone(&place)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection to the egress guard ended early");
    }
}
