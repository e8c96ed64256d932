//! Gateway sessions: what was dispatched, what the socket has taken, what a resume may still ask for.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

use super::{Hub, State, json};
use crate::{
    id::Id,
    world::{Bot, Guild},
};

/// How many dispatches are kept for a resume, and how far a socket may lag behind.
const REPLAY_LIMIT: usize = 2000;
/// Intent bits that this simulator has events for.
pub(crate) const GUILDS: u64 = 1 << 0;
pub(crate) const GUILD_MEMBERS: u64 = 1 << 1;
pub(crate) const GUILD_VOICE_STATES: u64 = 1 << 7;
pub(crate) const GUILD_PRESENCES: u64 = 1 << 8;
pub(crate) const GUILD_MESSAGES: u64 = 1 << 9;
pub(crate) const MESSAGE_CONTENT: u64 = 1 << 15;

/// A main gateway session of one shard of one bot. It outlives its sockets.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) bot: Id,
    pub(crate) shard: (u64, u64),
    pub(crate) intents: u64,
    /// From how many members on a guild is large to this client.
    pub(crate) large_threshold: usize,
    /// What the bot says of itself, as it sent it.
    pub(crate) presence: Value,
    /// When all members of a guild were asked for last, in milliseconds.
    pub(crate) members_asked: BTreeMap<Id, f64>,
    pub(crate) link: Link,
    seq: u64,
    /// The number of the last dispatch that was handed to the socket.
    taken: u64,
    buffer: VecDeque<Dispatch>,
}

/// What a client logs in with.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) intents: u64,
    /// Number and count, where the client sent them.
    pub(crate) shard: Option<(u64, u64)>,
    pub(crate) large_threshold: usize,
    pub(crate) presence: Value,
    /// The API version of the connection.
    pub(crate) version: u32,
}

/// Whether a session has a socket.
#[derive(Debug)]
pub(crate) enum Link {
    Attached(Socket),
    /// Since when it has none, in milliseconds.
    Detached(f64),
}

/// A way to reach a connection's task.
#[derive(Clone, Debug)]
pub(crate) struct Socket {
    pub(crate) number: u64,
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) wake: Arc<Notify>,
}

/// What a connection's task is told to do besides handing out dispatches.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// Send a frame that is no dispatch.
    Send(Value),
    Close(u16, &'static str),
    /// A close frame without a code.
    CloseBare,
    /// A TCP reset.
    Reset,
    /// An end of the stream without a close frame.
    Drop,
    /// This end forgets the connection without a word: what still comes is thrown away, nothing is sent any more.
    HalfOpen,
    /// Op 9; the socket then waits for an Identify or a Resume.
    Invalidate(bool),
    /// Neither read nor write any more, or do so again.
    Freeze(bool),
}

/// One dispatched event.
#[derive(Clone, Debug)]
pub(crate) struct Dispatch {
    pub(crate) seq: u64,
    pub(crate) frame: Value,
    /// The interaction that this event delivers.
    pub(crate) interaction: Option<Id>,
}

/// What a socket gets when it asks for more.
#[derive(Debug)]
pub(crate) enum Pending {
    Frames(Vec<Dispatch>),
    /// The session is gone, belongs to another socket, or lags too far behind.
    Lost,
}

/// Why a resume was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResumeError {
    /// There is no such session, or what is asked for is no longer kept.
    Gone,
    /// The client claims to have seen what was never sent.
    FutureSeq,
    /// The token is not that session's.
    WrongToken,
}

impl Session {
    pub(super) fn push(&mut self, event: &str, data: Value, interaction: Option<Id>) {
        self.seq += 1;
        let frame = json!({ "t": event, "s": self.seq, "op": 0, "d": data });
        self.buffer.push_back(Dispatch { seq: self.seq, frame, interaction });
        if self.buffer.len() > REPLAY_LIMIT {
            self.buffer.pop_front();
        }
        if let Link::Attached(socket) = &self.link {
            socket.wake.notify_one();
        }
    }

    /// The first number that the buffer still holds.
    fn kept_from(&self) -> u64 {
        self.buffer.front().map_or(self.seq + 1, |first| first.seq)
    }

