//! Who may make an attempt now, and who waits: a voice server that crashes takes hundreds of guilds with it, and all of
//! them want op 4 at once.
//!
//! A pure value, like the machine. One for the process; every guild's machine asks for a turn before an attempt that
//! begins with op 4 ([`Output::AskTurn`](crate::Output::AskTurn)):
//!
//! 1. [`ask`](Governor::ask) for a turn, [`done`](Governor::done) when it is over or no longer wanted,
//!    [`sent`](Governor::sent) for each op 4 that went out, a person's leave included: that one never waits, but counts.
//! 2. After each of these, and when a wake-up is due, drain [`poll_grant`](Governor::poll_grant).
//! 3. Sleep until [`next_wake`](Governor::next_wake), or until one of the first happens.
//!
//! A turn is granted when the shard's budget of op 4 has room for all that the attempt may send, when not too many
//! handshakes are under way in the process, and, in a crowd of recoveries, a short and varied distance after the turn
//! before. Who comes first: a person who asks now, then channels by the number of listeners, then empty channels; of
//! equals the one that has waited longest. One turn in a few goes to whoever has waited longest of all once that is too
//! long, so everybody gets one.

mod line;
mod pace;
mod policy;
mod shard;
mod window;

pub use policy::GovernorPolicy;

use crate::Urgency;
use alloc::collections::BTreeMap;
use core::time::Duration;
use line::{Place, Rank};
use pace::Pace;
use policy::Claim;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use refrain_model::{GuildId, Moment};
use shard::Shard;

/// A guild asks for a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Who.
    pub guild: GuildId,
    /// The shard that serves it.
    pub shard: u32,
    /// For a person, or for a connection that was lost.
    pub urgency: Urgency,
    /// How many people listen there; unknown counts best as 1.
    pub listeners: u32,
}

/// A turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whose.
    pub guild: GuildId,
    /// What it had asked with.
    pub urgency: Urgency,
    /// How long it had waited.
    pub waited: Duration,
}

/// How much is going on, for gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Guilds that wait for a turn.
    pub waiting: usize,
    /// Turns under way.
    pub under_way: usize,
}

/// The governor of one process.
#[derive(Clone, Debug)]
pub struct Governor {
    policy: GovernorPolicy,
    rng: ChaCha8Rng,
    shards: BTreeMap<u32, Shard>,
    waiting: BTreeMap<GuildId, (u32, Place)>,
    turns: BTreeMap<GuildId, Turn>,
    pace: Pace,
    /// Turns since the last that went to the one overdue longest.
    passed: u32,
    /// Nobody gets a turn before.
    held_until: Moment,
}

/// A turn under way.
#[derive(Clone, Copy, Debug)]
struct Turn {
    shard: u32,
    /// Op 4 it may still send.
    left: u32,
    /// After this it counts as over.
    until: Moment,
}

