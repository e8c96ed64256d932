//! Random lives of a guild in virtual time: members, look-ups, sources, drivers, gateways, permissions, disks, messages,
//! clocks and kills, with the invariants checked after each step.
//!
//! `REFRAIN_LIVES` asks for another number of lives. `REFRAIN_LIFE_SEED` lives one of them and prints all that goes in and
//! comes out. A life that fails is cut down to the steps that it takes, and printed.

mod answers;
mod bugs;
mod coverage;
mod listener;
mod messages;
mod names;
mod records;
mod regressions;
mod script;
mod sources;
mod tracks;
mod voice;
mod witness;

pub(crate) use witness::Witness;

use crate::world::{A, B, C, Event, Grants, World, secs, site::Mood, subject::Bug};
use refrain_guild::{AskerChannel, Command, GuildInput, Scene};
use refrain_model::GuildRecord;
use refrain_queue::{Limits, Place};
use refrain_recovery::{GatewayEvent, Generation};
use script::{Script, Step};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Once,
    time::Duration,
};

/// As many lives in each run.
const LIVES: u64 = 20_000;
/// On so many threads.
const THREADS: u64 = 2;
/// Each life of so many is lived twice, and must be the same both times.
const TWICE: u64 = 16;

/// One life.
struct Life {
    world: World,
}

impl Life {
    fn new(script: &Script, bug: Option<Bug>) -> Self {
        // Some guilds may hold a few tracks only.
        let max_tracks = if script.seed % 9 == 1 { 8 } else { Limits::default().max_tracks };
        let mut world = World::with(script.seed, script.switches.clone(), bug, max_tracks);
        world.answers_lost = true;
        Self { world }
    }

    fn live(&mut self, script: &Script) {
        if script.seed.is_multiple_of(5) {
            // The guild has a record from long ago.
            self.world.disk.put(GuildRecord::default());
        }
        self.world.disk.load_fails = u32::try_from(script.seed % 7).unwrap_or(0).saturating_sub(5);
        self.world.boot();
        if script.plays {
            self.world.play();
            self.pass(secs(5));
        }
        for step in &script.steps {
            self.happens(step);
            self.early_call_is_harmless();
            self.goes_on_after_the_end();
        }
        self.heal();
        self.world.with_witness(|witness, world| witness.check_quiet(world));
        self.plays_when_asked();
        coverage::life(self.world.witness.listener.skipped, self.world.witness.listener.repeated);
    }

    fn happens(&mut self, step: &Step) {
        let world = &mut self.world;
        match step {
            Step::Command(command) => {
                world.command(command.clone());
            }
            Step::Crowd(count) => {
                for _ in 0..*count {
                    world.play();
                }
            }
            Step::Hang { look_up, opening } => world.hangs = (*look_up, *opening),
            Step::Twice(command) => {
                world.command(command.clone());
                world.advance(world.now + Duration::from_millis(20), false);
                world.command(command.clone());
            }
            // An answer that nobody waits for: one that is waited for would be taken for true.
            Step::Nonsense(GuildInput::Loaded(_)) if !world.guild().is_loaded() => {}
            Step::Nonsense(input) => world.input(input.clone()),
            Step::Gateway(event) => world.input(GuildInput::Gateway(event.clone())),
            Step::Driver { back, event } => {
                let generation = Generation(world.guild().voice_view().generation.0.saturating_sub(*back));
                world.input(GuildInput::Driver { generation, event: *event });
            }
            Step::Events(n) => {
                for _ in 0..*n {
                    world.step(world.now + secs(5));
                }
            }
            Step::Time(length) => self.pass(*length),
            Step::Sites(mood) => world.sites.mood = mood.clone(),
            Step::Source(fate) => world.audio.strike(fate.clone()),
            Step::Put(channel) => {
                if world.discord.channel.is_some() && world.discord.channel != *channel {
                    world.discord.put(*channel);
                }
            }
            Step::End(code) => world.discord.end(*code),
            Step::Dark => world.discord.go_dark(),
            Step::Server => world.discord.move_server(),
            Step::Mute { mute, suppress } => {
                if world.discord.channel.is_some() {
                    (world.discord.mute, world.discord.suppress) = (*mute, *suppress);
                    world.discord.say_state();
                }
            }
            Step::GuildAway(length) => self.guild_away(*length),
            Step::Removed => self.removed(),
            Step::ChannelDeleted(channel) => {
                if world.discord.channel == Some(*channel) {
                    world.discord.put(None);
                }
                world.discord.gateway(GatewayEvent::ChannelDeleted { channel: *channel });
            }
            Step::Trouble { loses, refuses, code, hangs } => {
                let switches = &mut world.discord.switches;
                (switches.loses, switches.refuses, switches.hangs) = (*loses, *refuses, *hangs);
                switches.refuses_with = *code;
            }
            Step::Grants(grants) => world.grants = *grants,
            Step::Scene(channel, scene) => {
                world.scenes.insert(*channel, *scene);
                world.input(GuildInput::ChannelChanged);
            }
            Step::Asker(asker) => world.asker = *asker,
            Step::Disk { fails, load_fails } => (world.disk.fails, world.disk.load_fails) = (*fails, *load_fails),
            Step::ClockJumps(ms) => {
                world.unix_base_ms = world.unix_base_ms.saturating_add_signed(*ms);
                world.input(GuildInput::ChannelChanged);
            }
            Step::Freeze(length) => world.freeze(*length),
            Step::Kill { away, load_fails } => {
                world.disk.load_fails = *load_fails;
                world.kill(*away);
            }
            Step::PanelGone => world.input(GuildInput::PanelIs(None)),
            Step::PanelFails(fails) => world.panel_fails = *fails,
            Step::IncidentGone => world.input(GuildInput::IncidentMessageIs(None)),
        }
        self.world.take_from_discord();
    }

