//! Credentials and sessions: who may identify, what a resume finds, what ends a session. No IO: sockets are reached
//! through their command channel, and the time comes in.
//!
//! A grant (from the main gateway's side) is used by one Identify and never again. A session is keyed by guild and user
//! and outlives its socket by [`GRACE_MS`]; it ends by a close code that says so, by leaving, by a new Identify, by a
//! refused resume or when the grace is over.
//!
//! All servers share one registry. A guild's calls are at one of them at a time, and so is what was granted for them:
//! another server answers as if it had never heard of the guild.

mod encrypted;
mod identify;
mod members;
mod memory;
mod resume;
mod troubled;

use super::{
    dave::Rooms,
    media::{Media, Others},
    session::{Command, Session, ends_the_session, lock},
    trouble::Troubles,
};
use crate::listener::Listeners;
use memory::Memory;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex},
};
use tokio::sync::watch;

/// How long a session without a socket can be resumed, in milliseconds.
pub(super) const GRACE_MS: f64 = 30_000.0;
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
    server: usize,
}

/// Everything the voice servers know of their clients.
#[derive(Debug)]
pub(super) struct Registry {
    listeners: Listeners,
    /// Of each server.
    udp_ports: Vec<u16>,
    /// Which server a guild's calls are at. A guild that never had one is at none.
    homes: BTreeMap<u64, usize>,
    grants: BTreeMap<Key, Grant>,
    /// Used by an Identify, or void since a newer one was granted.
    spent_tokens: Memory<String>,
    sessions: BTreeMap<Key, Session>,
    /// Tokens of sessions whose grace is over.
    timed_out: Memory<String>,
    media: BTreeMap<u32, Arc<Mutex<Media>>>,
    retired: VecDeque<u32>,
    last_ssrc: u32,
    troubles: Troubles,
    /// Told whenever the troubles, or what they concern, changed.
    weather: watch::Sender<()>,
    members: BTreeMap<(u64, u64), BTreeSet<u64>>,
    /// End-to-end encryption.
    rooms: Option<Rooms>,
    /// Who hears nothing, by a wish of their own.
    deaf: BTreeSet<Key>,
    /// Whom nobody hears: muted by the server, or suppressed.
    silenced: BTreeSet<Key>,
}

impl Registry {
    /// A registry for as many servers as there are media ports.
    pub(super) fn new(listeners: Listeners, udp_ports: Vec<u16>) -> Self {
        Self {
            listeners,
            udp_ports,
            homes: BTreeMap::new(),
            grants: BTreeMap::new(),
            spent_tokens: Memory::default(),
            sessions: BTreeMap::new(),
            timed_out: Memory::default(),
            media: BTreeMap::new(),
            retired: VecDeque::new(),
            last_ssrc: 1000,
            troubles: Troubles::default(),
            weather: watch::Sender::new(()),
            members: BTreeMap::new(),
            rooms: None,
            deaf: BTreeSet::new(),
            silenced: BTreeSet::new(),
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
            session.close(code, reason);
        }
        attached
    }

    /// The user left: what was granted is void, and the socket gets a moment to go by itself.
    pub(super) fn revoke(&mut self, key: Key) {
        self.void_grant(key);
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

    /// The media of the session with this SSRC, living or lately ended.
    pub(super) fn media_of(&self, ssrc: u32) -> Option<Arc<Mutex<Media>>> {
        self.media.get(&ssrc).cloned()
    }

    fn held_by(&mut self, key: Key, socket: u64) -> Option<&mut Session> {
        self.sessions.get_mut(&key).filter(|session| session.holds(socket))
    }

    fn end(&mut self, key: Key, code: Option<u16>, reason: &str) {
        if let Some(session) = self.forget(key, code) {
            session.close(code, reason);
        }
    }

    fn forget(&mut self, key: Key, code: Option<u16>) -> Option<Session> {
        let session = self.sessions.remove(&key)?;
        let mut media = lock(&session.media);
        media.end();
        media.heard_by(Others::default());
        if session.is_attached() {
            media.listener().closed(session.ssrc, code);
        }
        drop(media);
        self.left_group(key, &session);
        self.retired.push_back(session.ssrc);
        if self.retired.len() > RETIRED
            && let Some(oldest) = self.retired.pop_front()
        {
            self.media.remove(&oldest);
        }
        self.rewire(key.0);
        Some(session)
    }
}

#[cfg(test)]
mod server_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trouble_tests;
