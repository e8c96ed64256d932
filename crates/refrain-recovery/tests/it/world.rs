//! Machine and peer together: jumps from one event or wake-up to the next.

use crate::{
    peer::{Peer, SameChannel, Switches},
    rig::{A, B, op4, secs},
};
use refrain_model::{ChannelId, Moment};
use refrain_recovery::{Handled, Input, Intent, Notice, Output, Policy, Recovery, Timer};
use std::time::Duration;

/// More steps than any recovery takes in the time that the tests give it.
const STEPS: usize = 20_000;

pub(crate) struct World {
    pub(crate) machine: Recovery,
    pub(crate) peer: Peer,
    pub(crate) now: Moment,
    pub(crate) said: Vec<Output>,
    pub(crate) grants: Grants,
    /// When the turn that was asked for comes.
    turn_at: Option<Moment>,
}

/// How turns are granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grants {
    AtOnce,
    Late(Duration),
    Never,
}

/// What happened to the machine in a step.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Input(Input),
    Timer(Timer),
    /// Time passed, and nothing was due.
    Nothing,
}

impl World {
    pub(crate) fn new(switches: Switches) -> Self {
        Self::with(switches, Policy::default())
    }

    pub(crate) fn with(switches: Switches, policy: Policy) -> Self {
        let (machine, peer) = (Recovery::new(policy, 7), Peer::new(switches));
        Self { machine, peer, now: Moment::ZERO, said: Vec::new(), grants: Grants::AtOnce, turn_at: None }
    }

    fn playing_in(channel: ChannelId, switches: Switches) -> Self {
        let mut world = Self::new(Switches { loses: 0, refuses: 0, hangs: 0, ..switches });
        world.input(Input::Intent(Intent::Join { channel }));
        assert!(world.run_until_heard_in(channel, secs(30)).is_some());
        world.run(secs(60));
        world.said.clear();
        world
    }

    pub(crate) fn input(&mut self, input: Input) -> Handled {
        let handled = self.machine.handle_input(self.now, input);
        self.drain();
        handled
    }

    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            if output == Output::WithdrawTurn {
                self.turn_at = None;
            }
            if matches!(output, Output::AskTurn { .. }) {
                match self.grants {
                    Grants::AtOnce => {
                        self.machine.handle_input(self.now, Input::Turn);
                    }
                    Grants::Late(by) => self.turn_at = Some(self.now + by),
                    Grants::Never => {}
                }
            }
            self.peer.carry_out(self.now, &output);
            self.said.push(output);
        }
    }

    /// Jumps to the next event or wake-up not later than `end`; what it was.
    pub(crate) fn step(&mut self, end: Moment) -> Event {
        let wake_up = self.machine.poll_timeout();
        let due = [wake_up.map(|(at, _)| at), self.peer.next_arrival(), self.turn_at];
        let Some(next) = due.into_iter().flatten().min().filter(|at| *at <= end) else {
            self.now = self.now.max(end);
            return Event::Nothing;
        };
        self.now = self.now.max(next);
        let arrived =
            self.peer.arrived(self.now).or_else(|| self.turn_at.take_if(|at| *at <= next).map(|_| Input::Turn));
        let event = match (arrived, wake_up) {
            (Some(input), _) => {
                self.machine.handle_input(self.now, input.clone());
                Event::Input(input)
            }
            (None, Some((_, timer))) => {
                self.machine.handle_timeout(self.now);
                Event::Timer(timer)
            }
            (None, None) => Event::Nothing,
        };
        self.drain();
        event
    }

    pub(crate) fn run(&mut self, length: Duration) {
        let end = self.now + length;
        for _ in 0..STEPS {
            if matches!(self.step(end), Event::Nothing) {
                return;
            }
        }
        panic!("more than {STEPS} steps: {:?}", self.machine.state());
    }

    /// How long it took until the music was heard there; `None` when it was not within `limit`.
    pub(crate) fn run_until_heard_in(&mut self, channel: ChannelId, limit: Duration) -> Option<Duration> {
        let (start, end) = (self.now, self.now + limit);
        for _ in 0..STEPS {
            if self.peer.is_heard_in(channel) && self.machine.state().name() == "STABLE" {
                return Some(self.now.since(start));
            }
            if matches!(self.step(end), Event::Nothing) {
                return None;
            }
        }
        panic!("more than {STEPS} steps: {:?}", self.machine.state());
    }

    fn op4s(&self) -> usize {
        self.said.iter().filter_map(op4).count()
    }
}

fn all_kinds() -> impl Iterator<Item = Switches> {
    let kinds = [SameChannel::Nothing, SameChannel::Server, SameChannel::BothHalves, SameChannel::TheSame];
    kinds.into_iter().flat_map(|same_channel| {
        [false, true].map(|server_first| Switches { same_channel, server_first, ..Switches::default() })
    })
}

