//! A channel that the bot may not join: it is not left, and the bot comes back as soon as it may.

use crate::rig::{A, B, Rig, secs};
use refrain_recovery::{
    DriverEvent, GatewayEvent, Handled, Hedge, Input, Intent, MissingAccess, Notice, Output, Policy, Stage, Timer,
    Verdict,
};

fn access(rig: &mut Rig, missing: Option<MissingAccess>) {
    rig.input(Input::Access { channel: A, missing });
}

fn without(missing: MissingAccess) -> Rig {
    let mut rig = Rig::stable_in(A);
    access(&mut rig, Some(missing));
    rig
}

#[test]
fn a_connection_that_stands_is_left_alone_when_the_permission_goes() {
    let rig = without(MissingAccess::Connect);
    assert!(rig.said.is_empty());
    assert_eq!((rig.name(), rig.machine.snapshot().missing), ("STABLE", Some(MissingAccess::Connect)));
}

#[test]
fn a_channel_that_cannot_be_joined_again_is_not_left() {
    for missing in [MissingAccess::View, MissingAccess::Connect, MissingAccess::Gone] {
        let mut rig = without(missing);
        rig.heard(secs(42));
        rig.closed(4006);
        assert_eq!(rig.told(), [Notice::AwaitingAccess { channel: A, missing }]);
        assert!(!rig.acts().iter().any(|o| matches!(o, Output::SendVoiceState { .. })), "{:?}", rig.acts());
        assert!(matches!(rig.stage(), Stage::AwaitingAccess { channel: A, missing: m, .. } if *m == missing));
        let snapshot = rig.machine.snapshot();
        assert_eq!((snapshot.missing, snapshot.intent, snapshot.attempt), (Some(missing), Some(A), 0));
        assert!(matches!(snapshot.next, Some((_, Timer::Access))));
    }
}

#[test]
fn it_comes_back_at_once_when_the_permission_returns_and_goes_on_where_it_was_heard() {
    let mut rig = without(MissingAccess::Connect);
    rig.heard(secs(42));
    rig.closed(4006);
    rig.pass(secs(100));
    access(&mut rig, None);
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: None }], "at once, and by the usual order");
    rig.voice_state(None);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.acts()[0], Output::StartFrames { from: Some(secs(42)) });
    assert!(matches!(rig.told()[..], [Notice::Recovered { .. }]));
}

#[test]
fn without_the_permission_to_speak_it_comes_back_as_ever() {
    let mut rig = without(MissingAccess::Speak);
    rig.closed(4006);
    assert_eq!(rig.acts().last(), Some(&Output::SendVoiceState { channel: None }));
    assert_eq!(rig.machine.snapshot().missing, Some(MissingAccess::Speak), "members can be told why it is not heard");
}

/// What the guild knows may be out of date, so Discord is asked once in a while: without a leave.
#[test]
fn now_and_then_it_asks_again_without_a_leave() {
    let mut rig = without(MissingAccess::Connect);
    rig.closed(4006);
    for _ in 0..10 {
        assert_eq!(rig.wake(Timer::Access), Policy::default().timeouts.access);
        assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(A) }]);
        rig.wake(Timer::Hedge);
        assert!(matches!(rig.stage(), Stage::AwaitingAccess { .. }), "{:?}", rig.stage());
        assert_eq!(rig.machine.snapshot().attempt, 0, "none of this is a failure of the connection");
    }
    rig.wake(Timer::Access);
    rig.voice_server();
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.name(), "STABLE");
    assert!(!rig.op4s().contains(&None));
}

#[test]
fn an_override_never_leaves_a_channel_that_cannot_be_joined_again() {
    let mut rig = without(MissingAccess::Connect);
    let handled = rig.machine.handle_input(rig.now, Input::Intent(Intent::Override));
    assert_eq!((handled, rig.name()), (Handled::Ignored, "STABLE"), "the music plays on");
    rig.closed(4006);
    rig.input(Input::Intent(Intent::Override));
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(A) }], "asked again, not left");
    rig.wake(Timer::Hedge);
    assert!(matches!(rig.stage(), Stage::AwaitingAccess { .. }));
    assert!(!rig.op4s().contains(&None));
}