    fn guild_away(&mut self, length: Duration) {
        self.world.input(GuildInput::Gateway(GatewayEvent::GuildUnavailable));
        self.pass(length);
        let channel = self.world.discord.channel;
        self.world.input(GuildInput::Gateway(GatewayEvent::GuildAvailable { channel }));
    }

    fn removed(&mut self) {
        self.world.discord.put(None);
        self.world.take_from_discord();
        self.world.input(GuildInput::Gateway(GatewayEvent::GuildDeleted));
    }

    fn pass(&mut self, length: Duration) {
        let end = self.world.now + length;
        for _ in 0..100_000 {
            if matches!(self.world.step(end), Event::Nothing) {
                return;
            }
            self.goes_on_after_the_end();
            if self.world.steps_in_this_second() > 300 {
                break;
            }
        }
        panic!("it spins: {:?} {:?}", self.world.guild().silence(), self.world.subject.poll_timeout());
    }

    /// A guild that has finished is made anew, from what it left.
    fn goes_on_after_the_end(&mut self) {
        if self.world.finished {
            self.world.begin_after_the_end(secs(1));
        }
    }

    fn early_call_is_harmless(&mut self) {
        let world = &mut self.world;
        if world.subject.poll_timeout().is_none_or(|(at, _)| at > world.now) {
            world.early_call();
        }
    }

    /// The world is well again: sites answer, the gateway tells the truth, turns come, disks take what they are given.
    fn heal(&mut self) {
        let world = &mut self.world;
        let switches = &mut world.discord.switches;
        (switches.loses, switches.refuses, switches.hangs) = (0, 0, 0);
        world.sites.mood = Mood::WELL;
        world.sites.healed = true;
        world.hangs = (false, false);
        world.disk.fails = false;
        world.disk.load_fails = 0;
        world.grants = Grants::AtOnce;
        world.panel_fails = false;
        world.asker = AskerChannel::In { channel: A, open: true };
        world.scenes = [A, B, C].map(|channel| (channel, Scene::Open { listeners: Some(2) })).into();
        (world.discord.mute, world.discord.suppress) = (false, false);
        self.pass(secs(1));
        self.world.discord.say_state();
        self.world.take_from_discord();
        self.world.input(GuildInput::ChannelChanged);
        self.pass(secs(1));
        let channel = self.world.discord.channel;
        self.world.input(GuildInput::Gateway(GatewayEvent::GuildAvailable { channel }));
        // The longest waits are for a site that asked for a quarter of an hour, and for a look-up under way.
        self.pass(secs(1_500));
    }

    /// Music that is asked for is heard.
    fn plays_when_asked(&mut self) {
        let request = self.world.request("one more", Place::Now);
        self.world.sites.next.push(crate::world::site::Song::of(secs(600)));
        let id = self.world.command(Command::Play(request));
        self.pass(secs(60));
        let told = self.world.told.iter().find(|(_, told, _)| *told == id);
        assert!(matches!(told, Some((_, _, Ok(_)))), "music is asked for when all is well: {told:?}");
        let plays = self.world.audio.sounds() && self.world.discord.delivers();
        assert!(plays, "music was asked for, and is not heard: {:?}", self.world.guild().silence());
    }
}

