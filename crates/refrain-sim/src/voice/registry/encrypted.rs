//! What the registry tells the rooms of end-to-end encryption, and what they have to say to its sessions.

use super::{Key, Refusal, Registry};
use crate::voice::{
    dave::{DavePolicy, Event, Rooms, Spoken},
    session::Session,
    wire::{DaveSaid, Identify, ServerMessage},
};
use std::collections::BTreeSet;

impl Registry {
    /// With these rooms; without any, nothing is ever encrypted from end to end.
    pub(in crate::voice) fn with_rooms(mut self, rooms: Rooms) -> Self {
        self.rooms = Some(rooms);
        self
    }

    /// Whether a client with this offer may come in.
    pub(super) fn check_offer(&self, identify: &Identify) -> Result<(), Refusal> {
        let required = self.rooms.as_ref().is_some_and(|rooms| rooms.policy() == DavePolicy::Required);
        if required && identify.max_dave_protocol_version == 0 {
            return Err((4017, "E2EE/DAVE protocol required."));
        }
        Ok(())
    }

    /// The version for a session that gets its Session Description now: the lowest that everybody there speaks.
    pub(super) fn version_for(&self, key: Key, session: &Session) -> u16 {
        if self.rooms.as_ref().is_none_or(|rooms| rooms.policy() == DavePolicy::Never) {
            return 0;
        }
        let others = self.sessions.range((key.0, 0)..=(key.0, u64::MAX)).filter(|(other, others)| {
            **other != key && others.channel == session.channel && others.negotiation.chosen.is_some()
        });
        let offers = others.map(|(_, other)| other.negotiation.offered);
        u16::from(offers.chain([session.negotiation.offered]).all(|offered| offered > 0))
    }

    /// The session has its Session Description.
    pub(super) fn joined_group(&mut self, key: Key) {
        if let Some(session) = self.sessions.get(&key) {
            let joined = Event::Joined { user: key.1, ssrc: session.ssrc, offered: session.negotiation.offered };
            let place = (key.0, session.channel);
            self.happen(place, joined);
        }
    }

    /// The session is over.
    pub(super) fn left_group(&mut self, key: Key, session: &Session) {
        self.happen((key.0, session.channel), Event::Left { user: key.1, ssrc: session.ssrc });
    }

    /// Op 23, 26, 28 and 31.
    pub(in crate::voice) fn dave_said(&mut self, (key, socket): (Key, u64), said: DaveSaid) {
        if let Some(session) = self.held_by(key, socket) {
            let (place, ssrc) = ((key.0, session.channel), session.ssrc);
            self.happen(place, Event::Said { user: key.1, ssrc, said });
        }
    }

    /// The people in the channel whose clients are not here are these now.
    pub(in crate::voice) fn people_changed(&mut self, guild: u64, channel: u64, people: &[u64]) {
        let people: BTreeSet<u64> = people.iter().copied().collect();
        self.happen((guild, channel), Event::People(people));
    }

    /// A room has something to say to a session; if it is over, nobody hears it.
    pub(in crate::voice) fn say_of_group(&mut self, guild: u64, (user, ssrc, message): Spoken) {
        if let Some(session) = self.sessions.get_mut(&(guild, user)).filter(|session| session.ssrc == ssrc) {
            session.say(ServerMessage::Dave(message));
        }
    }

    fn happen(&mut self, place: (u64, u64), event: Event) {
        if let Some(rooms) = &mut self.rooms {
            rooms.happen(place, event);
        }
    }
}
