//! Credentials and sessions: who may identify, what a resume finds, what ends a session. No IO: sockets are reached
//! through their command channel, and the time comes in.
//!
//! A grant (from the main gateway's side) is used by one Identify and never again. A session is keyed by guild and user
//! and outlives its socket by [`GRACE_MS`]; it ends by a close code that says so, by leaving, by a new Identify, by a
//! refused resume or when the grace is over.

mod identify;
mod members;
mod resume;

use super::{
    media::Media,
    session::{Command, Session, ends_the_session, lock},
};
use crate::listener::Listeners;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
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

    /// A heartbeat's acknowledgement of numbered messages.
    pub(super) fn acknowledged(&mut self, (key, socket): (Key, u64), seq_ack: Option<i64>) {
        if let Some(session) = self.held_by(key, socket) {
            session.outbox.acknowledge(seq_ack);
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

    /// The media of the session with this SSRC, living or lately ended.
    pub(super) fn media_of(&self, ssrc: u32) -> Option<Arc<Mutex<Media>>> {
        self.media.get(&ssrc).cloned()
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
mod tests;
