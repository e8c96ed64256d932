//! Transitions that were announced and wait until everybody is ready for them.

use std::collections::{BTreeSet, VecDeque};

/// An announced transition.
#[derive(Debug)]
struct Pending {
    id: u16,
    /// Who takes part in it.
    members: BTreeSet<u64>,
    /// Who did not say yet that they are ready.
    waiting_for: BTreeSet<u64>,
    until_ms: f64,
}

/// All of a group's transitions, oldest first.
#[derive(Debug, Default)]
pub(super) struct Transitions {
    last_id: u16,
    pending: VecDeque<Pending>,
}

impl Transitions {
    /// Announces one; its number is never 0, which stands for what is executed at once.
    pub(super) fn announce(&mut self, members: BTreeSet<u64>, until_ms: f64) -> u16 {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        let waiting_for = members.clone();
        self.pending.push_back(Pending { id: self.last_id, members, waiting_for, until_ms });
        self.last_id
    }

    /// The member is ready for this transition.
    pub(super) fn ready(&mut self, user: u64, id: u16) {
        if let Some(pending) = self.pending.iter_mut().find(|pending| pending.id == id) {
            pending.waiting_for.remove(&user);
        }
    }

    /// The member takes part in none of them any more.
    pub(super) fn leave(&mut self, user: u64) {
        for pending in &mut self.pending {
            pending.members.remove(&user);
            pending.waiting_for.remove(&user);
        }
    }

    /// The oldest one, if it is time to execute it: all are ready, or it waited long enough.
    pub(super) fn due(&mut self, now_ms: f64) -> Option<(u16, BTreeSet<u64>)> {
        let oldest = self.pending.front()?;
        if !oldest.waiting_for.is_empty() && now_ms < oldest.until_ms {
            return None;
        }
        self.pending.pop_front().map(|pending| (pending.id, pending.members))
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.pending.clear();
    }

    /// When the next one is executed although not everybody is ready.
    pub(super) fn next_ms(&self) -> Option<f64> {
        self.pending.front().map(|pending| pending.until_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transition_is_due_when_all_are_ready_or_gone_and_never_before_an_older_one() {
        let mut transitions = Transitions::default();
        let first = transitions.announce(BTreeSet::from([1, 2]), 2000.0);
        let second = transitions.announce(BTreeSet::from([2]), 2000.0);
        transitions.ready(2, second);
        transitions.ready(1, first);
        assert_eq!(transitions.due(0.0), None);
        transitions.ready(2, first);
        assert_eq!(transitions.due(0.0), Some((first, BTreeSet::from([1, 2]))));
        assert_eq!(transitions.due(0.0), Some((second, BTreeSet::from([2]))));
        assert_eq!(transitions.due(0.0), None);
    }

    #[test]
    fn who_never_answers_is_waited_for_until_the_limit() {
        let mut transitions = Transitions::default();
        let id = transitions.announce(BTreeSet::from([1, 2]), 2000.0);
        transitions.leave(1);
        assert_eq!(transitions.due(1999.0), None);
        assert_eq!(transitions.next_ms(), Some(2000.0));
        assert_eq!(transitions.due(2000.0), Some((id, BTreeSet::from([2]))));
    }

    #[test]
    fn numbers_wrap_past_zero() {
        let mut transitions = Transitions { last_id: u16::MAX, ..Transitions::default() };
        assert_eq!(transitions.announce(BTreeSet::new(), 0.0), 1);
    }
}
