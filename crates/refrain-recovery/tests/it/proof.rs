//! How far the music was heard: proofs of life, pauses, and where a recovery goes on.

use crate::rig::{A, B, Rig, connect_of, secs};
use refrain_model::Moment;
use refrain_recovery::{DriverEvent, GatewayEvent, Input, Output};
use std::time::Duration;

/// A connection that proves every five seconds what was heard, the last time at the tenth second of the track.
fn proving() -> Rig {
    let mut rig = Rig::stable_in(A);
    for position in [5, 10] {
        rig.pass(secs(5));
        prove(&mut rig, position);
    }
    rig
}

/// Everything up to `position` has arrived, the voice server says.
fn prove(rig: &mut Rig, position: u64) {
    rig.heard(secs(position));
    rig.driver(DriverEvent::Alive);
}

/// What counts as heard when the source has given its frames up to `flowed`.
fn heard(rig: &Rig, flowed: u64) -> Duration {
    rig.machine.heard(rig.now, secs(flowed))
}

fn flowing(rig: &mut Rig, flowing: bool) {
    rig.input(Input::Flowing(flowing));
}

#[test]
fn what_flows_counts_as_heard_until_the_next_proof_is_overdue() {
    let mut rig = proving();
    let proof = rig.machine.proof();
    assert_eq!((proof.heard, proof.trusted_until), (Some(secs(10)), rig.now + secs(6)));
    rig.pass(secs(6));
    assert_eq!(heard(&rig, 16), secs(16));
    rig.pass(Duration::from_millis(1));
    assert_eq!(heard(&rig, 16), secs(10), "nobody has said for too long that anything arrives");
    prove(&mut rig, 16);
    assert_eq!(heard(&rig, 16), secs(16));
}

#[test]
fn a_connection_that_never_brings_proofs_is_trusted_and_so_is_one_that_brought_a_single_one() {
    let mut rig = Rig::stable_in(A);
    rig.pass(secs(3600));
    assert_eq!((heard(&rig, 3600), rig.machine.proof().trusted_until), (secs(3600), Moment::FAR_FUTURE));
    prove(&mut rig, 3600);
    rig.pass(secs(3600));
    assert_eq!(heard(&rig, 7200), secs(7200), "one proof says nothing about when the next one comes");
}

#[test]
fn proofs_that_come_seldom_are_waited_for_in_proportion_up_to_half_a_minute() {
    for (distance, trusted) in [(1, 1_200), (5, 6_000), (13, 15_600), (20, 24_000), (25, 30_000), (60, 30_000)] {
        let mut rig = Rig::stable_in(A);
        for n in 1..=4 {
            rig.pass(secs(distance));
            prove(&mut rig, n * distance);
        }
        let trusted = rig.now + Duration::from_millis(trusted);
        assert_eq!(rig.machine.proof().trusted_until, trusted, "every {distance} s");
    }
}

#[test]
fn two_proofs_at_once_do_not_make_the_next_one_overdue() {
    let mut rig = proving();
    prove(&mut rig, 10);
    rig.pass(Duration::from_millis(300));
    prove(&mut rig, 10);
    rig.pass(secs(5));
    assert_eq!(heard(&rig, 15), secs(15));
}

#[test]
fn silence_during_a_pause_is_not_overdue() {
    let mut rig = proving();
    rig.pass(secs(2));
    flowing(&mut rig, false);
    assert_eq!(rig.machine.proof().trusted_until, Moment::FAR_FUTURE);
    rig.pass(secs(3600));
    assert_eq!(heard(&rig, 12), secs(12));
    flowing(&mut rig, true);
    assert_eq!(rig.machine.proof().trusted_until, rig.now + secs(4), "what was left before the pause");
    rig.pass(secs(4));
    assert_eq!(heard(&rig, 16), secs(16));
    rig.pass(secs(1));
    assert_eq!(heard(&rig, 17), secs(10));
}

#[test]
fn a_pause_makes_nothing_heard_that_was_not() {
    let mut rig = proving();
    rig.pass(secs(7));
    flowing(&mut rig, false);
    assert_eq!(heard(&rig, 17), secs(10), "it was overdue before the pause");
    assert!(rig.machine.proof().trusted_until < rig.now);
    rig.pass(secs(60));
    assert_eq!(heard(&rig, 17), secs(10));
    flowing(&mut rig, true);
    assert_eq!(heard(&rig, 17), secs(10));
    assert!(rig.machine.proof().trusted_until < rig.now);
    prove(&mut rig, 17);
    assert_eq!(heard(&rig, 17), secs(17));
}

