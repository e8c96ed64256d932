//! The main gateway, v10 over plain WebSocket on a port of its own, so that faults can act on the socket.

mod acting;
mod answers;
mod connection;
mod ending;
mod frame;
mod login;
mod outgoing;
mod query;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::state::Hub;

/// How many sockets may be open at once.
const MAX_CONNECTIONS: usize = 1000;

/// Accepts and serves connections until `stop`.
pub(crate) async fn serve(hub: Arc<Hub>, listener: TcpListener, stop: CancellationToken) {
    let numbers = AtomicU64::new(1);
    let mut connections = JoinSet::new();
    let mut sweep = tokio::time::interval(Duration::from_millis(250));
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = sweep.tick() => {
                if !hub.effects.frozen() {
                    hub.expire_sessions();
                }
                while connections.try_join_next().is_some() {}
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if connections.len() < MAX_CONNECTIONS => {
                    let number = numbers.fetch_add(1, Ordering::Relaxed);
                    connections.spawn(connection::serve(hub.clone(), stream, number));
                }
                Ok(_) => tracing::warn!("gateway: {MAX_CONNECTIONS} sockets are open, another one was turned away"),
                Err(error) => {
                    tracing::warn!(%error, "gateway: a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
    connections.shutdown().await;
}

/// A door for the fuzz targets: any text has an answer.
#[cfg(any(test, feature = "fuzz"))]
pub(crate) fn fuzz_frame(text: &str) {
    let _frame = frame::read(text);
}
