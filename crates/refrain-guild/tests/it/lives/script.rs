//! What a life is made of, drawn from a seed.

use crate::world::{
    A, B, C, Grants, TEXT,
    audio::Fate,
    discord::Switches,
    site::{Mood, failure},
};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use refrain_guild::{
    AskerChannel, Command, FailureClass, GuildInput, LookUpId, MissingPermission, PlayRequest, Scene, Seek,
    SettingChange, SourceEvent, SourceFacts, SourceId,
};
use refrain_model::{AutoRejoin, AutoResume, ChannelId, LoopMode, UserId, WhenOver};
use refrain_queue::Place;
use refrain_recovery::{CloseCode, DriverEvent, FailureKind, GatewayEvent, Generation};
use std::time::Duration;

/// Every kind of close code: those that are listed, and one that is not.
const CODES: [u16; 27] = [
    1000, 1001, 1002, 1003, 1005, 1006, 4000, 4001, 4002, 4003, 4004, 4005, 4006, 4009, 4011, 4012, 4013, 4014, 4015,
    4016, 4017, 4018, 4020, 4021, 4022, 4023, 4999,
];

/// One thing that happens in a life.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Command(Command),
    /// So many plays at once.
    Crowd(usize),
    /// The next look-up, or the next opening, is never over.
    Hang {
        look_up: bool,
        opening: bool,
    },
    /// Pressed twice.
    Twice(Command),
    /// Something arrives that means nothing.
    Nonsense(GuildInput),
    /// Discord says something that need not be so.
    Gateway(GatewayEvent),
    /// The driver reports on a connection so many generations back.
    Driver {
        back: u64,
        event: DriverEvent,
    },
    Events(usize),
    Time(Duration),
    Sites(Mood),
    /// The attached source meets this.
    Source(Fate),
    Put(Option<ChannelId>),
    End(u16),
    Dark,
    Server,
    Mute {
        mute: bool,
        suppress: bool,
    },
    GuildAway(Duration),
    Removed,
    ChannelDeleted(ChannelId),
    Trouble {
        loses: u32,
        refuses: u32,
        code: u16,
        hangs: u32,
    },
    Grants(Grants),
    Scene(ChannelId, Scene),
    Asker(AskerChannel),
    Disk {
        fails: bool,
        load_fails: u32,
    },
    ClockJumps(i64),
    Freeze(Duration),
    Kill {
        away: Duration,
        load_fails: u32,
    },
    PanelGone,
    PanelFails(bool),
    IncidentGone,
}

/// A life: how its Discord is, and what happens.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) seed: u64,
    pub(super) switches: Switches,
    /// Music plays already.
    pub(super) plays: bool,
    pub(super) steps: Vec<Step>,
}

impl Script {
    pub(super) fn of(seed: u64) -> Self {
        use rand::SeedableRng;
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x1ce5);
        let switches = switches(&mut rng);
        let plays = rng.random_bool(0.7);
        let count = rng.random_range(1..40);
        let steps = (0..count).map(|_| step(&mut rng)).collect();
        Self { seed, switches, plays, steps }
    }
}

fn switches(rng: &mut ChaCha8Rng) -> Switches {
    Switches {
        same_channel: rng.random_range(0..3),
        server_first: rng.random(),
        resumes: rng.random(),
        latency: Duration::from_millis(rng.random_range(1..300)),
        ..Switches::default()
    }
}

fn one_of<T: Copy>(rng: &mut ChaCha8Rng, all: &[T]) -> T {
    all[rng.random_range(0..all.len())]
}

fn channel(rng: &mut ChaCha8Rng) -> ChannelId {
    one_of(rng, &[A, A, A, B, B, C])
}

fn code(rng: &mut ChaCha8Rng) -> u16 {
    one_of(rng, &CODES)
}

fn millis(rng: &mut ChaCha8Rng, most: u64) -> Duration {
    Duration::from_millis(rng.random_range(1..most))
}

