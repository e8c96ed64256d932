//! The schedule, by tables and by random lives against a model that only counts.

use crate::{
    Purpose::{self, LookUp, Play},
    schedule::{LOOK_UP_SHARE, LineFull, Schedule, Ticket},
};
use proptest::prelude::*;
use refrain_model::GuildId;
use std::collections::BTreeMap;

/// Asks for each (guild, purpose) in order, then lets one run after the other have the one place; the order they run in.
fn order(asked: &[(u64, Purpose)]) -> Vec<(u64, Purpose)> {
    let mut schedule = Schedule::new(1);
    let asked = asked
        .iter()
        .map(|(guild, purpose)| (schedule.ask(GuildId::new(*guild), *purpose).unwrap(), (*guild, *purpose)));
    let asked = asked.collect::<BTreeMap<_, _>>();
    let mut order = Vec::new();
    while let Some((ticket, purpose)) = schedule.next() {
        order.push(asked[&ticket]);
        schedule.free(purpose);
    }
    order
}

#[test]
fn guilds_take_turns_whatever_one_of_them_asks_for() {
    let asked = [1, 1, 1, 1, 2, 3, 3].map(|guild| (guild, Play));
    assert_eq!(order(&asked), [1, 2, 3, 1, 3, 1, 1].map(|guild| (guild, Play)));
}

#[test]
fn tracks_that_are_to_play_come_first_and_every_fourth_place_is_a_look_ups() {
    let mut asked = vec![(1, LookUp), (2, LookUp)];
    asked.extend((10..18).map(|guild| (guild, Play)));
    let purposes = order(&asked).into_iter().map(|(_, purpose)| purpose).collect::<Vec<_>>();
    assert_eq!(purposes, [Play, Play, Play, LookUp, Play, Play, Play, LookUp, Play, Play]);
}

#[test]
fn look_ups_leave_a_place_for_a_track_that_is_to_play() {
    let mut schedule = Schedule::new(4);
    for guild in 1..=10 {
        schedule.ask(GuildId::new(guild), LookUp).unwrap();
    }
    let taken = std::iter::from_fn(|| schedule.next()).count();
    assert_eq!(taken, 3);
    let track = schedule.ask(GuildId::new(11), Play).unwrap();
    assert_eq!(schedule.next(), Some((track, Play)));
    assert_eq!(schedule.next(), None);
}

#[test]
fn a_request_that_was_withdrawn_gets_nothing() {
    let mut schedule = Schedule::new(1);
    let guild = GuildId::new(1);
    let (first, second) = (schedule.ask(guild, Play).unwrap(), schedule.ask(guild, Play).unwrap());
    schedule.withdraw(guild, Play, first);
    schedule.withdraw(guild, Play, first);
    schedule.withdraw(GuildId::new(2), LookUp, second);
    assert_eq!(schedule.next(), Some((second, Play)));
}

#[derive(Clone, Debug)]
enum Step {
    Ask(u64, Purpose),
    /// Of those that wait.
    Withdraw(usize),
    /// Of those that run.
    Free(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let purpose = prop_oneof![Just(Play), Just(LookUp)];
    prop_oneof![
        4 => (0..6_u64, purpose).prop_map(|(guild, purpose)| Step::Ask(guild, purpose)),
        1 => any::<usize>().prop_map(Step::Withdraw),
        3 => any::<usize>().prop_map(Step::Free),
    ]
}

#[derive(Clone, Copy, Debug)]
struct Request {
    ticket: Ticket,
    guild: u64,
    purpose: Purpose,
}

/// What happened so far, told from the outside.
struct Model {
    schedule: Schedule,
    places: usize,
    waiting: Vec<Request>,
    running: Vec<Purpose>,
    /// Tracks in a row that got a place while a look-up waited.
    in_a_row: usize,
    /// How often each other guild was served since a guild began to wait, or was served itself.
    overtaken: BTreeMap<(Purpose, u64), BTreeMap<u64, usize>>,
}

impl Model {
    fn new(places: usize) -> Self {
        let schedule = Schedule::new(places);
        Self { schedule, places, waiting: Vec::new(), running: Vec::new(), in_a_row: 0, overtaken: BTreeMap::new() }
    }

