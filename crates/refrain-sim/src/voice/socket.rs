//! One client's voice socket: TLS, the websocket, the handshake's order, heartbeats, and what the control side orders.

use super::{
    Shared,
    registry::{Key, Refusal},
    session::{Command, Socket, lock},
    wire::{self, ClientMessage, Rejection, ServerMessage, Version},
};
use crate::log::Direction;
use aes_gcm::aead::{OsRng, rand_core::RngCore};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        protocol::{CloseFrame, WebSocketConfig},
    },
};

type Ws = WebSocketStream<TlsStream<TcpStream>>;

/// For the TLS and websocket handshakes, for a write, and for the client's half of a close.
const PATIENCE: Duration = Duration::from_secs(10);
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);
/// How long a client that left its channel has to close the socket by itself.
const LEAVE_GRACE: Duration = Duration::from_millis(500);
/// On top of one and a half intervals: a busy machine is not a dead client.
const HEARTBEAT_MARGIN: Duration = Duration::from_secs(2);
/// Messages that may wait for a client that does not read.
const MAX_WAITING: usize = 1024;
const MAX_MESSAGE: usize = 1 << 20;

/// Serves a connection to its end.
pub(super) async fn serve(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>, id: u64) {
    match timeout(PATIENCE, accept(stream, tls)).await {
        Ok(Ok((ws, version))) => Connection::new(ws, version, shared, id).run().await,
        Ok(Err(error)) => tracing::debug!(%error, "a voice connection did not get as far as a websocket"),
        Err(_) => tracing::debug!("a voice connection took too long to become a websocket"),
    }
}

#[expect(clippy::result_large_err, reason = "the refusal's type is the websocket library's")]
async fn accept(stream: TcpStream, tls: TlsAcceptor) -> anyhow::Result<(Ws, Version)> {
    stream.set_nodelay(true)?;
    let stream = tls.accept(stream).await?;
    let mut version = None;
    let config = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE));
    let ws = accept_hdr_async_with_config(
        stream,
        |request: &Request, response: Response| {
            version = Version::of_query(request.uri().query());
            if version.is_some() { Ok(response) } else { Err(wrong_version()) }
        },
        Some(config),
    )
    .await?;
    let version = version.ok_or_else(|| anyhow::anyhow!("the websocket handshake has no version"))?;
    Ok((ws, version))
}

fn wrong_version() -> ErrorResponse {
    let mut refusal =
        ErrorResponse::new(Some(String::from("the voice gateway needs a version of 4 to 8: wss://ENDPOINT/?v=8")));
    *refusal.status_mut() = tokio_tungstenite::tungstenite::http::StatusCode::BAD_REQUEST;
    refusal
}

enum Outgoing {
    Text(String),
    Close { code: Option<u16>, reason: String },
}

/// Whether the socket's life goes on.
enum Step {
    On,
    /// Over; with this code, where one was exchanged.
    Over(Option<u16>),
}

struct Connection {
    ws: Ws,
    version: Version,
    shared: Arc<Shared>,
    socket: Socket,
    commands: mpsc::Receiver<Command>,
    name: String,
    session: Option<Key>,
    /// Frames that wait out the artificial latency.
    outgoing: VecDeque<(Instant, Outgoing)>,
    is_closing: bool,
    silent_until: Instant,
    leave_at: Option<Instant>,
}

impl Connection {
    fn new(ws: Ws, version: Version, shared: Arc<Shared>, id: u64) -> Self {
        let (sender, commands) = mpsc::channel(MAX_WAITING);
        let silent_until = Instant::now() + shared.silence_allowed();
        Self {
            ws,
            version,
            shared,
            socket: Socket { id, commands: sender },
            commands,
            name: format!("voice-{id}"),
            session: None,
            outgoing: VecDeque::new(),
            is_closing: false,
            silent_until,
            leave_at: None,
        }
    }

    async fn run(mut self) {
        self.say(ServerMessage::Hello { heartbeat_interval: self.shared.options.heartbeat_interval_ms });
        let code = loop {
            match self.step().await {
                Step::On => {}
                Step::Over(code) => break code,
            }
        };
        if let Some(key) = self.session {
            let now_ms = self.shared.clock.now_ms();
            lock(&self.shared.registry).detached((key, self.socket.id), code, now_ms);
        }
    }

