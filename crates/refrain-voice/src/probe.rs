//! A probe: does this voice server answer at all?
//!
//! A connection of its own, as far as Hello and no further: TCP, TLS and websocket as songbird makes them, so that what
//! one trusts and reaches, the other does. Nothing is sent, least of all a token. The answer speaks of the server and of
//! the way to it; of the session that is under way it says nothing.

use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::{
    connect_async_with_config,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};

/// A Hello has a hundred bytes or so.
const MAX_MESSAGE: usize = 64 << 10;
/// The opcode of Hello.
const HELLO: u64 = 8;

/// Why a voice server counts as not answering.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    #[error("no Hello within {0:?}")]
    TimedOut(Duration),
    #[error("connecting: {0}")]
    Connect(tungstenite::Error),
    #[error("awaiting Hello: {0}")]
    Read(tungstenite::Error),
    #[error("the server ended the connection before Hello")]
    Ended,
    #[error("the server began with something else than Hello")]
    NoHello,
}

/// Succeeds when the voice server at `endpoint` (host and port, as Discord gave it) says Hello within `limit`.
pub(crate) async fn hello(endpoint: &str, limit: Duration) -> Result<(), ProbeError> {
    timeout(limit, connect_for_hello(endpoint)).await.unwrap_or(Err(ProbeError::TimedOut(limit)))
}

async fn connect_for_hello(endpoint: &str) -> Result<(), ProbeError> {
    let config = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
    let address = format!("wss://{endpoint}/?v=8");
    let (mut socket, _) = connect_async_with_config(address, Some(config), true).await.map_err(ProbeError::Connect)?;
    let first = socket.next().await;
    let outcome = match first {
        Some(Ok(Message::Text(text))) if is_hello(&text) => Ok(()),
        Some(Ok(Message::Close(_))) | None => Err(ProbeError::Ended),
        Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
            Err(ProbeError::NoHello)
        }
        Some(Err(error)) => Err(ProbeError::Read(error)),
    };
    // A server that is not there any more cannot be told; the socket is dropped in any case.
    let _ = socket.close(None).await;
    outcome
}

fn is_hello(text: &str) -> bool {
    serde_json::from_str::<Opcode>(text).is_ok_and(|message| message.op == HELLO)
}

#[derive(serde::Deserialize)]
struct Opcode {
    op: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn listener() -> (TcpListener, String) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = listener.local_addr().unwrap().to_string();
        (listener, endpoint)
    }

    fn with_tls() {
        let _ = rustls::crypto::ring::default_provider().install_default();
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_does_not_answer() {
        with_tls();
        let (listener, endpoint) = listener().await;
        drop(listener);
        let error = hello(&endpoint, Duration::from_secs(60)).await.unwrap_err();
        assert!(matches!(error, ProbeError::Connect(_)), "{error}");
    }

    #[tokio::test]
    async fn a_server_that_takes_the_connection_and_then_hangs_does_not_answer() {
        with_tls();
        let (listener, endpoint) = listener().await;
        let hangs = tokio::spawn(async move { listener.accept().await });
        let error = hello(&endpoint, Duration::from_millis(200)).await.unwrap_err();
        assert!(matches!(error, ProbeError::TimedOut(_)), "{error}");
        drop(hangs.await);
    }

    #[test]
    fn hello_is_known_by_its_opcode() {
        assert!(is_hello(r#"{"op":8,"d":{"v":8,"heartbeat_interval":13750.0}}"#));
        assert!(!is_hello(r#"{"op":6,"d":{"t":1}}"#));
        assert!(!is_hello("op 8"));
    }
}
