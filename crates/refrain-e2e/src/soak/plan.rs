//! The faults of a run: drawn from a seed, with how long each can keep the music away by itself.

use super::many::Place;
use serde::Serialize;
use serde_json::{Value, json};

/// Close codes that a bot comes back from, however often they come.
const CODES: [Option<u16>; 12] = [
    Some(4006),
    Some(4006),
    Some(4006),
    Some(4009),
    Some(4014),
    Some(4015),
    Some(4015),
    Some(4022),
    Some(1000),
    Some(1001),
    Some(1006),
    None,
];
/// Close codes that a bot takes for its own fault when they come again: each once a guild at most. 4017 ends every bot,
/// and 4021 asks all guilds for a minute's wait: neither is among them.
const ONCE: [u16; 11] = [4001, 4002, 4003, 4004, 4005, 4011, 4012, 4016, 4020, 4998, 4999];
/// Close codes of the main gateway after which a bot logs in again.
const GATEWAY_CODES: [u16; 4] = [1000, 1001, 4000, 4009];
/// The moments of a connection at which a close lies in wait. Earlier ones would hit other guilds too.
const STAGES: [&str; 3] = ["after_identify", "before_session_description", "on_resume"];
/// The last part of a run, in which nothing begins: lasting faults are to be over when the run is.
const QUIET_SHARE: u64 = 20;

/// What a fault takes away while it lasts, whatever a bot does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Takes {
    /// Nothing: a bot can be back at once.
    Nothing,
    /// The sound, or any connection that could carry it, of this guild.
    Sound,
    /// The sound of every guild at this guild's voice server.
    Server,
    /// The main gateway, of all guilds.
    Gateway,
    /// What the main gateway says about this guild.
    Guild,
    /// The speed at which a join is answered, in this guild.
    Joins,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Planned {
    /// When, in milliseconds from the beginning of the plan.
    pub(super) at_ms: u64,
    /// In which guild, by number.
    pub(super) guild: usize,
    /// What `POST /sim/faults` takes.
    pub(super) fault: Value,
    /// What it takes away, and for how long.
    pub(super) takes: Takes,
    pub(super) lasts_ms: u64,
    /// Part of the fault before it, and not counted as one of its own.
    pub(super) is_sequel: bool,
}

impl Planned {
    pub(super) fn kind(&self) -> &str {
        self.fault["kind"].as_str().unwrap_or_default()
    }
}

/// So many faults within so many milliseconds, in the order of their times.
pub(super) fn plan(seed: u64, places: &[Place], for_ms: u64, faults: usize) -> Vec<Planned> {
    let mut dice = Dice(seed);
    let until_ms = for_ms - for_ms / QUIET_SHARE;
    let mut moments: Vec<u64> = (0..faults).map(|_| dice.below(until_ms.max(1))).collect();
    moments.sort_unstable();
    let mut writer = Writer { dice, places, once: vec![ONCE.to_vec(); places.len()], planned: Vec::new() };
    for at_ms in moments {
        writer.draw(at_ms);
    }
    writer.planned.sort_by_key(|one| one.at_ms);
    writer.planned
}

struct Writer<'a> {
    dice: Dice,
    places: &'a [Place],
    /// The codes that each guild has not met yet.
    once: Vec<Vec<u16>>,
    planned: Vec<Planned>,
}