    pub(crate) fn socket(&self) -> Option<&Socket> {
        match &self.link {
            Link::Attached(socket) => Some(socket),
            Link::Detached(_) => None,
        }
    }

    /// Whether everything that was dispatched is on its way to the client.
    pub(crate) fn is_drained(&self) -> bool {
        self.taken == self.seq
    }

    /// Whether this session hears of a guild.
    pub(crate) fn covers(&self, guild: &Guild) -> bool {
        guild.member(self.bot).is_some() && guild.shard(self.shard.1) == self.shard.0
    }
}

impl State {
    /// Sends an event to one session.
    pub(crate) fn dispatch(&mut self, session: &str, event: &str, data: Value, interaction: Option<Id>) -> bool {
        let Some(session) = self.sessions.get_mut(session) else { return false };
        session.push(event, data, interaction);
        true
    }

    /// Sends an event about a guild to every session that covers it and asked for it.
    ///
    /// A guild in an outage has no events: the GUILD_CREATE at its end tells what became of it.
    pub(crate) fn broadcast(&mut self, guild: &Guild, intent: u64, event: &str, data: &Value) {
        if self.unavailable.contains(&guild.id) {
            return;
        }
        for session in self.sessions.values_mut() {
            if session.covers(guild) && session.intents & intent != 0 {
                session.push(event, data.clone(), None);
            }
        }
    }

    /// Tells of a changed member: the sessions that asked for members, and the member's own, which is told whatever it
    /// asked for.
    pub(crate) fn broadcast_member(&mut self, guild: &Guild, user: Id, data: &Value) {
        if self.unavailable.contains(&guild.id) {
            return;
        }
        for session in self.sessions.values_mut().filter(|one| one.covers(guild)) {
            if session.intents & GUILD_MEMBERS != 0 || session.bot == user {
                session.push("GUILD_MEMBER_UPDATE", data.clone(), None);
            }
        }
    }

    /// The session through which a bot hears of a guild: the one with a socket, or else the newest.
    pub(crate) fn session_of(&self, bot: Id, guild: &Guild) -> Option<(&String, &Session)> {
        let mine = || self.sessions.iter().filter(|(_, one)| one.bot == bot && one.covers(guild));
        mine().find(|(_, one)| one.socket().is_some()).or_else(|| mine().next())
    }

    /// What the socket `number` of a session is to send next.
    pub(crate) fn take(&mut self, session: &str, number: u64) -> Pending {
        let Some(session) = self.sessions.get_mut(session) else { return Pending::Lost };
        if session.socket().is_none_or(|socket| socket.number != number) || session.kept_from() > session.taken + 1 {
            return Pending::Lost;
        }
        let frames: Vec<Dispatch> =
            session.buffer.iter().filter(|one| one.seq > session.taken).take(64).cloned().collect();
        session.taken = frames.last().map_or(session.taken, |last| last.seq);
        Pending::Frames(frames)
    }
}

impl Hub {
    /// A new session: READY, then GUILD_CREATE for each guild of the shard.
    pub(crate) fn identify(&self, bot: &Bot, login: Login, socket: Socket) -> String {
        let (mut state, world) = (self.state(), self.world());
        let id = self.secret(&mut state);
        let shard = login.shard.unwrap_or((0, 1));
        let guilds = world.guilds.iter().filter(|guild| guild.member(bot.id).is_some());
        let guilds: Vec<&Guild> = guilds.filter(|guild| guild.shard(shard.1) == shard.0).collect();
        let unavailable = guilds.iter().map(|guild| json!({ "id": guild.id, "unavailable": true }));
        let mut ready = json!({
            "v": login.version, "user": json::current_user(bot), "session_id": id, "session_type": "normal",
            "resume_gateway_url": self.gateway_url, "private_channels": [],
            "guilds": unavailable.collect::<Value>(), "application": { "id": bot.application_id, "flags": 0 },
            "user_settings": {}, "relationships": [], "presences": [], "guild_join_requests": [],
            "geo_ordered_rtc_regions": [], "_trace": ["[\"refrain-sim\"]"],
        });
        if login.shard.is_some() {
            ready["shard"] = json!([shard.0, shard.1]);
        }
        let mut session = Session {
            bot: bot.id,
            shard,
            intents: login.intents,
            large_threshold: login.large_threshold,
            presence: login.presence,
            members_asked: BTreeMap::new(),
            link: Link::Attached(socket),
            seq: 0,
            taken: 0,
            buffer: VecDeque::new(),
        };
        session.push("READY", ready, None);
        if session.intents & GUILDS != 0 {
            for guild in guilds {
                if state.unavailable.contains(&guild.id) {
                    session.push("GUILD_DELETE", json!({ "id": guild.id, "unavailable": true }), None);
                } else {
                    let created = json::guild_create(&world, &state, guild, &session);
                    session.push("GUILD_CREATE", created, None);
                }
            }
        }
        state.sessions.insert(id.clone(), session);
        self.events.publish("gateway_ready", json!({ "bot": bot.id, "shard": [shard.0, shard.1] }));
        id
    }

