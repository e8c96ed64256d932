//! The connection is lost: new sessions, and the pauses between attempts.

use crate::rig::{A, B, Rig, connect_of, out_first, secs};
use refrain_recovery::{
    CloseCode, DriverEvent, GatewayEvent, Idle, Input, Intent, Notice, Output, Policy, Stage, State, Timer, Verdict,
};
use std::time::Duration;

#[test]
fn rejoins_after_4006_at_the_position_last_heard() {
    let mut rig = Rig::stable_in(A);
    let old = rig.machine.generation();
    rig.heard(secs(42));
    rig.closed(4006);
    let expected = [Output::StopFrames, Output::TearDown { generation: old }, Output::SendVoiceState { channel: None }];
    assert_eq!(rig.acts(), expected, "at once, and out of the channel first");
    let [incident] = rig.incidents()[..] else { panic!("{:?}", rig.said) };
    assert_eq!((incident.verdict, incident.code), (Verdict::NewSession, Some(CloseCode(4006))));
    assert_eq!(incident.reason, "the voice session is no longer valid (4006)");
    rig.voice_state(None);
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(A) }]);
    rig.answer(A);
    assert!(connect_of(&rig.said).expect("it connects") > old);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.acts(), [Output::StartFrames { from: Some(secs(42)) }]);
    assert_eq!(rig.verdicts(), [Verdict::Recovered]);
}

#[test]
fn a_leave_that_is_not_confirmed_does_not_hold_up_the_recovery_for_ever() {
    let mut rig = Rig::stable_in(A);
    rig.closed(4006);
    assert_eq!(rig.wake(Timer::Leave), Policy::default().timeouts.leave);
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(A) }]);
}

#[test]
fn the_music_goes_back_by_the_overlap_but_not_beyond_where_the_track_began() {
    let overlap = secs(2);
    for (start, heard, from) in [(0, 42, 40), (0, 1, 0), (30, 31, 30), (30, 60, 58)] {
        let mut rig = Rig::with(Policy { overlap, ..out_first() });
        rig.join(A);
        rig.answer(A);
        rig.driver(DriverEvent::Connected);
        rig.input(Input::TrackStarted { playhead: secs(start) });
        rig.heard(secs(heard));
        recover_from_4006(&mut rig);
        assert_eq!(rig.acts(), [Output::StartFrames { from: Some(secs(from)) }]);
    }
}

#[test]
fn nothing_counts_as_heard_while_the_frames_are_held() {
    let mut rig = Rig::stable_in(A);
    rig.heard(secs(42));
    rig.closed(4006);
    rig.heard(secs(50));
    rig.voice_state(None);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.acts(), [Output::StartFrames { from: Some(secs(42)) }]);
}

#[test]
fn a_track_that_began_meanwhile_plays_from_its_own_start() {
    let mut rig = Rig::stable_in(A);
    rig.heard(secs(42));
    rig.closed(4006);
    rig.input(Input::TrackStarted { playhead: Duration::ZERO });
    rig.voice_state(None);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.acts(), [Output::StartFrames { from: Some(Duration::ZERO) }]);
}

#[test]
fn failed_attempts_wait_longer_and_longer_and_then_cool_down() {
    let mut rig = Rig::stable_in(A);
    rig.closed(4006);
    let mut pauses = Vec::new();
    for attempt in 2..=5 {
        refuse(&mut rig);
        assert!(matches!(rig.told()[..], [Notice::Interrupted { attempt: a, .. }] if a == attempt), "{:?}", rig.said);
        pauses.push(rig.wake(Timer::Backoff));
    }
    for (pause, nominal) in pauses.iter().zip([2, 4, 8, 16]) {
        assert!(*pause >= secs(nominal) * 7 / 10 && *pause <= secs(nominal) * 13 / 10, "{pauses:?}");
    }
    for cooldown in [30, 120, 300, 300] {
        refuse(&mut rig);
        assert_eq!(rig.told(), [Notice::CoolingDown { next: secs(cooldown) }]);
        assert_eq!(rig.verdicts(), [Verdict::NewSession, Verdict::CoolDown]);
        rig.wake(Timer::Cooldown);
        for _ in 2..=5 {
            refuse(&mut rig);
            rig.wake(Timer::Backoff);
        }
    }
    rig.voice_state(None);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert!(matches!(rig.told()[..], [Notice::Recovered { gap }] if gap > secs(750)), "{:?}", rig.said);
}

#[test]
fn an_override_skips_the_cooldown_and_the_backoff() {
    let mut rig = Rig::stable_in(A);
    rig.closed(4006);
    refuse(&mut rig);
    rig.input(Input::Intent(Intent::Override));
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: None }]);
    for _ in 2..=5 {
        refuse(&mut rig);
        rig.wake(Timer::Backoff);
    }
    refuse(&mut rig);
    assert!(matches!(rig.stage(), Stage::CoolingDown { .. }));
    rig.input(Input::Intent(Intent::Override));
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: None }]);
}

#[test]
fn a_connection_that_flaps_is_slowed_down_and_one_that_lasts_is_not() {
    let mut rig = Rig::stable_in(A);
    recover_from_4006(&mut rig);
    rig.pass(Duration::from_millis(100));
    rig.closed(4006);
    assert!(matches!(rig.stage(), Stage::BackingOff { .. }), "it fell at once: haste would be a storm");
    rig.wake(Timer::Backoff);
    rig.voice_state(None);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    rig.pass(secs(120));
    rig.closed(4006);
    assert!(matches!(rig.stage(), Stage::Leaving { .. }), "two minutes of music count as waited");
}