    /// Waits for the next thing of any kind and does it.
    async fn step(&mut self) -> Step {
        let now = Instant::now();
        let far = now + Duration::from_secs(3600);
        let send_at = self.outgoing.front().map_or(far, |(at, _)| *at);
        let leave_at = self.leave_at.unwrap_or(far);
        let silent_until = if self.is_closing { far } else { self.silent_until };
        tokio::select! {
            // What is due goes out before anything new is looked at: order is part of the protocol.
            biased;
            () = sleep_until(send_at), if !self.outgoing.is_empty() => self.send_due().await,
            Some(command) = self.commands.recv() => self.obey(command),
            frame = self.ws.next() => match frame {
                Some(Ok(message)) => self.receive(message),
                Some(Err(error)) => {
                    tracing::debug!(%error, connection = self.name, "a voice socket broke");
                    Step::Over(None)
                }
                None => Step::Over(None),
            },
            () = sleep_until(leave_at) => self.close(Some(4014), "Disconnected."),
            () = sleep_until(silent_until) => self.close(Some(4009), "Session timed out."),
        }
    }

    fn say(&mut self, message: ServerMessage) {
        let text = message.encode(self.version, None);
        self.queue(Outgoing::Text(text));
    }

    fn queue(&mut self, frame: Outgoing) {
        if !self.is_closing {
            let latency = Duration::from_millis(self.shared.options.latency_ms);
            self.outgoing.push_back((Instant::now() + latency, frame));
        }
    }

    /// Queues a close. The session is over now where the code says so; the frame follows in its order.
    fn close(&mut self, code: Option<u16>, reason: &str) -> Step {
        let reason = reason.to_owned();
        self.queue(Outgoing::Close { code, reason });
        self.is_closing = true;
        self.leave_at = None;
        if let (Some(key), Some(code)) = (self.session, code) {
            lock(&self.shared.registry).expelled((key, self.socket.id), code);
        }
        Step::On
    }

    fn obey(&mut self, command: Command) -> Step {
        match command {
            Command::Say(text) => self.queue(Outgoing::Text(text)),
            Command::Close { code, reason } => return self.close(code, &reason),
            Command::Revoked => self.leave_at = Some(Instant::now() + LEAVE_GRACE),
            Command::Reset => {
                self.note_close(Direction::ToClient, None, "TCP reset");
                if let Err(error) = self.ws.get_ref().get_ref().0.set_zero_linger() {
                    tracing::warn!(%error, "asking for a TCP reset");
                }
                return Step::Over(None);
            }
        }
        Step::On
    }

    async fn send_due(&mut self) -> Step {
        let Some((_, frame)) = self.outgoing.pop_front() else {
            return Step::On;
        };
        match frame {
            Outgoing::Text(text) => {
                let payload = wire::loggable(&text);
                let op = payload.get("op").and_then(serde_json::Value::as_i64);
                self.shared.log.record(&self.name, Direction::ToClient, op, payload);
                match timeout(PATIENCE, self.ws.send(Message::text(text))).await {
                    Ok(Ok(())) => Step::On,
                    Ok(Err(_)) | Err(_) => Step::Over(None),
                }
            }
            Outgoing::Close { code, reason } => self.finish(code, &reason).await,
        }
    }

    /// Sends the close frame and waits for the client's half. 1006 has no frame: the connection just ends.
    async fn finish(&mut self, code: Option<u16>, reason: &str) -> Step {
        self.note_close(Direction::ToClient, code, reason);
        if let Some(key) = self.session {
            // Before the frame goes out: the client may be back with a resume as soon as it has it.
            let now_ms = self.shared.clock.now_ms();
            lock(&self.shared.registry).detached((key, self.socket.id), code, now_ms);
        }
        if code == Some(1006) {
            return Step::Over(code);
        }
        let frame =
            code.filter(|code| *code != 1005).map(|code| CloseFrame { code: code.into(), reason: reason.into() });
        let closed = async {
            self.ws.close(frame).await?;
            while let Some(message) = self.ws.next().await {
                message?;
            }
            Ok::<(), tokio_tungstenite::tungstenite::Error>(())
        };
        // Whether the client answers or not, the socket is done.
        let _ = timeout(CLOSE_PATIENCE, closed).await;
        Step::Over(code)
    }

    fn note_close(&self, direction: Direction, code: Option<u16>, reason: &str) {
        let payload = json!({ "close": code, "reason": reason });
        self.shared.log.record(&self.name, direction, None, payload);
    }