#[test]
fn an_override_makes_a_connection_anew_that_can_be_made() {
    let mut rig = Rig::stable_in(A);
    rig.heard(secs(42));
    rig.input(Input::Intent(Intent::Override));
    assert_eq!(rig.acts()[0], Output::StopFrames);
    rig.voice_state(None);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.acts(), [Output::StartFrames { from: Some(secs(42)) }]);
}

#[test]
fn a_pause_gives_way_to_the_permission_that_goes_and_a_cooldown_does_not() {
    let mut rig = Rig::stable_in(A);
    rig.closed(4006);
    rig.voice_state(None);
    rig.answer(A);
    rig.closed(4006);
    assert!(matches!(rig.stage(), Stage::BackingOff { .. }));
    access(&mut rig, Some(MissingAccess::Connect));
    assert!(matches!(rig.stage(), Stage::AwaitingAccess { .. }));
    access(&mut rig, Some(MissingAccess::View));
    assert!(matches!(rig.stage(), Stage::AwaitingAccess { missing: MissingAccess::View, .. }));
    let mut rig = Rig::stable_in(A);
    rig.closed(4021);
    access(&mut rig, Some(MissingAccess::Connect));
    assert!(matches!(rig.stage(), Stage::CoolingDown { .. }), "Discord wants it waited out");
    rig.wake(Timer::Cooldown);
    assert!(matches!(rig.stage(), Stage::AwaitingAccess { .. }));
}

#[test]
fn a_permission_that_goes_in_the_middle_of_an_attempt_ends_it_without_a_leave() {
    // Asked again in the channel, with no answer.
    let mut rig = Rig::with(Policy { hedge: Hedge::default(), ..Policy::default() });
    rig.join(A);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    rig.closed(4006);
    assert!(matches!(rig.stage(), Stage::AskingAgain { .. }));
    access(&mut rig, Some(MissingAccess::Connect));
    rig.wake(Timer::Hedge);
    assert!(matches!(rig.stage(), Stage::AwaitingAccess { .. }), "{:?}", rig.stage());
    // Out already, and the way back is barred.
    let mut rig = Rig::stable_in(A);
    rig.closed(4006);
    access(&mut rig, Some(MissingAccess::Connect));
    rig.voice_state(None);
    assert!(matches!(rig.stage(), Stage::AwaitingAccess { .. }), "{:?}", rig.stage());
}

#[test]
fn what_ends_every_wait_ends_this_one() {
    let waiting = || {
        let mut rig = without(MissingAccess::Connect);
        rig.closed(4006);
        rig
    };
    let mut rig = waiting();
    rig.leave();
    assert_eq!(rig.acts().last(), Some(&Output::SendVoiceState { channel: None }), "a leave is what was asked for");
    let mut rig = waiting();
    rig.voice_state(None);
    assert_eq!(rig.told(), [Notice::Kicked]);
    let mut rig = waiting();
    rig.answer(B);
    rig.driver(DriverEvent::Connected);
    assert_eq!((rig.name(), rig.machine.intent()), ("STABLE", Some(B)));
    let mut rig = waiting();
    rig.join(B);
    assert_eq!(rig.acts().last(), Some(&Output::SendVoiceState { channel: Some(B) }));
    let mut rig = waiting();
    rig.gateway(GatewayEvent::ChannelDeleted { channel: A });
    assert_eq!(rig.told(), [Notice::ChannelGone]);
    let mut rig = waiting();
    rig.gateway(GatewayEvent::ShardReady);
    rig.gateway(GatewayEvent::GuildAvailable { channel: None });
    assert_eq!(rig.verdicts().last(), Some(&Verdict::Wait), "a new main session does not bring the permission");
    assert!(matches!(rig.stage(), Stage::AwaitingAccess { .. }));
}

#[test]
fn what_another_channel_lacks_is_of_no_concern() {
    let mut rig = Rig::stable_in(A);
    rig.input(Input::Access { channel: B, missing: Some(MissingAccess::Connect) });
    rig.closed(4006);
    assert!(matches!(rig.stage(), Stage::Leaving { .. }));
}
