//! What became of an input: taken into account, of a connection that is no more, or of no meaning in this state.

use crate::rig::{A, B, Rig, secs};
use refrain_recovery::{
    AutoRejoin, CloseCode, DriverEvent, FailureKind, GatewayEvent, Generation, Handled, Input, Intent, Settings, Stage,
    Timer,
};
use std::time::Duration;

const CLOSED: DriverEvent = DriverEvent::Closed { code: Some(CloseCode(4006)), resumable: false };
const FAILED: DriverEvent = DriverEvent::Failed { kind: FailureKind::Io };

/// Every report of a driver.
const REPORTS: [DriverEvent; 7] = [
    DriverEvent::Connected,
    DriverEvent::Resumed,
    CLOSED,
    FAILED,
    DriverEvent::Unresponsive,
    DriverEvent::Alive,
    DriverEvent::Reachable,
];

/// Leads a machine into a state.
type Make = fn() -> Rig;

fn stable() -> Rig {
    Rig::stable_in(A)
}

fn connecting() -> Rig {
    let mut rig = Rig::new();
    rig.join(A);
    rig.answer(A);
    rig
}

fn resuming() -> Rig {
    let mut rig = stable();
    rig.closed_resumable(1006);
    rig
}

/// Another channel was asked for: the connection to the one before stands until the turn comes.
fn standing_while_a_turn_is_awaited() -> Rig {
    let mut rig = stable();
    rig.grants = false;
    rig.join(B);
    rig
}

fn handled(rig: &mut Rig, input: Input) -> Handled {
    rig.machine.handle_input(rig.now, input)
}

fn report(rig: &mut Rig, generation: Generation, event: DriverEvent) -> Handled {
    handled(rig, Input::Driver { generation, event })
}

fn server(token: &str) -> Input {
    Input::Gateway(GatewayEvent::VoiceServer { endpoint: Some("voice.test:443".into()), token: token.into() })
}

#[test]
fn every_report_of_a_connection_that_is_held_is_taken_but_for_a_handshake_that_nobody_awaits() {
    use Handled::{Ignored, Taken};
    let states: [(&str, Make, [Handled; 7]); 4] = [
        ("stable", stable, [Ignored, Taken, Taken, Taken, Taken, Taken, Taken]),
        ("connecting", connecting, [Taken; 7]),
        ("resuming", resuming, [Taken; 7]),
        ("awaiting a turn", standing_while_a_turn_is_awaited, [Ignored, Ignored, Taken, Taken, Taken, Taken, Taken]),
    ];
    for (name, make, expected) in states {
        for (event, expected) in REPORTS.into_iter().zip(expected) {
            let mut rig = make();
            let generation = rig.machine.generation();
            assert_eq!(report(&mut rig, generation, event), expected, "{event:?} while {name}");
        }
    }
}

#[test]
fn a_connection_that_still_carries_the_frames_is_heard_though_it_is_not_the_newest() {
    for event in REPORTS {
        let mut rig = stable();
        let old = rig.machine.generation();
        rig.voice_server();
        assert!(rig.machine.carries(old) && rig.machine.generation() > old);
        let expected = match event {
            DriverEvent::Connected | DriverEvent::Resumed => Handled::Ignored,
            DriverEvent::Closed { .. }
            | DriverEvent::Failed { .. }
            | DriverEvent::Unresponsive
            | DriverEvent::Alive
            | DriverEvent::Reachable => Handled::Taken,
        };
        assert_eq!(report(&mut rig, old, event), expected, "{event:?}");
    }
}

#[test]
fn reports_of_older_connections_and_of_those_torn_down_are_stale() {
    for event in REPORTS {
        let mut rig = stable();
        let lost = rig.machine.generation();
        rig.closed(4006);
        assert_eq!(report(&mut rig, lost, event), Handled::Stale, "torn down: {event:?}");
        rig.voice_state(None);
        rig.answer(A);
        rig.driver(DriverEvent::Connected);
        assert_eq!(report(&mut rig, lost, event), Handled::Stale, "older: {event:?}");
        assert_eq!(rig.name(), "STABLE");
        let never = Generation(99);
        assert_eq!(report(&mut rig, never, event), Handled::Stale, "of a connection that never was: {event:?}");
    }
}

