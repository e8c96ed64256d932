//! What becomes of shard, guild and channel.

use crate::rig::{A, B, Rig, secs};
use refrain_recovery::{
    CloseCode, DriverEvent, GatewayEvent, Generation, Idle, Input, Intent, Notice, Output, Stage, State, Timer, Verdict,
};

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
        rig.driver_of(Generation(1), DriverEvent::Closed { code: Some(CloseCode(4014)), resumable: false });
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
