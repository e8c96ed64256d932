//! Kicks, moves, server updates; what happens to shard, guild and channel.

use crate::rig::{A, B, Rig, connect_of, secs};
use refrain_recovery::{
    CloseCode, DriverEvent, GatewayEvent, Generation, Idle, Input, Intent, Notice, Output, Policy, Stage, State, Timer,
    Verdict,
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
    assert_eq!(rig.acts()[..2], [Output::StopFrames, Output::TearDown { generation: old }]);
    assert!(connect_of(&rig.said).expect("it connects") > old);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.acts(), [Output::StartFrames { from: None }], "all that was sent was heard");
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
fn a_shard_that_resumes_leaves_voice_alone() {
    let mut rig = Rig::stable_in(A);
    let before = rig.machine.state().clone();
    rig.gateway(GatewayEvent::ShardDisconnected);
    rig.gateway(GatewayEvent::ShardResumed);
    assert!(rig.said.is_empty());
    assert_eq!(rig.machine.state(), &before);
}

#[test]
fn a_new_main_session_waits_for_the_guild_and_then_rejoins() {
    for shown in [None, Some(A)] {
        let mut rig = Rig::stable_in(A);
        rig.gateway(GatewayEvent::ShardDisconnected);
        rig.gateway(GatewayEvent::ShardReady);
        assert!(rig.acts().contains(&Output::StopFrames));
        assert_eq!(rig.op4s(), [Some(A)], "not before the guild is there");
        rig.gateway(GatewayEvent::GuildAvailable { channel: shown });
        if shown.is_some() {
            assert_eq!(rig.acts(), [Output::SendVoiceState { channel: None }]);
            rig.voice_state(None);
        }
        assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(A) }]);
        rig.answer(A);
        rig.driver(DriverEvent::Connected);
        assert_eq!(rig.name(), "STABLE");
    }
}

#[test]
fn a_4014_because_the_main_session_was_dropped_is_no_kick() {
    let mut rig = Rig::stable_in(A);
    rig.gateway(GatewayEvent::ShardDisconnected);
    rig.closed(4014);
    assert!(matches!(rig.stage(), Stage::AwaitingGuild { .. }));
    rig.gateway(GatewayEvent::ShardReady);
    rig.gateway(GatewayEvent::GuildAvailable { channel: None });
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(A) }]);
    assert!(!rig.all.contains(&Output::Notify(Notice::Kicked)));
}

#[test]
fn a_kick_replayed_by_a_shard_that_resumes_is_a_kick_and_not_after_a_new_session() {
    for resumed in [true, false] {
        let mut rig = Rig::stable_in(A);
        rig.gateway(GatewayEvent::ShardDisconnected);
        rig.voice_state(None);
        assert!(rig.told().is_empty(), "not before the shard says whose news this is");
        if resumed {
            rig.gateway(GatewayEvent::ShardResumed);
            assert_eq!(rig.told(), [Notice::Kicked]);
        } else {
            rig.gateway(GatewayEvent::ShardReady);
            rig.gateway(GatewayEvent::GuildAvailable { channel: None });
            assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(A) }]);
        }
    }
}

#[test]
fn a_guild_outage_is_waited_out() {
    let mut rig = Rig::stable_in(A);
    rig.gateway(GatewayEvent::GuildUnavailable);
    assert!(rig.said.is_empty(), "the connection itself may outlast it");
    rig.closed(4006);
    assert!(matches!(rig.stage(), Stage::AwaitingGuild { .. }));
    assert_eq!(rig.op4s(), [Some(A)]);
    rig.gateway(GatewayEvent::GuildAvailable { channel: None });
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(A) }]);
}

#[test]
fn a_guild_that_never_reports_back_gets_one_more_look() {
    let mut rig = Rig::stable_in(A);
    rig.gateway(GatewayEvent::ShardReady);
    assert_eq!(rig.wake(Timer::Guild), secs(300));
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(A) }]);
}

#[test]
fn a_deleted_channel_or_guild_is_the_end_of_it() {
    for event in [GatewayEvent::ChannelDeleted { channel: A }, GatewayEvent::GuildDeleted] {
        let mut rig = Rig::stable_in(A);
        rig.gateway(event);
        assert_eq!(rig.told(), [Notice::ChannelGone]);
        assert_eq!(rig.verdicts(), [Verdict::StayOut]);
        rig.driver_of(Generation(1), close(4014));
        rig.voice_state(None);
        assert_eq!(rig.machine.state(), &State::Idle(Idle::Gone));
        assert_eq!((rig.op4s(), rig.machine.poll_timeout()), (vec![Some(A)], None));
        rig.input(Input::Intent(Intent::Override));
        assert!(rig.said.is_empty());
    }
}

#[test]
fn another_channels_end_is_nothing_to_us() {
    let mut rig = Rig::stable_in(A);
    rig.gateway(GatewayEvent::ChannelDeleted { channel: B });
    assert!(rig.said.is_empty());
}

#[test]
fn where_the_guild_shows_it_elsewhere_a_new_session_settles_it() {
    let mut rig = Rig::stable_in(A);
    rig.gateway(GatewayEvent::GuildAvailable { channel: Some(A) });
    assert!(rig.said.is_empty());
    rig.gateway(GatewayEvent::GuildAvailable { channel: None });
    assert!(rig.acts().contains(&Output::SendVoiceState { channel: Some(A) }));
    let mut rig = Rig::stable_in(A);
    rig.gateway(GatewayEvent::GuildAvailable { channel: Some(B) });
    assert_eq!((rig.machine.intent(), rig.told()), (Some(B), vec![Notice::Moved { to: B }]));
    rig.voice_state(None);
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(B) }]);
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
