//! The troubles in force, brought to the sessions and sockets that they concern.

use super::{Key, Registry};
use crate::voice::{
    session::{Command, Session, lock},
    trouble::{Blow, Dark, Ending, Stage, Trouble, Whom},
};
use tokio::sync::{oneshot, watch};

impl Registry {
    /// Puts a trouble in force; the receiver wakes when it is over.
    pub(in crate::voice) fn trouble(&mut self, whom: Whom, trouble: Trouble) -> (u64, oneshot::Receiver<()>) {
        let added = self.troubles.add(whom, trouble);
        self.weather_changed();
        added
    }

    /// Takes a trouble back; false when it is over already.
    pub(in crate::voice) fn lift(&mut self, id: u64) -> bool {
        let lifted = self.troubles.lift(id);
        self.weather_changed();
        lifted
    }

    /// Wakes whenever something about the troubles changed.
    pub(in crate::voice) fn weather(&self) -> watch::Receiver<()> {
        self.weather.subscribe()
    }

    /// The troubles, or whom they concern, changed.
    pub(super) fn weather_changed(&self) {
        for (key, session) in &self.sessions {
            self.expose(*key, session);
        }
        self.weather.send_replace(());
    }

    /// A session's media meet the weather as it is.
    pub(super) fn expose(&self, key: Key, session: &Session) {
        let dark = self.troubles.dark(|whom| whom.hits(key)).udp || self.troubles.is_down(session.server);
        let salt = key.0.wrapping_add(key.1);
        lock(&session.media).conditions(dark, self.troubles.figures(key), salt);
    }

    /// Ends a user's socket as ordered, now. False when there is none.
    pub(in crate::voice) fn blow(&mut self, key: Key, ending: Ending) -> bool {
        let attached = self.sessions.get(&key).is_some_and(|session| session.is_attached());
        match ending {
            Ending::Close { code, reason } => {
                self.close(key, code, &reason);
            }
            Ending::Reset | Ending::TlsClose | Ending::HalfOpen => {
                if let Some(session) = self.sessions.get(&key) {
                    session.tell(Command::End(ending));
                }
            }
        }
        attached
    }

    /// What strikes a connection at this moment; the key is known from Identify or Resume on.
    pub(in crate::voice) fn strikes(&mut self, stage: Stage, server: usize, key: Option<Key>) -> Option<Blow> {
        let homes = &self.homes;
        let blow = self.troubles.strike(stage, |whom| concerns(homes, whom, server, key));
        if let Some(Blow::Dark(_)) = blow {
            self.weather_changed();
        }
        blow
    }

    pub(super) fn suffer(&mut self, key: Key, blow: Option<Blow>) {
        match blow {
            Some(Blow::End(ending)) => {
                self.blow(key, ending);
            }
            // In force already: the socket finds out by the weather.
            Some(Blow::Dark(_)) | None => {}
        }
    }

    /// What is dark for a socket.
    pub(in crate::voice) fn dark(&self, server: usize, key: Option<Key>) -> Dark {
        self.troubles.dark(|whom| concerns(&self.homes, whom, server, key))
    }

    /// How late a heartbeat on this socket is acknowledged, in milliseconds; `None`: not at all.
    pub(in crate::voice) fn heartbeat_delay_ms(&self, server: usize, key: Option<Key>) -> Option<u64> {
        self.troubles.heartbeat_delay_ms(|whom| concerns(&self.homes, whom, server, key))
    }

    /// Whether a server refuses connections.
    pub(in crate::voice) fn is_down(&self, server: usize) -> bool {
        self.troubles.is_down(server)
    }

    /// All sessions' sockets end at this server, or at all of them; the sessions are `lost` or can be resumed. Tells
    /// how many had a socket.
    pub(in crate::voice) fn crash(&mut self, server: Option<usize>, ending: &Ending, lost: bool) -> usize {
        let here = |at: usize| server.is_none_or(|server| server == at);
        let keys: Vec<Key> =
            self.sessions.iter().filter(|(_, session)| here(session.server)).map(|(key, _)| *key).collect();
        let mut sockets = 0;
        for key in keys {
            if lost {
                let session = self.forget(key, code_of(ending));
                sockets += usize::from(session.as_ref().is_some_and(|session| session.is_attached()));
                if let Some(session) = session {
                    session.tell(Command::End(ending.clone()));
                }
            } else {
                sockets += usize::from(self.blow(key, ending.clone()));
            }
        }
        sockets
    }
}

fn code_of(ending: &Ending) -> Option<u16> {
    match ending {
        Ending::Close { code, .. } => *code,
        Ending::Reset | Ending::TlsClose | Ending::HalfOpen => None,
    }
}

/// Whether a trouble concerns a socket. Before Identify nobody knows whose it is: then it does if it is at the guild's
/// server.
fn concerns(homes: &std::collections::BTreeMap<u64, usize>, whom: Whom, server: usize, key: Option<Key>) -> bool {
    match key {
        Some(key) => whom.hits(key),
        None => whom.guild.is_none_or(|guild| homes.get(&guild).copied().unwrap_or(0) == server),
    }
}