    /// Gives a session a new socket; what came after `seq` is sent again, then RESUMED. Answers whose session it is.
    pub(crate) fn resume(&self, id: &str, token: &str, seq: u64, socket: Socket) -> Result<Id, ResumeError> {
        let mut state = self.state();
        let session = state.sessions.get_mut(id).ok_or(ResumeError::Gone)?;
        if self.world().bot(session.bot).is_none_or(|bot| bot.token != token) {
            return Err(ResumeError::WrongToken);
        }
        if seq > session.seq {
            return Err(ResumeError::FutureSeq);
        }
        if session.kept_from() > seq + 1 {
            return Err(ResumeError::Gone);
        }
        if let Link::Attached(old) = &session.link {
            // Refused only when that task is already ending.
            let _ = old.orders.try_send(Order::Close(4000, "The session was resumed on another socket."));
        }
        session.taken = seq;
        session.link = Link::Attached(socket);
        session.push("RESUMED", json!({ "_trace": ["[\"refrain-sim\"]"] }), None);
        let bot = session.bot;
        self.events.publish("gateway_resumed", json!({ "bot": bot }));
        Ok(bot)
    }

    /// The socket is gone. Unless the session ended with it, it may be resumed for a while.
    pub(crate) fn detach(&self, id: &str, number: u64, ended: bool) {
        let mut state = self.state();
        let Some(session) = state.sessions.get_mut(id) else { return };
        if session.socket().is_none_or(|socket| socket.number != number) {
            return;
        }
        session.link = Link::Detached(self.clock.now_ms());
        self.events.publish("gateway_lost", json!({ "bot": session.bot, "resumable": !ended }));
        if ended {
            self.end_session(&mut state, id);
        }
    }

    /// A session is over: its voice states end with it, and voice sockets are closed.
    pub(crate) fn end_session(&self, state: &mut State, id: &str) {
        if state.sessions.remove(id).is_none() {
            return;
        }
        let ended = state.voice_states.iter().filter(|(_, one)| one.session_id == id);
        let ended: Vec<(Id, Id)> = ended.map(|(key, _)| *key).collect();
        for (guild, user) in ended {
            self.remove_from_voice(state, guild, user);
            self.voice.close(guild.0, user.0, Some(4014), "Disconnected.");
            self.voice.revoke(guild.0, user.0);
        }
    }

    /// All sessions of a bot are over: its token was reset.
    pub(crate) fn end_sessions_of(&self, bot: Id) {
        let mut state = self.state();
        let mine: Vec<String> =
            state.sessions.iter().filter(|(_, one)| one.bot == bot).map(|(id, _)| id.clone()).collect();
        for id in mine {
            if let Some(socket) = state.sessions.get(&id).and_then(Session::socket) {
                // Refused only when that task is already ending.
                let _ = socket.orders.try_send(Order::Close(4004, "Authentication failed."));
            }
            self.end_session(&mut state, &id);
        }
    }

    /// Ends the sessions that nobody resumed in time.
    pub(crate) fn expire_sessions(&self) {
        let now = self.clock.now_ms();
        let window = self.options.resume_window.as_secs_f64() * 1000.0;
        let mut state = self.state();
        let late = |session: &Session| matches!(session.link, Link::Detached(since) if now - since > window);
        let late: Vec<String> = state.sessions.iter().filter(|(_, one)| late(one)).map(|(id, _)| id.clone()).collect();
        for id in late {
            self.end_session(&mut state, &id);
        }
    }
}
