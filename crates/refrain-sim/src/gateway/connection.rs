//! One socket: Hello, then frames both ways until one side ends it.

use std::{collections::VecDeque, ops::ControlFlow, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::{Notify, mpsc},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        protocol::WebSocketConfig,
    },
};

use super::{
    acting::ack,
    ending::{End, close},
    frame,
    outgoing::Encoder,
    query::{self, Compression, Query},
};
use crate::{
    id::Id,
    log::Direction,
    state::{
        Hub,
        effects::{Forecast, Step, Weather},
        sessions::{Order, Pending, Socket},
        voice::Wish,
    },
};

/// How long a client may take to accept what is written to it.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);
/// Frames a client may send in each `RATE_WINDOW`, as documented.
const RATE_LIMIT: u32 = 120;
const RATE_WINDOW: Duration = Duration::from_secs(60);
/// A client's frame may have 4096 bytes; twice that is read, so that the refusal is a close code and not a broken pipe.
const MAX_FRAME: usize = 8192;
const MAX_DOCUMENTED_FRAME: usize = 4096;

/// Whether the connection's loop goes on.
pub(super) type Flow = ControlFlow<End>;

pub(super) struct Connection {
    pub(super) hub: Arc<Hub>,
    pub(super) stream: WebSocketStream<TcpStream>,
    name: String,
    pub(super) socket: Socket,
    pub(super) version: u32,
    pub(super) encoder: Encoder,
    /// The session that this socket carries, and whose it is.
    pub(super) session: Option<(String, Id)>,
    /// How many faults hold the socket dead, though it is open.
    pub(super) zombies: u32,
    /// This end has forgotten the connection.
    pub(super) half_open: bool,
    pub(super) forecast: Forecast,
    pub(super) weather: Weather,
    /// Op 4s that take their time, with when they are done.
    pub(super) late_op4: VecDeque<(Instant, Wish)>,
    /// When acknowledgements of heartbeats that take their time are due.
    pub(super) late_acks: VecDeque<Instant>,
    pub(super) last_heartbeat: Instant,
    window: (Instant, u32),
}

/// Serves one accepted socket.
pub(super) async fn serve(hub: Arc<Hub>, stream: TcpStream, number: u64) {
    // Without this each small frame may wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let mut forecast = hub.effects.watch();
    forecast.passable().await;
    let mut asked = String::new();
    #[expect(clippy::result_large_err, reason = "the handshake callback's signature is the library's")]
    let look = |request: &Request, response: Response| {
        asked = request.uri().query().unwrap_or_default().to_owned();
        Ok(response)
    };
    let config = WebSocketConfig::default().max_message_size(Some(MAX_FRAME)).max_frame_size(Some(MAX_FRAME));
    let accepted = timeout(WRITE_PATIENCE, accept_hdr_async_with_config(stream, look, Some(config))).await;
    let Ok(Ok(stream)) = accepted else {
        tracing::debug!("gateway: a connection was no WebSocket handshake");
        return;
    };
    let query = query::read(&asked);
    let Query { version, compression } = query.unwrap_or(Query { version: 10, compression: Compression::None });
    let encoder = match Encoder::new(compression) {
        Ok(encoder) => encoder,
        Err(error) => return tracing::error!(%error, "gateway: compression could not be set up"),
    };
    let (orders, inbox) = mpsc::channel(64);
    let socket = Socket { number, orders, wake: Arc::new(Notify::new()) };
    let now = Instant::now();
    let name = format!("gateway-{number}");
    hub.log.record(&name, Direction::FromClient, None, json!({ "connected": asked }));
    let mut connection = Connection {
        hub,
        stream,
        name,
        socket,
        version,
        encoder,
        session: None,
        zombies: 0,
        half_open: false,
        weather: forecast.now(None),
        forecast,
        late_op4: VecDeque::new(),
        late_acks: VecDeque::new(),
        last_heartbeat: now,
        window: (now, 0),
    };
    let end = match query {
        Ok(_) => connection.run(inbox).await,
        Err(closing) => End::Close(Some(closing)),
    };
    connection.finish(end).await;
}

