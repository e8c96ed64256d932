//! What can happen in a life, at random.

use crate::{
    peer::{SameChannel, Switches},
    rig::{A, B, C, secs},
    world::Grants,
};
use proptest::prelude::*;
use refrain_model::ChannelId;
use refrain_recovery::{
    AutoRejoin, CloseCode, DriverEvent, FailureKind, GatewayEvent, Hedge, Input, Intent, MissingAccess, Policy,
    Settings, Timeouts,
};
use std::time::Duration;

/// Every close code that is listed, and two that are not; those that tell a story of their own more often.
pub(super) const CODES: [u16; 26] = [
    1000, 1001, 1005, 1006, 4001, 4002, 4003, 4004, 4004, 4005, 4006, 4006, 4009, 4011, 4012, 4014, 4014, 4015, 4016,
    4017, 4020, 4021, 4021, 4022, 4090, 4091,
];

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// To the machine, whether Discord would say so now or not.
    Input(Input),
    /// A driver's report of the newest generation, or of one some way back.
    Driver { back: u64, event: DriverEvent },
    /// The next few true events and wake-ups.
    Events(usize),
    /// Time, with all that is due in it.
    Time(Duration),
    /// A voice server that says every so often that everything has arrived.
    Proofs { times: u32, distance: Duration },
    /// Discord loses and refuses so much from now on.
    Trouble { loses: u32, refuses: u32, code: u16, hangs: u32 },
    /// What the bot lacks in a channel from now on: Discord passes over its op 4, and the guild knows.
    Access { channel: ChannelId, missing: Option<MissingAccess> },
    /// How turns are granted from now on.
    Grants(Grants),
    /// A moderator.
    Put(Option<ChannelId>),
    /// Discord names another voice server.
    Server,
    /// The voice server closes the connection.
    End(u16),
}

fn channel() -> impl Strategy<Value = ChannelId> {
    prop_oneof![4 => Just(A), 2 => Just(B), 1 => Just(C)]
}

fn code() -> impl Strategy<Value = u16> {
    proptest::sample::select(&CODES[..])
}

fn driver_event() -> impl Strategy<Value = DriverEvent> {
    prop_oneof![
        2 => Just(DriverEvent::Connected),
        1 => Just(DriverEvent::Resumed),
        1 => Just(DriverEvent::Unresponsive),
        1 => Just(DriverEvent::Alive),
        1 => Just(DriverEvent::Reachable),
        4 => (proptest::option::of(code()), any::<bool>())
            .prop_map(|(code, resumable)| DriverEvent::Closed { code: code.map(CloseCode), resumable }),
        1 => proptest::sample::select(&[
            FailureKind::TimedOut,
            FailureKind::Io,
            FailureKind::Protocol,
            FailureKind::Discarded,
        ][..])
        .prop_map(|kind| DriverEvent::Failed { kind }),
        1 => code().prop_map(|c| DriverEvent::Failed { kind: FailureKind::Closed(Some(CloseCode(c))) }),
    ]
}

fn intent() -> impl Strategy<Value = Intent> {
    prop_oneof![
        6 => channel().prop_map(|channel| Intent::Join { channel }),
        1 => channel().prop_map(|channel| Intent::Return { channel }),
        2 => Just(Intent::Leave),
        2 => Just(Intent::Override),
    ]
}

fn gateway_event() -> impl Strategy<Value = GatewayEvent> {
    prop_oneof![
        4 => proptest::option::of(channel())
            .prop_map(|channel| GatewayEvent::VoiceState { channel, session_id: "another".into(), mute: false, suppress: false }),
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

fn settings() -> impl Strategy<Value = Settings> {
    proptest::sample::select(&[AutoRejoin::Off, AutoRejoin::AfterFaults, AutoRejoin::AlsoAfterKick][..])
        .prop_map(|auto_rejoin| Settings { auto_rejoin })
}

fn missing() -> impl Strategy<Value = MissingAccess> {
    use MissingAccess::{Connect, Gone, Speak, View};
    proptest::sample::select(&[View, Connect, Connect, Speak, Gone][..])
}

fn grants() -> impl Strategy<Value = Grants> {
    prop_oneof![
        3 => Just(Grants::AtOnce),
        2 => (1..60_000u64).prop_map(|ms| Grants::Late(Duration::from_millis(ms))),
        1 => Just(Grants::Never),
    ]
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => intent().prop_map(|i| Step::Input(Input::Intent(i))),
        8 => gateway_event().prop_map(|e| Step::Input(Input::Gateway(e))),
        6 => (prop_oneof![3 => Just(0), 1 => 1..4u64], driver_event())
            .prop_map(|(back, event)| Step::Driver { back, event }),
        2 => (0..600u64).prop_map(|s| Step::Input(Input::Heard { playhead: secs(s) })),
        2 => (0..600u64).prop_map(|s| Step::Input(Input::TrackStarted { playhead: secs(s) })),
        1 => settings().prop_map(|s| Step::Input(Input::Settings(s))),
        1 => Just(Step::Input(Input::Turn)),
        1 => any::<bool>().prop_map(|flowing| Step::Input(Input::Flowing(flowing))),
        18 => (1..6usize).prop_map(Step::Events),
        6 => (1..20_000u64).prop_map(|ms| Step::Time(Duration::from_millis(ms))),
        2 => (1..1_000_000u64).prop_map(|ms| Step::Time(Duration::from_millis(ms))),
        2 => (1..5u32, 100..40_000u64)
            .prop_map(|(times, ms)| Step::Proofs { times, distance: Duration::from_millis(ms) }),
        3 => (0..3u32, 0..8u32, code(), 0..3u32)
            .prop_map(|(loses, refuses, code, hangs)| Step::Trouble { loses, refuses, code, hangs }),
        3 => (channel(), proptest::option::of(missing()))
            .prop_map(|(channel, missing)| Step::Access { channel, missing }),
        1 => (channel(), proptest::option::of(missing()))
            .prop_map(|(channel, missing)| Step::Input(Input::Access { channel, missing })),
        1 => grants().prop_map(Step::Grants),
        4 => proptest::option::of(channel()).prop_map(Step::Put),
        3 => Just(Step::Server),
        6 => code().prop_map(Step::End),
    ]
}

pub(super) fn switches() -> impl Strategy<Value = Switches> {
    const KINDS: [SameChannel; 4] =
        [SameChannel::Nothing, SameChannel::Server, SameChannel::BothHalves, SameChannel::TheSame];
    (proptest::sample::select(&KINDS[..]), any::<bool>(), any::<bool>(), any::<bool>(), 1..500u64).prop_map(
        |(same_channel, server_first, resumes, one_at_a_time, ms)| Switches {
            same_channel,
            server_first,
            resumes,
            one_at_a_time,
            latency: Duration::from_millis(ms),
            ..Switches::default()
        },
    )
}

/// The default policy, but that a turn is taken after ten minutes; now and then without asking again, or with an overlap.
pub(super) fn policy() -> impl Strategy<Value = Policy> {
    let timeouts = Timeouts { turn: secs(600), ..Timeouts::default() };
    let policy = Policy { timeouts, ..Policy::default() };
    let out_first = Policy { hedge: Hedge { most: Duration::ZERO, ..Hedge::default() }, ..policy.clone() };
    let overlap = Policy { overlap: Duration::from_millis(1500), ..policy.clone() };
    prop_oneof![3 => Just(policy), 1 => Just(out_first), 1 => Just(overlap)]
}
