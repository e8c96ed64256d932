//! One channel's group as the voice gateway knows it: who is in it at which leaf, what is proposed, which commit wins,
//! and what each member is told. No IO: what comes in are the members' messages and the time.

use super::{
    authority::{Authority, Candidate, Signed},
    commit::CommitWelcome,
    leaf::LeafIdentity,
    tls::vector,
    transitions::Transitions,
};
use crate::voice::wire::DaveMessage;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
    /// Transitions that the member was told of and did not answer, oldest first, and until when an answer is waited for.
    unanswered: VecDeque<(u16, f64)>,
    /// Whether the candidate is not proposed before those are answered.
    is_held: bool,
    /// Whether proposals were sent to the member while there was no group: it may have them although it is no candidate.
    was_told: bool,
}

impl Member {
    /// Op 23 or 31 came for this transition: it answers those before it, too.
    fn answers(&mut self, transition_id: u16) {
        if let Some(at) = self.unanswered.iter().position(|(id, _)| *id == transition_id) {
            self.unanswered.drain(..=at);
        }
    }

    fn owes_an_answer(&self, now_ms: f64) -> bool {
        self.unanswered.iter().any(|(_, until_ms)| now_ms < *until_ms)
    }
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
pub(super) struct Group {
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
    pub(super) fn new(channel: u64, transition_limit_ms: f64) -> anyhow::Result<Self> {
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
    pub(super) fn version(&self) -> u16 {
        self.version
    }

    /// The epoch; 0 while there is no group.
    #[cfg(test)]
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Since when this member sends nothing that is not encrypted; `None` while it may.
    pub(super) fn protected_since(&self, user: u64) -> Option<f64> {
        self.protected.get(&user).copied()
    }

    /// When [`tick`](Self::tick) has something to do, at the latest.
    pub(super) fn next_ms(&self) -> Option<f64> {
        let held = self.members.values().filter(|member| member.is_held);
        let answers = held.filter_map(|member| member.unanswered.back()).map(|(_, until_ms)| *until_ms);
        answers.chain(self.transitions.next_ms()).min_by(f64::total_cmp)
    }

    /// What is to be said to whom, in this order.
    pub(super) fn take_out(&mut self) -> Vec<(u64, DaveMessage)> {
        std::mem::take(&mut self.out)
    }

    /// Somebody is there and has been told the version (op 4).
    pub(super) fn join(&mut self, user: u64, speaks: bool, now_ms: f64) {
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
    pub(super) fn leave(&mut self, user: u64, now_ms: f64) {
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
                self.vacate(leaf.index);
            }
        }
        self.execute_due(now_ms);
    }

    /// Op 26; the error says why it has no effect.
    pub(super) fn key_package(&mut self, user: u64, payload: &[u8], now_ms: f64) -> Result<(), &'static str> {
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
        member.is_held = member.owes_an_answer(now_ms);
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

    /// Proposes who was held back and owes no answer any more.
    fn release(&mut self, now_ms: f64) {
        let is_free = |member: &Member| member.is_held && !member.owes_an_answer(now_ms);
        let free: Vec<u64> =
            { self.members.iter() }.filter(|(_, member)| is_free(member)).map(|(user, _)| *user).collect();
        for user in free {
            let Some(member) = self.members.get_mut(&user) else {
                continue;
            };
            member.is_held = false;
            member.unanswered.clear();
            if let Some(candidate) = member.candidate.clone() {
                self.propose_adding(user, candidate);
            }
        }
    }

    fn propose_adding(&mut self, user: u64, candidate: Candidate) {
        if self.epoch == 0 {
            let others: Vec<u8> = self.proposals.iter().flat_map(|other| other.signed.message.clone()).collect();
            if !others.is_empty() {
                self.say(user, DaveMessage::Proposals { revoke: false, list: vector(&others) });
            }
        }
        let signed = self.authority.add(&candidate, self.epoch);
        self.propose(signed, Change::Add(user, candidate));
    }

