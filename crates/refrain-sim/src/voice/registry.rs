//! Credentials and sessions: who may identify, what a resume finds, what ends a session. No IO: sockets are reached
//! through their command channel, and the time comes in.
//!
//! A grant (from the main gateway's side) is used by one Identify and never again. A session is keyed by guild and user
//! and outlives its socket by [`GRACE_MS`]; it ends by a close code that says so, by leaving, by a new Identify, by a
//! refused resume or when the grace is over.

use super::{
    media::Media,
    outbox::Outbox,
    rtp::Mode,
    session::{Command, Link, Negotiation, Session, Socket, ends_the_session, lock},
    wire::{Identify, Resume, SelectProtocol, ServerMessage, Speaking, Version},
};
use crate::listener::{Joined, Listeners};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

/// How long a session without a socket can be resumed, in milliseconds.
pub(super) const GRACE_MS: f64 = 30_000.0;
/// How many used tokens, and how many timed-out sessions, are remembered.
const MEMORY: usize = 256;
/// How many ended sessions' SSRCs are still known, to tell whose late packets arrive.
const RETIRED: usize = 1024;

/// Guild and user.
pub(super) type Key = (u64, u64);

/// A close code and what it is sent with.
pub(super) type Refusal = (u16, &'static str);

#[derive(Debug)]
struct Grant {
    token: String,
    session_id: String,
    channel: u64,
}

/// Everything the voice server knows of its clients.
#[derive(Debug)]
pub(super) struct Registry {
    listeners: Listeners,
    udp_port: u16,
    grants: BTreeMap<Key, Grant>,
    used_tokens: VecDeque<String>,
    sessions: BTreeMap<Key, Session>,
    timed_out: VecDeque<(u64, String)>,
    media: BTreeMap<u32, Arc<Mutex<Media>>>,
    retired: VecDeque<u32>,
    last_ssrc: u32,
    refusing: BTreeSet<u64>,
    members: BTreeMap<(u64, u64), BTreeSet<u64>>,
}

impl Registry {
    pub(super) fn new(listeners: Listeners, udp_port: u16) -> Self {
        Self {
            listeners,
            udp_port,
            grants: BTreeMap::new(),
            used_tokens: VecDeque::new(),
            sessions: BTreeMap::new(),
            timed_out: VecDeque::new(),
            media: BTreeMap::new(),
            retired: VecDeque::new(),
            last_ssrc: 1000,
            refusing: BTreeSet::new(),
            members: BTreeMap::new(),
        }
    }

    /// Lets this user identify once with `token`; an older grant that was not used is void.
    pub(super) fn grant(&mut self, key: Key, channel: u64, session_id: &str, token: &str) {
        let grant = Grant { token: token.to_owned(), session_id: session_id.to_owned(), channel };
        self.grants.insert(key, grant);
    }

    /// Op 0: a new session, greeted with Ready and who else is there; or the code to close with.
    pub(super) fn identify(&mut self, identify: &Identify, socket: Socket, version: Version) -> Result<Key, Refusal> {
        let key = (identify.server_id, identify.user_id);
        if self.used_tokens.contains(&identify.token) {
            return Err((4006, "Session is no longer valid."));
        }
        // A stale attempt must not void what was granted since, so a grant is taken only when all of it is right.
        match self.grants.get(&key) {
            Some(grant) if grant.session_id == identify.session_id => {
                if grant.token != identify.token {
                    return Err((4004, "Authentication failed."));
                }
            }
            Some(_) | None => return Err((4006, "Session is no longer valid.")),
        }
        let Some(grant) = self.grants.remove(&key) else {
            return Err((4006, "Session is no longer valid."));
        };
        self.end(key, Some(4006), "Session is no longer valid.");
        remember(&mut self.used_tokens, grant.token.clone());

        self.last_ssrc = self.last_ssrc.wrapping_add(1).max(1);
        let ssrc = self.last_ssrc;
        let listener = self.listeners.joined(Joined {
            guild: key.0,
            channel: grant.channel,
            user: key.1,
            ssrc,
            version: version.number(),
        });
        let media = Arc::new(Mutex::new(Media::new(ssrc, listener)));
        self.media.insert(ssrc, Arc::clone(&media));
        let mut session = Session {
            channel: grant.channel,
            session_id: grant.session_id,
            token: grant.token,
            ssrc,
            version,
            link: Link::Attached(socket),
            outbox: Outbox::default(),
            negotiation: Negotiation::of(identify),
            media,
        };
        session.say(ServerMessage::Ready { ssrc, port: self.udp_port });
        let users = self.others_in(key, grant.channel);
        if !users.is_empty() {
            session.say(ServerMessage::ClientsConnect { users });
        }
        self.sessions.insert(key, session);
        Ok(key)
    }

    fn others_in(&self, key: Key, channel: u64) -> Vec<u64> {
        let members = self.members.get(&(key.0, channel));
        members.into_iter().flatten().copied().filter(|user| *user != key.1).collect()
    }

    /// Op 1: the media key, or the code to close with.
    pub(super) fn select(
        &mut self,
        (key, socket): (Key, u64),
        select: &SelectProtocol,
        secret_key: [u8; 32],
    ) -> Result<(), Refusal> {
        let Some(session) = self.held_by(key, socket) else {
            return Ok(());
        };
        if select.protocol != "udp" {
            return Err((4012, "Unknown protocol."));
        }
        let Some(mode) = Mode::named(&select.data.mode) else {
            return Err((4016, "Unknown encryption mode."));
        };
        let declared = select.data.address.parse::<IpAddr>().ok();
        let declared = declared.map(|address| SocketAddr::new(address, select.data.port));
        lock(&session.media).select(mode, &secret_key, declared);
        let dave_protocol_version = session.negotiation.chosen;
        session.say(ServerMessage::SessionDescription { mode: mode.name(), secret_key, dave_protocol_version });
        Ok(())
    }

    /// Op 5: noted, and passed on to the other clients in the channel.
    pub(super) fn speaking(&mut self, (key, socket): (Key, u64), speaking: &Speaking) {
        let Some(session) = self.held_by(key, socket) else {
            return;
        };
        let (ssrc, channel) = (session.ssrc, session.channel);
        if speaking.ssrc.is_none_or(|claimed| claimed == ssrc) {
            lock(&session.media).speaking(speaking.speaking);
        }
        let guild = (key.0, 0)..=(key.0, u64::MAX);
        for (_, other) in
            self.sessions.range_mut(guild).filter(|(other, session)| **other != key && session.channel == channel)
        {
            other.say(ServerMessage::Speaking { user: key.1, ssrc, speaking: speaking.speaking });
        }
    }

    /// A heartbeat's acknowledgement of numbered messages.
    pub(super) fn acknowledged(&mut self, (key, socket): (Key, u64), seq_ack: Option<i64>) {
        if let Some(session) = self.held_by(key, socket) {
            session.outbox.acknowledge(seq_ack);
        }
    }

    /// Op 7: the session goes on over this socket; or the code to close with.
    pub(super) fn resume(
        &mut self,
        resume: &Resume,
        socket: Socket,
        version: Version,
        now_ms: f64,
    ) -> Result<Key, Refusal> {
        self.sweep(now_ms);
        let asked = (resume.server_id, resume.session_id.clone());
        if self.timed_out.contains(&asked) {
            return Err((4009, "Session timed out."));
        }
        let guild = (resume.server_id, 0)..=(resume.server_id, u64::MAX);
        let found = self
            .sessions
            .range(guild)
            .find(|(_, session)| session.session_id == resume.session_id && session.token == resume.token);
        let Some((&key, session)) = found else {
            return Err((4006, "Session is no longer valid."));
        };
        let missed = match version {
            Version::Buffered => session.outbox.missed_since(resume.seq_ack),
            Version::Unbuffered(_) => Some(Vec::new()),
        };
        let Some(missed) = missed.filter(|_| !self.refusing.contains(&key.0)) else {
            self.end(key, Some(4006), "Session is no longer valid.");
            return Err((4006, "Session is no longer valid."));
        };
        if let Some(session) = self.sessions.get_mut(&key) {
            session.tell(Command::Close { code: Some(1000), reason: String::from("Resumed on another socket.") });
            session.link = Link::Attached(socket);
            session.version = version;
            session.say(ServerMessage::Resumed);
            for text in missed {
                session.tell(Command::Say(text));
            }
            lock(&session.media).listener().resumed(session.ssrc);
        }
        Ok(key)
    }

    /// The socket is gone, with this code where one was exchanged: the grace begins.
    pub(super) fn detached(&mut self, (key, socket): (Key, u64), code: Option<u16>, now_ms: f64) {
        if let Some(session) = self.held_by(key, socket) {
            session.link = Link::Detached { since_ms: now_ms };
            let ssrc = session.ssrc;
            lock(&session.media).listener().closed(ssrc, code);
        }
    }

    /// Closes the user's socket; a code that ends sessions ends this one. False when there was no socket.
    pub(super) fn close(&mut self, key: Key, code: Option<u16>, reason: &str) -> bool {
        let attached = self.sessions.get(&key).is_some_and(Session::is_attached);
        if code.is_some_and(ends_the_session) {
            self.end(key, code, reason);
        } else if let Some(session) = self.sessions.get(&key) {
            session.tell(Command::Close { code, reason: reason.to_owned() });
        }
        attached
    }

    /// Resets the user's socket. False when there was none.
    pub(super) fn reset(&mut self, key: Key) -> bool {
        let attached = self.sessions.get(&key).filter(|session| session.is_attached());
        if let Some(session) = attached {
            session.tell(Command::Reset);
        }
        attached.is_some()
    }

    /// The user left: what was granted is void, and the socket gets a moment to go by itself.
    pub(super) fn revoke(&mut self, key: Key) {
        self.grants.remove(&key);
        if let Some(session) = self.sessions.get(&key) {
            session.tell(Command::Revoked);
        }
        self.forget(key, None);
    }

    /// The socket that serves this session closes it, having nothing left to say to it.
    pub(super) fn expelled(&mut self, (key, socket): (Key, u64), code: u16) {
        if ends_the_session(code) && self.held_by(key, socket).is_some() {
            self.forget(key, Some(code));
        }
    }

    /// Whether resumes in this guild are refused from now on.
    pub(super) fn refuse_resume(&mut self, guild: u64, refuse: bool) {
        if refuse {
            self.refusing.insert(guild);
        } else {
            self.refusing.remove(&guild);
        }
    }

    /// Who is in the channel now; the clients there hear who came and who went.
    pub(super) fn members_changed(&mut self, guild: u64, channel: u64, users: &[u64]) {
        let now: BTreeSet<u64> = users.iter().copied().collect();
        let before = if now.is_empty() {
            self.members.remove(&(guild, channel))
        } else {
            self.members.insert((guild, channel), now.clone())
        }
        .unwrap_or_default();
        let sessions = self.sessions.range_mut((guild, 0)..=(guild, u64::MAX));
        for (key, session) in sessions.filter(|(_, session)| session.channel == channel) {
            let came: Vec<u64> = now.difference(&before).copied().filter(|user| *user != key.1).collect();
            if !came.is_empty() {
                session.say(ServerMessage::ClientsConnect { users: came });
            }
            for &user in before.difference(&now).filter(|user| **user != key.1) {
                session.say(ServerMessage::ClientDisconnect { user });
            }
        }
    }

    /// The media of the session with this SSRC, living or lately ended.
    pub(super) fn media_of(&self, ssrc: u32) -> Option<Arc<Mutex<Media>>> {
        self.media.get(&ssrc).cloned()
    }

    /// Ends the sessions whose grace is over.
    pub(super) fn sweep(&mut self, now_ms: f64) {
        let over: Vec<Key> = self
            .sessions
            .iter()
            .filter(|(_, session)| match session.link {
                Link::Attached(_) => false,
                Link::Detached { since_ms } => now_ms - since_ms > GRACE_MS,
            })
            .map(|(key, _)| *key)
            .collect();
        for key in over {
            if let Some(session) = self.forget(key, None) {
                remember(&mut self.timed_out, (key.0, session.session_id));
            }
        }
    }

    fn held_by(&mut self, key: Key, socket: u64) -> Option<&mut Session> {
        self.sessions.get_mut(&key).filter(|session| session.holds(socket))
    }

    fn end(&mut self, key: Key, code: Option<u16>, reason: &str) {
        if let Some(session) = self.forget(key, code) {
            session.tell(Command::Close { code, reason: reason.to_owned() });
        }
    }

    fn forget(&mut self, key: Key, code: Option<u16>) -> Option<Session> {
        let session = self.sessions.remove(&key)?;
        let mut media = lock(&session.media);
        media.end();
        if session.is_attached() {
            media.listener().closed(session.ssrc, code);
        }
        drop(media);
        self.retired.push_back(session.ssrc);
        if self.retired.len() > RETIRED
            && let Some(oldest) = self.retired.pop_front()
        {
            self.media.remove(&oldest);
        }
        Some(session)
    }
}

fn remember<T>(memory: &mut VecDeque<T>, item: T) {
    memory.push_back(item);
    if memory.len() > MEMORY {
        memory.pop_front();
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
