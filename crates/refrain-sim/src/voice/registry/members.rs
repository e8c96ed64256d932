//! Who is in the channels and who speaks there, as their clients are told.

use super::{Key, Registry};
use crate::voice::{
    session::{Session, lock},
    wire::{ServerMessage, Speaking},
};
use std::{collections::BTreeSet, sync::Arc};

impl Registry {
    pub(super) fn others_in(&self, key: Key, channel: u64) -> Vec<u64> {
        let members = self.members.get(&(key.0, channel));
        members.into_iter().flatten().copied().filter(|user| *user != key.1).collect()
    }

    /// Op 5: noted, and passed on to the other clients in the channel.
    pub(in crate::voice) fn speaking(&mut self, (key, socket): (Key, u64), speaking: &Speaking) {
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

    /// Who is in the channel now; the clients there hear who came and who went.
    pub(in crate::voice) fn members_changed(&mut self, guild: u64, channel: u64, users: &[u64]) {
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

    /// Whether a user hears nothing by a wish of its own: then nothing is sent to it.
    pub(in crate::voice) fn deafened(&mut self, key: Key, is_deaf: bool) {
        let changed = if is_deaf { self.deaf.insert(key) } else { self.deaf.remove(&key) };
        if changed {
            self.rewire(key.0);
        }
    }

    /// Whether nothing that a user sends is heard, in this session and in those to come.
    pub(in crate::voice) fn silenced(&mut self, key: Key, is_silenced: bool) {
        let changed = if is_silenced { self.silenced.insert(key) } else { self.silenced.remove(&key) };
        if let Some(session) = self.sessions.get(&key).filter(|_| changed) {
            lock(&session.media).silenced(is_silenced);
        }
    }

    /// Who hears whom in a guild: everybody the others in the channel, unless deaf.
    pub(super) fn rewire(&self, guild: u64) {
        let sessions = || self.sessions.range((guild, 0)..=(guild, u64::MAX));
        for (key, session) in sessions() {
            let hears = |other: &Key, its: &Session| {
                other != key
                    && its.channel == session.channel
                    && its.server == session.server
                    && !self.deaf.contains(other)
            };
            let others = sessions().filter(|(other, its)| hears(other, its)).map(|(_, its)| Arc::clone(&its.media));
            lock(&session.media).heard_by(others.collect());
        }
    }
}
