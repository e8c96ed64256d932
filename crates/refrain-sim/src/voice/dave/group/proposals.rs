//! Proposals: who is to be added or removed in this epoch, and who is told of it.

use super::{Change, Group, Member, Proposal};
use crate::voice::{
    dave::{
        authority::{Candidate, Signed},
        tls::vector,
    },
    wire::DaveMessage,
};
use std::collections::BTreeSet;

impl Group {
    /// Proposes who was held back and owes no answer any more.
    pub(super) fn release(&mut self, now_ms: f64) {
        let is_free = |member: &Member| member.is_held && !member.answers.are_owed(now_ms);
        let free: Vec<u64> =
            { self.members.iter() }.filter(|(_, member)| is_free(member)).map(|(user, _)| *user).collect();
        for user in free {
            let Some(member) = self.members.get_mut(&user) else {
                continue;
            };
            member.is_held = false;
            member.answers.give_up_waiting();
            if let Some(candidate) = member.candidate.clone() {
                self.propose_adding(user, candidate);
            }
        }
    }

    pub(super) fn propose_adding(&mut self, user: u64, candidate: Candidate) {
        if self.epoch == 0 {
            let others: Vec<u8> = self.proposals.iter().flat_map(|other| other.signed.message.clone()).collect();
            if !others.is_empty() {
                self.say(user, DaveMessage::Proposals { revoke: false, list: vector(&others) });
            }
        }
        let signed = self.authority.add(&candidate, self.epoch);
        self.propose(signed, Change::Add(user, candidate));
    }

    pub(super) fn propose_removal(&mut self, leaf: u32) {
        let signed = self.authority.remove(leaf, self.epoch);
        self.propose(signed, Change::Remove { leaf });
    }

    fn propose(&mut self, signed: anyhow::Result<Signed>, change: Change) {
        match signed {
            Ok(signed) => {
                for user in self.committers(&change) {
                    match change {
                        Change::Add(..) => {
                            let list = vector(&signed.message);
                            self.say(user, DaveMessage::Proposals { revoke: false, list });
                        }
                        Change::Remove { .. } => self.change_with_additions(user, &[], &signed.message),
                    }
                }
                self.proposals.push(Proposal { signed, change });
            }
            Err(error) => tracing::error!(%error, "signing a proposal for an end-to-end encrypted group"),
        }
    }

    /// Who can make a commit of this change: the group's members, or while there is none everybody who waits for one,
    /// but for the one who is to be added.
    fn committers(&self, change: &Change) -> Vec<u64> {
        let added = match change {
            Change::Add(user, _) => Some(*user),
            Change::Remove { .. } => None,
        };
        let can = |member: &Member| match self.epoch {
            0 => member.candidate.is_some() && !member.is_held,
            _ => member.leaf.is_some(),
        };
        self.members
            .iter()
            .filter(|(user, member)| Some(**user) != added && can(member))
            .map(|(user, _)| *user)
            .collect()
    }

    /// Takes back the proposal to add this member, if there is one.
    pub(super) fn revoke(&mut self, user: u64) {
        let of_user = |proposal: &Proposal| match &proposal.change {
            Change::Add(added, _) => *added == user,
            Change::Remove { .. } => false,
        };
        let Some(at) = self.proposals.iter().position(of_user) else {
            return;
        };
        let proposal = self.proposals.remove(at);
        if self.epoch > 0 {
            self.renew(&proposal);
            return;
        }
        let mut others: BTreeSet<u64> = self.committers(&proposal.change).into_iter().collect();
        others.extend(
            self.members.iter().filter(|(other, member)| **other != user && member.was_told).map(|(other, _)| *other),
        );
        for other in others {
            self.change_with_additions(other, &vector(&proposal.signed.reference), &[]);
        }
    }

    /// Takes back this proposal and all others, and proposes the others anew. Commits from before must not count, although
    /// the same is left to be done as before the proposal was made: a member keeps the latest of its commits alone, and
    /// would take the echo of an earlier one for that. They name what is not in force any more.
    fn renew(&mut self, revoked: &Proposal) {
        let mut references = vector(&revoked.signed.reference);
        let mut messages = Vec::new();
        for Proposal { signed, change } in &mut self.proposals {
            references.extend(vector(&signed.reference));
            let renewed = match change {
                Change::Add(_, candidate) => self.authority.add(candidate, self.epoch),
                Change::Remove { leaf } => self.authority.remove(*leaf, self.epoch),
            };
            match renewed {
                Ok(renewed) => *signed = renewed,
                Err(error) => tracing::error!(%error, "signing a proposal for an end-to-end encrypted group"),
            }
            messages.extend_from_slice(&signed.message);
        }
        for user in self.committers(&revoked.change) {
            self.say(user, DaveMessage::Proposals { revoke: true, list: vector(&references) });
            if !messages.is_empty() {
                self.say(user, DaveMessage::Proposals { revoke: false, list: vector(&messages) });
            }
        }
    }

    /// Tells a member of a change that adds nobody. Who is to be added besides is proposed anew with it: libraries that
    /// are in use leave the Welcome out where the last message added nobody, and their commits could not count.
    fn change_with_additions(&mut self, user: u64, revoked: &[u8], proposed: &[u8]) {
        let (mut revoked, mut proposed) = (revoked.to_vec(), proposed.to_vec());
        for proposal in &self.proposals {
            match &proposal.change {
                Change::Add(added, _) if *added != user => {
                    revoked.extend(vector(&proposal.signed.reference));
                    proposed.extend(&proposal.signed.message);
                }
                Change::Add(..) | Change::Remove { .. } => {}
            }
        }
        if !revoked.is_empty() {
            self.say(user, DaveMessage::Proposals { revoke: true, list: vector(&revoked) });
        }
        if !proposed.is_empty() {
            self.say(user, DaveMessage::Proposals { revoke: false, list: vector(&proposed) });
        }
    }

    /// Whoever waits with a key package is proposed for the group that will be made.
    pub(super) fn propose_anew(&mut self) {
        let waiting: Vec<(u64, Candidate)> = { self.members.iter() }
            .filter(|(_, member)| !member.is_held)
            .filter_map(|(user, member)| Some((*user, member.candidate.clone()?)))
            .collect();
        for (user, candidate) in waiting {
            let signed = self.authority.add(&candidate, self.epoch);
            self.propose(signed, Change::Add(user, candidate));
        }
    }
}