fn step(rng: &mut ChaCha8Rng) -> Step {
    match rng.random_range(0..100) {
        0..30 => Step::Command(command(rng)),
        30..33 => Step::Twice(command(rng)),
        33..35 => Step::Nonsense(nonsense(rng)),
        35..48 => Step::Events(rng.random_range(1..8)),
        48..58 => Step::Time(millis(rng, 20_000)),
        58..62 => Step::Time(millis(rng, 400_000)),
        62..68 => Step::Sites(mood(rng)),
        68..73 => Step::Source(fate(rng)),
        73..93 => discord(rng),
        _ => machine(rng),
    }
}

/// What Discord and its members do.
fn discord(rng: &mut ChaCha8Rng) -> Step {
    match rng.random_range(0..20) {
        0..2 => Step::Put(rng.random_bool(0.5).then(|| channel(rng))),
        2..6 => Step::End(code(rng)),
        6 => Step::Dark,
        7 => Step::Server,
        8 => Step::Mute { mute: rng.random(), suppress: rng.random() },
        9 => Step::GuildAway(millis(rng, 400_000)),
        10 => {
            if rng.random_bool(0.3) {
                Step::Removed
            } else {
                Step::ChannelDeleted(channel(rng))
            }
        }
        11 | 12 => Step::Trouble {
            loses: rng.random_range(0..3),
            refuses: rng.random_range(0..8),
            code: code(rng),
            hangs: rng.random_range(0..3),
        },
        13 => Step::Grants(match rng.random_range(0..6) {
            0..3 => Grants::AtOnce,
            3..5 => Grants::Late(millis(rng, 60_000)),
            _ => Grants::Never,
        }),
        14..16 => Step::Scene(channel(rng), scene(rng)),
        16 | 17 => Step::Asker(match rng.random_range(0..8) {
            0 => AskerChannel::Unknown,
            1 => AskerChannel::Nowhere,
            n => AskerChannel::In { channel: channel(rng), open: n != 2 },
        }),
        18 => Step::Gateway(gateway(rng)),
        _ => Step::Driver { back: rng.random_range(0..3), event: driver(rng) },
    }
}

/// What happens to this machine, and to messages.
fn machine(rng: &mut ChaCha8Rng) -> Step {
    match rng.random_range(0..12) {
        0 => Step::Disk { fails: rng.random(), load_fails: 0 },
        1 => Step::ClockJumps(rng.random_range(-100_000_000..100_000_000)),
        2 => Step::Freeze(millis(rng, 60_000)),
        3..6 => {
            let load_fails = if rng.random_bool(0.2) { rng.random_range(1..5) } else { 0 };
            Step::Kill { away: millis(rng, 100_000), load_fails }
        }
        6 => Step::PanelGone,
        7 => Step::PanelFails(rng.random()),
        8 => Step::IncidentGone,
        9 => Step::Hang { look_up: rng.random(), opening: rng.random() },
        10 => Step::Crowd(if rng.random_bool(0.2) { 70 } else { 9 }),
        _ => Step::Command(Command::ShutDown),
    }
}

fn scene(rng: &mut ChaCha8Rng) -> Scene {
    let missing = one_of(rng, &[MissingPermission::ViewChannel, MissingPermission::Connect, MissingPermission::Speak]);
    match rng.random_range(0..8) {
        0 => Scene::Gone,
        1 => Scene::Forbidden { missing },
        2..5 => Scene::Open { listeners: Some(0) },
        5 => Scene::Open { listeners: None },
        _ => Scene::Open { listeners: Some(2) },
    }
}

fn class(rng: &mut ChaCha8Rng) -> FailureClass {
    use FailureClass::{Machine, Request, Site, Track};
    one_of(rng, &[Site, Site, Site, Site, Machine, Machine, Track, Track, Request])
}

