//! A guild in a world, in virtual time: what it says is carried out and answered, and the time jumps from one event or
//! wake-up to the next.

pub(crate) mod audio;
pub(crate) mod discord;
pub(crate) mod disk;
mod life_cycle;
mod outputs;
pub(crate) mod site;
pub(crate) mod subject;
mod table;

use crate::lives::Witness;
use audio::{Audio, Fate};
use discord::{Discord, Switches};
use disk::Disk;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use refrain_guild::{
    Answer, AskerChannel, ChannelScene, Command, CommandError, CommandId, Guild, GuildInput, GuildOutput, GuildPolicy,
    GuildTimer, Observed, PlayRequest, Scene, SourceId,
};
use refrain_model::{ChannelId, MessageId, MessagePlace, Moment, UserId};
use refrain_queue::{Limits, Place};
use site::Sites;
use std::{collections::BTreeMap, time::Duration};
use subject::{Bug, Subject};

pub(crate) const A: ChannelId = ChannelId::new(1);
pub(crate) const B: ChannelId = ChannelId::new(2);
pub(crate) const C: ChannelId = ChannelId::new(3);
/// The text channel.
pub(crate) const TEXT: ChannelId = ChannelId::new(9);

/// More steps than any minute of virtual time takes.
const STEPS_A_MINUTE: usize = 1_500;

pub(crate) const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// How turns are granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grants {
    AtOnce,
    Late(Duration),
    Never,
}

/// What happened in a step.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Input(GuildInput),
    Timer(GuildTimer),
    /// Time passed, and nothing was due for the guild.
    Time,
    Nothing,
}

/// What becomes of a source: its fate and where that is, its end, and whether it is live.
type Fated = ((Duration, Fate), (Duration, bool));

/// An answer that a member has read.
pub(crate) type Told = (Moment, CommandId, Result<Answer, CommandError>);

