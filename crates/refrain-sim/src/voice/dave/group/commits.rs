//! Commits: which one counts, and what the group is after it.

use super::{Change, Group, Leaf, Proposal};
use crate::voice::{
    dave::{commit::CommitWelcome, leaf::LeafIdentity},
    wire::DaveMessage,
};

impl Group {
    /// Op 28; the error says why the commit does not count.
    pub(in crate::voice::dave) fn commit(
        &mut self,
        user: u64,
        payload: &[u8],
        now_ms: f64,
    ) -> Result<(), &'static str> {
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
            self.reset_sole_member(now_ms);
        }
        Ok(())
    }

    /// The member is told of this transition and is to answer; one that is executed at once is answered by op 31 or never.
    fn wait_for(&mut self, user: u64, transition_id: u16, now_ms: f64) {
        if let Some(member) = self.members.get_mut(&user) {
            member.answers.told_of(transition_id, now_ms, self.transition_limit_ms);
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
}
