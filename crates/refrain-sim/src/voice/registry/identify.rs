//! From a grant to a session: op 0 and op 1.

use super::{Grant, Key, Refusal, Registry};
use crate::{
    listener::Joined,
    voice::{
        media::Media,
        outbox::Outbox,
        rtp::Mode,
        session::{Link, Negotiation, Session, Socket, lock},
        trouble::Stage,
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
        self.void_grant(key);
        let server = *self.homes.entry(key.0).or_insert(0);
        let grant = Grant { token: token.to_owned(), session_id: session_id.to_owned(), channel, server };
        self.grants.insert(key, grant);
    }

    /// A token that was granted and not used is good for nothing from now on.
    pub(super) fn void_grant(&mut self, key: Key) {
        if let Some(void) = self.grants.remove(&key) {
            self.spent_tokens.remember(void.token);
        }
    }

    /// Which server a guild's calls are at.
    pub(in crate::voice) fn home(&self, guild: u64) -> usize {
        self.homes.get(&guild).copied().unwrap_or(0)
    }

    /// From now on a guild's calls are at this server: what is granted from now on is good there alone. A session at
    /// another server lives on until its user identifies anew, but cannot be resumed.
    pub(in crate::voice) fn move_home(&mut self, guild: u64, server: usize) {
        self.homes.insert(guild, server);
        // Troubles of the guild now concern who connects there.
        self.weather_changed();
    }

    /// Op 0: a new session, greeted with Ready and who else is there; or the code to close with.
    pub(in crate::voice) fn identify(
        &mut self,
        identify: &Identify,
        socket: Socket,
        version: Version,
    ) -> Result<Key, Refusal> {
        let key = (identify.server_id, identify.user_id);
        if self.spent_tokens.knows(&identify.token) {
            return Err((4006, "Session is no longer valid."));
        }
        if self.homes.get(&key.0) != Some(&socket.server) {
            return Err((4011, "Server not found."));
        }
        // A stale attempt must not void what was granted since, so a grant is taken only when all of it is right.
        match self.grants.get(&key) {
            Some(grant) if grant.session_id == identify.session_id && grant.server == socket.server => {
                if grant.token != identify.token {
                    return Err((4004, "Authentication failed."));
                }
            }
            Some(_) | None => return Err((4006, "Session is no longer valid.")),
        }
        self.check_offer(identify)?;
        let Some(grant) = self.grants.remove(&key) else {
            return Err((4006, "Session is no longer valid."));
        };
        self.end(key, Some(4006), "Session is no longer valid.");
        self.spent_tokens.remember(grant.token.clone());

        self.last_ssrc = self.last_ssrc.wrapping_add(1).max(1);
        let ssrc = self.last_ssrc;
        let listener = self.listeners.joined(Joined {
            guild: key.0,
            channel: grant.channel,
            user: key.1,
            ssrc,
            version: version.number(),
        });
        let room = self.rooms.as_mut().and_then(|rooms| rooms.room((key.0, grant.channel)));
        let media = Arc::new(Mutex::new(Media::new(key.1, ssrc, listener, room)));
        lock(&media).silenced(self.silenced.contains(&key));
        self.media.insert(ssrc, Arc::clone(&media));
        let mut session = Session {
            channel: grant.channel,
            server: socket.server,
            session_id: grant.session_id,
            token: grant.token,
            ssrc,
            version,
            link: Link::Attached(socket),
            outbox: Outbox::default(),
            negotiation: Negotiation::of(identify),
            media,
        };
        let blow = self.strikes(Stage::AfterIdentify, grant.server, Some(key));
        if blow.is_none() {
            let port = self.udp_ports.get(grant.server).copied().unwrap_or(0);
            session.say(ServerMessage::Ready { ssrc, port });
            let users = self.others_in(key, grant.channel);
            if !users.is_empty() {
                session.say(ServerMessage::ClientsConnect { users });
            }
        }
        self.expose(key, &session);
        self.sessions.insert(key, session);
        self.rewire(key.0);
        self.suffer(key, blow);
        Ok(key)
    }

    /// Op 1: the media key, or the code to close with.
    pub(in crate::voice) fn select(
        &mut self,
        (key, socket): (Key, u64),
        select: &SelectProtocol,
        secret_key: [u8; 32],
    ) -> Result<(), Refusal> {
        let Some(server) = self.held_by(key, socket).map(|session| session.server) else {
            return Ok(());
        };
        if select.protocol != "udp" {
            return Err((4012, "Unknown protocol."));
        }
        let Some(mode) = Mode::named(&select.data.mode) else {
            return Err((4016, "Unknown encryption mode."));
        };
        if let Some(blow) = self.strikes(Stage::BeforeSessionDescription, server, Some(key)) {
            self.suffer(key, Some(blow));
            return Ok(());
        }
        let version = self.sessions.get(&key).map(|session| self.version_for(key, session));
        let Some(session) = self.held_by(key, socket) else {
            return Ok(());
        };
        let declared = select.data.address.parse::<IpAddr>().ok();
        let declared = declared.map(|address| SocketAddr::new(address, select.data.port));
        lock(&session.media).select(mode, &secret_key, declared);
        let dave_protocol_version = version.unwrap_or_default();
        session.negotiation.chosen = version;
        session.say(ServerMessage::SessionDescription { mode: mode.name(), secret_key, dave_protocol_version });
        self.joined_group(key);
        let blow = self.strikes(Stage::AfterSessionDescription, server, Some(key));
        self.suffer(key, blow);
        Ok(())
    }
}
