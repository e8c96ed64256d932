//! One voice channel's end-to-end encryption: the group, the people in it, and what they can make of a frame.

use super::{
    Dave,
    frame::{SILENCE, is_encrypted},
    group::Group,
    person::{Ears, Person},
};
use crate::voice::wire::{DaveMessage, DaveSaid};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How long the keys of an earlier epoch are good for, and how long frames without end-to-end encryption are taken
/// after a group is made: what the whitepaper gives to frames that are on their way.
const OVERLAP_MS: f64 = 10_000.0;
/// Earlier groups' keys that are kept at once.
const MAX_RETIRED: usize = 16;
/// Rounds of messages between the group and its people at one moment. A dozen is many: more would be an error of the
/// simulator's, and must not cost it its thread.
const MAX_ROUNDS: usize = 1_000;

/// What happens in a channel.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::voice) enum Event {
    /// A client has its Session Description; with this offer, in this session.
    Joined { user: u64, ssrc: u32, offered: u16 },
    /// The session with this SSRC is over.
    Left { user: u64, ssrc: u32 },
    /// The people in the channel are these now.
    People(BTreeSet<u64>),
    /// A client said this.
    Said { user: u64, ssrc: u32, said: DaveSaid },
    /// Nothing but time.
    Tick,
}

/// What is to be said in a session: its user and SSRC.
pub(in crate::voice) type Spoken = (u64, u32, DaveMessage);

/// What a packet turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::voice) enum Heard {
    /// Opus, as it should be.
    Opus(Vec<u8>),
    /// Opus that was not end-to-end encrypted, while it need not be.
    TransportOnly(Vec<u8>),
    /// Encrypted for nobody who is there, or not encrypted although it must be.
    Undecryptable,
    /// Encrypted, and nobody is there to hear it whose client the simulator runs.
    Unheard,
}

/// A channel.
#[derive(Debug)]
pub(in crate::voice) struct Room {
    channel: u64,
    dave: Dave,
    group: Group,
    /// Each client's session.
    clients: BTreeMap<u64, u32>,
    present: BTreeSet<u64>,
    people: BTreeMap<u64, Person>,
    retired: VecDeque<(f64, Ears)>,
    to_clients: Vec<Spoken>,
}

impl Room {
    pub(in crate::voice) fn new(channel: u64, dave: Dave) -> anyhow::Result<Self> {
        Ok(Self {
            channel,
            group: Group::new(channel, dave.transition_limit_ms)?,
            dave,
            clients: BTreeMap::new(),
            present: BTreeSet::new(),
            people: BTreeMap::new(),
            retired: VecDeque::new(),
            to_clients: Vec::new(),
        })
    }

    /// Something happens; tells what is to be said to the clients, in this order.
    pub(in crate::voice) fn happen(&mut self, event: Event, now_ms: f64) -> Vec<Spoken> {
        match event {
            Event::Joined { user, ssrc, offered } => self.client_joined(user, ssrc, offered, now_ms),
            Event::Left { user, ssrc } => self.client_left(user, ssrc, now_ms),
            Event::People(people) => self.people_are(people, now_ms),
            Event::Said { user, ssrc, said } => {
                if self.clients.get(&user) == Some(&ssrc) {
                    self.said(user, said, now_ms);
                }
            }
            Event::Tick => self.group.tick(now_ms),
        }
        self.settle(now_ms);
        std::mem::take(&mut self.to_clients)
    }

    /// When [`Event::Tick`] is wanted, if nothing happens before.
    pub(in crate::voice) fn next_ms(&self) -> Option<f64> {
        let commits = self.people.values().filter_map(Person::next_ms);
        commits.chain(self.group.next_ms()).min_by(f64::total_cmp)
    }

    fn client_joined(&mut self, user: u64, ssrc: u32, offered: u16, now_ms: f64) {
        self.clients.insert(user, ssrc);
        // People need no group among themselves: it begins with the first client.
        self.seat_people(now_ms);
        self.group.join(user, offered > 0, now_ms);
    }

    fn client_left(&mut self, user: u64, ssrc: u32, now_ms: f64) {
        if self.clients.get(&user) != Some(&ssrc) {
            return;
        }
        self.clients.remove(&user);
        if self.clients.is_empty() {
            let people: Vec<u64> = self.people.keys().copied().collect();
            for person in people {
                self.group.leave(person, now_ms);
                self.unseat(person, now_ms);
            }
            self.group.leave(user, now_ms);
            self.group.take_out();
        } else {
            self.group.leave(user, now_ms);
        }
    }

