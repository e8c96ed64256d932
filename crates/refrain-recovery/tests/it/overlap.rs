//! A connection that stands goes on until the one that takes its place does.

use crate::rig::{A, B, C, Rig, connect_of, secs};
use refrain_recovery::{CloseCode, DriverEvent, FailureKind, Generation, Output, Stage, Timer, Verdict};

const CLOSED: DriverEvent = DriverEvent::Closed { code: Some(CloseCode(4014)), resumable: false };
const REFUSED: DriverEvent = DriverEvent::Failed { kind: FailureKind::Closed(Some(CloseCode(4006))) };

/// Another server was named; the old connection still carries the frames. Old and new.
fn overlapping() -> (Rig, Generation, Generation) {
    let mut rig = Rig::stable_in(A);
    let old = rig.machine.generation();
    rig.heard(secs(42));
    rig.voice_server();
    let new = connect_of(&rig.said).expect("it connects");
    assert!(rig.machine.carries(old) && !rig.machine.carries(new));
    (rig, old, new)
}

fn tear_down(generation: Generation) -> Output {
    Output::TearDown { generation }
}

#[test]
fn a_move_lets_the_old_connection_carry_the_frames_until_the_new_one_stands() {
    let mut rig = Rig::stable_in(A);
    let old = rig.machine.generation();
    rig.voice_state(Some(B));
    rig.voice_server();
    assert!(!rig.all.contains(&Output::StopFrames));
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.acts(), [Output::StartFrames { from: None }, tear_down(old)]);
    assert_eq!((rig.name(), rig.verdicts()), ("STABLE", vec![Verdict::Recovered]));
    assert!(rig.machine.carries(rig.machine.generation()));
    rig.driver_of(old, CLOSED);
    assert!(rig.said.is_empty(), "it is gone, and its end is no news");
}

#[test]
fn an_old_connection_that_ends_first_holds_the_frames_and_nothing_more() {
    for event in [CLOSED, REFUSED, DriverEvent::Unresponsive] {
        let (mut rig, old, _) = overlapping();
        let before = rig.machine.state().clone();
        rig.driver_of(old, event);
        assert_eq!(rig.said, [Output::StopFrames, tear_down(old)]);
        assert_eq!(rig.machine.state(), &before);
        rig.driver(DriverEvent::Connected);
        assert_eq!(rig.acts(), [Output::StartFrames { from: Some(secs(42)) }], "where it was last known to be heard");
    }
}

#[test]
fn an_old_connection_may_end_before_the_other_server_is_named() {
    let mut rig = Rig::stable_in(A);
    let old = rig.machine.generation();
    rig.voice_state(Some(B));
    rig.heard(secs(7));
    rig.driver_of(old, CLOSED);
    assert_eq!(rig.said, [Output::StopFrames, tear_down(old)]);
    rig.voice_server();
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.acts(), [Output::StartFrames { from: Some(secs(7)) }]);
}

#[test]
fn its_proofs_of_life_count_as_long_as_it_carries_the_frames() {
    let (mut rig, old, _) = overlapping();
    for event in [DriverEvent::Alive, DriverEvent::Reachable, DriverEvent::Resumed, DriverEvent::Connected] {
        rig.driver_of(old, event);
        assert!(rig.said.is_empty());
    }
    assert_eq!(rig.machine.snapshot().last_alive, Some(rig.now));
    rig.heard(secs(50));
    rig.driver_of(old, CLOSED);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.acts(), [Output::StartFrames { from: Some(secs(50)) }]);
}

#[test]
fn an_attempt_that_fails_ends_both_and_the_frames_go_on_where_they_stand() {
    let (mut rig, old, new) = overlapping();
    rig.driver(REFUSED);
    assert_eq!(rig.acts()[..3], [Output::StopFrames, tear_down(old), tear_down(new)]);
    rig.voice_state(None);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    // The old one had shown no trouble: all that it was given was heard.
    assert_eq!(rig.acts(), [Output::StartFrames { from: None }]);
}

#[test]
fn an_attempt_that_takes_too_long_ends_both() {
    let (mut rig, old, new) = overlapping();
    rig.wake(Timer::Reconnect);
    assert_eq!(rig.acts()[..3], [Output::StopFrames, tear_down(old), tear_down(new)]);
}

#[test]
fn a_leave_a_kick_and_a_deleted_channel_end_both() {
    let ends: [fn(&mut Rig); 3] = [
        Rig::leave,
        |rig| rig.voice_state(None),
        |rig| rig.gateway(refrain_recovery::GatewayEvent::ChannelDeleted { channel: A }),
    ];
    for end in ends {
        let (mut rig, old, new) = overlapping();
        end(&mut rig);
        assert_eq!(rig.acts()[..3], [Output::StopFrames, tear_down(old), tear_down(new)]);
        assert_eq!(rig.machine.intent(), None);
    }
}

#[test]
fn another_server_named_meanwhile_replaces_the_attempt_and_not_what_stands() {
    let (mut rig, old, new) = overlapping();
    rig.voice_server();
    assert_eq!(rig.acts()[0], tear_down(new));
    let newer = connect_of(&rig.said).expect("it connects");
    assert_eq!(rig.acts().len(), 2, "one attempt, and what stands: {:?}", rig.said);
    rig.driver_of(new, DriverEvent::Connected);
    assert!(rig.said.is_empty());
    rig.driver_of(newer, DriverEvent::Connected);
    assert_eq!(rig.acts(), [Output::StartFrames { from: None }, tear_down(old)]);
}

#[test]
fn somebodys_wish_meanwhile_ends_the_attempt_and_the_music_goes_on_until_it_is_fulfilled() {
    let (mut rig, old, new) = overlapping();
    rig.join(C);
    assert_eq!(
        rig.acts(),
        [Output::Persist { channel: Some(C) }, tear_down(new), Output::SendVoiceState { channel: Some(C) },]
    );
    rig.answer(C);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.acts(), [Output::StartFrames { from: None }, tear_down(old)]);
}

#[test]
fn a_new_main_session_ends_what_stood_for_somebodys_wish() {
    let mut rig = Rig::stable_in(A);
    let old = rig.machine.generation();
    rig.grants = false;
    rig.join(B);
    rig.gateway(refrain_recovery::GatewayEvent::ShardDisconnected);
    rig.join(A);
    assert!(matches!(rig.stage(), Stage::AwaitingGuild { .. }));
    rig.gateway(refrain_recovery::GatewayEvent::ShardReady);
    assert_eq!(rig.acts(), [Output::StopFrames, tear_down(old)]);
}
