//! Random lives of a machine, the invariants checked after each step, by accounts that are kept apart from it.

mod coverage;
mod overlap;
mod reference;
mod regressions;
mod silence;
mod steps;
mod trust;
mod witness;

use crate::{
    peer::Switches,
    rig::{A, B, C, secs},
    world::{Event, Grants, World},
};
use coverage::Coverage;
use overlap::{Held, overlap};
use proptest::{prelude::*, test_runner::RngSeed};
use refrain_model::Moment;
use refrain_recovery::{DriverEvent, GatewayEvent, Generation, Handled, Input, Intent, MissingAccess, Policy, State};
use std::{cell::RefCell, time::Duration};
use steps::Step;
use witness::Witness;

/// 100,000 lives, the same ones each time. `PROPTEST_CASES` asks for another number, `PROPTEST_RNG_SEED` for others.
fn config() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let is_set = |name| std::env::var_os(name).is_some();
    ProptestConfig {
        cases: if is_set("PROPTEST_CASES") { asked.cases } else { 100_000 },
        rng_seed: if is_set("PROPTEST_RNG_SEED") { asked.rng_seed } else { RngSeed::Fixed(20_26) },
        ..asked
    }
}

thread_local! {
    static COVERAGE: RefCell<Coverage> = RefCell::default();
}

/// One life.
struct Life {
    world: World,
    witness: Witness,
}

impl Life {
    fn new(switches: Switches, policy: Policy) -> Self {
        COVERAGE.with_borrow_mut(Coverage::life);
        let witness = Witness::of(&policy);
        Self { world: World::with(switches, policy), witness }
    }

    fn live(&mut self, step: &Step) {
        match step {
            Step::Input(input) => {
                self.input(input.clone());
            }
            Step::Driver { back, event } => self.driver(*back, *event),
            Step::Events(n) => {
                for _ in 0..*n {
                    self.step(self.world.now + secs(5));
                }
            }
            Step::Time(length) => self.pass(*length),
            Step::Proofs { times, distance } => {
                for n in 1..=*times {
                    self.pass(*distance);
                    self.input(Input::Heard { playhead: *distance * n });
                    self.driver(0, DriverEvent::Alive);
                }
            }
            Step::Trouble { loses, refuses, code, hangs } => {
                let switches = &mut self.world.peer.switches;
                (switches.loses, switches.refuses, switches.hangs) = (*loses, *refuses, *hangs);
                switches.refuses_with = *code;
            }
            Step::Access { channel, missing } => {
                let denies = missing.is_some_and(MissingAccess::prevents_join);
                let denied = &mut self.world.peer.denied;
                *denied = if denies { Some(*channel) } else { denied.filter(|of| of != channel) };
                self.input(Input::Access { channel: *channel, missing: *missing });
            }
            Step::Grants(grants) => self.world.grants = *grants,
            Step::Server => self.world.peer.move_server(self.world.now),
            Step::Put(channel) => {
                if self.world.peer.channel.is_some() && self.world.peer.channel != *channel {
                    self.world.peer.put(self.world.now, *channel);
                }
            }
            Step::End(code) => self.world.peer.end(self.world.now, *code),
        }
        self.early_call_is_harmless();
    }

    fn input(&mut self, input: Input) -> Handled {
        let idle = self.is_idle() && !matches!(input, Input::Intent(_));
        let (before, said) = (self.world.machine.state().clone(), self.world.said.len());
        let handled = self.world.input(input.clone());
        if handled != Handled::Taken {
            let after = (self.world.machine.state(), &self.world.said[said..]);
            assert_eq!(after, (&before, &[][..]), "{input:?} was {handled:?}: it changes nothing");
        }
        assert!(
            handled != Handled::Stale || matches!(input, Input::Driver { .. }),
            "{input:?} belongs to no connection"
        );
        COVERAGE.with_borrow_mut(|c| c.handled(&input, handled));
        self.check(&Event::Input(input), idle);
        handled
    }

