//! A voice server crashes and takes 5,000 guilds with it: real machines, one governor, virtual time.

use crate::{
    peer::{Peer, SameChannel, Switches},
    rig::{A, secs},
};
use refrain_model::{GuildId, Moment};
use refrain_recovery::{
    Input, Intent, Output, Policy, Recovery,
    governor::{Ask, Governor, GovernorPolicy},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

const GUILDS: usize = 5_000;

struct Guild {
    machine: Recovery,
    peer: Peer,
    listeners: u32,
    /// When it is to be looked at next.
    due: Option<Moment>,
    back: Option<Moment>,
}

struct City {
    guilds: Vec<Guild>,
    /// Whoever is due, by when.
    agenda: BTreeSet<(Moment, usize)>,
    governor: Governor,
    shards: u32,
    now: Moment,
    /// All op 4, by shard.
    sent: BTreeMap<u32, Vec<Moment>>,
    crowd: usize,
}

impl City {
    /// Everybody is connected; in half of the channels nobody listens.
    fn playing(shards: u32, same_channel: SameChannel) -> Self {
        let guild = |index: usize| Guild {
            machine: Recovery::new(Policy::default(), index as u64),
            peer: Peer::new(Switches { same_channel, resumes: false, ..Switches::default() }),
            listeners: if index.is_multiple_of(2) { 0 } else { 1 + index as u32 % 9 },
            due: None,
            back: None,
        };
        let mut city = Self {
            guilds: (0..GUILDS).map(guild).collect(),
            agenda: BTreeSet::new(),
            // Before the crash nobody waits.
            governor: Governor::new(GovernorPolicy { sends: u32::MAX, handshakes: u32::MAX, ..Default::default() }, 7),
            shards,
            now: Moment::ZERO,
            sent: BTreeMap::new(),
            crowd: 0,
        };
        for index in 0..GUILDS {
            city.input(index, Input::Intent(Intent::Join { channel: A }));
        }
        city.run_until(Moment::ZERO + secs(120), |city| city.guilds.iter().all(Guild::is_heard));
        city.run_until(Moment::ZERO + secs(120), |_| false);
        city.governor = Governor::new(GovernorPolicy::default(), 7);
        city.sent.clear();
        city.crowd = 0;
        city
    }

    /// Within a second all connections close; how long until the last is back, and each of the others.
    fn crash(&mut self, code: u16) -> Vec<Duration> {
        let start = self.now;
        for index in 0..GUILDS {
            self.now = start + secs(1) * index as u32 / GUILDS as u32;
            self.guilds[index].peer.end(self.now, code);
            self.settle(index);
        }
        self.now = start;
        self.run_until(start + secs(4 * 3600), |city| city.guilds.iter().all(|guild| guild.back.is_some()));
        self.guilds.iter().map(|guild| guild.back.expect("everybody comes back").since(start)).collect()
    }

    fn run_until(&mut self, end: Moment, done: impl Fn(&Self) -> bool) {
        let mut steps = 0u64;
        loop {
            let wake = self.governor.next_wake(self.now);
            let first = self.agenda.first().copied();
            let Some(next) = first.map(|(at, _)| at).into_iter().chain(wake).min().filter(|at| *at <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            match first.filter(|(at, _)| *at <= self.now) {
                Some((_, index)) => self.step(index),
                None => self.grant(),
            }
            steps += 1;
            assert!(steps < 20_000_000, "it spins");
            if steps.is_multiple_of(256) && done(self) {
                return;
            }
        }
    }

    fn step(&mut self, index: usize) {
        let guild = &mut self.guilds[index];
        match guild.peer.arrived(self.now) {
            Some(input) => {
                guild.machine.handle_input(self.now, input);
            }
            None => guild.machine.handle_timeout(self.now),
        }
        self.carry_out(index);
    }

    fn input(&mut self, index: usize, input: Input) {
        self.guilds[index].machine.handle_input(self.now, input);
        self.carry_out(index);
    }

    fn carry_out(&mut self, index: usize) {
        let (id, shard) = (GuildId::new(index as u64), index as u32 % self.shards);
        while let Some(output) = self.guilds[index].machine.poll_output() {
            let guild = &mut self.guilds[index];
            match output {
                Output::AskTurn { urgency } => {
                    self.governor.ask(self.now, Ask { guild: id, shard, urgency, listeners: guild.listeners });
                    self.grant();
                }
                Output::WithdrawTurn => {
                    self.governor.done(id);
                    self.grant();
                }
                Output::SendVoiceState { .. } => {
                    self.governor.sent(self.now, id, shard);
                    self.sent.entry(shard).or_default().push(self.now);
                    guild.peer.carry_out(self.now, &output);
                }
                Output::Connect { .. }
                | Output::Resume { .. }
                | Output::Probe { .. }
                | Output::TearDown { .. }
                | Output::StartFrames { .. }
                | Output::StopFrames
                | Output::Persist { .. }
                | Output::Incident(_)
                | Output::Notify(_) => guild.peer.carry_out(self.now, &output),
            }
        }
        self.settle(index);
    }

    fn grant(&mut self) {
        let granted: Vec<_> = std::iter::from_fn(|| self.governor.poll_grant(self.now)).collect();
        self.crowd = self.crowd.max(self.governor.load().under_way);
        for grant in granted {
            let index = grant.guild.get() as usize;
            self.guilds[index].machine.handle_input(self.now, Input::Turn);
            // Carried out in its own time: this may be called from the middle of another's.
            self.schedule(index, self.now);
        }
    }

    fn settle(&mut self, index: usize) {
        let guild = &mut self.guilds[index];
        guild.back = guild.is_heard().then(|| guild.back.unwrap_or(self.now));
        let timer = guild.machine.poll_timeout().map(|(at, _)| at);
        if let Some(at) = timer.into_iter().chain(guild.peer.next_arrival()).min() {
            self.schedule(index, at);
        }
    }

    fn schedule(&mut self, index: usize, at: Moment) {
        if let Some(due) = self.guilds[index].due.replace(at) {
            self.agenda.remove(&(due, index));
        }
        self.agenda.insert((at, index));
    }
}

impl Guild {
    fn is_heard(&self) -> bool {
        self.peer.is_heard_in(A)
    }
}

/// The most in any window of 60 s.
fn most_in_a_window(sent: &[Moment]) -> usize {
    let ends =
        |(index, at): (usize, &Moment)| sent[index..].iter().take_while(|later| later.since(*at) < secs(60)).count();
    sent.iter().enumerate().map(ends).max().unwrap_or(0)
}

fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

/// Everybody is back, and neither Discord's limit nor the process's was broken on the way.
fn crash(city: &mut City) -> Vec<Duration> {
    let gaps = city.crash(4006);
    for (shard, sent) in &city.sent {
        let most = most_in_a_window(sent);
        assert!(most <= GovernorPolicy::default().sends as usize, "{most} op 4 in 60 s on shard {shard}");
    }
    assert!(city.crowd <= GovernorPolicy::default().handshakes as usize, "{} handshakes at once", city.crowd);
    gaps
}

fn everybody_comes_back(shards: u32, same_channel: SameChannel) {
    let mut city = City::playing(shards, same_channel);
    let gaps = crash(&mut city);
    let of = |wanted: fn(u32) -> bool| {
        let picked = city.guilds.iter().zip(&gaps).filter(|(guild, _)| wanted(guild.listeners));
        let mut picked: Vec<_> = picked.map(|(_, gap)| *gap).collect();
        picked.sort();
        picked
    };
    let (all, listened, empty) = (of(|_| true), of(|n| n > 0), of(|n| n == 0));
    assert!(quantile(&listened, 50) < quantile(&empty, 50), "people who listen come first");
    assert!(quantile(&of(|n| n > 6), 50) < quantile(&of(|n| n == 1 || n == 2), 50), "and many before few");
    let op4: usize = city.sent.values().map(Vec::len).sum();
    eprintln!(
        "{GUILDS} guilds on {shards} shards, op 4 for the same channel brings {same_channel:?}: the first {:.1?}, half \
         of those listened to {:.1?}, all of them {:.1?}, the last of all {:.1?}; {op4} op 4, {} handshakes at once",
        all[0],
        quantile(&listened, 50),
        quantile(&listened, 100),
        quantile(&all, 100),
        city.crowd,
    );
}

#[test]
fn five_thousand_guilds_come_back_within_the_budget_where_op_4_for_the_same_channel_is_answered() {
    everybody_comes_back(16, SameChannel::Server);
}

#[test]
fn five_thousand_guilds_come_back_within_the_budget_where_it_is_not() {
    everybody_comes_back(16, SameChannel::Nothing);
}

#[test]
fn five_thousand_guilds_on_few_shards_come_back_too() {
    everybody_comes_back(5, SameChannel::Nothing);
}

#[test]
fn five_thousand_guilds_come_back_though_op_4_gets_lost_and_handshakes_are_refused_or_hang() {
    let mut city = City::playing(16, SameChannel::Nothing);
    for (index, guild) in city.guilds.iter_mut().enumerate() {
        let switches = &mut guild.peer.switches;
        (switches.loses, switches.refuses, switches.hangs) = (index as u32 % 3, index as u32 % 4, index as u32 % 2);
    }
    let mut gaps = crash(&mut city);
    gaps.sort();
    eprintln!("{GUILDS} guilds in trouble: half {:.1?}, the last {:.1?}", quantile(&gaps, 50), quantile(&gaps, 100));
}
