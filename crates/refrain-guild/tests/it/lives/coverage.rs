//! What the random lives have reached. What is never reached is not tested, so it fails the run.

use super::names;
use crate::world::{Event, World};
use refrain_guild::{AnnouncementStep, Answer, GuildInput, GuildOutput, Observation, PanelFace};
use std::{cell::RefCell, collections::BTreeMap, time::Duration};

type Key = (&'static str, &'static str);

/// How often each thing was seen.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    seen: BTreeMap<Key, u64>,
    lives: u64,
    steps: u64,
    skipped: Duration,
    repeated: Duration,
}

thread_local! {
    static COVERAGE: RefCell<Coverage> = RefCell::default();
}

/// A step of a life.
pub(super) fn step(world: &World, event: &Event) {
    COVERAGE.with_borrow_mut(|coverage| coverage.step(world, event));
}

/// A life was lived; the worst that its listener has met.
pub(super) fn life(skipped: Duration, repeated: Duration) {
    COVERAGE.with_borrow_mut(|coverage| {
        coverage.lives += 1;
        coverage.skipped = coverage.skipped.max(skipped);
        coverage.repeated = coverage.repeated.max(repeated);
    });
}

/// What this thread has seen.
pub(super) fn take() -> Coverage {
    COVERAGE.take()
}

impl Coverage {
    fn step(&mut self, world: &World, event: &Event) {
        self.steps += 1;
        let guild = world.guild();
        if let Some(reason) = guild.silence() {
            self.count("silence", names::silence(&reason));
        }
        self.count("doing", names::doing(&guild.voice_view().doing));
        match event {
            Event::Input(input) => self.input(input),
            Event::Timer(timer) => self.count("timer", names::timer(timer)),
            Event::Time | Event::Nothing => {}
        }
        for input in &world.on_the_spot {
            self.input(input);
        }
        for output in &world.said {
            self.count("output", names::output(output));
            self.output(output);
        }
    }

    fn input(&mut self, input: &GuildInput) {
        self.count("input", names::input(input));
        if let GuildInput::Command { command, .. } = input {
            self.count("command", names::command(command));
        } else if let GuildInput::Source { event, .. } = input {
            self.count("source", names::source(event));
        } else if let GuildInput::PanelFailed(failure) = input {
            self.count("panel failure", names::panel_failure(failure));
        }
    }

    fn output(&mut self, output: &GuildOutput) {
        if let GuildOutput::Answer { answer, .. } = output {
            match answer {
                Ok(answer) => self.answer(answer),
                Err(error) => self.count("error", names::error(error)),
            }
        } else if let GuildOutput::Announce(announcement) = output {
            self.count("announcement's step", names::step(&announcement.step));
            if let AnnouncementStep::Say(kind) | AnnouncementStep::Settle(kind) = &announcement.step {
                self.count("announcement", names::announcement(kind));
            }
        } else if let GuildOutput::Observe(observation) = output {
            self.observation(observation);
        } else if let GuildOutput::ShowPanel(panel) = output {
            self.panel(&panel.face);
        }
    }

    fn answer(&mut self, answer: &Answer) {
        self.count("answer", names::answer(answer));
        if let Answer::Played(played) = answer
            && let Some(delay) = &played.delayed
        {
            self.count("delay", names::delay(delay));
        }
    }

    fn observation(&mut self, observation: &Observation) {
        self.count("observation", names::observation(observation));
        if let Observation::Leaving { why, .. } = observation {
            self.count("leaving", names::leaving(why));
        } else if let Observation::StayingAway { why, .. } = observation {
            self.count("stays away", names::stays_away(why));
        } else if let Observation::NotHeard(Some(why)) = observation {
            self.count("not heard", names::not_heard(why));
        }
    }

    fn panel(&mut self, face: &PanelFace) {
        self.count("panel", names::face(face));
        if let PanelFace::Track { news, waits, .. } = face {
            if let Some(news) = news {
                self.count("panel news", names::news(news));
            }
            if let Some(waits) = waits {
                self.count("panel waits", names::waits(waits));
            }
        }
    }

    fn count(&mut self, kind: &'static str, name: &'static str) {
        *self.seen.entry((kind, name)).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: Self) {
        for (key, count) in other.seen {
            *self.seen.entry(key).or_default() += count;
        }
        self.lives += other.lives;
        self.steps += other.steps;
        self.skipped = self.skipped.max(other.skipped);
        self.repeated = self.repeated.max(other.repeated);
    }

    /// Prints what was reached, and fails for what was not.
    #[expect(clippy::print_stdout, reason = "the run says what it has reached")]
    pub(super) fn report(&self) {
        println!("{} lives, {} steps", self.lives, self.steps);
        println!("at most {:?} skipped and {:?} heard twice", self.skipped, self.repeated);
        let mut last = "";
        for ((kind, name), count) in &self.seen {
            if *kind != last {
                println!("{kind}");
                last = kind;
            }
            println!("  {name:<28} {count:>10}");
        }
        let missing: Vec<_> = expected().filter(|wanted| !self.seen.contains_key(wanted)).collect();
        assert!(missing.is_empty(), "never reached: {missing:?}");
    }
}

/// Errors that belong to the embedder, or to what it looks up before.
const NOT_THE_GUILDS: [&str; 4] = ["NoSuchFavorite", "TooManyFavorites", "Store", "Unavailable"];

fn expected() -> impl Iterator<Item = Key> {
    let all: [(&'static str, &[&'static str]); 20] = [
        ("output", names::OUTPUTS),
        ("input", names::INPUTS),
        ("command", names::COMMANDS),
        ("source", names::SOURCES),
        ("answer", names::ANSWERS),
        ("error", names::ERRORS),
        ("announcement", names::ANNOUNCEMENTS),
        ("announcement's step", names::STEPS),
        ("observation", names::OBSERVATIONS),
        ("timer", names::TIMERS),
        ("silence", names::SILENCES),
        ("doing", names::DOINGS),
        ("panel", names::FACES),
        ("panel waits", names::WAITS),
        ("panel news", names::NEWS),
        ("stays away", names::STAYS_AWAY),
        ("leaving", names::LEAVING),
        ("not heard", names::NOT_HEARD),
        ("delay", names::DELAYS),
        ("panel failure", names::PANEL_FAILURES),
    ];
    let keys = all.into_iter().flat_map(|(kind, names)| names.iter().map(move |name| (kind, *name)));
    keys.filter(|(kind, name)| *kind != "error" || !NOT_THE_GUILDS.contains(name))
}