#[test]
fn intents_that_change_nothing_are_ignored() {
    let mut rig = Rig::new();
    assert_eq!(handled(&mut rig, Input::Intent(Intent::Override)), Handled::Ignored, "nothing to ask back");
    assert_eq!(handled(&mut rig, Input::Intent(Intent::Leave)), Handled::Taken);
    assert_eq!(handled(&mut rig, Input::Intent(Intent::Leave)), Handled::Ignored, "left already");
    assert_eq!(handled(&mut rig, Input::Intent(Intent::Join { channel: A })), Handled::Taken);
    assert_eq!(handled(&mut rig, Input::Intent(Intent::Join { channel: A })), Handled::Ignored, "on the way");
    let mut rig = stable();
    assert_eq!(handled(&mut rig, Input::Intent(Intent::Join { channel: A })), Handled::Taken, "it is looked at");
    assert_eq!(handled(&mut rig, Input::Intent(Intent::Leave)), Handled::Taken);
    assert_eq!(handled(&mut rig, Input::Intent(Intent::Leave)), Handled::Ignored, "leaving already");
    let mut rig = stable();
    rig.closed(4021);
    assert_eq!(handled(&mut rig, Input::Intent(Intent::Override)), Handled::Taken, "it ends the cooldown");
}

#[test]
fn a_turn_is_taken_once_and_only_when_it_was_asked_for() {
    let mut rig = Rig::new();
    rig.grants = false;
    assert_eq!(handled(&mut rig, Input::Turn), Handled::Ignored);
    rig.join(A);
    assert_eq!(handled(&mut rig, Input::Turn), Handled::Taken);
    assert_eq!(handled(&mut rig, Input::Turn), Handled::Ignored);
}

#[test]
fn a_voice_server_is_ignored_where_it_is_known_already_or_belongs_to_no_attempt() {
    let mut rig = Rig::new();
    assert_eq!(handled(&mut rig, server("one")), Handled::Ignored, "at rest");
    rig.join(A);
    rig.voice_state(Some(A));
    assert_eq!(handled(&mut rig, server("one")), Handled::Taken);
    assert_eq!(handled(&mut rig, server("one")), Handled::Ignored, "the one that is being connected to");
    rig.driver(DriverEvent::Connected);
    assert_eq!(handled(&mut rig, server("one")), Handled::Ignored, "the one that is connected");
    assert_eq!(handled(&mut rig, server("two")), Handled::Taken);
    rig.driver(FAILED);
    assert!(matches!(rig.stage(), Stage::BackingOff { .. } | Stage::Leaving { .. }), "{:?}", rig.stage());
    if matches!(rig.stage(), Stage::Leaving { .. }) {
        rig.wake(Timer::Leave);
        rig.driver(FAILED);
        rig.wake(Timer::Reconnect);
    }
    assert!(matches!(rig.stage(), Stage::BackingOff { .. }), "{:?}", rig.stage());
    assert_eq!(handled(&mut rig, server("three")), Handled::Ignored, "the next attempt asks for its own");
    let gone = GatewayEvent::VoiceServer { endpoint: None, token: String::new() };
    assert_eq!(handled(&mut rig, Input::Gateway(gone.clone())), Handled::Ignored);
    let mut rig = stable();
    assert_eq!(handled(&mut rig, Input::Gateway(gone.clone())), Handled::Taken);
    assert_eq!(handled(&mut rig, Input::Gateway(gone)), Handled::Ignored, "another is awaited already");
}

#[test]
fn a_deleted_channel_is_ignored_where_the_bot_has_nothing_to_do_with_it() {
    let mut rig = stable();
    assert_eq!(handled(&mut rig, Input::Gateway(GatewayEvent::ChannelDeleted { channel: B })), Handled::Ignored);
    assert_eq!(handled(&mut rig, Input::Gateway(GatewayEvent::ChannelDeleted { channel: A })), Handled::Taken);
}

#[test]
fn a_proof_is_ignored_while_nobody_can_hear_the_frames() {
    let proof = || Input::Heard { playhead: secs(5) };
    assert_eq!(handled(&mut stable(), proof()), Handled::Taken);
    assert_eq!(handled(&mut resuming(), proof()), Handled::Ignored);
    let mut rig = stable();
    rig.closed(4006);
    assert_eq!(handled(&mut rig, proof()), Handled::Ignored);
}

#[test]
fn what_is_always_news_is_taken() {
    let mut rig = Rig::new();
    let always = [
        Input::TrackStarted { playhead: Duration::ZERO },
        Input::Settings(Settings { auto_rejoin: AutoRejoin::Off }),
        Input::Gateway(GatewayEvent::ShardDisconnected),
        Input::Gateway(GatewayEvent::ShardResumed),
        Input::Gateway(GatewayEvent::ShardReady),
        Input::Gateway(GatewayEvent::GuildAvailable { channel: None }),
        Input::Gateway(GatewayEvent::GuildUnavailable),
        Input::Gateway(GatewayEvent::Health { latency: secs(1), missed_heartbeats: 1 }),
        Input::Gateway(GatewayEvent::GuildDeleted),
    ];
    for input in always {
        assert_eq!(handled(&mut rig, input.clone()), Handled::Taken, "{input:?}");
    }
}