    fn propose_removal(&mut self, leaf: u32) {
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
    fn revoke(&mut self, user: u64) {
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

    /// Whoever was at this leaf is no longer in the group: the others are to see to it.
    fn vacate(&mut self, leaf: u32) {
        match self.seated().len() {
            0 => {
                self.dissolve();
                self.propose_anew();
            }
            1 if self.members.len() == 1 => self.reset_sole_member(),
            _ => self.propose_removal(leaf),
        }
    }

    /// Op 28; the error says why the commit does not count.
    pub(super) fn commit(&mut self, user: u64, payload: &[u8], now_ms: f64) -> Result<(), &'static str> {
        let commit = CommitWelcome::read(payload)?;
        let signature_key = self.may_commit(user, &commit)?;
        let accepted = self.accepted(user, &commit)?;
        let welcomes = self.welcomes(&commit, &accepted)?;

        let was_established = self.epoch > 0;
        if !was_established {
            self.seat(user, 0, signature_key);
        }
        let mut to_tell: Vec<u64> = self.seated().into_iter().collect();
        if !was_established {
            to_tell = vec![user];
        }
        self.apply(&accepted);
        self.epoch += 1;
        self.proposals.clear();

        let members = self.seated();
        let at_once = !was_established && !self.is_upgrade;
        let transition_id = if at_once {
            self.protected.extend(members.iter().map(|member| (*member, now_ms)));
            0
        } else {
            self.transitions.announce(members, now_ms + self.transition_limit_ms)
        };
        self.is_upgrade = false;
        for member in to_tell {
            self.wait_for(member, transition_id, now_ms);
            self.say(member, DaveMessage::Commit { transition_id, message: commit.message.clone() });
        }
        for (newcomer, welcome) in welcomes {
            self.wait_for(newcomer, transition_id, now_ms);
            self.say(newcomer, DaveMessage::Welcome { transition_id, welcome });
        }
        if was_established && self.seated().len() == 1 {
            self.reset_sole_member();
        }
        Ok(())
    }

    /// The member is told of this transition and is to answer; one that is executed at once is answered by op 31 or never.
    fn wait_for(&mut self, user: u64, transition_id: u16, now_ms: f64) {
        if let Some(member) = self.members.get_mut(&user) {
            member.unanswered.retain(|(_, until_ms)| now_ms < *until_ms);
            member.unanswered.push_back((transition_id, now_ms + self.transition_limit_ms));
        }
    }

    /// Whether the commit comes from who may make one, in this epoch; tells the member's signature key.
    fn may_commit(&self, user: u64, commit: &CommitWelcome) -> Result<Vec<u8>, &'static str> {
        if self.version == 0 {
            return Err("the channel is not end-to-end encrypted");
        }
        if commit.group_id != self.authority.group_id() {
            return Err("it is of another group");
        }
        if commit.epoch != self.epoch {
            return Err("it is of another epoch");
        }
        let member = self.members.get(&user).ok_or("the sender is not in the channel")?;
        let (index, signature_key) = match (&member.leaf, &member.candidate) {
            (Some(leaf), _) => (leaf.index, &leaf.signature_key),
            (None, Some(candidate)) if self.epoch == 0 && !member.is_held => (0, &candidate.signature_key),
            (None, _) => return Err("the sender is not in the group"),
        };
        if commit.sender != index {
            return Err("it is signed as another member");
        }
        let own = LeafIdentity { signature_key: signature_key.clone(), identity: user.to_be_bytes().to_vec() };
        if commit.leaf.as_ref().is_some_and(|leaf| *leaf != own) {
            return Err("it changes the committer's credential or signature key");
        }
        Ok(own.signature_key)
    }

