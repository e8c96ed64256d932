//! Random days of a governor, judged by the model.

use super::model::Model;
use proptest::prelude::*;
use refrain_model::{GuildId, Moment};
use refrain_recovery::{
    Urgency,
    governor::{Ask, Governor, GovernorPolicy},
};
use std::time::Duration;

/// 2,000, or as many as the environment asks for: up to 10,000, which take half a minute.
fn config() -> ProptestConfig {
    let asked = ProptestConfig::default().cases;
    ProptestConfig::with_cases(asked.clamp(2_000, 10_000))
}

#[derive(Clone, Debug)]
enum Step {
    Ask(Ask),
    Done(u64),
    /// Within a turn or without one: then a person left.
    Sent(u64),
    /// So much time passes.
    Pass(Duration),
    /// To the next wake-up.
    Wake,
}

const GUILDS: u64 = 24;
const SHARDS: u32 = 3;

fn shard(guild: u64) -> u32 {
    guild as u32 % SHARDS
}

fn step() -> impl Strategy<Value = Step> {
    let guild = || 0..GUILDS;
    let urgency = prop_oneof![1 => Just(Urgency::Asked), 3 => Just(Urgency::Recovery)];
    prop_oneof![
        6 => (guild(), urgency, 0..4u32).prop_map(|(guild, urgency, listeners)| Step::Ask(Ask {
            guild: GuildId::new(guild),
            shard: shard(guild),
            urgency,
            listeners,
        })),
        2 => guild().prop_map(Step::Done),
        4 => guild().prop_map(Step::Sent),
        2 => (0..20_000u64).prop_map(|ms| Step::Pass(Duration::from_millis(ms))),
        3 => Just(Step::Wake),
    ]
}

fn policy() -> impl Strategy<Value = GovernorPolicy> {
    (1..4u32, 0..30u32, 1..8u32, 0..2u32, prop_oneof![Just(0), 1..2000u64], 0..40u64, 2..6u32).prop_map(
        |(cost, more, handshakes, kept, spacing, patience, fair_share)| GovernorPolicy {
            cost,
            sends: cost + more,
            sends_kept: kept.min(more),
            handshakes,
            handshakes_kept: kept.min(handshakes - 1),
            spacing: Duration::from_millis(spacing),
            burst: 3,
            patience: Duration::from_secs(patience),
            fair_share,
            turn_limit: Duration::from_secs(90),
            ..GovernorPolicy::default()
        },
    )
}

struct Day {
    governor: Governor,
    model: Model,
    now: Moment,
    paced: bool,
}

impl Day {
    fn new(policy: GovernorPolicy) -> Self {
        let paced = !policy.spacing.is_zero();
        Self { governor: Governor::new(policy.clone(), 7), model: Model::new(policy), now: Moment::ZERO, paced }
    }

    fn live(&mut self, step: &Step) {
        match step {
            Step::Ask(ask) => {
                self.model.asks(self.now, *ask);
                self.governor.ask(self.now, *ask);
            }
            Step::Done(guild) => self.done(GuildId::new(*guild)),
            Step::Sent(guild) => self.send(GuildId::new(*guild)),
            Step::Pass(length) => self.now = self.now + *length,
            Step::Wake => {
                if let Some(at) = self.governor.next_wake(self.now) {
                    assert!(at > self.now, "a wake-up lies ahead");
                    self.now = at;
                }
            }
        }
        self.grants();
    }

    fn done(&mut self, guild: GuildId) {
        self.model.is_done(guild);
        self.governor.done(guild);
    }

    fn send(&mut self, guild: GuildId) {
        self.model.expire(self.now);
        let shard = shard(guild.get());
        self.model.sends(self.now, guild, shard);
        self.governor.sent(self.now, guild, shard);
    }

    fn grants(&mut self) -> Vec<GuildId> {
        let mut granted = Vec::new();
        while let Some(grant) = self.governor.poll_grant(self.now) {
            self.model.is_granted(self.now, grant);
            granted.push(grant.guild);
            assert!(granted.len() <= GUILDS as usize, "it never ends");
        }
        self.model.expire(self.now);
        if !self.paced {
            self.model.nobody_is_forgotten(self.now);
        }
        let load = self.governor.load();
        assert_eq!((load.waiting, load.under_way), (self.model.waiting.len(), self.model.turns.len()));
        granted
    }

    /// Everybody who waits gets a turn, sends all that it may, and gives it back.
    fn end(&mut self) {
        let held: Vec<_> = self.model.turns.keys().copied().collect();
        held.into_iter().for_each(|guild| self.done(guild));
        for _ in 0..2_000 {
            let granted = self.grants();
            if granted.is_empty() && !self.model.waiting.is_empty() {
                self.now = self.governor.next_wake(self.now).expect("who waits has something to wait for");
            }
            for guild in granted {
                while self.model.turns.get(&guild).is_some_and(|turn| turn.left > 0) {
                    self.send(guild);
                }
                self.done(guild);
            }
            if self.model.waiting.is_empty() {
                assert_eq!(self.governor.next_wake(self.now), None);
                return;
            }
        }
        panic!("{} still wait", self.model.waiting.len());
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_budget_holds_the_rank_holds_and_everybody_gets_a_turn(
        policy in policy(),
        steps in proptest::collection::vec(step(), 1..120),
    ) {
        let mut day = Day::new(policy);
        steps.iter().for_each(|step| day.live(step));
        day.end();
    }
}
