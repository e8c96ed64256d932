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
        protocol::{CloseFrame, WebSocketConfig},
    },
};

use super::{
    frame::{self, Closing, Frame},
    outgoing::Encoder,
    query::{self, Compression, Query},
};
use crate::{
    id::Id,
    log::Direction,
    state::{
        Hub,
        effects::{Effect, Forecast, Weather},
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

/// What ends the connection's loop.
pub(super) type Flow = ControlFlow<End>;

pub(super) enum End {
    /// Close with this, or (`None`) just stop.
    Close(Option<Closing>),
    /// The client closed: with the code it gave.
    ByClient(Option<u16>),
    /// Close without a code.
    Bare,
    Reset,
}

pub(super) struct Connection {
    pub(super) hub: Arc<Hub>,
    stream: WebSocketStream<TcpStream>,
    name: String,
    pub(super) socket: Socket,
    pub(super) version: u32,
    pub(super) encoder: Encoder,
    /// The session that this socket carries, and whose it is.
    session: Option<(String, Id)>,
    /// The socket is dead, though it is open.
    zombie: bool,
    /// This end has forgotten the connection.
    half_open: bool,
    forecast: Forecast,
    weather: Weather,
    /// Op 4s that take their time, with when they are done.
    late_op4: VecDeque<(Instant, Wish)>,
    /// When acknowledgements of heartbeats that take their time are due.
    late_acks: VecDeque<Instant>,
    last_heartbeat: Instant,
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
        zombie: false,
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
        if let ControlFlow::Break(end) = self.send(hello).await {
            return end;
        }
        let wake = self.socket.wake.clone();
        loop {
            // One and a half intervals without a heartbeat, and the client is taken for dead.
            let deadline = self.last_heartbeat + interval + interval / 2;
            let still = self.zombie || self.weather.still;
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
    fn wake_up(&mut self) {
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

    async fn act(&mut self, frame: Frame) -> Flow {
        let session = self.session.as_ref().map(|(session, _)| session.clone());
        match (frame, session) {
            (Frame::Heartbeat, _) => {
                self.last_heartbeat = Instant::now();
                return self.acknowledge().await;
            }
            (Frame::Identify(_) | Frame::Resume { .. }, Some(_)) => return close(frame::ALREADY_AUTHENTICATED),
            (Frame::Identify(identify), None) => return self.identify(*identify).await,
            (Frame::Resume { token, session, seq }, None) => return self.resume(&token, session, seq).await,
            (Frame::Presence(presence), Some(session)) => {
                if let Some(session) = self.hub.state().sessions.get_mut(&session) {
                    session.presence = presence;
                }
            }
            (Frame::VoiceState(wish), Some(_)) => self.wish(wish),
            (Frame::Members(request), Some(session)) => self.send_members(&session, &request),
            (Frame::Sounds(guilds), Some(session)) => self.send_sounds(&session, &guilds),
            (Frame::ChannelInfo { guild, fields }, Some(session)) => self.send_channel_info(&session, guild, &fields),
            (
                Frame::Presence(_)
                | Frame::VoiceState(_)
                | Frame::Members(_)
                | Frame::Sounds(_)
                | Frame::ChannelInfo { .. },
                None,
            ) => return close(frame::NOT_AUTHENTICATED),
        }
        ControlFlow::Continue(())
    }

    async fn acknowledge(&mut self) -> Flow {
        if self.weather.ack_withheld {
            return ControlFlow::Continue(());
        }
        if self.weather.ack_late.is_zero() {
            return self.send(ack()).await;
        }
        // The frame limit bounds how many can be waiting.
        self.late_acks.push_back(Instant::now() + self.weather.ack_late);
        ControlFlow::Continue(())
    }

    /// Op 4: done at once, or after a while where a fault says so. The order is kept.
    fn wish(&mut self, wish: Wish) {
        let Some((session, bot)) = &self.session else { return };
        let times = self.hub.effects.of(wish.guild, *bot).into_iter().filter_map(|effect| match effect {
            Effect::Op4Late(time) => Some(time),
            Effect::Freeze
            | Effect::Blackhole
            | Effect::Slow(_)
            | Effect::AckWithheld
            | Effect::AckLate(_)
            | Effect::Op4Unanswered
            | Effect::ServerFirst
            | Effect::ServerLate(_)
            | Effect::ServerDoubled
            | Effect::ServerMissing
            | Effect::SameChannel(_)
            | Effect::Full(_) => None,
        });
        match times.max() {
            None if self.late_op4.is_empty() => self.hub.update_voice_state(session, *bot, wish),
            // The frame limit bounds how many can be waiting.
            time => self.late_op4.push_back((Instant::now() + time.unwrap_or_default(), wish)),
        }
    }

    fn do_late_op4(&mut self) {
        let (Some((_, wish)), Some((session, bot))) = (self.late_op4.pop_front(), &self.session) else { return };
        self.hub.update_voice_state(session, *bot, wish);
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

    async fn obey(&mut self, order: Order) -> Flow {
        match order {
            // What comes of it would be sent at the end of the stillness anyway, and the order is over by then.
            Order::Send(_) | Order::Close(..) | Order::CloseBare if self.half_open => ControlFlow::Continue(()),
            Order::Send(frame) => self.send(frame).await,
            Order::Close(code, reason) => close((code, reason)),
            Order::CloseBare => ControlFlow::Break(End::Bare),
            Order::Reset => ControlFlow::Break(End::Reset),
            Order::Drop => ControlFlow::Break(End::Close(None)),
            Order::Invalidate(resumable) => {
                if let Some((session, _)) = self.session.take() {
                    self.hub.detach(&session, self.socket.number, !resumable);
                }
                self.send(json!({ "t": null, "s": null, "op": 9, "d": resumable })).await
            }
            Order::HalfOpen => {
                self.half_open = true;
                if let Some((session, _)) = self.session.take() {
                    self.hub.detach(&session, self.socket.number, false);
                }
                self.log(Direction::ToClient, None, json!({ "half_open": true }));
                ControlFlow::Continue(())
            }
            Order::Freeze(frozen) => {
                self.zombie = frozen;
                self.wake_up();
                ControlFlow::Continue(())
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

    fn log(&self, direction: Direction, op: Option<i64>, payload: Value) {
        self.hub.log.record(&self.name, direction, op, payload);
    }

    /// What was asked for before the socket ended is done all the same.
    fn leave_late_op4(&mut self, session: &str, bot: Id) {
        let late = std::mem::take(&mut self.late_op4);
        let (hub, session) = (Arc::downgrade(&self.hub), session.to_owned());
        if late.is_empty() {
            return;
        }
        tokio::spawn(async move {
            for (at, wish) in late {
                sleep_until(at).await;
                let Some(hub) = hub.upgrade() else { return };
                if hub.state().sessions.contains_key(&session) {
                    hub.update_voice_state(&session, bot, wish);
                }
            }
        });
    }

    async fn say_farewell(&mut self, frame: Option<CloseFrame>) {
        let farewell = async {
            if self.stream.close(frame).await.is_ok() {
                // The client's own close frame, so that ours is not lost in a reset.
                while let Some(Ok(_)) = self.stream.next().await {}
            }
        };
        let _ = timeout(Duration::from_secs(5), farewell).await;
    }

    async fn finish(mut self, end: End) {
        let code = match &end {
            End::Close(closing) => closing.map(|(code, _)| code),
            End::ByClient(code) => *code,
            End::Bare | End::Reset => None,
        };
        // The session is given up before the close frame: whoever sees the close may resume at once.
        if let Some((session, bot)) = self.session.take() {
            self.hub.detach(&session, self.socket.number, code.is_some_and(ends_session));
            self.leave_late_op4(&session, bot);
        }
        match end {
            End::Close(Some((code, reason))) => {
                self.log(Direction::ToClient, None, json!({ "close": code, "reason": reason }));
                self.say_farewell(Some(CloseFrame { code: code.into(), reason: reason.into() })).await;
            }
            End::Bare => {
                self.log(Direction::ToClient, None, json!({ "close": null }));
                self.say_farewell(None).await;
            }
            End::Close(None) => {}
            End::ByClient(_) => {
                let _ = timeout(Duration::from_secs(1), self.stream.close(None)).await;
            }
            End::Reset => {
                self.log(Direction::ToClient, None, json!({ "reset": true }));
                if let Err(error) = self.stream.get_ref().set_zero_linger() {
                    tracing::warn!(%error, "gateway: the socket could not be reset, it is closed instead");
                }
            }
        }
    }
}

fn ack() -> Value {
    json!({ "t": null, "s": null, "op": 11, "d": null })
}

pub(super) fn close(closing: Closing) -> Flow {
    ControlFlow::Break(End::Close(Some(closing)))
}

/// Whether a session cannot be resumed after its socket was closed like this.
pub(crate) fn ends_session(code: u16) -> bool {
    matches!(code, 1000 | 1001 | 4004 | 4007 | 4009..=4014)
}