impl Writer<'_> {
    fn draw(&mut self, at_ms: u64) {
        let guild = self.dice.index(self.places.len());
        match self.dice.below(100) {
            0..30 => self.close(at_ms, guild),
            30..40 => {
                let kind = if self.dice.chance(50) { "reset" } else { "tls_close" };
                self.push(at_ms, guild, json!({ "kind": kind }), Takes::Nothing, 0);
            }
            40..45 => {
                let lasts_ms = self.dice.between(5_000, 30_000);
                self.push(at_ms, guild, json!({ "kind": "half_open", "for_ms": lasts_ms }), Takes::Sound, lasts_ms);
            }
            45..56 => self.darkness(at_ms, guild),
            56..62 => self.crash(at_ms, guild),
            62..67 => self.push(at_ms, guild, json!({ "kind": "region" }), Takes::Nothing, 0),
            67..75 => self.relocate(at_ms, guild),
            75..82 => self.server_update(at_ms, guild),
            82..85 => {
                let lasts_ms = self.dice.between(1_000, 20_000);
                self.push(at_ms, guild, json!({ "kind": "refuse_resume", "for_ms": lasts_ms }), Takes::Nothing, 0);
            }
            85..88 => self.slow_joins(at_ms, guild),
            88..91 => {
                let lasts_ms = self.dice.between(1_000, 30_000);
                let fault = json!({ "kind": "guild_unavailable", "for_ms": lasts_ms });
                self.push(at_ms, guild, fault, Takes::Guild, lasts_ms);
            }
            _ => self.gateway(at_ms, guild),
        }
    }

    fn close(&mut self, at_ms: u64, guild: usize) {
        let code = if self.dice.chance(25) && !self.once[guild].is_empty() {
            let which = self.dice.index(self.once[guild].len());
            Some(self.once[guild].swap_remove(which))
        } else {
            CODES[self.dice.index(CODES.len())]
        };
        let mut fault = json!({ "kind": "close", "code": code });
        if self.dice.chance(20) {
            // It lies in wait for the next connection, and is gone where none comes.
            fault["stage"] = json!(STAGES[self.dice.index(STAGES.len())]);
            fault["for_ms"] = json!(self.dice.between(5_000, 30_000));
        }
        self.push(at_ms, guild, fault, Takes::Nothing, 0);
    }

    fn darkness(&mut self, at_ms: u64, guild: usize) {
        let parts: &[&str] = match self.dice.below(3) {
            0 => &["voice_socket"],
            1 => &["udp"],
            _ => &["voice_socket", "udp"],
        };
        let lasts_ms = self.dice.between(500, 40_000);
        // Before it identifies nobody knows who connects: what takes new connections takes them from the whole server.
        let news = self.dice.chance(50);
        let fault = json!({ "kind": "blackhole", "parts": parts, "new_connections": news, "for_ms": lasts_ms });
        self.push(at_ms, guild, fault, if news { Takes::Server } else { Takes::Sound }, lasts_ms);
    }

    fn crash(&mut self, at_ms: u64, guild: usize) {
        let sessions = if self.dice.chance(50) { "lost" } else { "kept" };
        let how = ["close", "reset", "tls_close"][self.dice.index(3)];
        let mut fault = json!({ "kind": "voice_crash", "sessions": sessions, "how": how });
        let mut lasts_ms = 0;
        if self.dice.chance(40) {
            lasts_ms = self.dice.between(1_000, 15_000);
            fault["refuse"] = json!(true);
            fault["for_ms"] = json!(lasts_ms);
        }
        self.push(at_ms, guild, fault, Takes::Server, lasts_ms);
    }

    fn relocate(&mut self, at_ms: u64, guild: usize) {
        let place = &self.places[guild];
        let channel = if self.dice.chance(50) { &place.music } else { &place.lounge };
        let mut fault = json!({ "kind": "move", "channel": channel });
        let mut lasts_ms = 0;
        if self.dice.chance(30) {
            lasts_ms = self.dice.between(100, 4_000);
            fault["delay_ms"] = json!(lasts_ms);
        } else if self.dice.chance(30) {
            fault["server_first"] = json!(true);
        }
        self.push(at_ms, guild, fault, Takes::Sound, lasts_ms);
    }

    fn server_update(&mut self, at_ms: u64, guild: usize) {
        if self.dice.chance(40) {
            let lasts_ms = self.dice.between(1_000, 15_000);
            let none = json!({ "kind": "server_update", "available": false });
            self.push(at_ms, guild, none, Takes::Sound, lasts_ms);
            self.push(at_ms + lasts_ms, guild, json!({ "kind": "server_update" }), Takes::Nothing, 0);
            if let Some(last) = self.planned.last_mut() {
                last.is_sequel = true;
            }
        } else {
            let doubled = self.dice.chance(30);
            self.push(at_ms, guild, json!({ "kind": "server_update", "doubled": doubled }), Takes::Nothing, 0);
        }
    }

    fn slow_joins(&mut self, at_ms: u64, guild: usize) {
        let lasts_ms = self.dice.between(5_000, 40_000);
        let fault = match self.dice.below(5) {
            0 => json!({ "kind": "op4_late", "ms": self.dice.between(100, 4_000) }),
            1 => json!({ "kind": "server_update_late", "ms": self.dice.between(100, 4_000) }),
            2 => json!({ "kind": "server_update_doubled" }),
            3 => json!({ "kind": "server_update_first" }),
            _ => json!({ "kind": "same_channel_op4", "answer": "answered" }),
        };
        let mut fault = fault;
        fault["for_ms"] = json!(lasts_ms);
        self.push(at_ms, guild, fault, Takes::Joins, lasts_ms);
    }

    fn gateway(&mut self, at_ms: u64, guild: usize) {
        let short_ms = self.dice.between(1_000, 15_000);
        let long_ms = self.dice.between(5_000, 40_000);
        let (fault, lasts_ms) = match self.dice.below(10) {
            0 | 1 => {
                let resumable = self.dice.chance(50);
                (json!({ "kind": "gateway_invalid_session", "resumable": resumable }), 0)
            }
            2 => {
                let code = GATEWAY_CODES[self.dice.index(GATEWAY_CODES.len())];
                (json!({ "kind": "gateway_close", "code": code }), 0)
            }
            3 => (json!({ "kind": "gateway_drop" }), 0),
            4 => (json!({ "kind": "gateway_reset" }), 0),
            5 => (json!({ "kind": "gateway_reconnect" }), 0),
            6 => (json!({ "kind": "gateway_zombie", "for_ms": long_ms }), long_ms),
            7 => {
                let on = ["connect", "resume"][self.dice.index(2)];
                (json!({ "kind": "gateway_refuse", "on": on, "for_ms": short_ms }), short_ms)
            }
            8 => (json!({ "kind": "gateway_slow", "ms": self.dice.between(10, 1_500), "for_ms": long_ms }), long_ms),
            _ => (json!({ "kind": "gateway_ack_withheld", "for_ms": long_ms }), long_ms),
        };
        self.push(at_ms, guild, fault, Takes::Gateway, lasts_ms);
    }

    fn push(&mut self, at_ms: u64, guild: usize, mut fault: Value, takes: Takes, lasts_ms: u64) {
        fault["guild"] = json!(self.places[guild].guild);
        self.planned.push(Planned { at_ms, guild, fault, takes, lasts_ms, is_sequel: false });
    }
}

