//! Out of the channel, and what comes after.

use crate::rig::{A, B, Rig, secs};
use refrain_recovery::{GatewayEvent, Idle, Output, Policy, Stage, State, Timer, Verdict};
use std::time::Duration;

#[test]
fn leaves_and_rests_once_it_is_confirmed() {
    let mut rig = Rig::stable_in(A);
    let generation = rig.machine.generation();
    rig.leave();
    let expected = [
        Output::StopFrames,
        Output::TearDown { generation },
        Output::Persist { channel: None },
        Output::SendVoiceState { channel: None },
    ];
    assert_eq!(rig.acts(), expected);
    assert_eq!(rig.verdicts(), [Verdict::Leave]);
    assert!(matches!(rig.stage(), Stage::Leaving { .. }));
    rig.voice_state(None);
    assert_eq!(rig.machine.state(), &State::Idle(Idle::Left));
    assert!(rig.told().is_empty(), "a leave is no kick");
}

#[test]
fn a_leave_that_is_never_confirmed_is_taken_for_done_and_said_again_by_the_next_check() {
    let mut rig = Rig::stable_in(A);
    rig.leave();
    assert_eq!(rig.wake(Timer::Leave), Policy::default().timeouts.leave);
    assert_eq!(rig.name(), "IDLE");
    rig.wake(Timer::Health);
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: None }]);
    rig.voice_state(None);
    assert_eq!((rig.name(), rig.machine.poll_timeout()), ("IDLE", None));
}

#[test]
fn a_join_waits_until_the_leave_is_confirmed() {
    let mut rig = Rig::stable_in(A);
    rig.leave();
    let sent = rig.op4s().len();
    rig.join(A);
    assert_eq!(rig.op4s().len(), sent, "nothing is sent before the leave is confirmed");
    rig.voice_state(None);
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(A) }]);
}

#[test]
fn of_join_and_leave_while_leaving_the_last_wins() {
    let mut rig = Rig::stable_in(A);
    rig.leave();
    rig.join(B);
    rig.leave();
    rig.voice_state(None);
    assert_eq!((rig.name(), rig.machine.intent()), ("IDLE", None));
    assert_eq!(rig.op4s(), [Some(A), None]);
}

#[test]
fn a_leave_ends_an_attempt_at_once() {
    let mut rig = Rig::new();
    rig.join(A);
    rig.answer(A);
    let generation = rig.machine.generation();
    rig.leave();
    assert!(rig.acts().contains(&Output::TearDown { generation }));
    rig.driver(refrain_recovery::DriverEvent::Connected);
    assert!(rig.said.is_empty());
    rig.voice_state(None);
    assert_eq!(rig.name(), "IDLE");
}

#[test]
fn a_leave_while_waiting_for_the_next_attempt_ends_the_waiting() {
    let mut rig = Rig::new();
    rig.join(A);
    rig.answer(A);
    rig.closed(4006);
    rig.wake(Timer::Backoff);
    rig.voice_state(None);
    rig.wake(Timer::Reconnect);
    assert!(matches!(rig.stage(), Stage::BackingOff { .. }));
    rig.leave();
    // Nobody knows whether the unanswered op 4 was carried out, so it is taken back.
    assert_eq!(rig.acts(), [Output::Persist { channel: None }, Output::SendVoiceState { channel: None }]);
    rig.wake(Timer::Leave);
    assert_eq!((rig.name(), rig.machine.poll_timeout()), ("IDLE", None));
}

#[test]
fn the_late_confirmation_of_a_leave_does_not_end_the_next_join() {
    let mut rig = Rig::stable_in(A);
    rig.leave();
    rig.wake(Timer::Leave);
    rig.join(A);
    rig.voice_state(None);
    rig.answer(A);
    rig.driver(refrain_recovery::DriverEvent::Connected);
    assert_eq!(rig.name(), "STABLE");
    // Even later, it is still the answer to our own op 4.
    let mut rig = Rig::stable_in(A);
    rig.closed(4006);
    rig.wake(Timer::Leave);
    rig.answer(A);
    rig.voice_state(None);
    rig.driver(refrain_recovery::DriverEvent::Connected);
    assert_eq!((rig.name(), rig.machine.intent()), ("STABLE", Some(A)));
    rig.pass(secs(1));
}

#[test]
fn a_gateway_that_was_deaf_delivers_the_confirmation_of_a_leave_late_and_it_is_no_kick() {
    for health in [(secs(22), 0), (secs(0), 1)] {
        let mut rig = Rig::stable_in(A);
        rig.closed(4006);
        rig.wake(Timer::Leave);
        rig.wake(Timer::Reconnect);
        assert!(matches!(rig.stage(), Stage::BackingOff { .. }));
        rig.pass(Duration::from_millis(100));
        // Only now the gateway delivers what happened meanwhile: a move, and our own leave.
        let (latency, missed_heartbeats) = health;
        rig.gateway(GatewayEvent::Health { latency, missed_heartbeats });
        rig.voice_state(Some(B));
        rig.pass(secs(1));
        rig.voice_state(None);
        assert_eq!((rig.name(), rig.machine.intent()), ("RETRYING", Some(B)), "{health:?}");
        rig.answer(B);
        rig.driver(refrain_recovery::DriverEvent::Connected);
        assert_eq!(rig.name(), "STABLE", "{health:?}");
    }
}

/// What a soak found: nothing had told that the gateway was deaf, and the bot stayed out.
#[test]
fn a_gateway_that_was_deaf_without_a_sign_confirms_a_leave_late_and_it_is_no_kick() {
    let mut rig = Rig::stable_in(A);
    // A moderator moves the bot, which the gateway does not tell; only the voice server closes.
    rig.closed(4014);
    rig.wake(Timer::Evidence);
    rig.wake(Timer::Leave);
    rig.wake(Timer::Reconnect);
    rig.pass(secs(1));
    // Now it does, and then it reads our leave.
    rig.voice_state(Some(B));
    rig.voice_state(Some(A));
    rig.voice_state(None);
    assert_eq!((rig.name(), rig.machine.intent()), ("RETRYING", Some(A)));
    rig.answer(A);
    rig.driver(refrain_recovery::DriverEvent::Connected);
    assert_eq!(rig.name(), "STABLE");
    // Once that has stood for a while, a voice state without a channel is a kick.
    rig.pass(secs(11));
    rig.voice_state(None);
    assert_eq!((rig.name(), rig.machine.intent()), ("IDLE", None));
}

#[test]
fn leaving_when_in_no_channel_says_nothing_to_discord() {
    let mut rig = Rig::new();
    rig.leave();
    assert!(rig.op4s().is_empty());
    assert_eq!(rig.name(), "IDLE");
}