/// The second time it knows what the first has taught it.
#[test]
fn a_4006_is_over_after_two_round_trips_where_asking_again_is_answered_and_soon_after_where_it_is_not() {
    for switches in all_kinds() {
        let (latency, same_channel) = (switches.latency, switches.same_channel);
        let mut world = World::playing_in(A, switches);
        let mut gaps = Vec::new();
        for _ in 0..2 {
            let before = world.op4s();
            world.peer.end(world.now, 4006);
            let gap = world.run_until_heard_in(A, secs(30)).expect("it comes back");
            gaps.push((gap, world.op4s() - before));
            world.run(secs(300));
        }
        // The close arrives, the answer comes, the handshake is done; or out and in take two answers.
        let wait = latency * 3 / 2;
        let expected = match same_channel {
            SameChannel::Nothing => [(latency * 4 + wait, 3), (latency * 4, 2)],
            SameChannel::Server | SameChannel::BothHalves => [(latency * 3, 1); 2],
            SameChannel::TheSame => [(latency * 5, 3), (latency * 4, 2)],
        };
        assert_eq!(gaps, expected, "{same_channel:?}");
    }
}

#[test]
fn a_move_needs_no_op_4_and_a_kick_gets_none() {
    for switches in all_kinds() {
        let mut world = World::playing_in(A, switches.clone());
        world.peer.put(world.now, Some(B));
        assert!(world.run_until_heard_in(B, secs(5)).is_some());
        assert_eq!((world.op4s(), world.machine.intent()), (0, Some(B)));

        let mut world = World::playing_in(A, switches);
        world.peer.put(world.now, None);
        world.run(secs(3600));
        assert_eq!((world.machine.state().name(), world.op4s()), ("IDLE", 0));
        assert!(world.said.contains(&Output::Notify(Notice::Kicked)));
    }
}

#[test]
fn lost_op_4s_and_hanging_handshakes_are_outlasted() {
    for switches in all_kinds() {
        for (loses, hangs) in [(1, 0), (2, 0), (3, 1), (0, 2), (5, 3), (12, 0)] {
            let mut world = World::playing_in(A, switches.clone());
            (world.peer.switches.loses, world.peer.switches.hangs) = (loses, hangs);
            world.peer.end(world.now, 4006);
            assert!(world.run_until_heard_in(A, secs(3600)).is_some(), "{loses} {hangs}: {:?}", world.machine.state());
        }
    }
}

#[test]
fn a_4006_on_every_handshake_is_no_storm_and_ends_when_discord_relents() {
    let mut world = World::playing_in(A, Switches::default());
    world.peer.switches.refuses = u32::MAX;
    world.peer.end(world.now, 4006);
    world.run(secs(92));
    // Five attempts, a cooldown, five attempts; out and in each time, and once asking again was tried first.
    let attempts = world.said.iter().filter(|o| matches!(o, Output::Connect { .. })).count();
    assert!(attempts <= 10 && world.op4s() <= 21, "{attempts} attempts and {} op 4 in 92 s", world.op4s());
    assert!(world.said.iter().any(|o| matches!(o, Output::Notify(Notice::Interrupted { .. }))), "people are told");
    world.peer.switches.refuses = 0;
    assert!(world.run_until_heard_in(A, secs(900)).is_some());
    assert!(world.said.iter().any(|o| matches!(o, Output::Notify(Notice::Recovered { .. }))));
}

#[test]
fn whatever_fails_for_ever_is_bounded_and_told() {
    for code in (1000..=1006).chain(4000..=4025).filter(|code| *code != 1004) {
        let mut world = World::playing_in(A, Switches::default());
        world.peer.switches = Switches { refuses: u32::MAX, refuses_with: code, ..Switches::default() };
        world.peer.end(world.now, code);
        world.run(secs(3600));
        let attempts = world.said.iter().filter(|o| matches!(o, Output::Connect { .. })).count();
        assert!(attempts <= 75, "{code}: {attempts} attempts in an hour");
        assert!(world.said.iter().any(|o| matches!(o, Output::Notify(_))), "{code}: people are told");
        if world.machine.state().name() == "IDLE" {
            let gave_up = world.said.iter().any(|o| matches!(o, Output::Notify(Notice::Fatal { .. })));
            assert!(gave_up && world.machine.intent().is_none(), "{code}");
        } else {
            world.peer.switches.refuses = 0;
            assert!(world.run_until_heard_in(A, secs(400)).is_some(), "{code}: it waits for Discord to relent");
        }
    }
}

#[test]
fn leave_and_join_in_one_breath_end_in_the_channel() {
    for switches in all_kinds() {
        let mut world = World::playing_in(A, switches);
        world.input(Input::Intent(Intent::Leave));
        world.input(Input::Intent(Intent::Join { channel: A }));
        assert!(world.run_until_heard_in(A, secs(5)).is_some());
        assert_eq!(world.op4s(), 2);
    }
}