/// A source of chance that a seed decides (SplitMix64: the same numbers for ever).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: u64) -> u64 {
        self.next() % count.max(1)
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn places() -> Vec<Place> {
        (0..12).map(Place::new).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_plan_with_as_many_faults_as_were_asked_for() {
        let (places, for_ms) = (places(), 1_500_000);
        let first = plan(17, &places, for_ms, 300);
        assert_eq!(first, plan(17, &places, for_ms, 300));
        assert_ne!(first, plan(18, &places, for_ms, 300));
        assert_eq!(first.iter().filter(|one| !one.is_sequel).count(), 300);
        assert!(first.is_sorted_by_key(|one| one.at_ms));
        assert!(first.iter().filter(|one| !one.is_sequel).all(|one| one.at_ms <= for_ms - for_ms / 20));
    }

    #[test]
    fn all_kinds_come_up_and_no_guild_meets_a_code_of_its_own_fault_twice() {
        let planned = plan(1, &places(), 1_500_000, 1_000);
        let kinds: BTreeSet<&str> = planned.iter().map(Planned::kind).collect();
        for kind in ["close", "reset", "half_open", "blackhole", "voice_crash", "region", "move", "server_update"] {
            assert!(kinds.contains(kind), "{kind}");
        }
        for kind in ["gateway_invalid_session", "gateway_zombie", "gateway_drop", "guild_unavailable"] {
            assert!(kinds.contains(kind), "{kind}");
        }
        for (guild, code) in (0..12).flat_map(|guild| ONCE.map(|code| (guild, code))) {
            let met = planned.iter().filter(|one| one.guild == guild && one.fault["code"] == code);
            assert!(met.count() <= 1, "guild {guild}, code {code}");
        }
    }
}
