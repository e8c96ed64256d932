//! Turns: an attempt that begins with op 4 waits for its own.

use crate::rig::{A, B, Rig};
use refrain_recovery::{DriverEvent, GatewayEvent, Input, Intent, Output, Policy, Stage, Timer, Urgency};

const ASKED: Output = Output::AskTurn { urgency: Urgency::Asked };
const RECOVERY: Output = Output::AskTurn { urgency: Urgency::Recovery };

/// Stable in A; from now on turns are granted by hand.
fn stable() -> Rig {
    let mut rig = Rig::stable_in(A);
    rig.turns.clear();
    rig.grants = false;
    rig
}

#[test]
fn a_turn_granted_at_once_costs_no_time_and_is_given_back_when_it_is_over() {
    let rig = Rig::stable_in(A);
    assert_eq!(rig.turns, [ASKED, Output::WithdrawTurn]);
    let mut rig = Rig::stable_in(A);
    rig.closed(4006);
    assert_eq!(rig.turns[2..], [RECOVERY]);
    assert!(matches!(rig.machine.poll_timeout(), Some((_, Timer::Leave))));
}

#[test]
fn nothing_is_sent_before_the_turn_has_come() {
    let mut rig = stable();
    rig.closed(4006);
    assert!(matches!(rig.stage(), Stage::AwaitingTurn { .. }));
    assert_eq!((rig.op4s(), rig.turns.clone()), (vec![Some(A)], vec![RECOVERY]));
    rig.input(Input::Turn);
    assert_eq!(rig.op4s(), [Some(A), None]);
    rig.voice_state(None);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.turns, [RECOVERY, Output::WithdrawTurn]);
}

#[test]
fn a_failed_attempt_gives_its_turn_back_and_the_next_asks_anew() {
    let mut rig = stable();
    rig.closed(4006);
    rig.input(Input::Turn);
    rig.voice_state(None);
    rig.answer(A);
    rig.closed(4006);
    rig.wake(Timer::Backoff);
    assert_eq!(rig.turns, [RECOVERY, Output::WithdrawTurn, RECOVERY]);
}

#[test]
fn a_turn_that_never_comes_is_taken_in_the_end() {
    let mut rig = stable();
    rig.closed(4006);
    assert_eq!(rig.wake(Timer::Turn), Policy::default().timeouts.turn);
    assert_eq!(rig.op4s(), [Some(A), None]);
}

#[test]
fn whoever_leaves_wants_no_turn() {
    let mut rig = stable();
    rig.closed(4006);
    rig.leave();
    assert_eq!(rig.turns, [RECOVERY, Output::WithdrawTurn]);
    rig.input(Input::Turn);
    assert!(rig.said.is_empty(), "a late grant is nothing");
}

#[test]
fn somebodys_wish_goes_before_recoveries() {
    let mut rig = stable();
    rig.closed(4006);
    rig.input(Input::Intent(Intent::Override));
    assert_eq!(rig.turns, [RECOVERY, Output::WithdrawTurn, ASKED]);
    rig.input(Input::Intent(Intent::Override));
    assert_eq!(rig.turns.len(), 3, "once is enough");
}

#[test]
fn the_music_goes_on_until_the_turn_to_switch_has_come() {
    let mut rig = stable();
    rig.join(B);
    assert_eq!(rig.acts(), [Output::Persist { channel: Some(B) }]);
    rig.voice_state(Some(A));
    rig.driver(DriverEvent::Resumed);
    assert!(rig.said.is_empty());
    rig.input(Input::Turn);
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(B) }]);
    let mut rig = stable();
    rig.join(B);
    rig.closed(4014);
    assert!(rig.acts().contains(&Output::StopFrames));
    rig.input(Input::Turn);
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(B) }]);
}

#[test]
fn a_shard_that_goes_meanwhile_is_waited_for_and_the_turn_given_back() {
    let mut rig = stable();
    rig.closed(4006);
    rig.gateway(GatewayEvent::ShardDisconnected);
    rig.input(Input::Turn);
    assert!(matches!(rig.stage(), Stage::AwaitingGuild { .. }));
    assert_eq!(rig.turns, [RECOVERY, Output::WithdrawTurn]);
    rig.gateway(GatewayEvent::ShardResumed);
    assert_eq!(rig.turns[2..], [RECOVERY]);
}

#[test]
fn a_move_needs_no_turn() {
    let mut rig = stable();
    rig.answer(B);
    rig.driver(DriverEvent::Connected);
    assert!(rig.turns.is_empty());
}
