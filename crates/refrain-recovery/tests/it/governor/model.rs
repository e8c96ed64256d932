//! The governor's promises, told as slowly and plainly as they can be: lists of everything that ever happened.

use refrain_model::{GuildId, Moment};
use refrain_recovery::{
    Urgency,
    governor::{Ask, GovernorPolicy, Grant},
};
use std::collections::BTreeMap;

/// What a judge has seen.
pub(super) struct Model {
    policy: GovernorPolicy,
    pub(super) waiting: BTreeMap<GuildId, (Moment, Ask)>,
    pub(super) turns: BTreeMap<GuildId, Turn>,
    /// All op 4 ever: when, on which shard, and whether a turn had set it aside.
    sends: Vec<(Moment, u32, bool)>,
}

pub(super) struct Turn {
    pub(super) shard: u32,
    pub(super) left: u32,
    since: Moment,
}

impl Model {
    pub(super) fn new(policy: GovernorPolicy) -> Self {
        Self { policy, waiting: BTreeMap::new(), turns: BTreeMap::new(), sends: Vec::new() }
    }

    pub(super) fn asks(&mut self, now: Moment, ask: Ask) {
        self.turns.remove(&ask.guild);
        self.waiting.entry(ask.guild).or_insert((now, ask)).1 = ask;
    }

    pub(super) fn is_done(&mut self, guild: GuildId) {
        self.waiting.remove(&guild);
        self.turns.remove(&guild);
    }

    pub(super) fn sends(&mut self, now: Moment, guild: GuildId, shard: u32) {
        let turn = self.turns.get_mut(&guild).filter(|turn| turn.left > 0 && turn.shard == shard);
        let set_aside = turn.map(|turn| turn.left -= 1).is_some();
        self.sends.push((now, shard, set_aside));
        self.check_window(shard, now);
    }

    /// In no window is there more than the budget, but for what people's leaves add.
    fn check_window(&self, shard: u32, now: Moment) {
        let within = |(at, on, _): &&(Moment, u32, bool)| *on == shard && now.since(*at) < self.policy.window;
        let all = self.sends.iter().filter(within).count();
        let leaves = self.sends.iter().filter(within).filter(|(_, _, set_aside)| !set_aside).count();
        assert!(all <= self.policy.sends as usize + leaves, "{all} op 4 in a window, {leaves} of them leaves");
    }

    /// Sent in the last window, and what may still come.
    fn used(&self, now: Moment, shard: u32) -> u32 {
        let sent = self.sends.iter().filter(|(at, on, _)| *on == shard && now.since(*at) < self.policy.window).count();
        let set_aside: u32 = self.turns.values().filter(|turn| turn.shard == shard).map(|turn| turn.left).sum();
        sent as u32 + set_aside
    }

    fn is_overdue(&self, now: Moment, since: Moment) -> bool {
        now.since(since) >= self.policy.patience
    }

    pub(super) fn expire(&mut self, now: Moment) {
        let limit = self.policy.turn_limit;
        self.turns.retain(|_, turn| now.since(turn.since) < limit);
    }

    /// A turn was granted: to somebody who waits, within the budget, and to nobody before whom another would have come.
    pub(super) fn is_granted(&mut self, now: Moment, grant: Grant) {
        self.expire(now);
        let (since, ask) = self.waiting.remove(&grant.guild).expect("only who waits gets a turn");
        assert_eq!((grant.urgency, grant.waited), (ask.urgency, now.since(since)));
        let better = self
            .waiting
            .values()
            .filter(|(other_since, other)| other.shard == ask.shard && rank(other, *other_since) < rank(&ask, since));
        let overdue = self.is_overdue(now, since);
        let oldest = self.waiting.values().all(|(other, its)| its.shard != ask.shard || *other >= since);
        assert!(better.count() == 0 || (overdue && oldest), "{ask:?} was not next");
        let all = ask.urgency == Urgency::Asked || (overdue && oldest);
        let (sends, handshakes) = self.limits(all);
        assert!(self.used(now, ask.shard) + self.policy.cost <= sends, "no room on the shard for {ask:?}");
        assert!(self.turns.len() < handshakes as usize, "too many at once");
        self.turns.insert(grant.guild, Turn { shard: ask.shard, left: self.policy.cost, since: now });
    }

    /// Nobody who could have a turn is left waiting (where no distance is to be kept).
    pub(super) fn nobody_is_forgotten(&self, now: Moment) {
        for (since, ask) in self.waiting.values() {
            let (sends, handshakes) = self.limits(ask.urgency == Urgency::Asked);
            let free = self.used(now, ask.shard) + self.policy.cost <= sends && self.turns.len() < handshakes as usize;
            assert!(!free, "{ask:?} waits since {since:?} for nothing");
        }
    }

    fn limits(&self, all: bool) -> (u32, u32) {
        let policy = &self.policy;
        if all {
            (policy.sends, policy.handshakes)
        } else {
            (policy.sends - policy.sends_kept, policy.handshakes - policy.handshakes_kept)
        }
    }
}

fn rank(ask: &Ask, since: Moment) -> (bool, u32, Moment) {
    let asked = ask.urgency == Urgency::Asked;
    (!asked, if asked { 0 } else { u32::MAX - ask.listeners }, since)
}