    /// The proposals that the commit refers to, in its order: they must be all that are in force.
    fn accepted(&self, user: u64, commit: &CommitWelcome) -> Result<Vec<usize>, &'static str> {
        let mut accepted = Vec::new();
        for reference in &commit.references {
            let found = self.proposals.iter().position(|proposal| proposal.signed.reference == *reference);
            let at = found.ok_or("it refers to a proposal that is not in force")?;
            if accepted.contains(&at) {
                return Err("it refers to a proposal twice");
            }
            accepted.push(at);
        }
        // Nobody is told of the proposal to add himself.
        let is_own = |proposal: &Proposal| match &proposal.change {
            Change::Add(added, _) => *added == user,
            Change::Remove { .. } => false,
        };
        let expected = self.proposals.iter().filter(|proposal| !is_own(proposal)).count();
        if accepted.is_empty() || accepted.len() != expected {
            return Err("it does not refer to all proposals of the epoch");
        }
        Ok(accepted)
    }

    /// Each newcomer's own welcome.
    fn welcomes(&self, commit: &CommitWelcome, accepted: &[usize]) -> Result<Vec<(u64, Vec<u8>)>, &'static str> {
        let added = accepted.iter().filter_map(|at| match &self.proposals.get(*at)?.change {
            Change::Add(user, candidate) => Some((*user, candidate)),
            Change::Remove { .. } => None,
        });
        added
            .map(|(user, candidate)| {
                let welcome = commit.welcome.as_ref().ok_or("it adds members without a Welcome")?;
                let welcome = welcome.for_one(&candidate.reference).ok_or("its Welcome leaves a new member out")?;
                Ok((user, welcome))
            })
            .collect()
    }

    /// Changes the tree as the commit does: removals first, then each newcomer to the leftmost free leaf.
    fn apply(&mut self, accepted: &[usize]) {
        let mut added = Vec::new();
        for at in accepted {
            match self.proposals.get(*at).map(|proposal| &proposal.change) {
                Some(Change::Remove { leaf }) => {
                    if let Some(place) = usize::try_from(*leaf).ok().and_then(|leaf| self.leaves.get_mut(leaf)) {
                        *place = None;
                    }
                }
                Some(Change::Add(user, candidate)) => added.push((*user, candidate.signature_key.clone())),
                None => {}
            }
        }
        while self.leaves.last().is_some_and(Option::is_none) {
            self.leaves.pop();
        }
        for (user, signature_key) in added {
            let free = self.leaves.iter().position(Option::is_none).unwrap_or(self.leaves.len());
            self.seat(user, free, signature_key);
        }
    }

    /// Puts a member at a leaf; its key package is used up.
    fn seat(&mut self, user: u64, leaf: usize, signature_key: Vec<u8>) {
        if self.leaves.len() <= leaf {
            self.leaves.resize(leaf + 1, None);
        }
        self.leaves[leaf] = Some(user);
        if let (Some(member), Ok(index)) = (self.members.get_mut(&user), u32::try_from(leaf)) {
            member.leaf = Some(Leaf { index, signature_key });
            member.candidate = None;
        }
    }

    fn seated(&self) -> BTreeSet<u64> {
        self.members.iter().filter(|(_, member)| member.leaf.is_some()).map(|(user, _)| *user).collect()
    }

    /// Op 23.
    pub(super) fn ready(&mut self, user: u64, transition_id: u16, now_ms: f64) {
        self.transitions.ready(user, transition_id);
        if let Some(member) = self.members.get_mut(&user) {
            member.answers(transition_id);
        }
        self.release(now_ms);
        self.execute_due(now_ms);
    }

    /// Op 31: the member could not process what it got with this transition; it is taken out, and back in with its next
    /// key package.
    pub(super) fn invalid(&mut self, user: u64, transition_id: u16, now_ms: f64) {
        self.transitions.leave(user);
        self.protected.remove(&user);
        self.revoke(user);
        if let Some(member) = self.members.get_mut(&user) {
            member.answers(transition_id);
            member.candidate = None;
            member.is_held = false;
            if let Some(leaf) = member.leaf.take() {
                self.vacate(leaf.index);
            }
        }
        self.execute_due(now_ms);
    }

    /// The time passes: what nobody gets ready for is executed all the same.
    pub(super) fn tick(&mut self, now_ms: f64) {
        self.release(now_ms);
        self.execute_due(now_ms);
    }

    fn execute_due(&mut self, now_ms: f64) {
        while let Some((transition_id, members)) = self.transitions.due(now_ms) {
            for user in members {
                self.say(user, DaveMessage::ExecuteTransition { transition_id });
                if self.version != 0 && self.members.get(&user).is_some_and(|member| member.leaf.is_some()) {
                    self.protected.entry(user).or_insert(now_ms);
                }
            }
        }
    }

    /// Somebody came who speaks no version: the others are to stop encrypting.
    fn downgrade(&mut self, now_ms: f64) {
        self.version = 0;
        self.dissolve();
        self.forget_candidates();
        let speaking: BTreeSet<u64> =
            self.members.iter().filter(|(_, member)| member.speaks).map(|(user, _)| *user).collect();
        if speaking.is_empty() {
            return;
        }
        let transition_id = self.transitions.announce(speaking.clone(), now_ms + self.transition_limit_ms);
        for user in speaking {
            self.say(user, DaveMessage::PrepareTransition { transition_id, protocol_version: 0 });
        }
    }

    /// The last one who spoke no version is gone: a new group is made.
    fn upgrade(&mut self, now_ms: f64) {
        // A downgrade that still waits must not come after this.
        while let Some((transition_id, members)) = self.transitions.due(f64::INFINITY) {
            for user in members {
                self.say(user, DaveMessage::ExecuteTransition { transition_id });
            }
        }
        self.version = VERSION;
        self.dissolve();
        self.forget_candidates();
        self.is_upgrade = self.members.len() > 1;
        let members: Vec<u64> = self.members.keys().copied().collect();
        for user in members {
            self.forget_answers(user);
            self.say(user, DaveMessage::PrepareEpoch { protocol_version: VERSION, epoch: 1 });
            self.say(user, DaveMessage::ExternalSender(self.authority.package()));
            if !self.is_upgrade {
                self.say(user, DaveMessage::PrepareTransition { transition_id: 0, protocol_version: VERSION });
            }
        }
        self.execute_due(now_ms);
    }

    /// Only one is left: the group begins anew with him, so that nobody keeps control of an old one.
    fn reset_sole_member(&mut self) {
        let sole = self.seated();
        self.dissolve();
        for user in sole {
            self.forget_answers(user);
            self.say(user, DaveMessage::PrepareEpoch { protocol_version: VERSION, epoch: 1 });
            self.say(user, DaveMessage::PrepareTransition { transition_id: 0, protocol_version: VERSION });
        }
        self.propose_anew();
    }

    /// The member begins anew as it is told to, whatever it was told before.
    fn forget_answers(&mut self, user: u64) {
        if let Some(member) = self.members.get_mut(&user) {
            member.unanswered.clear();
        }
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

    /// Whoever waits with a key package is proposed for the group that will be made.
    fn propose_anew(&mut self) {
        let waiting: Vec<(u64, Candidate)> = { self.members.iter() }
            .filter(|(_, member)| !member.is_held)
            .filter_map(|(user, member)| Some((*user, member.candidate.clone()?)))
            .collect();
        for (user, candidate) in waiting {
            let signed = self.authority.add(&candidate, self.epoch);
            self.propose(signed, Change::Add(user, candidate));
        }
    }

    fn say(&mut self, user: u64, message: DaveMessage) {
        if let (DaveMessage::Proposals { .. }, Some(member)) = (&message, self.members.get_mut(&user)) {
            member.was_told = self.epoch == 0;
        }
        self.out.push((user, message));
    }
}