impl Governor {
    /// Nobody waits. `seed` decides the jitter. A policy under which nobody would ever get a turn is mended.
    #[must_use]
    pub fn new(policy: GovernorPolicy, seed: u64) -> Self {
        Self {
            policy: policy.workable(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            shards: BTreeMap::new(),
            waiting: BTreeMap::new(),
            turns: BTreeMap::new(),
            pace: Pace::default(),
            passed: 0,
            held_until: Moment::ZERO,
        }
    }

    /// A guild asks for a turn. One that had a turn gives it back; one that waits already keeps its place in time.
    pub fn ask(&mut self, now: Moment, ask: Ask) {
        let since = self.waiting.get(&ask.guild).map_or(now, |(_, place)| place.since);
        self.done(ask.guild);
        let place = Place { rank: Rank::new(ask.urgency, ask.listeners), since, guild: ask.guild };
        self.waiting.insert(ask.guild, (ask.shard, place));
        self.shards.entry(ask.shard).or_default().line.insert(place);
    }

    /// The guild's turn is over, or it no longer wants one.
    pub fn done(&mut self, guild: GuildId) {
        if let Some((shard, place)) = self.waiting.remove(&guild)
            && let Some(shard) = self.shards.get_mut(&shard)
        {
            shard.line.remove(&place);
        }
        if let Some(turn) = self.turns.remove(&guild)
            && let Some(shard) = self.shards.get_mut(&turn.shard)
        {
            shard.window.release(turn.left);
        }
    }

    /// An op 4 of the guild went out, whether within a turn or not.
    pub fn sent(&mut self, now: Moment, guild: GuildId, shard: u32) {
        if let Some(turn) = self.turns.get_mut(&guild).filter(|turn| turn.left > 0 && turn.shard == shard) {
            turn.left -= 1;
            self.shards.entry(shard).or_default().window.release(1);
        }
        self.shards.entry(shard).or_default().window.note(now, self.policy.sends);
    }

    /// Discord limits the rate of voice connections (close code 4021): whoever asks, nobody gets a turn before `until`.
    pub fn hold(&mut self, until: Moment) {
        self.held_until = self.held_until.max(until);
    }

    /// The next turn; `None` when nobody waits, or nobody may have one yet.
    pub fn poll_grant(&mut self, now: Moment) -> Option<Grant> {
        self.expire(now);
        if now < self.held_until {
            return None;
        }
        let (number, place, claim) = self.pick(now)?;
        self.waiting.remove(&place.guild);
        let shard = self.shards.get_mut(&number)?;
        shard.line.remove(&place);
        shard.window.reserve(self.policy.cost);
        shard.count(claim);
        self.passed = if claim == Claim::Overdue { 0 } else { self.passed.saturating_add(1) };
        let until = now + self.policy.turn_limit;
        self.turns.insert(place.guild, Turn { shard: number, left: self.policy.cost, until });
        let urgency = match place.rank {
            Rank::Asked => Urgency::Asked,
            Rank::Recovery(_) => {
                self.pace.step(now, &self.policy, &mut self.rng);
                Urgency::Recovery
            }
        };
        Some(Grant { guild: place.guild, urgency, waited: now.since(place.since) })
    }

    /// When to poll again, if nothing else happens before. Ask after [`poll_grant`](Self::poll_grant) has said `None`.
    #[must_use]
    pub fn next_wake(&self, now: Moment) -> Option<Moment> {
        if self.waiting.is_empty() {
            return None;
        }
        if now < self.held_until {
            return Some(self.held_until);
        }
        let windows = self.shards.values().filter_map(|shard| shard.frees_at(&self.policy));
        let turns = self.turns.values().map(|turn| turn.until);
        let pace = self.pace.opens_at(&self.policy);
        // What lies behind is not what anybody waits for.
        windows.chain(turns).chain([pace]).filter(|at| *at > now).min()
    }

    /// How much is going on.
    #[must_use]
    pub fn load(&self) -> Load {
        Load { waiting: self.waiting.len(), under_way: self.turns.len() }
    }

    /// Whether the guild has a turn.
    #[must_use]
    pub fn has_turn(&self, guild: GuildId) -> bool {
        self.turns.contains_key(&guild)
    }

    /// Lets go of what time has settled: op 4 that left the window, turns that nobody gave back, shards at rest.
    fn expire(&mut self, now: Moment) {
        while let Some(guild) = self.turns.iter().find(|(_, turn)| turn.until <= now).map(|(guild, _)| *guild) {
            self.done(guild);
        }
        for shard in self.shards.values_mut() {
            shard.window.expire(now, self.policy.window);
        }
        self.shards.retain(|_, shard| !shard.is_idle());
    }

    /// Who is next, on which shard, and on what ground.
    fn pick(&self, now: Moment) -> Option<(u32, Place, Claim)> {
        let paced = self.pace.opens_at(&self.policy) <= now;
        let free = |claim| self.turns.len() < usize::try_from(self.policy.handshakes_for(claim)).unwrap_or(usize::MAX);
        let may = |place: &Place, claim| free(claim) && (paced || place.rank == Rank::Asked);
        if shard::is_share_due(self.passed, &self.policy) {
            let overdue = self.shards.iter().filter_map(|(number, shard)| {
                let place = shard.overdue(now, &self.policy).filter(|place| may(place, Claim::Overdue))?;
                Some((*number, place, Claim::Overdue))
            });
            if let Some(oldest) = overdue.min_by_key(|(_, place, _)| (place.since, place.guild)) {
                return Some(oldest);
            }
        }
        let candidates = self.shards.iter().filter_map(|(number, shard)| {
            let (place, claim) = shard.candidate(now, &self.policy, may)?;
            Some((*number, place, claim))
        });
        // Whoever is due on its shard stands with the people who ask.
        candidates.min_by_key(|(_, place, claim)| match claim {
            Claim::Asked | Claim::Overdue => Place { rank: Rank::Asked, ..*place },
            Claim::Recovery => *place,
        })
    }
}
