//! The governor: who may make an attempt now, and who waits.

mod budget;
mod crash;
mod model;
mod properties;
mod rank;

use crate::rig::secs;
use refrain_model::{GuildId, Moment};
use refrain_recovery::{
    Urgency,
    governor::{Ask, Governor, GovernorPolicy, Grant},
};
use std::time::Duration;

/// A governor with a clock.
struct Desk {
    governor: Governor,
    now: Moment,
}

impl Desk {
    fn new(policy: GovernorPolicy) -> Self {
        Self { governor: Governor::new(policy, 7), now: Moment::ZERO + secs(1000) }
    }

    /// A person asks.
    fn person(&mut self, guild: u64) {
        self.ask(guild, Urgency::Asked, 0);
    }

    /// A connection is to come back.
    fn recovery(&mut self, guild: u64, listeners: u32) {
        self.ask(guild, Urgency::Recovery, listeners);
    }

    fn ask(&mut self, guild: u64, urgency: Urgency, listeners: u32) {
        self.governor.ask(self.now, Ask { guild: GuildId::new(guild), shard: 0, urgency, listeners });
    }

    /// Whoever gets a turn at this moment, in order.
    fn grants(&mut self) -> Vec<u64> {
        self.all().iter().map(|grant| grant.guild.get()).collect()
    }

    fn all(&mut self) -> Vec<Grant> {
        std::iter::from_fn(|| self.governor.poll_grant(self.now)).collect()
    }

    fn sent(&mut self, guild: u64, times: u32) {
        for _ in 0..times {
            self.governor.sent(self.now, GuildId::new(guild), 0);
        }
    }

    fn done(&mut self, guild: u64) {
        self.governor.done(GuildId::new(guild));
    }

    fn pass(&mut self, length: Duration) {
        self.now = self.now + length;
    }

    /// Jumps to the next wake-up; how long that was.
    fn wake(&mut self) -> Duration {
        let at = self.governor.next_wake(self.now).expect("somebody waits");
        let length = at.since(self.now);
        assert!(length > Duration::ZERO, "a wake-up lies ahead");
        self.now = at;
        length
    }
}

/// Only the budget and the slots hold anybody up.
fn unpaced() -> GovernorPolicy {
    GovernorPolicy { spacing: Duration::ZERO, ..GovernorPolicy::default() }
}
