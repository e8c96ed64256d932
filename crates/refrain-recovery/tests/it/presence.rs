//! Kicks, moves, server updates: what the main gateway says about the connection.

use crate::rig::{A, B, Rig, connect_of, secs};
use refrain_recovery::{
    CloseCode, DriverEvent, GatewayEvent, Idle, Input, Intent, Notice, Output, Policy, Stage, State, Timer, Verdict,
};

const fn close(code: u16) -> DriverEvent {
    DriverEvent::Closed { code: Some(CloseCode(code)), resumable: false }
}

#[test]
fn a_kick_is_respected_in_whichever_order_it_shows() {
    for code in [4014, 4022] {
        for close_first in [true, false] {
            let mut rig = Rig::stable_in(A);
            let generation = rig.machine.generation();
            if close_first {
                rig.closed(code);
                assert_eq!(rig.verdicts(), [Verdict::Weigh]);
            }
            rig.voice_state(None);
            assert_eq!(rig.told(), [Notice::Kicked]);
            assert!(rig.acts().contains(&Output::Persist { channel: None }));
            rig.driver_of(generation, close(code));
            assert_eq!(rig.machine.state(), &State::Idle(Idle::Kicked { channel: A }));
            assert_eq!((rig.machine.intent(), rig.machine.poll_timeout()), (None, None));
            assert_eq!(rig.op4s(), [Some(A)], "nothing is sent after a kick");
            let torn_down = rig.all.iter().filter(|o| **o == Output::TearDown { generation }).count();
            assert_eq!(torn_down, 1);
        }
    }
}

#[test]
fn an_override_asks_a_kicked_bot_back_and_a_leave_settles_it() {
    let mut rig = Rig::stable_in(A);
    rig.voice_state(None);
    rig.input(Input::Intent(Intent::Override));
    assert_eq!(rig.acts(), [Output::Persist { channel: Some(A) }, Output::SendVoiceState { channel: Some(A) }]);
    let mut rig = Rig::stable_in(A);
    rig.voice_state(None);
    rig.leave();
    rig.input(Input::Intent(Intent::Override));
    assert!(rig.said.is_empty());
}

#[test]
fn a_kick_is_respected_while_the_next_attempt_is_waited_for() {
    let mut rig = Rig::stable_in(A);
    rig.closed(4006);
    rig.voice_state(None);
    rig.answer(A);
    rig.closed(4006);
    assert!(matches!(rig.stage(), Stage::BackingOff { .. }));
    rig.voice_state(None);
    assert_eq!(rig.told(), [Notice::Kicked]);
    assert_eq!(rig.machine.poll_timeout(), None);
}

#[test]
fn a_4014_that_nobody_explains_gets_one_new_session() {
    let mut rig = Rig::stable_in(A);
    rig.heard(secs(5));
    rig.closed(4014);
    assert_eq!(rig.wake(Timer::Evidence), Policy::default().timeouts.evidence);
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: None }]);
    rig.voice_state(None);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.acts(), [Output::StartFrames { from: Some(secs(5)) }]);
}

#[test]
fn a_4014_with_a_server_update_is_a_migration() {
    let mut rig = Rig::stable_in(A);
    rig.closed(4014);
    rig.voice_server();
    assert!(connect_of(&rig.said).is_some());
    rig.driver(DriverEvent::Connected);
    assert_eq!((rig.name(), rig.op4s()), ("STABLE", vec![Some(A)]));
}

/// What a move brings.
#[derive(Clone, Copy, Debug)]
enum News {
    State,
    Server,
    Close,
}

#[test]
fn the_music_follows_a_move_in_every_order_of_its_news() {
    use News::{Close, Server, State};
    let orders = [
        [State, Server, Close],
        [State, Close, Server],
        [Server, State, Close],
        [Server, Close, State],
        [Close, State, Server],
        [Close, Server, State],
    ];
    for order in orders {
        let mut rig = Rig::stable_in(A);
        let old = rig.machine.generation();
        for news in order {
            match news {
                State => rig.voice_state(Some(B)),
                Server => rig.voice_server(),
                Close => rig.driver_of(old, close(4014)),
            }
        }
        assert_eq!(rig.machine.intent(), Some(B), "{order:?}");
        assert!(rig.all.contains(&Output::Notify(Notice::Moved { to: B })));
        assert!(rig.all.contains(&Output::Persist { channel: Some(B) }));
        let Stage::Connecting { session, .. } = rig.stage() else { panic!("{order:?}: {:?}", rig.stage()) };
        assert_eq!((session.channel, session.token.as_str()), (B, "token 2"), "{order:?}");
        rig.driver(DriverEvent::Connected);
        assert_eq!((rig.name(), rig.op4s()), ("STABLE", vec![Some(A)]), "{order:?}: no op 4 is needed");
    }
}

