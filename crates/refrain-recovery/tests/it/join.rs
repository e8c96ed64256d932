//! From no channel to sound, and to another channel.

use crate::rig::{A, B, C, Rig, connect_of, secs};
use refrain_recovery::{DriverEvent, Generation, Idle, Notice, Output, Policy, Stage, State, Timer, Verdict};

#[test]
fn a_new_machine_rests_and_asks_for_no_wake_up() {
    let mut rig = Rig::new();
    assert_eq!((rig.name(), rig.machine.intent(), rig.machine.poll_timeout()), ("IDLE", None, None));
    rig.machine.handle_timeout(rig.now);
    assert!(rig.collect().is_empty());
}

#[test]
fn joins_with_both_halves_in_either_order() {
    for state_first in [true, false] {
        let mut rig = Rig::new();
        rig.join(A);
        assert_eq!(rig.acts(), [Output::Persist { channel: Some(A) }, Output::SendVoiceState { channel: Some(A) }]);
        assert_eq!(rig.verdicts(), [Verdict::Join]);
        if state_first {
            rig.voice_state(Some(A))
        } else {
            rig.voice_server()
        }
        assert!(rig.said.is_empty(), "one half is not enough");
        if state_first {
            rig.voice_server()
        } else {
            rig.voice_state(Some(A))
        }
        let [Output::Connect { generation, session }] = rig.said.as_slice() else { panic!("{:?}", rig.said) };
        assert_eq!((*generation, session.channel), (Generation(1), A));
        assert_eq!((session.endpoint.as_str(), session.token.as_str()), ("voice.test:443", "token 1"));
        rig.driver(DriverEvent::Connected);
        assert_eq!(rig.acts(), [Output::StartFrames { from: None }]);
        assert_eq!(rig.verdicts(), [Verdict::Join]);
        assert_eq!(rig.name(), "STABLE");
    }
}

#[test]
fn the_halves_of_another_channel_are_not_taken() {
    let mut rig = Rig::new();
    rig.join(A);
    rig.voice_state(Some(B));
    rig.voice_server();
    assert_eq!(rig.connects(), 0);
    rig.voice_state(Some(A));
    assert_eq!(rig.connects(), 1);
}

#[test]
fn joining_the_channel_it_is_in_does_nothing() {
    let mut rig = Rig::stable_in(A);
    let before = rig.machine.state().clone();
    rig.join(A);
    assert!(rig.said.is_empty());
    assert_eq!(rig.machine.state(), &before);
}

#[test]
fn an_unanswered_join_is_told_and_given_up() {
    let mut rig = Rig::new();
    rig.join(A);
    assert_eq!(rig.wake(Timer::Join), Policy::default().timeouts.join);
    assert_eq!(rig.told(), [Notice::JoinUnanswered]);
    assert_eq!(rig.machine.state(), &State::Idle(Idle::Unanswered));
    assert_eq!((rig.machine.intent(), rig.machine.poll_timeout()), (None, None));
    // A late answer starts nothing.
    rig.answer(A);
    assert_eq!((rig.name(), rig.connects()), ("IDLE", 0));
}

#[test]
fn a_first_handshake_that_fails_is_tried_again_after_a_pause() {
    let mut rig = Rig::new();
    rig.join(A);
    rig.answer(A);
    rig.closed(4006);
    assert!(matches!(rig.stage(), Stage::BackingOff { .. }));
    assert!(matches!(rig.told()[..], [Notice::Interrupted { attempt: 1, .. }]));
    rig.wake(Timer::Backoff);
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: None }]);
}

#[test]
fn another_channel_is_asked_for_directly_and_the_old_connection_goes_when_the_new_one_stands() {
    let mut rig = Rig::stable_in(A);
    let old = rig.machine.generation();
    rig.join(B);
    assert_eq!(rig.acts(), [Output::Persist { channel: Some(B) }, Output::SendVoiceState { channel: Some(B) }]);
    rig.answer(B);
    assert!(connect_of(&rig.said).expect("it connects") > old);
    assert_eq!(rig.acts().len(), 1, "and the old one goes on: {:?}", rig.said);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.acts(), [Output::StartFrames { from: None }, Output::TearDown { generation: old }]);
    assert_eq!(rig.machine.intent(), Some(B));
}

#[test]
fn another_channel_that_does_not_answer_leads_back_to_the_first() {
    let mut rig = Rig::stable_in(A);
    rig.join(B);
    rig.wake(Timer::Join);
    assert_eq!(rig.told(), [Notice::JoinUnanswered]);
    assert_eq!(rig.machine.intent(), Some(A));
    rig.voice_state(None);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.name(), "STABLE");
}

#[test]
fn the_last_of_many_wishes_wins() {
    let mut rig = Rig::new();
    rig.join(A);
    rig.voice_state(Some(A));
    rig.join(B);
    rig.join(C);
    rig.answer(B);
    assert_eq!(rig.connects(), 0, "what answers an older wish is not taken");
    rig.voice_state(Some(C));
    assert_eq!(rig.connects(), 1);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.machine.intent(), Some(C));
}

#[test]
fn joining_where_discord_already_has_it_leaves_first() {
    let mut rig = Rig::new();
    // Left behind by a process that was killed.
    rig.gateway(refrain_recovery::GatewayEvent::GuildAvailable { channel: Some(A) });
    rig.join(A);
    assert_eq!(rig.op4s(), [None]);
    rig.voice_state(None);
    assert_eq!(rig.op4s(), [None, Some(A)]);
}

#[test]
fn an_op_4_lost_with_the_shards_socket_is_said_again() {
    let mut rig = Rig::new();
    rig.join(A);
    rig.gateway(refrain_recovery::GatewayEvent::ShardDisconnected);
    rig.pass(secs(2));
    rig.gateway(refrain_recovery::GatewayEvent::ShardResumed);
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(A) }]);
    rig.answer(A);
    assert_eq!(rig.connects(), 1);
}

#[test]
fn let_in_without_a_voice_server_it_asks_again_and_does_not_give_up() {
    let mut rig = Rig::new();
    rig.join(A);
    rig.voice_state(Some(A));
    rig.wake(Timer::Join);
    assert_eq!(rig.verdicts(), [Verdict::NewSession, Verdict::Wait]);
    assert_eq!(rig.machine.intent(), Some(A));
    rig.wake(Timer::Backoff);
    assert!(!rig.op4s().is_empty(), "{:?}", rig.said);
}