    fn people_are(&mut self, people: BTreeSet<u64>, now_ms: f64) {
        let gone: Vec<u64> = self.people.keys().filter(|user| !people.contains(user)).copied().collect();
        for user in gone {
            self.unseat(user, now_ms);
            self.group.leave(user, now_ms);
        }
        self.present = people;
        if !self.clients.is_empty() {
            self.seat_people(now_ms);
        }
    }

    fn seat_people(&mut self, now_ms: f64) {
        let new: Vec<u64> = self.present.iter().filter(|user| !self.people.contains_key(user)).copied().collect();
        for user in new {
            match Person::new(user, self.channel) {
                Ok(person) => {
                    self.people.insert(user, person);
                    self.group.join(user, true, now_ms);
                }
                Err(error) => tracing::error!(%error, user, "giving a person an end-to-end encrypted session"),
            }
        }
    }

    fn unseat(&mut self, user: u64, now_ms: f64) {
        if let Some(person) = self.people.remove(&user) {
            self.retire(person.into_ears(), now_ms);
        }
    }

    fn retire(&mut self, ears: Ears, now_ms: f64) {
        self.retired.retain(|(until_ms, _)| now_ms < *until_ms);
        if ears.are_open() {
            self.retired.push_back((now_ms + OVERLAP_MS, ears));
        }
        if self.retired.len() > MAX_RETIRED {
            self.retired.pop_front();
        }
    }

    fn said(&mut self, user: u64, said: DaveSaid, now_ms: f64) {
        let result = match said {
            DaveSaid::KeyPackage(payload) => self.group.key_package(user, &payload, now_ms),
            DaveSaid::CommitWelcome(payload) => self.group.commit(user, &payload, now_ms),
            DaveSaid::TransitionReady(id) => {
                self.group.ready(user, id, now_ms);
                Ok(())
            }
            DaveSaid::InvalidCommitWelcome(id) => {
                self.group.invalid(user, id, now_ms);
                Ok(())
            }
        };
        if let Err(why) = result {
            tracing::debug!(user, channel = self.channel, why, "what a member sent has no effect on its group");
        }
    }

    /// Delivers what the group says until nobody has anything more to say. People come before clients: who is to hear
    /// must be able to before the others speak.
    fn settle(&mut self, now_ms: f64) {
        for _ in 0..MAX_ROUNDS {
            let said = self.group.take_out();
            let mut answers = Vec::new();
            for (user, message) in said {
                if let Some(person) = self.people.get_mut(&user) {
                    let told = person.told(&message, now_ms + self.dave.people_commit_ms);
                    answers.extend(told.answers.into_iter().map(|answer| (user, answer)));
                    if let Some(ears) = told.retired {
                        self.retire(ears, now_ms);
                    }
                } else if let Some(ssrc) = self.clients.get(&user) {
                    self.to_clients.push((user, *ssrc, message));
                }
            }
            if answers.is_empty() {
                let due = self.people.iter_mut().find_map(|(user, person)| Some((*user, person.commit_due(now_ms)?)));
                answers.extend(due.map(|(user, commit)| (user, DaveSaid::CommitWelcome(commit))));
            }
            if answers.is_empty() {
                return;
            }
            for (user, answer) in answers {
                self.said(user, answer, now_ms);
            }
        }
        tracing::error!(channel = self.channel, "the people of an end-to-end encrypted group do not come to rest");
    }

    /// What is in a frame that this client sent.
    pub(in crate::voice) fn hear(&mut self, sender: u64, frame: Vec<u8>, now_ms: f64) -> Heard {
        if frame == SILENCE {
            return Heard::Opus(frame);
        }
        if !is_encrypted(&frame) {
            let since = self.group.protected_since(sender);
            return match since {
                Some(since_ms) if now_ms - since_ms > OVERLAP_MS => Heard::Undecryptable,
                Some(_) | None => Heard::TransportOnly(frame),
            };
        }
        if let Some(opus) = self.people.values_mut().find_map(|person| person.hear(sender, &frame)) {
            return Heard::Opus(opus);
        }
        let earlier = self.retired.iter_mut().filter(|(until_ms, _)| now_ms < *until_ms);
        if let Some(opus) = { earlier }.find_map(|(_, ears)| ears.hear(sender, &frame)) {
            return Heard::Opus(opus);
        }
        if self.people.is_empty() && self.group.version() != 0 { Heard::Unheard } else { Heard::Undecryptable }
    }
}

#[cfg(test)]
mod tests;
