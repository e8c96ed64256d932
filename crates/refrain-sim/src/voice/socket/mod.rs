//! One client's voice socket: TLS, the websocket, the handshake's order, heartbeats, and what the control side orders.

mod incoming;
mod outgoing;

use super::{
    Shared,
    registry::Key,
    session::{Command, Socket, lock},
    trouble::{Blow, Ending, Stage},
    wire::{Packed, ServerMessage, Version},
};
use futures_util::StreamExt;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    time::{Instant, sleep_until, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        handshake::server::{ErrorResponse, Request, Response},
        protocol::WebSocketConfig,
    },
};

type Ws = WebSocketStream<TlsStream<TcpStream>>;

/// For the TLS and websocket handshakes, for a write, and for the client's half of a close.
const PATIENCE: Duration = Duration::from_secs(10);
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);
/// How long a socket of which this side is gone is kept.
const HALF_OPEN_FOR: Duration = Duration::from_secs(15 * 60);
/// How long a client that left its channel has to close the socket by itself.
const LEAVE_GRACE: Duration = Duration::from_millis(500);
/// On top of one and a half intervals: a busy machine is not a dead client.
const HEARTBEAT_MARGIN: Duration = Duration::from_secs(2);
/// Messages that may wait for a client that does not read; what a resume sends again is among them.
const MAX_WAITING: usize = 2 * super::outbox::CAPACITY;
const MAX_MESSAGE: usize = 1 << 20;

/// Serves a connection to its end.
pub(super) async fn serve(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>, server: usize, id: u64) {
    if !is_answered(&shared, server).await {
        return;
    }
    match timeout(PATIENCE, accept(stream, tls)).await {
        Ok(Ok((ws, version))) => Connection::new(ws, version, shared, server, id).run().await,
        Ok(Err(error)) => tracing::debug!(%error, "a voice connection did not get as far as a websocket"),
        Err(_) => tracing::debug!("a voice connection took too long to become a websocket"),
    }
}

/// Waits while new connections lead nowhere.
async fn is_answered(shared: &Shared, server: usize) -> bool {
    let mut weather = lock(&shared.registry).weather();
    while lock(&shared.registry).dark(server, None).connections {
        if weather.changed().await.is_err() {
            return false;
        }
    }
    true
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
    Say(Packed),
    End(Ending),
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
    /// Heartbeats' acknowledgements that are late by order.
    late: VecDeque<(Instant, Packed)>,
    /// Wakes when the troubles changed.
    weather: watch::Receiver<()>,
    /// By order nothing is read and nothing sent.
    is_dark: bool,
    /// A darkness was waiting for this socket before it said whose it is.
    was_struck_dark: bool,
    is_closing: bool,
    silent_until: Instant,
    leave_at: Option<Instant>,
}

impl Connection {
    fn new(ws: Ws, version: Version, shared: Arc<Shared>, server: usize, id: u64) -> Self {
        let (sender, commands) = mpsc::channel(MAX_WAITING);
        let silent_until = Instant::now() + shared.silence_allowed();
        let weather = lock(&shared.registry).weather();
        Self {
            ws,
            version,
            shared,
            socket: Socket { id, server, commands: sender },
            commands,
            name: format!("voice-{id}"),
            session: None,
            outgoing: VecDeque::new(),
            late: VecDeque::new(),
            weather,
            is_dark: false,
            was_struck_dark: false,
            is_closing: false,
            silent_until,
            leave_at: None,
        }
    }

    async fn run(mut self) {
        self.struck_at(Stage::BeforeHello);
        self.say(ServerMessage::Hello { heartbeat_interval: self.shared.options.heartbeat_interval_ms });
        self.struck_at(Stage::AfterHello);
        self.look();
        let code = loop {
            match self.step().await {
                Step::On => {}
                Step::Over(code) => break code,
            }
        };
        self.detach(code);
    }

    /// What was ordered for this moment, which comes before the client said who it is.
    fn struck_at(&mut self, stage: Stage) {
        let blow = lock(&self.shared.registry).strikes(stage, self.socket.server, None);
        match blow {
            Some(Blow::End(ending)) => {
                self.end(ending);
            }
            Some(Blow::Dark(_)) => self.was_struck_dark = true,
            None => {}
        }
    }

    /// Whether it is dark, now that the troubles or the session changed. Before Identify it is one of the new
    /// connections, unless the darkness was meant for it.
    fn look(&mut self) {
        self.weather.mark_unchanged();
        let dark = lock(&self.shared.registry).dark(self.socket.server, self.session);
        let is_known = self.session.is_some() || self.was_struck_dark;
        self.is_dark = if is_known { dark.socket } else { dark.connections };
    }

    /// Waits for the next thing of any kind and does it.
    async fn step(&mut self) -> Step {
        let now = Instant::now();
        let far = now + Duration::from_secs(3600);
        let send_at = self.outgoing.front().map_or(far, |(at, _)| *at);
        let late_at = self.late.front().map_or(far, |(at, _)| *at);
        let may_queue = self.outgoing.len() < MAX_WAITING;
        let leave_at = self.leave_at.unwrap_or(far);
        let silent_until = if self.is_closing { far } else { self.silent_until };
        tokio::select! {
            // What is due goes out before anything new is looked at: order is part of the protocol.
            biased;
            Ok(()) = self.weather.changed() => {
                self.look();
                Step::On
            }
            () = sleep_until(send_at), if !self.outgoing.is_empty() && !self.is_dark => self.send_due().await,
            Some(command) = self.commands.recv(), if may_queue => self.obey(command),
            () = sleep_until(late_at), if !self.late.is_empty() => {
                if let Some((_, message)) = self.late.pop_front() {
                    self.queue(Outgoing::Say(message));
                }
                Step::On
            }
            frame = self.ws.next(), if !self.is_dark => match frame {
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

    fn obey(&mut self, command: Command) -> Step {
        match command {
            Command::Say(message) => self.queue(Outgoing::Say(message)),
            Command::End(ending) => return self.end(ending),
            Command::Revoked => self.leave_at = Some(Instant::now() + LEAVE_GRACE),
        }
        Step::On
    }
}

impl Shared {
    fn silence_allowed(&self) -> Duration {
        let interval = Duration::from_millis(self.options.heartbeat_interval_ms);
        interval.saturating_mul(3) / 2 + HEARTBEAT_MARGIN
    }
}
