//! Random events, the invariants checked after each of them.

use crate::{
    peer::{SameChannel, Switches},
    rig::{A, B, C, secs},
    witness::Witness,
    world::World,
};
use proptest::prelude::*;
use refrain_model::{ChannelId, Moment};
use refrain_recovery::{CloseCode, DriverEvent, FailureKind, GatewayEvent, Generation, Input, Intent, State};
use std::time::Duration;

/// 2,000 unless the environment asks for another number.
fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    if asked { ProptestConfig::default() } else { ProptestConfig::with_cases(2_000) }
}

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    /// To the machine, whether Discord would say so now or not.
    Input(Input),
    /// A driver's report of the newest generation, or of one some way back.
    Driver { back: u64, event: DriverEvent },
    /// The next few true events and wake-ups.
    Events(usize),
    /// Time, with all that is due in it.
    Time(Duration),
    /// Discord loses and refuses so much from now on.
    Trouble { loses: u32, refuses: u32, hangs: u32 },
    /// A moderator.
    Put(Option<ChannelId>),
    /// The voice server closes the connection.
    End(u16),
}

fn channel() -> impl Strategy<Value = ChannelId> {
    prop_oneof![4 => Just(A), 2 => Just(B), 1 => Just(C)]
}

fn code() -> impl Strategy<Value = u16> {
    const CODES: [u16; 16] =
        [1000, 1001, 1006, 4002, 4003, 4004, 4006, 4006, 4009, 4014, 4015, 4016, 4017, 4021, 4022, 4090];
    proptest::sample::select(&CODES[..])
}

fn driver_event() -> impl Strategy<Value = DriverEvent> {
    prop_oneof![
        Just(DriverEvent::Connected),
        Just(DriverEvent::Resumed),
        Just(DriverEvent::Unresponsive),
        (proptest::option::of(code()), any::<bool>())
            .prop_map(|(code, resumable)| DriverEvent::Closed { code: code.map(CloseCode), resumable }),
        Just(DriverEvent::Failed { kind: FailureKind::TimedOut }),
        Just(DriverEvent::Failed { kind: FailureKind::Discarded }),
        code().prop_map(|c| DriverEvent::Failed { kind: FailureKind::Closed(Some(CloseCode(c))) }),
    ]
}

fn intent() -> impl Strategy<Value = Intent> {
    prop_oneof![
        4 => channel().prop_map(|channel| Intent::Join { channel }),
        2 => Just(Intent::Leave),
        1 => Just(Intent::Override),
    ]
}