/// Paused and resumed in the middle of a black hole: nothing of what went into it is skipped.
#[test]
fn a_pause_within_a_dead_connection_goes_back_to_the_last_proof() {
    let mut rig = proving();
    rig.pass(secs(3));
    flowing(&mut rig, false);
    rig.pass(secs(1));
    flowing(&mut rig, true);
    rig.pass(secs(8));
    rig.closed(4006);
    assert_eq!(heard(&rig, 21), secs(10));
    rig.voice_state(None);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.acts(), [Output::StartFrames { from: Some(secs(10)) }]);
}

#[test]
fn the_distance_of_proofs_is_measured_without_the_pauses() {
    let mut rig = proving();
    rig.pass(secs(3));
    flowing(&mut rig, false);
    rig.pass(secs(600));
    flowing(&mut rig, true);
    rig.pass(secs(2));
    prove(&mut rig, 15);
    assert_eq!(rig.machine.proof().trusted_until, rig.now + secs(6));
}

#[test]
fn while_a_lost_connection_holds_the_frames_only_the_proof_counts() {
    let mut rig = proving();
    rig.pass(secs(1));
    assert_eq!(heard(&rig, 11), secs(11));
    rig.closed(4006);
    assert_eq!(heard(&rig, 11), secs(10));
    rig.voice_state(None);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    rig.pass(secs(60));
    assert_eq!(heard(&rig, 70), secs(70), "another connection, which has brought no proofs yet");
}

#[test]
fn after_a_leave_what_has_flowed_counts_up_to_the_rule() {
    for (after, expected) in [(5, 15), (7, 10)] {
        let mut rig = proving();
        rig.pass(secs(after));
        rig.leave();
        rig.voice_state(None);
        rig.pass(secs(3600));
        assert_eq!(heard(&rig, 10 + after), secs(expected));
    }
}

#[test]
fn nothing_that_flows_into_a_resume_counts_until_it_is_proved() {
    let mut rig = proving();
    rig.closed_resumable(1006);
    rig.pass(secs(1));
    rig.driver(DriverEvent::Alive);
    assert_eq!(heard(&rig, 11), secs(10));
    rig.driver(DriverEvent::Resumed);
    assert_eq!(heard(&rig, 11), secs(11), "the proofs are fresh again");
    rig.pass(secs(6));
    assert_eq!(heard(&rig, 17), secs(10));
}

/// The frames of a connection that was silent too long do not go over to the next one as if they had been heard.
#[test]
fn a_connection_that_was_overdue_when_another_took_its_place_had_lost_its_frames() {
    for (after, from) in [(5, None), (7, Some(secs(10)))] {
        let mut rig = proving();
        let old = rig.machine.generation();
        rig.pass(secs(after));
        rig.voice_server();
        assert!(connect_of(&rig.said).is_some() && rig.machine.carries(old));
        rig.driver(DriverEvent::Connected);
        assert!(rig.acts().contains(&Output::StartFrames { from }), "{:?}", rig.said);
        assert!(rig.acts().contains(&Output::TearDown { generation: old }));
        assert_eq!(rig.name(), "STABLE");
    }
}

#[test]
fn a_connection_that_was_overdue_when_its_main_session_ended_had_lost_its_frames() {
    for (after, from) in [(5, None), (7, Some(secs(10)))] {
        let mut rig = proving();
        rig.pass(secs(after));
        rig.gateway(GatewayEvent::ShardReady);
        rig.gateway(GatewayEvent::GuildAvailable { channel: None });
        rig.answer(A);
        rig.driver(DriverEvent::Connected);
        assert_eq!(rig.acts(), [Output::StartFrames { from }]);
    }
}

#[test]
fn the_proofs_of_the_connection_that_carries_the_frames_count_while_another_is_made() {
    let mut rig = proving();
    let old = rig.machine.generation();
    rig.pass(secs(4));
    rig.voice_server();
    rig.heard(secs(14));
    rig.driver_of(old, DriverEvent::Alive);
    rig.pass(secs(5));
    assert_eq!(heard(&rig, 19), secs(19));
}

#[test]
fn a_track_that_begins_counts_from_its_own_start() {
    let mut rig = proving();
    rig.pass(secs(3));
    rig.input(Input::TrackStarted { playhead: secs(100) });
    rig.pass(secs(3));
    assert_eq!(heard(&rig, 103), secs(103));
    rig.pass(secs(1));
    assert_eq!(heard(&rig, 104), secs(100));
    rig.closed(4006);
    assert_eq!(heard(&rig, 104), secs(100));
}

#[test]
fn where_no_track_has_begun_everything_that_flowed_counts() {
    let mut rig = Rig::new();
    rig.join(B);
    rig.answer(B);
    rig.driver(DriverEvent::Connected);
    rig.closed(4006);
    assert_eq!((heard(&rig, 3), rig.machine.proof().heard), (secs(3), None));
}