#[test]
fn a_move_whose_server_never_comes_is_settled_by_a_new_session() {
    let mut rig = Rig::stable_in(A);
    rig.voice_state(Some(B));
    rig.wake(Timer::Reconnect);
    rig.voice_state(None);
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(B) }]);
}

#[test]
fn a_move_that_comes_long_after_a_server_update_waits_for_its_own() {
    let mut rig = Rig::stable_in(A);
    rig.voice_server();
    rig.driver(DriverEvent::Connected);
    rig.pass(secs(60));
    let before = rig.connects();
    rig.voice_state(Some(B));
    assert_eq!(rig.connects(), before);
    rig.voice_server();
    assert_eq!(rig.connects(), before + 1);
}

#[test]
fn mutes_and_repeated_server_updates_change_nothing() {
    let mut rig = Rig::stable_in(A);
    let before = rig.machine.state().clone();
    rig.voice_state(Some(A));
    let event = GatewayEvent::VoiceServer { endpoint: Some("voice.test:443".into()), token: "token 1".into() };
    rig.gateway(event);
    assert!(rig.said.is_empty());
    assert_eq!(rig.machine.state(), &before);
}

#[test]
fn another_token_or_endpoint_is_a_new_identify_and_the_frames_go_on() {
    let mut rig = Rig::stable_in(A);
    let old = rig.machine.generation();
    rig.voice_server();
    assert!(connect_of(&rig.said).expect("it connects") > old);
    assert_eq!(rig.acts().len(), 1, "and the old one goes on: {:?}", rig.said);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.acts(), [Output::StartFrames { from: None }, Output::TearDown { generation: old }]);
}

#[test]
fn a_vanished_voice_server_is_waited_for_without_retries() {
    let mut rig = Rig::stable_in(A);
    let generation = rig.machine.generation();
    rig.no_voice_server();
    assert_eq!(rig.acts(), [Output::StopFrames, Output::TearDown { generation }]);
    rig.driver_of(generation, close(4014));
    assert!(rig.said.is_empty());
    rig.pass(secs(200));
    rig.voice_server();
    assert!(connect_of(&rig.said).expect("it connects") > generation);
    rig.driver(DriverEvent::Connected);
    assert_eq!((rig.name(), rig.op4s()), ("STABLE", vec![Some(A)]));
}

#[test]
fn a_voice_server_that_stays_away_for_five_minutes_gets_one_new_session() {
    let mut rig = Rig::stable_in(A);
    rig.no_voice_server();
    assert_eq!(rig.wake(Timer::Server), secs(300));
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: None }]);
}

#[test]
fn events_of_an_older_generation_change_nothing() {
    let mut rig = Rig::stable_in(A);
    let old = rig.machine.generation();
    rig.closed(4006);
    rig.voice_state(None);
    rig.answer(A);
    let events = [
        DriverEvent::Connected,
        DriverEvent::Resumed,
        close(4006),
        close(4017),
        DriverEvent::Unresponsive,
        DriverEvent::Failed { kind: refrain_recovery::FailureKind::Discarded },
    ];
    for event in events {
        let before = rig.machine.state().clone();
        rig.driver_of(old, event);
        assert!(rig.said.is_empty());
        assert_eq!(rig.machine.state(), &before);
    }
}

#[test]
fn tokens_and_sessions_stay_out_of_what_is_logged() {
    let rig = Rig::stable_in(A);
    let printed = format!("{:?} {:?}", rig.machine, rig.all);
    assert!(!printed.contains("token 1"), "{printed}");
    assert!(!printed.contains("\"session\""), "{printed}");
}

#[test]
fn a_main_gateway_that_answers_several_leaves_at_once_has_not_kicked() {
    let mut rig = Rig::stable_in(A);
    rig.closed(4006);
    rig.wake(Timer::Leave);
    rig.wake(Timer::Reconnect);
    rig.wake(Timer::Backoff);
    assert_eq!(rig.op4s().last(), Some(&None), "the second op 4 without a channel");
    // Now the main gateway works off what it was sent: out, in, out.
    rig.voice_state(None);
    rig.answer(A);
    rig.voice_state(None);
    assert_eq!((rig.name(), rig.machine.intent()), ("RETRYING", Some(A)));
    assert!(rig.told().is_empty());
    // What comes after all that it asked for is a kick.
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    rig.voice_state(None);
    assert_eq!((rig.name(), rig.machine.intent()), ("IDLE", None));
}
