//! What a guild decides for itself, alerts, and what can be asked of a machine.

use crate::rig::{A, B, Rig, secs};
use refrain_recovery::{
    Alert, AutoRejoin, CloseCode, DriverEvent, GatewayEvent, Idle, Input, Intent, Notice, Output, Settings, Stage,
    State, Timer,
};

fn stable(auto_rejoin: AutoRejoin) -> Rig {
    let mut rig = Rig::stable_in(A);
    rig.input(Input::Settings(Settings { auto_rejoin }));
    rig
}

#[test]
fn a_guild_that_wants_no_rejoin_gets_none_until_somebody_asks() {
    let mut rig = stable(AutoRejoin::Off);
    rig.closed(4006);
    assert_eq!(rig.told(), [Notice::StayedOut]);
    assert_eq!(rig.machine.state(), &State::Idle(Idle::Declined { channel: A }));
    assert_eq!(rig.op4s(), [Some(A), None], "nobody is left behind in the channel");
    rig.voice_state(None);
    rig.input(Input::Intent(Intent::Override));
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.name(), "STABLE");
}

#[test]
fn without_rejoins_resumes_moves_and_other_servers_still_work() {
    let mut rig = stable(AutoRejoin::Off);
    rig.closed_resumable(1006);
    rig.driver(DriverEvent::Resumed);
    rig.voice_server();
    rig.driver(DriverEvent::Connected);
    rig.answer(B);
    rig.driver(DriverEvent::Connected);
    assert_eq!((rig.name(), rig.machine.intent()), ("STABLE", Some(B)));
}

#[test]
fn without_rejoins_a_new_main_session_is_the_end_too() {
    let mut rig = stable(AutoRejoin::Off);
    rig.gateway(GatewayEvent::ShardReady);
    rig.gateway(GatewayEvent::GuildAvailable { channel: None });
    assert_eq!((rig.name(), rig.told()), ("IDLE", vec![Notice::StayedOut]));
}

#[test]
fn a_join_that_somebody_waits_for_is_tried_again_all_the_same() {
    let mut rig = Rig::new();
    rig.input(Input::Settings(Settings { auto_rejoin: AutoRejoin::Off }));
    rig.join(A);
    rig.answer(A);
    rig.closed(4006);
    assert!(matches!(rig.stage(), Stage::BackingOff { .. }));
}

#[test]
fn a_guild_that_wants_its_bot_back_after_a_kick_gets_it_after_a_pause_that_grows() {
    let mut rig = stable(AutoRejoin::AlsoAfterKick);
    let mut before = secs(0);
    for attempt in 1..=5 {
        rig.voice_state(None);
        assert!(matches!(rig.told()[..], [Notice::Interrupted { attempt: a, .. }] if a == attempt), "{:?}", rig.said);
        let pause = rig.wake(Timer::Backoff);
        assert!(pause >= before / 2 && pause >= secs(1));
        before = pause;
        assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(A) }]);
        rig.answer(A);
        rig.driver(DriverEvent::Connected);
        rig.pass(secs(20));
    }
    assert!(before > secs(10), "it does not quarrel with a moderator");
    rig.voice_state(None);
    assert!(matches!(rig.stage(), Stage::CoolingDown { .. }));
    assert_eq!(rig.machine.intent(), Some(A));
}

#[test]
fn who_should_look_at_what_is_said_with_the_incident() {
    let alert = |code: u16, times: u32| {
        let mut rig = Rig::stable_in(A);
        for _ in 1..times {
            rig.closed(code);
            while matches!(rig.stage(), Stage::BackingOff { .. } | Stage::CoolingDown { .. }) {
                let (_, timer) = rig.machine.poll_timeout().expect("a wake-up is asked for");
                rig.wake(timer);
            }
            rig.voice_state(None);
            rig.answer(A);
        }
        assert!(rig.all.iter().all(|o| !matches!(o, Output::Incident(i) if i.alert.is_some())), "{code}");
        rig.closed(code);
        rig.incidents().iter().find_map(|i| i.alert)
    };
    assert_eq!(alert(4098, 3), Some(Alert::UnlistedCodes));
    assert_eq!(alert(4017, 1), Some(Alert::Configuration));
    assert_eq!(alert(4002, 2), Some(Alert::Protocol));
    assert_eq!(alert(4021, 3), Some(Alert::RateLimited));
}

#[test]
fn a_snapshot_says_how_things_stand() {
    let mut rig = Rig::stable_in(A);
    let well = rig.machine.snapshot();
    assert_eq!((well.state, well.intent, well.attempt, well.down_since), ("STABLE", Some(A), 0, None));
    assert_eq!(well.stable_since, well.last_alive);
    let lost = rig.now;
    for _ in 0..5 {
        rig.closed(4006);
        if matches!(rig.stage(), Stage::BackingOff { .. }) {
            rig.wake(Timer::Backoff);
        }
        rig.voice_state(None);
        rig.answer(A);
    }
    rig.closed(4006);
    let ill = rig.machine.snapshot();
    assert_eq!((ill.state, ill.down_since, ill.stable_since), ("RETRYING", Some(lost), None));
    assert_eq!(ill.last_close, Some((rig.now, Some(CloseCode(4006)))));
    assert_eq!((ill.cooldown_until, ill.cooldowns), (Some(rig.now + secs(30)), 1));
    assert_eq!(ill.next, Some((rig.now + secs(30), Timer::Cooldown)));
}
