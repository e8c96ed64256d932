//! A session that lost its socket: the grace, op 7, and the end of the grace.

use super::{GRACE_MS, Key, Refusal, Registry};
use crate::voice::{
    session::{Command, Link, Socket, ends_the_session, lock},
    trouble::Stage,
    wire::{Resume, ServerMessage, Version},
};

impl Registry {
    /// Op 7: the session goes on over this socket; or the code to close with.
    pub(in crate::voice) fn resume(
        &mut self,
        resume: &Resume,
        socket: Socket,
        version: Version,
        now_ms: f64,
    ) -> Result<Key, Refusal> {
        self.sweep(now_ms);
        if self.homes.get(&resume.server_id) != Some(&socket.server) {
            return Err((4011, "Server not found."));
        }
        if self.timed_out.knows(&resume.token) {
            return Err((4009, "Session timed out."));
        }
        let guild = (resume.server_id, 0)..=(resume.server_id, u64::MAX);
        let found = self.sessions.range(guild).find(|(_, session)| {
            session.session_id == resume.session_id && session.token == resume.token && session.server == socket.server
        });
        let Some((&key, session)) = found else {
            return Err((4006, "Session is no longer valid."));
        };
        if let Some(code) = self.troubles.refused_with(key) {
            if ends_the_session(code) {
                self.end(key, Some(code), "Refused by order.");
            }
            return Err((code, "Refused by order."));
        }
        let missed = match version {
            Version::Buffered => session.outbox.missed_since(resume.seq_ack),
            // What was said while there was no socket is kept, and goes out below.
            Version::Unbuffered(_) => Some(Vec::new()),
        };
        let Some(missed) = missed else {
            self.end(key, Some(4006), "Session is no longer valid.");
            return Err((4006, "Session is no longer valid."));
        };
        let (server, mut blow) = (socket.server, self.strikes(Stage::OnResume, socket.server, Some(key)));
        if let Some(session) = self.sessions.get_mut(&key) {
            session.close(Some(1000), "Resumed on another socket.");
            session.link = Link::Attached(socket);
            session.version = version;
            if blow.is_none() {
                session.say(ServerMessage::Resumed);
                let waiting = if version == Version::Buffered { Vec::new() } else { session.outbox.take() };
                for message in missed.into_iter().chain(waiting) {
                    session.tell(Command::Say(message));
                }
                lock(&session.media).listener().resumed(session.ssrc);
                blow = self.strikes(Stage::AfterResumed, server, Some(key));
            }
        }
        self.suffer(key, blow);
        Ok(key)
    }

    /// The socket is gone, with this code where one was exchanged: the grace begins.
    pub(in crate::voice) fn detached(&mut self, (key, socket): (Key, u64), code: Option<u16>, now_ms: f64) {
        if let Some(session) = self.held_by(key, socket) {
            session.link = Link::Detached { since_ms: now_ms };
            let ssrc = session.ssrc;
            lock(&session.media).listener().closed(ssrc, code);
        }
    }

    /// Ends the sessions whose grace is over.
    pub(in crate::voice) fn sweep(&mut self, now_ms: f64) {
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
                self.timed_out.remember(session.token);
            }
        }
    }
}