    fn waits(&self, purpose: Purpose, guild: Option<u64>) -> usize {
        self.waiting.iter().filter(|r| r.purpose == purpose && guild.is_none_or(|guild| r.guild == guild)).count()
    }

    fn run(&self, purpose: Purpose) -> usize {
        self.running.iter().filter(|running| **running == purpose).count()
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Ask(guild, purpose) => match self.schedule.ask(GuildId::new(guild), purpose) {
                Ok(ticket) => {
                    assert!(self.waits(purpose, Some(guild)) < purpose.max_waiting());
                    self.waiting.push(Request { ticket, guild, purpose });
                    self.overtaken.entry((purpose, guild)).or_default();
                }
                Err(LineFull) => assert_eq!(self.waits(purpose, Some(guild)), purpose.max_waiting()),
            },
            Step::Withdraw(index) if !self.waiting.is_empty() => {
                let Request { ticket, guild, purpose } = self.waiting.remove(index % self.waiting.len());
                self.schedule.withdraw(GuildId::new(guild), purpose, ticket);
                self.left(purpose, guild);
            }
            Step::Free(index) if !self.running.is_empty() => {
                let purpose = self.running.swap_remove(index % self.running.len());
                self.schedule.free(purpose);
            }
            Step::Withdraw(_) | Step::Free(_) => {}
        }
        while let Some((ticket, purpose)) = self.schedule.next() {
            self.given(ticket, purpose);
        }
        self.check();
    }

    fn given(&mut self, ticket: Ticket, purpose: Purpose) {
        let at = self.waiting.iter().position(|waits| waits.ticket == ticket).expect("it waits");
        let request = self.waiting.remove(at);
        assert_eq!(request.purpose, purpose);
        let older = |r: &Request| r.guild == request.guild && r.purpose == purpose && r.ticket < ticket;
        assert!(!self.waiting.iter().any(older), "a guild's own requests keep their order");
        for ((line, guild), times) in &mut self.overtaken {
            if *line == purpose && *guild != request.guild {
                let times = times.entry(request.guild).or_default();
                *times += 1;
                assert!(*times <= 1, "guild {} came twice before guild {guild}", request.guild);
            }
        }
        self.overtaken.insert((purpose, request.guild), BTreeMap::new());
        self.left(purpose, request.guild);
        self.running.push(purpose);
        self.in_a_row = if purpose == Play && self.waits(LookUp, None) > 0 { self.in_a_row + 1 } else { 0 };
        let may = self.run(LookUp) < self.places.saturating_sub(1).max(1);
        assert!(self.in_a_row < LOOK_UP_SHARE || !may, "look-ups starve");
    }

    fn left(&mut self, purpose: Purpose, guild: u64) {
        if self.waits(purpose, Some(guild)) == 0 {
            self.overtaken.remove(&(purpose, guild));
        }
        if self.waits(LookUp, None) == 0 {
            self.in_a_row = 0;
        }
    }

    fn check(&self) {
        let look_up_places = self.places.saturating_sub(1).max(1);
        assert!(self.running.len() <= self.places && self.run(LookUp) <= look_up_places);
        if self.running.len() < self.places {
            assert_eq!(self.waits(Play, None), 0, "a place is free and a track waits");
            assert!(self.waits(LookUp, None) == 0 || self.run(LookUp) == look_up_places);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_life_is_fair_and_ends_with_nobody_waiting(
        places in 1..6_usize,
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut model = Model::new(places);
        for step in steps {
            model.take(step);
        }
        let left = model.waiting.len() + model.running.len();
        for _ in 0..left {
            model.take(Step::Free(0));
        }
        prop_assert!(model.waiting.is_empty() && model.running.is_empty());
    }
}