fn mood(rng: &mut ChaCha8Rng) -> Mood {
    if rng.random_bool(0.25) {
        return Mood::WELL;
    }
    let some =
        |rng: &mut ChaCha8Rng, p: f64, most: u32| if rng.random_bool(p) { rng.random_range(0..=most) } else { 0 };
    Mood {
        look_up_fails: some(rng, 0.3, 100),
        open_fails: if rng.random_bool(0.4) { 100 } else { some(rng, 0.5, 100) },
        class: class(rng),
        retry_after: rng.random_bool(0.3).then(|| millis(rng, 1_000_000)),
        breaks: some(rng, 0.3, 50),
        stalls: some(rng, 0.3, 50),
        early: some(rng, 0.3, 50),
        slow: if rng.random_bool(0.15) { millis(rng, 400_000) } else { millis(rng, 5_000) },
    }
}

fn fate(rng: &mut ChaCha8Rng) -> Fate {
    match rng.random_range(0..6) {
        0 | 1 => Fate::Ends { live: rng.random_bool(0.3) },
        2 | 3 => {
            let rest = rng.random_bool(0.3).then(|| millis(rng, 100_000));
            Fate::Breaks(failure(class(rng), rest))
        }
        4 => Fate::Stalls(None),
        _ => Fate::Stalls(Some(millis(rng, 15_000))),
    }
}

fn gateway(rng: &mut ChaCha8Rng) -> GatewayEvent {
    match rng.random_range(0..12) {
        0 | 1 => GatewayEvent::VoiceState {
            channel: rng.random_bool(0.7).then(|| channel(rng)),
            session_id: "another".into(),
            mute: rng.random_bool(0.2),
            suppress: false,
        },
        2 | 3 => GatewayEvent::VoiceServer {
            endpoint: rng.random_bool(0.5).then(|| "other.test:443".into()),
            token: format!("untrue {}", rng.random_range(0..3)),
        },
        4 => GatewayEvent::ShardDisconnected,
        5 => GatewayEvent::ShardResumed,
        6 => GatewayEvent::ShardReady,
        7 | 8 => GatewayEvent::GuildAvailable { channel: rng.random_bool(0.5).then(|| channel(rng)) },
        9 => GatewayEvent::GuildUnavailable,
        _ => GatewayEvent::Health { latency: millis(rng, 3_000), missed_heartbeats: rng.random_range(0..5) },
    }
}

fn driver(rng: &mut ChaCha8Rng) -> DriverEvent {
    match rng.random_range(0..8) {
        0 => DriverEvent::Connected,
        1 => DriverEvent::Resumed,
        2 => DriverEvent::Alive,
        3 => DriverEvent::Reachable,
        4 => DriverEvent::Unresponsive,
        5 => DriverEvent::Failed { kind: FailureKind::TimedOut },
        _ => DriverEvent::Closed { code: rng.random_bool(0.8).then(|| CloseCode(code(rng))), resumable: rng.random() },
    }
}

fn request(rng: &mut ChaCha8Rng) -> PlayRequest {
    let place = one_of(rng, &[Place::End, Place::End, Place::End, Place::Next, Place::Now]);
    PlayRequest {
        query: "words".into(),
        voice_channel: channel(rng),
        requested_by: UserId::new(5),
        requested_in: TEXT,
        place,
    }
}