impl Connection {
    async fn run(&mut self, mut inbox: mpsc::Receiver<Order>) -> End {
        let interval = self.hub.options.gateway_heartbeat;
        let hello = json!({
            "t": null, "s": null, "op": 10,
            "d": { "heartbeat_interval": interval.as_millis() as u64, "_trace": ["[\"refrain-sim\"]"] },
        });
        if let Some(ControlFlow::Break(end)) = self.refused(Step::Connect, None).await {
            return end;
        }
        if let ControlFlow::Break(end) = self.send(hello).await {
            return end;
        }
        let wake = self.socket.wake.clone();
        loop {
            // One and a half intervals without a heartbeat, and the client is taken for dead.
            let deadline = self.last_heartbeat + interval + interval / 2;
            let still = self.zombies > 0 || self.weather.still;
            let deaf = still || self.half_open;
            let op4_at = self.late_op4.front().map_or(deadline, |(at, _)| *at);
            let ack_at = self.late_acks.front().copied().unwrap_or(deadline);
            let flow = tokio::select! {
                // Orders first: a fault that was answered is in force before anything dispatched after it.
                biased;
                order = inbox.recv() => match order {
                    Some(order) => self.obey(order).await,
                    None => ControlFlow::Break(End::Close(None)),
                },
                () = self.forecast.changed() => {
                    self.look_out();
                    ControlFlow::Continue(())
                }
                () = wake.notified(), if !deaf => self.hand_out().await,
                () = sleep_until(op4_at), if !still && !self.late_op4.is_empty() => {
                    self.do_late_op4();
                    ControlFlow::Continue(())
                }
                () = sleep_until(ack_at), if !deaf && !self.late_acks.is_empty() => {
                    self.late_acks.pop_front();
                    self.send(ack()).await
                }
                message = self.stream.next(), if !still => match message {
                    Some(Ok(_)) if self.half_open => ControlFlow::Continue(()),
                    Some(Ok(message)) => self.receive(message).await,
                    Some(Err(_)) | None => ControlFlow::Break(End::ByClient(None)),
                },
                () = sleep_until(deadline), if !deaf => ControlFlow::Break(End::Close(Some(frame::TIMED_OUT))),
            };
            if let ControlFlow::Break(end) = flow {
                return end;
            }
        }
    }

    /// The session is this socket's from now on.
    pub(super) fn enter(&mut self, session: String, bot: Id) {
        self.session = Some((session, bot));
        self.look_out();
    }

    /// Looks which effects are in force now.
    fn look_out(&mut self) {
        let before = self.weather;
        self.weather = self.forecast.now(self.session.as_ref().map(|(_, bot)| *bot));
        if before.still && !self.weather.still {
            self.wake_up();
        }
    }

    /// What was dispatched while nothing was sent did its waking in vain.
    pub(super) fn wake_up(&mut self) {
        self.last_heartbeat = Instant::now();
        self.socket.wake.notify_one();
    }

    async fn receive(&mut self, message: Message) -> Flow {
        let text = match message {
            Message::Text(text) => text,
            Message::Close(frame) => {
                let code = frame.as_ref().map(|frame| u16::from(frame.code));
                self.log(Direction::FromClient, None, json!({ "close": code }));
                return ControlFlow::Break(End::ByClient(code));
            }
            Message::Binary(_) => return close(frame::DECODE_ERROR),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => return ControlFlow::Continue(()),
        };
        if text.len() > MAX_DOCUMENTED_FRAME {
            return close(frame::DECODE_ERROR);
        }
        if self.window.0.elapsed() > RATE_WINDOW {
            self.window = (Instant::now(), 0);
        }
        self.window.1 += 1;
        if self.window.1 > RATE_LIMIT {
            return close(frame::RATE_LIMITED);
        }
        match frame::read(&text) {
            Ok((op, payload, frame)) => {
                self.log(Direction::FromClient, Some(op), payload);
                self.act(frame).await
            }
            Err(closing) => {
                self.log(Direction::FromClient, None, json!({ "unreadable_bytes": text.len() }));
                close(closing)
            }
        }
    }

    /// Writes what was dispatched since the last time.
    pub(super) async fn hand_out(&mut self) -> Flow {
        let Some((session, _)) = self.session.clone() else { return ControlFlow::Continue(()) };
        loop {
            let pending = self.hub.state().take(&session, self.socket.number);
            let frames = match pending {
                Pending::Frames(frames) if frames.is_empty() => return ControlFlow::Continue(()),
                Pending::Frames(frames) => frames,
                Pending::Lost => return close((4000, "The session is no longer this socket's.")),
            };
            for dispatch in frames {
                self.send(dispatch.frame).await?;
                if let Some(interaction) = dispatch.interaction {
                    self.hub.delivered(interaction);
                }
            }
        }
    }

    pub(super) async fn send(&mut self, frame: Value) -> Flow {
        if !self.weather.slow.is_zero() {
            sleep(self.weather.slow).await;
        }
        let text = frame.to_string();
        let op = frame["op"].as_i64();
        self.log(Direction::ToClient, op, frame);
        let message = match self.encoder.encode(text) {
            Ok(message) => message,
            Err(error) => {
                tracing::error!(%error, "gateway: a frame could not be compressed");
                return close((4000, "Unknown error."));
            }
        };
        match timeout(WRITE_PATIENCE, self.stream.send(message)).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) | Err(_) => ControlFlow::Break(End::ByClient(None)),
        }
    }

    pub(super) fn log(&self, direction: Direction, op: Option<i64>, payload: Value) {
        self.hub.log.record(&self.name, direction, op, payload);
    }
}
