//! One socket: Hello, then frames both ways until one side ends it.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::{Notify, mpsc},
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        protocol::{CloseFrame, WebSocketConfig},
    },
};

use super::frame::{self, Closing, Frame, Identify, MembersRequest};
use crate::{
    log::Direction,
    state::{
        Hub, json as shapes,
        sessions::{Order, Pending, ResumeError, Socket},
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
type Flow = ControlFlow<End>;

enum End {
    /// Close with this, or (`None`) just stop.
    Close(Option<Closing>),
    /// The client closed: with the code it gave.
    ByClient(Option<u16>),
    Reset,
}

struct Connection {
    hub: Arc<Hub>,
    stream: WebSocketStream<TcpStream>,
    name: String,
    socket: Socket,
    /// The session that this socket carries.
    session: Option<String>,
    frozen: bool,
    last_heartbeat: Instant,
    window: (Instant, u32),
}

/// Serves one accepted socket.
pub(super) async fn serve(hub: Arc<Hub>, stream: TcpStream, number: u64) {
    // Without this each small frame may wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let mut query = String::new();
    #[expect(clippy::result_large_err, reason = "the handshake callback's signature is the library's")]
    let look = |request: &Request, response: Response| {
        query = request.uri().query().unwrap_or_default().to_owned();
        Ok(response)
    };
    let config = WebSocketConfig::default().max_message_size(Some(MAX_FRAME)).max_frame_size(Some(MAX_FRAME));
    let accepted = timeout(WRITE_PATIENCE, accept_hdr_async_with_config(stream, look, Some(config))).await;
    let Ok(Ok(stream)) = accepted else {
        tracing::debug!("gateway: a connection was no WebSocket handshake");
        return;
    };
    let (orders, inbox) = mpsc::channel(64);
    let socket = Socket { number, orders, wake: Arc::new(Notify::new()) };
    let now = Instant::now();
    let name = format!("gateway-{number}");
    hub.log.record(&name, Direction::FromClient, None, json!({ "connected": query }));
    let mut connection =
        Connection { hub, stream, name, socket, session: None, frozen: false, last_heartbeat: now, window: (now, 0) };
    let end = match version(&query) {
        Some(9 | 10) => connection.run(inbox).await,
        Some(_) | None => End::Close(Some(frame::INVALID_VERSION)),
    };
    connection.finish(end).await;
}

/// The API version a client asked for; 10 where it did not say.
fn version(query: &str) -> Option<u32> {
    let given = query.split('&').find_map(|pair| pair.strip_prefix("v="));
    given.map_or(Some(10), |given| given.parse().ok())
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
            let flow = tokio::select! {
                // Orders first: a fault that was answered is in force before anything dispatched after it.
                biased;
                order = inbox.recv() => match order {
                    Some(order) => self.obey(order).await,
                    None => ControlFlow::Break(End::Close(None)),
                },
                () = wake.notified(), if !self.frozen => self.hand_out().await,
                message = self.stream.next(), if !self.frozen => match message {
                    Some(Ok(message)) => self.receive(message).await,
                    Some(Err(_)) | None => ControlFlow::Break(End::ByClient(None)),
                },
                () = sleep_until(deadline), if !self.frozen => ControlFlow::Break(End::Close(Some(frame::TIMED_OUT))),
            };
            if let ControlFlow::Break(end) = flow {
                return end;
            }
        }
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
        match (frame, self.session.clone()) {
            (Frame::Heartbeat, _) => {
                self.last_heartbeat = Instant::now();
                self.send(json!({ "t": null, "s": null, "op": 11, "d": null })).await
            }
            (Frame::Identify(_) | Frame::Resume { .. }, Some(_)) => close(frame::ALREADY_AUTHENTICATED),
            (Frame::Identify(identify), None) => self.identify(&identify).await,
            (Frame::Resume { token, session, seq }, None) => self.resume(&token, session, seq).await,
            (Frame::Presence | Frame::Ignored, Some(_)) => ControlFlow::Continue(()),
            (Frame::VoiceState(wish), Some(session)) => {
                let bot = self.hub.state().sessions.get(&session).map(|session| session.bot);
                if let Some(bot) = bot {
                    self.hub.update_voice_state(&session, bot, wish);
                }
                ControlFlow::Continue(())
            }
            (Frame::Members(request), Some(session)) => {
                self.send_members(&session, &request);
                ControlFlow::Continue(())
            }
            (Frame::Presence | Frame::Ignored | Frame::VoiceState(_) | Frame::Members(_), None) => {
                close(frame::NOT_AUTHENTICATED)
            }
        }
    }

    async fn identify(&mut self, identify: &Identify) -> Flow {
        let world = self.hub.world();
        let bot = world.bots.iter().find(|bot| bot.token == identify.token);
        let Some(bot) = bot else { return close(frame::AUTHENTICATION_FAILED) };
        let session = self.hub.identify(bot, identify.shard, identify.intents, self.socket.clone());
        self.session = Some(session);
        self.hand_out().await
    }

    async fn resume(&mut self, token: &str, session: String, seq: u64) -> Flow {
        match self.hub.resume(&session, token, seq, self.socket.clone()) {
            Ok(()) => {
                self.session = Some(session);
                self.hand_out().await
            }
            Err(ResumeError::Gone) => self.send(json!({ "t": null, "s": null, "op": 9, "d": false })).await,
            Err(ResumeError::FutureSeq) => close(frame::INVALID_SEQ),
            Err(ResumeError::WrongToken) => close(frame::AUTHENTICATION_FAILED),
        }
    }

    /// Op 8: one chunk, or as many as a thousand members each need.
    fn send_members(&self, session: &str, request: &MembersRequest) {
        let (hub, world) = (&self.hub, self.hub.world());
        let mut state = hub.state();
        let covers = |guild: &&crate::world::Guild| state.sessions.get(session).is_some_and(|one| one.covers(guild));
        let Some(guild) = world.guild(request.guild).filter(covers) else { return };
        let named = |user| {
            let name = world.person(user).map(|person| person.name.to_lowercase()).unwrap_or_default();
            request.query.as_ref().is_some_and(|query| name.starts_with(query.as_str()))
        };
        let asked = guild.members.iter().filter(|one| request.users.contains(&one.user) || named(one.user));
        let limit = if request.limit == 0 { usize::MAX } else { request.limit };
        let found: Vec<Value> = asked.take(limit).map(|one| shapes::member(&world, one)).collect();
        let missing: Vec<_> = request.users.iter().filter(|user| guild.member(**user).is_none()).collect();
        let count = found.len().div_ceil(1000).max(1);
        for index in 0..count {
            let members: Vec<&Value> = found.iter().skip(index * 1000).take(1000).collect();
            let chunk = json!({
                "guild_id": guild.id, "members": members, "chunk_index": index, "chunk_count": count,
                "not_found": missing, "presences": [], "nonce": request.nonce,
            });
            state.dispatch(session, "GUILD_MEMBERS_CHUNK", chunk, None);
        }
    }

    /// Writes what was dispatched since the last time.
    async fn hand_out(&mut self) -> Flow {
        let Some(session) = self.session.clone() else { return ControlFlow::Continue(()) };
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
            Order::Send(frame) => self.send(frame).await,
            Order::Close(code, reason) => close((code, reason)),
            Order::Reset => ControlFlow::Break(End::Reset),
            Order::Invalidate(resumable) => {
                if let Some(session) = self.session.take() {
                    self.hub.detach(&session, self.socket.number, !resumable);
                }
                self.send(json!({ "t": null, "s": null, "op": 9, "d": resumable })).await
            }
            Order::Freeze(frozen) => {
                self.frozen = frozen;
                self.last_heartbeat = Instant::now();
                // What was dispatched meanwhile did its waking in vain.
                self.socket.wake.notify_one();
                ControlFlow::Continue(())
            }
        }
    }

    async fn send(&mut self, frame: Value) -> Flow {
        let text = frame.to_string();
        let op = frame["op"].as_i64();
        self.log(Direction::ToClient, op, frame);
        match timeout(WRITE_PATIENCE, self.stream.send(Message::text(text))).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) | Err(_) => ControlFlow::Break(End::ByClient(None)),
        }
    }

    fn log(&self, direction: Direction, op: Option<i64>, payload: Value) {
        self.hub.log.record(&self.name, direction, op, payload);
    }

    async fn finish(mut self, end: End) {
        let code = match &end {
            End::Close(closing) => closing.map(|(code, _)| code),
            End::ByClient(code) => *code,
            End::Reset => None,
        };
        // The session is given up before the close frame: whoever sees the close may resume at once.
        if let Some(session) = self.session.take() {
            self.hub.detach(&session, self.socket.number, code.is_some_and(ends_session));
        }
        match end {
            End::Close(Some((code, reason))) => {
                self.log(Direction::ToClient, None, json!({ "close": code, "reason": reason }));
                let frame = CloseFrame { code: code.into(), reason: reason.into() };
                let farewell = async {
                    if self.stream.close(Some(frame)).await.is_ok() {
                        // The client's own close frame, so that ours is not lost in a reset.
                        while let Some(Ok(_)) = self.stream.next().await {}
                    }
                };
                let _ = timeout(Duration::from_secs(5), farewell).await;
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

fn close(closing: Closing) -> Flow {
    ControlFlow::Break(End::Close(Some(closing)))
}

/// Whether a session cannot be resumed after its socket was closed like this.
pub(crate) fn ends_session(code: u16) -> bool {
    matches!(code, 1000 | 1001 | 4004 | 4007 | 4009..=4014)
}
