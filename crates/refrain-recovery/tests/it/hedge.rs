//! Op 4 for the channel that Discord has the bot in: asked again first, with a short wait.

use crate::rig::{A, B, Rig, connect_of, secs};
use refrain_model::ChannelId;
use refrain_recovery::{DriverEvent, GatewayEvent, Hedge, Idle, Notice, Output, Policy, Stage, State, Timer};
use std::time::Duration;

const fn op4(channel: Option<ChannelId>) -> Output {
    Output::SendVoiceState { channel }
}

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Connected in A, where the answer to the first op 4 took `round_trip`.
fn stable(round_trip: Duration) -> Rig {
    let mut rig = Rig::with(Policy::default());
    rig.join(A);
    rig.pass(round_trip);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    rig.pass(secs(60));
    rig
}

/// Out of the channel and in again, as after an answer that did not come.
fn out_and_in(rig: &mut Rig) {
    rig.voice_state(None);
    assert_eq!(rig.acts(), [op4(Some(A))]);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.name(), "STABLE");
    rig.pass(secs(300));
}

#[test]
fn asking_again_brings_the_next_session_in_one_round_trip() {
    let mut rig = stable(millis(20));
    let old = rig.machine.generation();
    for state_too in [false, true] {
        rig.closed(4006);
        assert_eq!(rig.acts()[2..], [op4(Some(A))]);
        if state_too {
            rig.voice_state(Some(A));
        }
        rig.voice_server();
        assert!(connect_of(&rig.said).expect("it connects") > old);
        rig.driver(DriverEvent::Connected);
        assert_eq!(rig.name(), "STABLE");
        rig.pass(secs(300));
    }
}

#[test]
fn without_an_answer_it_leaves_first_and_knows_better_the_next_time() {
    let mut rig = stable(millis(20));
    rig.closed(4006);
    assert_eq!(rig.wake(Timer::Hedge), millis(50));
    assert_eq!(rig.acts(), [op4(None)]);
    out_and_in(&mut rig);
    rig.closed(4006);
    assert_eq!(rig.acts()[2..], [op4(None)]);
    out_and_in(&mut rig);
}

#[test]
fn the_wait_goes_by_the_round_trip_within_its_bounds() {
    for (round_trip, latency, wait) in [(0, 0, 50), (100, 20, 150), (20, 100, 150), (3000, 10, 1000)] {
        let mut rig = stable(millis(round_trip));
        rig.gateway(GatewayEvent::Health { latency: millis(latency), missed_heartbeats: 0 });
        rig.closed(4006);
        assert_eq!(rig.wake(Timer::Hedge), millis(wait), "{round_trip} {latency}");
    }
}

#[test]
fn an_answer_that_is_only_late_confuses_nothing_and_earns_a_longer_wait() {
    let mut rig = stable(millis(20));
    rig.closed(4006);
    rig.wake(Timer::Hedge);
    rig.pass(millis(150));
    rig.answer(A);
    assert!(rig.acts().is_empty(), "it was sent before the null state, and is void with it");
    out_and_in(&mut rig);
    rig.input(refrain_recovery::Input::Driver {
        generation: rig.machine.generation(),
        event: DriverEvent::Closed { code: Some(refrain_recovery::CloseCode(4006)), resumable: false },
    });
    assert_eq!(rig.acts()[2..], [op4(Some(A))]);
    // That join itself took no time; the wait is by its answer again.
    assert_eq!(rig.wake(Timer::Hedge), millis(50));
}

#[test]
fn the_credentials_that_failed_are_no_answer() {
    let mut rig = stable(millis(20));
    rig.closed(4006);
    let event = GatewayEvent::VoiceServer { endpoint: Some("voice.test:443".into()), token: "token 1".into() };
    rig.gateway(event);
    assert_eq!(rig.acts(), [op4(None)], "to identify with them again would earn another 4006");
}

#[test]
fn an_answer_whose_session_is_refused_was_in_vain() {
    let mut rig = stable(millis(20));
    rig.closed(4006);
    rig.voice_server();
    rig.closed(4006);
    rig.wake(Timer::Backoff);
    assert_eq!(rig.acts(), [op4(None)]);
}

#[test]
fn a_kick_meanwhile_is_respected_and_the_op_4_on_its_way_is_taken_back() {
    let mut rig = stable(millis(20));
    rig.closed(4006);
    rig.voice_state(None);
    assert_eq!(rig.told(), [Notice::Kicked]);
    assert_eq!(rig.machine.state(), &State::Idle(Idle::Kicked { channel: A }));
    assert_eq!(rig.op4s().last(), Some(&None));
    // Discord had carried the op 4 out after the kick.
    rig.answer(A);
    rig.voice_state(None);
    assert_eq!((rig.name(), rig.connects()), ("IDLE", 1));
}

#[test]
fn a_move_meanwhile_is_followed() {
    let mut rig = stable(millis(20));
    rig.closed(4006);
    rig.answer(B);
    rig.driver(DriverEvent::Connected);
    assert_eq!((rig.name(), rig.machine.intent()), ("STABLE", Some(B)));
}

#[test]
fn a_vanished_server_meanwhile_is_waited_for() {
    let mut rig = stable(millis(20));
    rig.closed(4006);
    rig.no_voice_server();
    assert!(matches!(rig.stage(), Stage::AwaitingServer { .. }));
    rig.voice_server();
    assert!(connect_of(&rig.said).is_some());
}

#[test]
fn a_leave_meanwhile_ends_it() {
    let mut rig = stable(millis(20));
    rig.closed(4006);
    rig.leave();
    assert_eq!(rig.op4s(), [Some(A), Some(A), None]);
    rig.voice_server();
    rig.voice_state(None);
    assert_eq!((rig.name(), rig.connects()), ("IDLE", 1));
}

#[test]
fn a_longest_wait_of_zero_leaves_first_always() {
    let mut rig = Rig::with(Policy { hedge: Hedge { most: Duration::ZERO, ..Hedge::default() }, ..Policy::default() });
    rig.join(A);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    rig.pass(secs(60));
    rig.closed(4006);
    assert_eq!(rig.acts()[2..], [op4(None)]);
}