    fn receive(&mut self, message: Message) -> Step {
        match message {
            Message::Text(text) => {
                let frame = wire::read(text.as_str(), self.version);
                self.shared.log.record(&self.name, Direction::FromClient, frame.op, frame.payload);
                if self.is_closing {
                    return Step::On;
                }
                self.answer(frame.message)
            }
            Message::Binary(bytes) => self.receive_binary(&bytes),
            Message::Close(frame) => {
                let (code, reason) = frame
                    .map_or((None, String::new()), |frame| (Some(u16::from(frame.code)), frame.reason.to_string()));
                self.note_close(Direction::FromClient, code, &reason);
                Step::Over(code)
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Step::On,
        }
    }

    /// DAVE's binary messages: a group does not exist yet, so they are noted and have no effect.
    fn receive_binary(&mut self, bytes: &[u8]) -> Step {
        let op = bytes.first().copied();
        let payload = json!({ "binary_bytes": bytes.len() });
        self.shared.log.record(&self.name, Direction::FromClient, op.map(i64::from), payload);
        if self.is_closing {
            return Step::On;
        }
        self.answer(match op {
            Some(26 | 28) => Ok(ClientMessage::Ignored),
            Some(unknown) => Err(Rejection::UnknownOp(i64::from(unknown))),
            None => Err(Rejection::Undecodable(String::from("an empty binary message"))),
        })
    }

    fn answer(&mut self, message: Result<ClientMessage, Rejection>) -> Step {
        let message = match message {
            Ok(message) => message,
            Err(Rejection::UnknownOp(op)) => {
                return self.close(Some(4001), &format!("Unknown opcode {op}."));
            }
            Err(Rejection::Undecodable(why)) => {
                tracing::debug!(why, connection = self.name, "a voice frame was not understood");
                return self.close(Some(4002), "Failed to decode payload.");
            }
        };
        match self.act(message) {
            Ok(()) => Step::On,
            Err((code, reason)) => self.close(Some(code), reason),
        }
    }

    fn act(&mut self, message: ClientMessage) -> Result<(), Refusal> {
        if let ClientMessage::Heartbeat { nonce, seq_ack } = message {
            self.heartbeat(nonce, seq_ack);
            return Ok(());
        }
        let Some(key) = self.session else {
            return self.authenticate(message);
        };
        let held = (key, self.socket.id);
        let mut registry = lock(&self.shared.registry);
        match message {
            ClientMessage::Identify(_) | ClientMessage::Resume(_) => Err((4005, "Already authenticated.")),
            ClientMessage::SelectProtocol(select) => {
                let mut secret_key = [0; 32];
                OsRng.fill_bytes(&mut secret_key);
                registry.select(held, &select, secret_key)
            }
            ClientMessage::Speaking(speaking) => {
                registry.speaking(held, &speaking);
                Ok(())
            }
            ClientMessage::Heartbeat { .. } | ClientMessage::Ignored => Ok(()),
        }
    }

    fn authenticate(&mut self, message: ClientMessage) -> Result<(), Refusal> {
        let mut registry = lock(&self.shared.registry);
        let key = match message {
            ClientMessage::Identify(identify) => registry.identify(&identify, self.socket.clone(), self.version)?,
            ClientMessage::Resume(resume) => {
                let now_ms = self.shared.clock.now_ms();
                registry.resume(&resume, self.socket.clone(), self.version, now_ms)?
            }
            ClientMessage::SelectProtocol(_)
            | ClientMessage::Speaking(_)
            | ClientMessage::Heartbeat { .. }
            | ClientMessage::Ignored => return Err((4003, "Not authenticated.")),
        };
        self.session = Some(key);
        Ok(())
    }

    fn heartbeat(&mut self, nonce: serde_json::Number, seq_ack: Option<i64>) {
        self.silent_until = Instant::now() + self.shared.silence_allowed();
        if let Some(key) = self.session {
            lock(&self.shared.registry).acknowledged((key, self.socket.id), seq_ack);
        }
        self.say(ServerMessage::HeartbeatAck { nonce });
    }
}

impl Shared {
    fn silence_allowed(&self) -> Duration {
        let interval = Duration::from_millis(self.options.heartbeat_interval_ms);
        interval.saturating_mul(3) / 2 + HEARTBEAT_MARGIN
    }
}