fn gateway_event() -> impl Strategy<Value = GatewayEvent> {
    prop_oneof![
        4 => proptest::option::of(channel())
            .prop_map(|channel| GatewayEvent::VoiceState { channel, session_id: "another".into() }),
        4 => (any::<bool>(), 0..3u8).prop_map(|(named, token)| GatewayEvent::VoiceServer {
            endpoint: named.then(|| "other.test:443".into()),
            token: format!("untrue {token}"),
        }),
        1 => Just(GatewayEvent::ShardDisconnected),
        1 => Just(GatewayEvent::ShardResumed),
        1 => Just(GatewayEvent::ShardReady),
        2 => proptest::option::of(channel()).prop_map(|channel| GatewayEvent::GuildAvailable { channel }),
        1 => Just(GatewayEvent::GuildUnavailable),
        1 => Just(GatewayEvent::GuildDeleted),
        1 => channel().prop_map(|channel| GatewayEvent::ChannelDeleted { channel }),
        1 => (0..3000u64, 0..5u32).prop_map(|(latency, missed_heartbeats)| GatewayEvent::Health {
            latency: Duration::from_millis(latency),
            missed_heartbeats,
        }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => intent().prop_map(|i| Step::Input(Input::Intent(i))),
        4 => gateway_event().prop_map(|e| Step::Input(Input::Gateway(e))),
        3 => (prop_oneof![3 => Just(0), 1 => 1..4u64], driver_event()).prop_map(|(back, event)| Step::Driver { back, event }),
        1 => (0..600u64).prop_map(|s| Step::Input(Input::Heard { playhead: secs(s) })),
        1 => (0..600u64).prop_map(|s| Step::Input(Input::TrackStarted { playhead: secs(s) })),
        8 => (1..6usize).prop_map(Step::Events),
        4 => (1..400_000u64).prop_map(|ms| Step::Time(Duration::from_millis(ms))),
        1 => (0..3u32, 0..8u32, 0..3u32).prop_map(|(loses, refuses, hangs)| Step::Trouble { loses, refuses, hangs }),
        2 => proptest::option::of(channel()).prop_map(Step::Put),
        3 => code().prop_map(Step::End),
    ]
}

const SAME_CHANNEL: [SameChannel; 4] =
    [SameChannel::Nothing, SameChannel::Server, SameChannel::BothHalves, SameChannel::TheSame];

fn switches() -> impl Strategy<Value = Switches> {
    let same_channel = proptest::sample::select(&SAME_CHANNEL[..]);
    (same_channel, any::<bool>(), any::<bool>(), 1..500u64).prop_map(|(same_channel, server_first, resumes, ms)| {
        Switches { same_channel, server_first, resumes, latency: Duration::from_millis(ms), ..Switches::default() }
    })
}

/// One random life.
struct Life {
    world: World,
    witness: Witness,
}

impl Life {
    fn live(&mut self, step: &Step) {
        match step {
            Step::Input(input) => self.input(input.clone()),
            Step::Driver { back, event } => self.driver(*back, *event),
            Step::Events(n) => {
                for _ in 0..*n {
                    let end = Moment::from_epoch(self.world.now.since_epoch() + secs(5));
                    self.step(end);
                }
            }
            Step::Time(length) => self.pass(*length),
            Step::Trouble { loses, refuses, hangs } => {
                let switches = &mut self.world.peer.switches;
                (switches.loses, switches.refuses, switches.hangs) = (*loses, *refuses, *hangs);
            }
            Step::Put(channel) => {
                if self.world.peer.channel.is_some() && self.world.peer.channel != *channel {
                    self.world.peer.put(self.world.now, *channel);
                }
            }
            Step::End(code) => self.world.peer.end(self.world.now, *code),
        }
        self.early_call_is_harmless();
    }

    fn input(&mut self, input: Input) {
        self.witness.hears(&input);
        let asks = matches!(input, Input::Intent(_));
        let idle = self.is_idle() && !asks;
        self.world.input(input);
        self.witness.check(&self.world, idle);
    }

    fn driver(&mut self, back: u64, event: DriverEvent) {
        let newest = self.world.machine.generation();
        let generation = Generation(newest.0.saturating_sub(back));
        let before = (self.world.machine.state().clone(), self.world.said.len());
        self.input(Input::Driver { generation, event });
        if generation < newest {
            let after = (self.world.machine.state().clone(), self.world.said.len());
            assert_eq!(after, before, "nothing in flight of an older generation ever changes the state");
        }
    }

    fn pass(&mut self, length: Duration) {
        let end = Moment::from_epoch(self.world.now.since_epoch() + length);
        for _ in 0..5_000 {
            if !self.step(end) {
                return;
            }
        }
        panic!("it spins: {:?}", self.world.machine.state());
    }

    fn step(&mut self, end: Moment) -> bool {
        let idle = self.is_idle();
        let went_on = self.world.step(end);
        self.witness.check(&self.world, idle);
        went_on
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

    /// The network is well again: the gateway tells the truth, the driver notices what it holds, time passes.
    fn heal(&mut self) {
        let switches = &mut self.world.peer.switches;
        (switches.loses, switches.refuses, switches.hangs) = (0, 0, 0);
        self.pass(secs(1));
        let channel = self.world.peer.channel;
        self.input(Input::Gateway(GatewayEvent::GuildAvailable { channel }));
        if self.world.peer.connected.as_ref().map(|(g, _)| *g) != self.witness.live {
            self.driver(0, DriverEvent::Closed { code: Some(CloseCode(1006)), resumable: false });
        }
        self.pass(secs(3600));
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_invariants_hold_in_every_life_and_health_leads_to_stable(
        switches in switches(),
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let mut life = Life { world: World::new(switches), witness: Witness::default() };
        for step in &steps {
            life.live(step);
        }
        life.heal();
        let machine = &life.world.machine;
        match machine.intent() {
            Some(channel) => {
                prop_assert_eq!(machine.state().name(), "STABLE", "{:?}", machine.state());
                prop_assert!(life.world.peer.is_heard_in(channel), "{:?} {:?}", machine.state(), life.world.peer);
            }
            None => prop_assert_eq!(machine.state().name(), "IDLE"),
        }
    }
}
