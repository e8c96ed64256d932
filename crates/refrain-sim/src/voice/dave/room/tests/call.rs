//! A room, its clients, and what is on the lines between them.

use super::{CHANNEL, client::Client};
use crate::voice::dave::{
    Dave, DavePolicy,
    person::Person,
    room::{Event, Heard, Room},
};
use std::collections::BTreeMap;

/// A room and the lines to its clients.
pub(super) struct Call {
    pub(super) room: Room,
    pub(super) clients: BTreeMap<u64, Client>,
    pub(super) now_ms: f64,
    last_ssrc: u32,
}

impl Call {
    pub(super) fn new(people_commit_ms: f64) -> Self {
        let dave = Dave { people_commit_ms, ..Dave::new(DavePolicy::Offered) };
        Self { room: Room::new(CHANNEL, dave).unwrap(), clients: BTreeMap::new(), now_ms: 0.0, last_ssrc: 0 }
    }

    fn happen(&mut self, event: Event) {
        for (user, ssrc, message) in self.room.happen(event, self.now_ms) {
            let client = self.clients.get_mut(&user).filter(|client| client.ssrc == ssrc);
            client.expect("only who is there is spoken to").inbox.push_back(message);
        }
    }

    pub(super) fn join_as(&mut self, user: u64, speaks: bool) {
        self.leave(user);
        self.last_ssrc += 1;
        let everybody_speaks = self.clients.values().all(|client| client.session.is_some()) && speaks;
        let client = Client::new(user, self.last_ssrc, speaks, u16::from(everybody_speaks));
        self.clients.insert(user, client);
        self.happen(Event::Joined { user, ssrc: self.last_ssrc, offered: u16::from(speaks) });
    }

    pub(super) fn join(&mut self, user: u64) {
        self.join_as(user, true);
    }

    pub(super) fn leave(&mut self, user: u64) {
        if let Some(client) = self.clients.remove(&user) {
            self.happen(Event::Left { user, ssrc: client.ssrc });
        }
    }

    pub(super) fn people(&mut self, people: &[u64]) {
        self.happen(Event::People(people.iter().copied().collect()));
    }

    /// A client reads a message, or the server reads one of his; false when there is none.
    pub(super) fn deliver(&mut self, user: u64, to_client: bool) -> bool {
        let Some(client) = self.clients.get_mut(&user) else {
            return false;
        };
        if to_client {
            return client.hear();
        }
        let (ssrc, said) = (client.ssrc, client.outbox.pop_front());
        if let Some(said) = said.clone() {
            self.happen(Event::Said { user, ssrc, said });
        }
        said.is_some()
    }

    pub(super) fn wait(&mut self, ms: f64) {
        self.now_ms += ms;
        self.happen(Event::Tick);
    }

    /// Everything is delivered, and time passes until nobody has anything more to say.
    pub(super) fn settle(&mut self) {
        for _ in 0..2_000 {
            let users: Vec<u64> = self.clients.keys().copied().collect();
            let moved = users.iter().fold(false, |moved, user| {
                let heard = self.deliver(*user, true);
                self.deliver(*user, false) || heard || moved
            });
            if moved {
                continue;
            }
            match self.room.next_ms() {
                Some(next_ms) => self.wait((next_ms - self.now_ms).max(0.0)),
                None => return,
            }
        }
        panic!("the members never come to an end");
    }

    /// Everybody is in the same epoch of the same group, and what each client sends is heard.
    pub(super) fn check(&mut self) {
        let everybody = self.clients.len() + if self.clients.is_empty() { 0 } else { self.room.people.len() };
        let is_group = everybody > 1 && self.clients.values().all(|client| client.session.is_some());
        let people = self.room.people.values().map(Person::authenticator);
        let mut authenticators: Vec<Option<Vec<u8>>> = people.collect();
        authenticators.extend(self.clients.values().map(Client::authenticator));
        if is_group {
            assert!(authenticators.iter().all(|one| one.is_some() && *one == authenticators[0]), "{authenticators:?}");
        }
        let opus = vec![0xfc, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        let has_ears = !self.room.people.is_empty();
        for client in self.clients.values_mut() {
            let heard = self.room.hear(client.user, client.frame(&opus), self.now_ms);
            let expected = match (is_group, has_ears) {
                (true, true) => Heard::Opus(opus.clone()),
                (true, false) => Heard::Unheard,
                (false, _) => Heard::TransportOnly(opus.clone()),
            };
            assert_eq!(heard, expected, "what {} sent, after {:?}", client.user, client.heard);
        }
    }

    pub(super) fn heard(&self, user: u64) -> Vec<&str> {
        self.clients[&user].heard.iter().map(String::as_str).collect()
    }

    pub(super) fn settled(&mut self) -> &mut Self {
        self.settle();
        self.check();
        self
    }
}