pub(crate) struct World {
    pub(crate) subject: Subject,
    policy: GuildPolicy,
    bug: Option<Bug>,
    pub(crate) rng: ChaCha8Rng,
    pub(crate) now: Moment,
    /// What the wall clock shows at the epoch of `now`, in milliseconds since 1970.
    pub(crate) unix_base_ms: u64,
    /// What is on its way to the guild, by its arrival and the order of sending.
    in_flight: BTreeMap<(Moment, u64), GuildInput>,
    /// What is on its way to a member.
    answers: BTreeMap<(Moment, u64), (CommandId, Result<Answer, CommandError>)>,
    sent: u64,
    /// What becomes of the sources that are being opened.
    openings: BTreeMap<SourceId, Fated>,
    /// When each save is on the disk.
    saved_at: BTreeMap<u64, Moment>,
    pub(crate) audio: Audio,
    pub(crate) discord: Discord,
    pub(crate) disk: Disk,
    pub(crate) sites: Sites,
    pub(crate) scenes: BTreeMap<ChannelId, Scene>,
    pub(crate) asker: AskerChannel,
    pub(crate) grants: Grants,
    /// When the turn that was asked for comes.
    turn_at: Option<Moment>,
    pub(crate) panel_fails: bool,
    /// One answer in twenty that is to become the panel is lost.
    pub(crate) answers_lost: bool,
    next_command: u64,
    next_message: u64,
    /// What was said in the step.
    pub(crate) said: Vec<GuildOutput>,
    /// What was answered on the spot in the step.
    pub(crate) on_the_spot: Vec<GuildInput>,
    /// All that was said, where a test wants it.
    pub(crate) all: Option<Vec<(Moment, GuildOutput)>>,
    pub(crate) told: Vec<Told>,
    pub(crate) witness: Witness,
    pub(crate) finished: bool,
    pub(crate) trace: bool,
    /// The next look-up, and the next opening, are never over.
    pub(crate) hangs: (bool, bool),
    /// The steps of the virtual second that goes on.
    second: (u64, usize),
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self::with(seed, Switches::default(), None, Limits::default().max_tracks)
    }

    pub(crate) fn with(seed: u64, switches: Switches, bug: Option<Bug>, max_tracks: usize) -> Self {
        let mut policy = GuildPolicy { goodbye: true, ..GuildPolicy::default() };
        policy.limits.max_tracks = max_tracks;
        policy.recovery.timeouts.turn = secs(600);
        let open = Scene::Open { listeners: Some(2) };
        let mut world = Self {
            subject: Subject::new(policy.clone(), seed, bug),
            policy,
            bug,
            rng: ChaCha8Rng::seed_from_u64(seed),
            now: Moment::ZERO,
            unix_base_ms: 1_790_000_000_000,
            in_flight: BTreeMap::new(),
            answers: BTreeMap::new(),
            sent: 0,
            openings: BTreeMap::new(),
            saved_at: BTreeMap::new(),
            audio: Audio::default(),
            discord: Discord::new(switches),
            disk: Disk::default(),
            sites: Sites::default(),
            scenes: [A, B, C].map(|channel| (channel, open)).into(),
            asker: AskerChannel::In { channel: A, open: true },
            grants: Grants::AtOnce,
            turn_at: None,
            panel_fails: false,
            answers_lost: false,
            next_command: 0,
            next_message: 0,
            said: Vec::new(),
            on_the_spot: Vec::new(),
            all: None,
            told: Vec::new(),
            witness: Witness::default(),
            finished: false,
            trace: false,
            hangs: (false, false),
            second: (0, 0),
        };
        world.witness.begins(&world.policy);
        world
    }

    /// Reads what the guild says first, and has Discord show the guild.
    pub(crate) fn boot(&mut self) {
        self.witness_before();
        self.drain();
        self.checked(&Event::Nothing);
        let channel = self.discord.channel;
        self.discord.gateway(refrain_recovery::GatewayEvent::GuildAvailable { channel });
        self.take_from_discord();
    }

    pub(crate) const fn guild(&self) -> &Guild {
        self.subject.guild()
    }

    /// Whether a save is on the disk by now.
    pub(crate) fn is_saved(&self, seq: u64) -> bool {
        self.saved_at.get(&seq).is_some_and(|at| *at <= self.now)
    }

    pub(crate) fn unix_ms(&self) -> u64 {
        self.unix_base_ms + u64::try_from(self.now.since_epoch().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn observed(&self) -> Observed {
        let source = self.audio.current().map(|(id, source)| source.reading(id));
        let scene = |channel| self.scenes.get(&channel).copied().unwrap_or(Scene::Gone);
        let channel = self.guild().watched_channel().map(|channel| ChannelScene { channel, scene: scene(channel) });
        Observed { at: self.now, unix_ms: self.unix_ms(), source, channel }
    }

    /// Feeds an input and carries out what comes of it.
    pub(crate) fn input(&mut self, input: GuildInput) {
        self.witness_before();
        self.feed(input.clone());
        self.drain();
        self.checked(&Event::Input(input));
    }

    pub(crate) fn command(&mut self, command: Command) -> CommandId {
        self.next_command += 1;
        let id = CommandId(self.next_command);
        self.input(GuildInput::Command { id, command });
        id
    }

    pub(crate) fn request(&self, query: &str, place: Place) -> PlayRequest {
        let voice_channel = match self.asker {
            AskerChannel::In { channel, .. } => channel,
            AskerChannel::Unknown | AskerChannel::Nowhere => A,
        };
        PlayRequest { query: query.into(), voice_channel, requested_by: UserId::new(5), requested_in: TEXT, place }
    }

    pub(crate) fn play(&mut self) -> CommandId {
        let request = self.request("a song", Place::End);
        self.command(Command::Play(request))
    }

    fn feed(&mut self, input: GuildInput) {
        let observed = self.observed();
        if self.trace {
            trace(self.now, &format!("<- {input:?}"));
        }
        self.subject.input(observed, input);
    }

    fn feed_on_the_spot(&mut self, input: GuildInput) {
        self.on_the_spot.push(input.clone());
        self.feed(input);
    }

    fn drain(&mut self) {
        while let Some(output) = self.subject.poll_output() {
            if self.trace {
                trace(self.now, &format!("-> {}", short(&output)));
            }
            if let Some(all) = &mut self.all {
                all.push((self.now, output.clone()));
            }
            self.said.push(output.clone());
            self.carry_out(output);
            assert!(self.said.len() < 5_000, "it does not stop talking: {:?}", self.said.last());
        }
        self.take_from_discord();
    }

    pub(crate) fn take_from_discord(&mut self) {
        for (delay, input) in std::mem::take(&mut self.discord.out) {
            self.post(delay, input);
        }
    }

    /// Puts an input on its way.
    pub(crate) fn post(&mut self, delay: Duration, input: GuildInput) {
        self.sent += 1;
        self.in_flight.insert((self.now + delay, self.sent), input);
    }

    fn due(&self) -> Option<Moment> {
        let sounds = self.audio.sounds();
        let due = [
            self.subject.poll_timeout().map(|(at, _)| at),
            self.in_flight.keys().next().map(|(at, _)| *at),
            self.answers.keys().next().map(|(at, _)| *at),
            self.turn_at,
            self.audio.next(),
            self.discord.next_alive(sounds),
        ];
        due.into_iter().flatten().min()
    }

    /// Lets time pass until `to`: sound flows, and members hear it or not.
    pub(crate) fn advance(&mut self, to: Moment, frozen: bool) {
        if let Some(flow) = self.audio.advance(to, frozen) {
            let heard = self.discord.delivers();
            self.disk.flowed(to, flow.to);
            self.with_witness(|witness, world| witness.flows(world, flow, heard, to));
        }
        self.now = self.now.max(to);
        self.disk.settle(self.now);
        while let Some(entry) = self.answers.first_entry().filter(|e| e.key().0 <= to) {
            let (id, answer) = entry.remove();
            self.read_answer(id, answer);
        }
    }

    /// Jumps to the next event or wake-up not later than `end`; what it was.
    pub(crate) fn step(&mut self, end: Moment) -> Event {
        let Some(next) = self.due().filter(|at| *at <= end) else {
            self.advance(end, false);
            return Event::Nothing;
        };
        self.advance(next.max(self.now), false);
        self.count_step();
        self.witness_before();
        let event = self.happen();
        self.drain();
        self.checked(&event);
        event
    }

    /// What is due happens: what has happened comes before the time, and that before what is wanted.
    fn happen(&mut self) -> Event {
        let now = self.now;
        let sounds = self.audio.sounds();
        let arrived = self.in_flight.first_entry().filter(|e| e.key().0 <= now).map(|e| e.remove());
        let input = arrived
            .or_else(|| self.turn_at.take_if(|at| *at <= now).map(|_| GuildInput::Turn))
            .or_else(|| self.audio.report(now).map(|(id, event)| GuildInput::Source { id, event }))
            .or_else(|| {
                let due = self.discord.next_alive(sounds).is_some_and(|at| at <= now);
                if due { self.discord.alive(now) } else { None }
            });
        if let Some(input) = input {
            if !self.arrives(&input) {
                return Event::Time;
            }
            self.feed(input.clone());
            return Event::Input(input);
        }
        match self.subject.poll_timeout() {
            Some((at, timer)) if at <= now => {
                let observed = self.observed();
                if self.trace {
                    trace(now, &format!("<- {timer:?} (timer)"));
                }
                self.subject.timeout(observed);
                Event::Timer(timer)
            }
            _ => Event::Time,
        }
    }

    fn count_step(&mut self) {
        let second = self.now.since_epoch().as_secs();
        self.second = if self.second.0 == second { (second, self.second.1 + 1) } else { (second, 1) };
    }

    pub(crate) const fn steps_in_this_second(&self) -> usize {
        self.second.1
    }

    /// A wake-up that nobody asked for.
    pub(crate) fn early_call(&mut self) {
        self.witness_before();
        let observed = self.observed();
        self.subject.timeout(observed);
        self.drain();
        let harms = |o: &&GuildOutput| {
            !matches!(o, GuildOutput::Observe(_) | GuildOutput::Save { .. } | GuildOutput::WatchPlayhead { .. })
        };
        let harm = self.said.iter().find(harms);
        assert!(harm.is_none(), "an early call is harmless: {harm:?}");
        self.checked(&Event::Time);
    }

    pub(crate) fn run(&mut self, length: Duration) {
        let end = self.now + length;
        let minutes = usize::try_from(length.as_secs() / 60).unwrap_or(0) + 1;
        for _ in 0..minutes * STEPS_A_MINUTE {
            if matches!(self.step(end), Event::Nothing) {
                return;
            }
        }
        panic!("more than {STEPS_A_MINUTE} steps a minute: {:?}", self.subject.poll_timeout());
    }

    /// The process stands still: what happens meanwhile is found afterwards, all at once.
    pub(crate) fn freeze(&mut self, length: Duration) {
        let to = self.now + length;
        self.advance(to, true);
        self.witness.listener_froze();
    }

    /// Where the asker is now goes with the look-ups that are under way.
    pub(crate) fn resend_asker(&mut self) {
        for input in self.in_flight.values_mut() {
            if let GuildInput::LookedUp { asker, .. } = input {
                *asker = self.asker;
            }
        }
    }

    pub(crate) fn delay(&mut self, most_ms: u64) -> Duration {
        Duration::from_millis(self.rng.random_range(1..=most_ms))
    }

    fn message(&mut self, channel: ChannelId) -> MessagePlace {
        self.next_message += 1;
        MessagePlace { channel, message: MessageId::new(self.next_message) }
    }

    pub(crate) fn with_witness(&mut self, work: impl FnOnce(&mut Witness, &Self)) {
        let mut witness = std::mem::take(&mut self.witness);
        work(&mut witness, self);
        self.witness = witness;
    }

    fn witness_before(&mut self) {
        self.with_witness(Witness::before);
    }

    pub(crate) fn checked(&mut self, event: &Event) {
        self.with_witness(|witness, world| witness.check(world, event));
        self.said.clear();
        self.on_the_spot.clear();
    }
}

#[expect(clippy::print_stdout, reason = "asked for")]
fn trace(now: Moment, what: &str) {
    println!("{:>10.3} {what}", now.since_epoch().as_secs_f64());
}

/// An output without the record.
fn short(output: &GuildOutput) -> String {
    if let GuildOutput::Save { seq, record } = output {
        let queue = &record.queue;
        return format!(
            "Save {seq}: current {:?}, {} upcoming, channel {:?}, playhead {:?}, paused {}",
            queue.current.as_ref().map(|t| t.id.0),
            queue.upcoming.len(),
            record.voice_channel,
            record.playhead.map(|p| (p.track.0, p.position)),
            record.paused,
        );
    }
    format!("{output:?}")
}