    fn driver(&mut self, back: u64, event: DriverEvent) {
        let generation = Generation(self.world.machine.generation().0.saturating_sub(back));
        let counts = self.witness.counts(&self.world, generation);
        let held = counts || self.witness.standing() == Some(generation);
        let allowed = self.witness.allows(generation, event);
        let (before, said) = (self.world.machine.state().clone(), self.world.said.len());
        let handled = self.input(Input::Driver { generation, event });
        assert_eq!(handled == Handled::Stale, !held, "a report is stale when its connection is not held");
        if !counts {
            let after = (self.world.machine.state(), &self.world.said[said..]);
            let expected = (&before, &allowed[..]);
            assert_eq!(after, expected, "nothing of an older generation, or of one torn down, ever changes the state");
        }
    }

    fn pass(&mut self, length: Duration) {
        let end = self.world.now + length;
        for _ in 0..5_000 {
            if matches!(self.step(end), Event::Nothing) {
                return;
            }
        }
        panic!("it spins: {:?}", self.world.machine.state());
    }

    fn step(&mut self, end: Moment) -> Event {
        let idle = self.is_idle();
        let event = self.world.step(end);
        self.check(&event, idle);
        event
    }

    fn check(&mut self, event: &Event, idle: bool) {
        let said = &self.world.said[self.witness.seen()..];
        COVERAGE.with_borrow_mut(|c| c.step(event, said, self.world.machine.state()));
        let before = Held::of(&self.witness);
        self.witness.check(&self.world, event, idle);
        if let Some(turn) = overlap(event, before, Held::of(&self.witness)) {
            COVERAGE.with_borrow_mut(|c| c.overlap(turn));
        }
    }

    fn early_call_is_harmless(&mut self) {
        let machine = &mut self.world.machine;
        if machine.poll_timeout().is_none_or(|(at, _)| at > self.world.now) {
            let before = machine.state().clone();
            machine.handle_timeout(self.world.now);
            assert_eq!(machine.poll_output(), None);
            assert_eq!(machine.state(), &before);
        }
    }

    fn is_idle(&self) -> bool {
        matches!(self.world.machine.state(), State::Idle(_))
    }

    /// The network is well again: the gateway tells the truth, turns come, time passes.
    fn heal(&mut self) {
        let switches = &mut self.world.peer.switches;
        (switches.loses, switches.refuses, switches.hangs) = (0, 0, 0);
        self.world.grants = Grants::AtOnce;
        self.world.peer.denied = None;
        for channel in [A, B, C] {
            self.input(Input::Access { channel, missing: None });
        }
        self.pass(secs(1));
        let channel = self.world.peer.channel;
        self.input(Input::Gateway(GatewayEvent::GuildAvailable { channel }));
        let before = self.op4s();
        // The longest wait is for a turn that nobody will grant any more; then the next check finds the rest.
        self.pass(secs(1_200));
        assert!(self.op4s() - before <= 12, "it is in no haste: {} op 4", self.op4s() - before);
    }

    fn op4s(&self) -> usize {
        self.world.said.iter().filter(|o| crate::rig::op4(o).is_some()).count()
    }

    /// Where people want it, they hear it; where they do not, it rests.
    fn is_well(&self) {
        let machine = &self.world.machine;
        match machine.intent() {
            Some(channel) => {
                assert_eq!(machine.state().name(), "STABLE", "{:?}", machine.state());
                assert!(self.world.peer.is_heard_in(channel), "{:?} {:?}", machine.state(), self.world.peer);
            }
            None => {
                assert_eq!(machine.state().name(), "IDLE");
                assert_eq!(self.world.peer.channel, None, "nobody wants it in a channel");
            }
        }
    }
}

fn live(switches: Switches, policy: Policy, plays: bool, steps: &[Step]) {
    let mut life = Life::new(switches, policy);
    if plays {
        life.input(Input::Intent(Intent::Join { channel: A }));
        life.pass(secs(5));
        life.input(Input::TrackStarted { playhead: Duration::ZERO });
    }
    for step in steps {
        life.live(step);
    }
    life.heal();
    life.is_well();
    COVERAGE.with_borrow_mut(|c| c.silence(life.witness.silence()));
}

proptest! {
    #![proptest_config(config())]

    fn random_lives(
        switches in steps::switches(),
        policy in steps::policy(),
        plays: bool,
        steps in proptest::collection::vec(steps::step(), 1..50),
    ) {
        live(switches, policy, plays, &steps);
    }
}

/// Prints what was reached.
#[test]
fn the_invariants_hold_in_every_life_health_leads_to_stable_and_everything_is_reached() {
    random_lives();
    COVERAGE.with_borrow(Coverage::report);
}
