//! One channel's group as the voice gateway knows it: who is in it at which leaf, what is proposed, which commit wins,
//! and what each member is told. No IO: what comes in are the members' messages and the time.

mod commits;
mod lifecycle;
mod proposals;

use super::{
    answers::Answers,
    authority::{Authority, Candidate, Signed},
    transitions::Transitions,
};
use crate::voice::wire::DaveMessage;
use std::collections::{BTreeMap, BTreeSet};

/// The one version of the protocol.
const VERSION: u16 = 1;

/// Somebody in the channel.
#[derive(Debug, Default)]
struct Member {
    /// False for a client that speaks no version of the protocol.
    speaks: bool,
    /// What the next proposal adds this member with.
    candidate: Option<Candidate>,
    leaf: Option<Leaf>,
    answers: Answers,
    /// Whether the candidate is not proposed before all is answered.
    is_held: bool,
    /// Whether proposals were sent to the member while there was no group: it may have them although it is no candidate.
    was_told: bool,
}

/// A member's place in the established group.
#[derive(Debug)]
struct Leaf {
    index: u32,
    signature_key: Vec<u8>,
}

/// A proposal that was sent out in this epoch and not revoked.
#[derive(Debug)]
struct Proposal {
    signed: Signed,
    change: Change,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a handful at a time, and gone with the epoch")]
enum Change {
    Add(u64, Candidate),
    Remove { leaf: u32 },
}

/// The group.
#[derive(Debug)]
pub(in crate::voice::dave) struct Group {
    authority: Authority,
    members: BTreeMap<u64, Member>,
    version: u16,
    /// 0 while there is no group but what each member has for itself.
    epoch: u64,
    /// Who is at which leaf of the established group, or was until the next commit.
    leaves: Vec<Option<u64>>,
    proposals: Vec<Proposal>,
    /// Whether media goes over to encryption with the group that is being made: then members must be ready first.
    is_upgrade: bool,
    transitions: Transitions,
    transition_limit_ms: f64,
    /// Since when each member sends encrypted frames only.
    protected: BTreeMap<u64, f64>,
    out: Vec<(u64, DaveMessage)>,
}

impl Group {
    pub(in crate::voice::dave) fn new(channel: u64, transition_limit_ms: f64) -> anyhow::Result<Self> {
        Ok(Self {
            authority: Authority::new(channel)?,
            members: BTreeMap::new(),
            version: VERSION,
            epoch: 0,
            leaves: Vec::new(),
            proposals: Vec::new(),
            is_upgrade: false,
            transitions: Transitions::default(),
            transition_limit_ms,
            protected: BTreeMap::new(),
            out: Vec::new(),
        })
    }

    /// The version that is spoken in the channel: 0 while somebody is there who speaks none.
    pub(in crate::voice::dave) fn version(&self) -> u16 {
        self.version
    }

    /// The epoch; 0 while there is no group.
    #[cfg(test)]
    pub(in crate::voice::dave) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Since when this member sends nothing that is not encrypted; `None` while it may.
    pub(in crate::voice::dave) fn protected_since(&self, user: u64) -> Option<f64> {
        self.protected.get(&user).copied()
    }

    /// When [`tick`](Self::tick) has something to do, at the latest.
    pub(in crate::voice::dave) fn next_ms(&self) -> Option<f64> {
        let held = self.members.values().filter(|member| member.is_held);
        let answers = held.filter_map(|member| member.answers.until_ms());
        answers.chain(self.transitions.next_ms()).min_by(f64::total_cmp)
    }

    /// What is to be said to whom, in this order.
    pub(in crate::voice::dave) fn take_out(&mut self) -> Vec<(u64, DaveMessage)> {
        std::mem::take(&mut self.out)
    }

    /// Somebody is there and has been told the version (op 4).
    pub(in crate::voice::dave) fn join(&mut self, user: u64, speaks: bool, now_ms: f64) {
        if self.members.contains_key(&user) {
            self.leave(user, now_ms);
        }
        if self.members.is_empty() {
            self.version = if speaks { VERSION } else { 0 };
            self.dissolve();
        }
        self.members.insert(user, Member { speaks, ..Member::default() });
        if !speaks && self.version != 0 {
            self.downgrade(now_ms);
        } else if speaks && self.version != 0 {
            self.say(user, DaveMessage::ExternalSender(self.authority.package()));
        }
    }

    /// Somebody is gone for good: not one who may still resume.
    pub(in crate::voice::dave) fn leave(&mut self, user: u64, now_ms: f64) {
        let Some(member) = self.members.remove(&user) else {
            return;
        };
        self.transitions.leave(user);
        self.protected.remove(&user);
        if self.version == 0 {
            if !member.speaks && self.members.values().all(|other| other.speaks) && !self.members.is_empty() {
                self.upgrade(now_ms);
            }
        } else {
            self.revoke(user);
            if let Some(leaf) = member.leaf {
                self.vacate(leaf.index, now_ms);
            }
        }
        self.execute_due(now_ms);
    }

    /// Op 26; the error says why it has no effect.
    pub(in crate::voice::dave) fn key_package(
        &mut self,
        user: u64,
        payload: &[u8],
        now_ms: f64,
    ) -> Result<(), &'static str> {
        if self.version == 0 {
            return Err("the channel is not end-to-end encrypted");
        }
        let Some(member) = self.members.get_mut(&user) else {
            return Err("the sender is not in the channel");
        };
        let candidate = self.authority.admit(user, payload)?;
        member.candidate = Some(candidate.clone());
        // A member that gave up on its group gives up again on whatever was on its way then, and its key package is
        // void: added with this one, it could not be welcomed, and so on for ever.
        member.answers.key_package();
        member.is_held = member.answers.are_owed(now_ms);
        let is_held = member.is_held;
        let replaced = member.leaf.take();
        self.revoke(user);
        match replaced {
            // Nobody is left in the group who could add the member again.
            Some(_) if self.seated().is_empty() => {
                self.dissolve();
                self.propose_anew();
            }
            replaced => {
                if let Some(leaf) = replaced {
                    self.propose_removal(leaf.index);
                }
                if !is_held {
                    self.propose_adding(user, candidate);
                }
            }
        }
        Ok(())
    }

    /// Whoever was at this leaf is no longer in the group: the others are to see to it.
    fn vacate(&mut self, leaf: u32, now_ms: f64) {
        match self.seated().len() {
            0 => {
                self.dissolve();
                self.propose_anew();
            }
            1 if self.members.len() == 1 => self.reset_sole_member(now_ms),
            _ => self.propose_removal(leaf),
        }
    }

    fn seated(&self) -> BTreeSet<u64> {
        self.members.iter().filter(|(_, member)| member.leaf.is_some()).map(|(user, _)| *user).collect()
    }

    /// There is no group any more, nor anything that was under way in it.
    fn dissolve(&mut self) {
        self.epoch = 0;
        self.leaves.clear();
        self.proposals.clear();
        self.transitions.clear();
        self.protected.clear();
        self.is_upgrade = false;
        for member in self.members.values_mut() {
            member.leaf = None;
            member.was_told = false;
        }
    }

    /// Key packages of a group that is not to be made any more.
    fn forget_candidates(&mut self) {
        for member in self.members.values_mut() {
            member.candidate = None;
            member.is_held = false;
        }
    }

    fn say(&mut self, user: u64, message: DaveMessage) {
        if let (DaveMessage::Proposals { .. }, Some(member)) = (&message, self.members.get_mut(&user)) {
            member.was_told = self.epoch == 0;
        }
        self.out.push((user, message));
    }
}