#[test]
fn ten_stable_minutes_forget_the_past() {
    let mut rig = Rig::stable_in(A);
    recover_from_4006(&mut rig);
    assert_eq!(rig.wake(Timer::Stability), secs(600));
    assert!(rig.said.is_empty());
    assert!(matches!(rig.machine.poll_timeout(), Some((_, Timer::Health))));
    rig.closed(4006);
    assert!(rig.incidents().iter().all(|i| i.attempt == 0), "{:?}", rig.said);
}

#[test]
fn pauses_are_stretched_when_the_main_gateway_suffers_too() {
    let pause = |health: Option<GatewayEvent>| {
        let mut rig = Rig::stable_in(A);
        health.into_iter().for_each(|event| rig.gateway(event));
        rig.closed(4006);
        refuse(&mut rig);
        rig.wake(Timer::Backoff)
    };
    let suffering = GatewayEvent::Health { latency: secs(3), missed_heartbeats: 1 };
    assert_eq!(pause(Some(suffering)).as_millis() / 10, pause(None).as_millis() * 3 / 10);
}

#[test]
fn each_missed_heartbeat_stretches_the_pauses_up_to_three_and_an_answer_ends_it() {
    let pause = |missed: &[u32]| {
        let mut rig = Rig::stable_in(A);
        for missed_heartbeats in missed {
            rig.gateway(GatewayEvent::Health { latency: Duration::ZERO, missed_heartbeats: *missed_heartbeats });
        }
        rig.closed(4006);
        refuse(&mut rig);
        rig.wake(Timer::Backoff)
    };
    let plain = pause(&[]);
    for (missed, factor) in [(&[1][..], 2), (&[1, 2], 3), (&[1, 2, 3], 4), (&[9], 4), (&[3, 0], 1)] {
        let stretched = pause(missed);
        assert_eq!(stretched.as_millis() / 10, plain.as_millis() * factor / 10, "{missed:?}");
    }
}

#[test]
fn an_attempt_without_an_answer_has_failed() {
    let mut rig = Rig::stable_in(A);
    rig.closed(4006);
    rig.voice_state(None);
    assert_eq!(rig.wake(Timer::Reconnect), Policy::default().timeouts.reconnect);
    rig.wake(Timer::Backoff);
    // Nobody knows whether the op 4 was carried out: leave first.
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: None }]);
    rig.wake(Timer::Leave);
    rig.answer(A);
    let until_connected = rig.machine.poll_timeout();
    assert!(matches!(until_connected, Some((_, Timer::Reconnect))));
    rig.wake(Timer::Reconnect);
    let generation = rig.machine.generation();
    assert!(rig.acts().contains(&Output::TearDown { generation }), "a handshake that hangs is dropped");
}

#[test]
fn required_end_to_end_encryption_is_fatal_until_somebody_asks_again() {
    let mut rig = Rig::stable_in(A);
    rig.closed(4017);
    let code = Some(CloseCode(4017));
    assert_eq!(rig.told(), [Notice::Fatal { code }]);
    assert_eq!(rig.machine.state(), &State::Idle(Idle::Fatal { code, channel: Some(A) }));
    assert!(
        !rig.all.contains(&Output::Persist { channel: None }),
        "after a restart with better settings it comes back"
    );
    let sent = rig.op4s().len();
    rig.answer(B);
    rig.gateway(GatewayEvent::ShardReady);
    rig.gateway(GatewayEvent::GuildAvailable { channel: Some(A) });
    assert_eq!((rig.name(), rig.op4s().len()), ("IDLE", sent));
    rig.input(Input::Intent(Intent::Override));
    assert_eq!((rig.name(), rig.machine.intent()), ("RETRYING", Some(A)));
}

#[test]
fn a_code_that_is_our_own_bug_is_tried_once_and_then_parked() {
    for (code, tries) in [(4001, 1), (4002, 1), (4005, 1), (4012, 1), (4016, 1), (4020, 1), (4004, 2)] {
        let mut rig = Rig::stable_in(A);
        for _ in 0..tries {
            rig.closed(code);
            if matches!(rig.stage(), Stage::BackingOff { .. }) {
                rig.wake(Timer::Backoff);
            }
            rig.voice_state(None);
            rig.answer(A);
            rig.driver(DriverEvent::Connected);
            assert_eq!(rig.name(), "STABLE");
        }
        rig.closed(code);
        assert_eq!(rig.verdicts(), [Verdict::Fatal], "{code}");
        assert_eq!(rig.name(), "IDLE");
    }
}

#[test]
fn a_rate_limit_is_waited_out_for_a_minute_at_least_and_twice_at_most() {
    let mut rig = Rig::stable_in(A);
    for cooldown in [60, 120] {
        rig.closed(4021);
        assert_eq!(rig.told(), [Notice::CoolingDown { next: secs(cooldown) }]);
        rig.wake(Timer::Cooldown);
        rig.voice_state(None);
        rig.answer(A);
    }
    rig.closed(4021);
    assert_eq!(rig.told(), [Notice::Fatal { code: Some(CloseCode(4021)) }]);
}

#[test]
fn three_unlisted_codes_in_a_row_ask_to_be_reported() {
    let mut rig = Rig::stable_in(A);
    for n in 1..=3 {
        rig.closed(4098);
        let asked = rig.incidents().iter().any(|i| i.reason.contains("report"));
        assert_eq!(asked, n == 3);
        if matches!(rig.stage(), Stage::BackingOff { .. }) {
            rig.wake(Timer::Backoff);
        }
        rig.voice_state(None);
        rig.answer(A);
    }
}

fn recover_from_4006(rig: &mut Rig) {
    rig.closed(4006);
    rig.voice_state(None);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.name(), "STABLE");
}

/// The attempt under way is answered, and the voice server closes it.
fn refuse(rig: &mut Rig) {
    rig.voice_state(None);
    rig.answer(A);
    rig.closed(4006);
}
