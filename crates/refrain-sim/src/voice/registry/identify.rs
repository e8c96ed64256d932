//! From a grant to a session: op 0 and op 1.

use super::{Grant, Key, Refusal, Registry, remember};
use crate::{
    listener::Joined,
    voice::{
        media::Media,
        outbox::Outbox,
        rtp::Mode,
        session::{Link, Negotiation, Session, Socket, lock},
        wire::{Identify, SelectProtocol, ServerMessage, Version},
    },
};
use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

impl Registry {
    /// Lets this user identify once with `token`; an older grant that was not used is void.
    pub(in crate::voice) fn grant(&mut self, key: Key, channel: u64, session_id: &str, token: &str) {
        let grant = Grant { token: token.to_owned(), session_id: session_id.to_owned(), channel };
        self.grants.insert(key, grant);
    }

    /// Op 0: a new session, greeted with Ready and who else is there; or the code to close with.
    pub(in crate::voice) fn identify(
        &mut self,
        identify: &Identify,
        socket: Socket,
        version: Version,
    ) -> Result<Key, Refusal> {
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

    /// Op 1: the media key, or the code to close with.
    pub(in crate::voice) fn select(
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
}
