//! Transitions, and the group's beginnings and ends: members ready or lost, down to no encryption and up again, and the
//! last one left.

use super::{Group, VERSION};
use crate::voice::wire::DaveMessage;
use std::collections::BTreeSet;

impl Group {
    /// Op 23.
    pub(in crate::voice::dave) fn ready(&mut self, user: u64, transition_id: u16, now_ms: f64) {
        self.transitions.ready(user, transition_id);
        if let Some(member) = self.members.get_mut(&user) {
            member.answers.ready(transition_id);
        }
        self.release(now_ms);
        self.execute_due(now_ms);
    }

    /// Op 31: the member could not process what it got with this transition; it is taken out, and back in with its next
    /// key package.
    pub(in crate::voice::dave) fn invalid(&mut self, user: u64, transition_id: u16, now_ms: f64) {
        self.transitions.leave(user);
        self.protected.remove(&user);
        self.revoke(user);
        if let Some(member) = self.members.get_mut(&user) {
            member.answers.invalid(transition_id, now_ms, self.transition_limit_ms);
            member.candidate = None;
            member.is_held = false;
            if let Some(leaf) = member.leaf.take() {
                self.vacate(leaf.index, now_ms);
            }
        }
        self.execute_due(now_ms);
    }

    /// The time passes: what nobody gets ready for is executed all the same.
    pub(in crate::voice::dave) fn tick(&mut self, now_ms: f64) {
        self.release(now_ms);
        self.execute_due(now_ms);
    }

    pub(super) fn execute_due(&mut self, now_ms: f64) {
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
    pub(super) fn downgrade(&mut self, now_ms: f64) {
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
    pub(super) fn upgrade(&mut self, now_ms: f64) {
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
            self.begin_anew(user, now_ms);
            self.say(user, DaveMessage::ExternalSender(self.authority.package()));
            if !self.is_upgrade {
                self.say(user, DaveMessage::PrepareTransition { transition_id: 0, protocol_version: VERSION });
            }
        }
        self.execute_due(now_ms);
    }

    /// Only one is left: the group begins anew with him, so that nobody keeps control of an old one.
    pub(super) fn reset_sole_member(&mut self, now_ms: f64) {
        let sole = self.seated();
        self.dissolve();
        for user in sole {
            self.begin_anew(user, now_ms);
            self.say(user, DaveMessage::PrepareTransition { transition_id: 0, protocol_version: VERSION });
        }
        self.propose_anew();
    }

    /// Op 24: the member is to make a group of its own, and a key package for another's.
    fn begin_anew(&mut self, user: u64, now_ms: f64) {
        if let Some(member) = self.members.get_mut(&user) {
            member.answers.told_to_begin_anew(now_ms, self.transition_limit_ms);
        }
        self.say(user, DaveMessage::PrepareEpoch { protocol_version: VERSION, epoch: 1 });
    }
}
