//! One shard: who waits there, what it has sent, and who of its line is next.

use super::{
    GovernorPolicy,
    line::{Line, Place, Rank},
    policy::Claim,
    window::Window,
};
use refrain_model::Moment;

#[derive(Clone, Debug, Default)]
pub(super) struct Shard {
    pub(super) line: Line,
    pub(super) window: Window,
    /// Turns of this shard since the last that went to the one overdue longest.
    passed: u32,
}

impl Shard {
    /// Whose turn it is here: the one overdue longest when its share is due, otherwise the first by rank.
    pub(super) fn candidate(
        &self,
        now: Moment,
        policy: &GovernorPolicy,
        may: impl Fn(&Place, Claim) -> bool,
    ) -> Option<(Place, Claim)> {
        if is_share_due(self.passed, policy)
            && let Some(oldest) = self.overdue(now, policy).filter(|place| may(place, Claim::Overdue))
        {
            return Some((oldest, Claim::Overdue));
        }
        let first = self.line.first()?;
        let claim = first.claim();
        (self.has_room(policy, claim) && may(&first, claim)).then_some((first, claim))
    }

    /// The one that has waited longest here, if that is too long and there is room for it.
    pub(super) fn overdue(&self, now: Moment, policy: &GovernorPolicy) -> Option<Place> {
        let oldest = self.line.oldest().filter(|place| now.since(place.since) >= policy.patience)?;
        self.has_room(policy, Claim::Overdue).then_some(oldest)
    }

    pub(super) fn count(&mut self, claim: Claim) {
        self.passed = if claim == Claim::Overdue { 0 } else { self.passed.saturating_add(1) };
    }

    /// When the oldest op 4 leaves the window, if somebody here waits for that.
    pub(super) fn frees_at(&self, policy: &GovernorPolicy) -> Option<Moment> {
        let first = self.line.first()?;
        if self.has_room(policy, first.claim()) { None } else { self.window.frees_at(policy.window) }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.line.is_empty() && self.window.is_idle()
    }

    fn has_room(&self, policy: &GovernorPolicy, claim: Claim) -> bool {
        self.window.used().saturating_add(policy.cost) <= policy.sends_for(claim)
    }
}

/// Whether the next turn is the one of a few that goes to whoever is overdue, after so many that did not.
pub(super) const fn is_share_due(passed: u32, policy: &GovernorPolicy) -> bool {
    passed.saturating_add(1) >= policy.fair_share
}

impl Place {
    pub(super) const fn claim(&self) -> Claim {
        match self.rank {
            Rank::Asked => Claim::Asked,
            Rank::Recovery(_) => Claim::Recovery,
        }
    }
}