fn command(rng: &mut ChaCha8Rng) -> Command {
    let voice_channel = rng.random_bool(0.8).then(|| channel(rng));
    match rng.random_range(0..60) {
        0..18 => Command::Play(request(rng)),
        18..21 => {
            let many = if rng.random_bool(0.3) { 30 } else { 5 };
            let queries = (0..rng.random_range(0..many)).map(|n| format!("words {n}")).collect();
            Command::PlayAll { queries, request: request(rng) }
        }
        21..24 => Command::Skip { count: rng.random_range(0..3) },
        24 => Command::SkipTo { position: rng.random_range(0..4) },
        25 => Command::Previous,
        26 => Command::Replay,
        27..30 => Command::Seek(seek(rng)),
        30..33 => Command::Pause,
        33..36 => Command::Resume { voice_channel },
        36..38 => Command::Stop,
        38 => Command::Clear,
        39 => Command::Remove { position: rng.random_range(0..4), count: rng.random_range(0..3) },
        40 => Command::Move { from: rng.random_range(0..4), to: rng.random_range(0..4) },
        41 => Command::Shuffle { on: one_of(rng, &[None, Some(true), Some(false)]) },
        42..44 => {
            let mode = one_of(rng, &[LoopMode::Off, LoopMode::Track, LoopMode::Queue]);
            Command::Loop { mode, toggle: rng.random() }
        }
        44 => Command::Undo,
        45..47 => Command::Volume { percent: rng.random_bool(0.8).then(|| rng.random_range(0..300)) },
        47..49 => Command::Disconnect,
        49 => Command::Queue { page: rng.random_range(0..3), size: None },
        50 => Command::History,
        51 => Command::NowPlaying,
        52 => Command::VoiceStatus { page: rng.random_range(0..3) },
        53..55 => Command::Recover { voice_channel },
        55 => Command::Settings,
        _ => Command::Configure(setting(rng)),
    }
}

fn seek(rng: &mut ChaCha8Rng) -> Seek {
    let length = millis(rng, 200_000);
    match rng.random_range(0..4) {
        0 => Seek::To(length),
        1 => Seek::Ahead(length / 4),
        2 => Seek::Back(length / 10),
        _ => Seek::Back(length),
    }
}

fn setting(rng: &mut ChaCha8Rng) -> SettingChange {
    match rng.random_range(0..11) {
        0 => SettingChange::AutoRejoin(one_of(
            rng,
            &[AutoRejoin::Off, AutoRejoin::AfterFaults, AutoRejoin::AlsoAfterKick],
        )),
        1 => SettingChange::WhenOver(one_of(rng, &[WhenOver::Tidy, WhenOver::Settle, WhenOver::Delete])),
        2 | 3 => {
            SettingChange::AutoResume(one_of(rng, &[AutoResume::Resume, AutoResume::Paused, AutoResume::StayAway]))
        }
        4 => SettingChange::PlaylistLimit(rng.random_range(0..100)),
        5 => SettingChange::WaitAfterQueueEmpties(rng.random_range(0..400)),
        6 => SettingChange::LeaveIfNoListeners(rng.random()),
        7 => SettingChange::AutoAnnounceNextSong(rng.random()),
        8 => SettingChange::DefaultVolume(rng.random_range(0..300)),
        9 => SettingChange::ReduceVolWhenVoice(rng.random()),
        _ => SettingChange::DefaultQueuePageSize(rng.random_range(0..40)),
    }
}

/// Of something that is not, or that was long ago.
fn nonsense(rng: &mut ChaCha8Rng) -> GuildInput {
    let id = SourceId(rng.random_range(1 << 50..1 << 51));
    let at = millis(rng, 100_000);
    let source = |event| GuildInput::Source { id, event };
    match rng.random_range(0..12) {
        0 => source(SourceEvent::Opened { from: at, facts: SourceFacts::default() }),
        1 => source(SourceEvent::OpenFailed(failure(class(rng), None))),
        2 => source(SourceEvent::Starved),
        3 => source(SourceEvent::Flowing),
        4 => source(SourceEvent::Rewound { to: at }),
        5 => source(SourceEvent::NotKept { to: at }),
        6 => source(SourceEvent::Ended { at, live: rng.random() }),
        7 => source(SourceEvent::Broke { at, live: rng.random(), failure: failure(class(rng), None) }),
        8 => GuildInput::LookedUp {
            id: LookUpId(1 << 50),
            result: Err(failure(class(rng), None)),
            asker: AskerChannel::Nowhere,
        },
        9 => GuildInput::Turn,
        10 => GuildInput::Driver { generation: Generation(1 << 40), event: driver(rng) },
        _ => GuildInput::Loaded(Err("late".into())),
    }
}