fn live(script: &Script, bug: Option<Bug>) {
    Life::new(script, bug).live(script);
}

/// Why a life fails, in words, with the place of the test; `None`: it does not.
fn fails(script: &Script, bug: Option<Bug>) -> Option<String> {
    quietly(|| live(script, bug))
}

thread_local! {
    /// A panic of this thread is kept here and not printed.
    static QUIET: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn quietly(work: impl FnOnce()) -> Option<String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let quiet = QUIET.with_borrow_mut(|quiet| {
                quiet.as_mut().map(|text| {
                    let place = info.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
                    *text = format!("{} ({place})", info.payload_as_str().unwrap_or_default());
                })
            });
            if quiet.is_none() {
                before(info);
            }
        }));
    });
    QUIET.set(Some(String::new()));
    let result = catch_unwind(AssertUnwindSafe(work));
    let text = QUIET.take();
    result.err().map(|_| text.unwrap_or_default())
}

/// Where in the tests a life failed.
fn place(why: &str) -> &str {
    why.rsplit('(').next().unwrap_or_default()
}

/// The same life with fewer steps that still fails in the same way.
fn cut_down(mut script: Script, why: &str) -> Script {
    let mut size = script.steps.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < script.steps.len() {
            let mut shorter = script.clone();
            shorter.steps.drain(at..(at + size).min(script.steps.len()));
            if fails(&shorter, None).is_some_and(|other| place(&other) == place(why)) {
                script = shorter;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    script
}

/// Two runs of the same life say the same.
fn lives_the_same_twice(script: &Script) {
    let outputs = || {
        let mut life = Life::new(script, None);
        life.world.all = Some(Vec::new());
        life.live(script);
        life.world.all.take().unwrap_or_default()
    };
    let (first, second) = (outputs(), outputs());
    let different = first.iter().zip(&second).position(|(a, b)| a != b);
    assert_eq!(different, None, "the same inputs and the same seed give the same outputs");
}

/// What the lives of a thread came to: what was reached, and the lives that failed by the place where they did.
type Lived = (coverage::Coverage, BTreeMap<String, (usize, Script, String)>);

fn live_all(seeds: impl Iterator<Item = u64>) -> Lived {
    let mut failed = BTreeMap::new();
    for seed in seeds {
        let script = Script::of(seed);
        let why =
            if seed.is_multiple_of(TWICE) { quietly(|| lives_the_same_twice(&script)) } else { fails(&script, None) };
        if let Some(why) = why {
            failed.entry(place(&why).to_owned()).or_insert((0, script, why)).0 += 1;
        }
    }
    (coverage::take(), failed)
}

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Lives one life aloud.
fn live_aloud(seed: u64) {
    let script = cut_down_quietly(Script::of(seed));
    let mut life = Life::new(&script, None);
    life.world.trace = true;
    life.live(&script);
}

fn cut_down_quietly(script: Script) -> Script {
    let whole = std::env::var_os("REFRAIN_LIFE_WHOLE").is_some();
    match fails(&script, None).filter(|_| !whole) {
        Some(why) => cut_down(script, &why),
        None => script,
    }
}

/// Prints what was reached.
#[test]
#[expect(clippy::print_stdout, reason = "the run says what it has found")]
fn the_invariants_hold_in_every_life_and_everything_is_reached() {
    if let Some(seed) = asked("REFRAIN_LIFE_SEED") {
        return live_aloud(seed);
    }
    let lives = asked("REFRAIN_LIVES").unwrap_or(LIVES);
    let threads: Vec<_> = (0..THREADS)
        .map(|n| std::thread::spawn(move || live_all((0..lives).filter(move |s| s % THREADS == n))))
        .collect();
    let (mut reached, mut failed) = (coverage::Coverage::default(), BTreeMap::new());
    for thread in threads {
        let (coverage, failures) = thread.join().unwrap();
        reached.add(coverage);
        for (place, (count, script, why)) in failures {
            failed.entry(place).or_insert((0, script, why)).0 += count;
        }
    }
    for (count, script, why) in failed.values() {
        let script = cut_down(script.clone(), why);
        let seed = script.seed;
        println!("{count} lives fail like REFRAIN_LIFE_SEED={seed}: {why}\n{script:?}\n");
    }
    assert!(failed.is_empty(), "{} kinds of failure", failed.len());
    reached.report();
}
