//! Checks of a connection that seems well.

use crate::rig::{A, B, Rig, secs};
use refrain_recovery::{DriverEvent, GatewayEvent, Health, Intent, Notice, Output, Policy, Timer, Verdict};
use std::time::Duration;

fn within(slept: Duration, nominal: u64) -> bool {
    slept >= secs(nominal) * 9 / 10 && slept <= secs(nominal) * 11 / 10
}

#[test]
fn a_connection_is_looked_at_every_minute_and_more_often_after_trouble() {
    let mut rig = Rig::stable_in(A);
    rig.wake(Timer::Health);
    for _ in 0..10 {
        assert!(within(rig.wake(Timer::Health), 60));
        assert!(rig.said.is_empty());
    }
    let before = rig.probes;
    rig.driver(DriverEvent::Resumed);
    for _ in 0..10 {
        assert!(within(rig.wake(Timer::Health), 15));
    }
    rig.pass(secs(300));
    rig.wake(Timer::Health);
    assert!(within(rig.wake(Timer::Health), 60));
    assert!(rig.probes > before + 10, "each look asks for a sign of life");
}

#[test]
fn what_died_silently_is_found_after_ten_idle_hours() {
    for event in [DriverEvent::Unresponsive, DriverEvent::Closed { code: None, resumable: false }] {
        let mut rig = Rig::stable_in(A);
        rig.pass(secs(10 * 3600));
        assert_eq!(rig.op4s(), [Some(A)], "ten quiet hours need nothing");
        rig.wake(Timer::Health);
        rig.driver(event);
        if event == DriverEvent::Unresponsive {
            // songbird cannot resume by itself what it believes to be well.
            rig.driver(DriverEvent::Closed { code: None, resumable: false });
        }
        rig.voice_state(None);
        rig.answer(A);
        rig.driver(DriverEvent::Connected);
        assert_eq!(rig.name(), "STABLE");
    }
}

#[test]
fn a_sign_of_life_changes_nothing_but_what_is_known() {
    let mut rig = Rig::stable_in(A);
    rig.wake(Timer::Health);
    let before = rig.machine.state().clone();
    rig.driver(DriverEvent::Alive);
    assert!(rig.said.is_empty());
    assert_eq!(rig.machine.state(), &before);
    assert_eq!(rig.machine.snapshot().last_alive, Some(rig.now));
}

/// A null state that was taken for the late answer to our own op 4, although it was not.
fn shown_nowhere() -> Rig {
    let mut rig = Rig::stable_in(A);
    rig.closed(4006);
    rig.wake(Timer::Leave);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    rig.voice_state(None);
    assert_eq!(rig.name(), "STABLE");
    rig
}

#[test]
fn a_bot_that_the_gateway_shows_in_no_channel_joins_again() {
    let mut rig = shown_nowhere();
    assert!(within(rig.wake(Timer::Health), 15));
    assert_eq!(rig.verdicts()[0], Verdict::NewSession);
    assert_eq!(rig.acts().last(), Some(&Output::SendVoiceState { channel: Some(A) }));
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.name(), "STABLE");
}

#[test]
fn whoever_doubts_that_it_is_connected_has_it_looked_at_at_once() {
    let mut rig = shown_nowhere();
    rig.join(A);
    assert_eq!((rig.name(), rig.verdicts()[0]), ("RETRYING", Verdict::NewSession));
    let mut rig = Rig::stable_in(A);
    let before = rig.probes;
    rig.join(A);
    assert_eq!((rig.probes, rig.said.len()), (before + 1, 0));
}

#[test]
fn what_the_gateway_said_before_it_went_away_is_no_news() {
    let mut rig = shown_nowhere();
    rig.gateway(GatewayEvent::ShardDisconnected);
    rig.wake(Timer::Health);
    assert!(rig.said.is_empty());
    rig.gateway(GatewayEvent::ShardResumed);
    rig.wake(Timer::Health);
    assert!(!rig.said.is_empty());
}

#[test]
fn a_bot_left_behind_in_a_channel_where_nobody_wants_it_leaves() {
    let mut rig = Rig::new();
    rig.gateway(GatewayEvent::GuildAvailable { channel: Some(B) });
    assert!(within(rig.wake(Timer::Health), 60));
    assert_eq!(rig.acts(), [Output::SendVoiceState { channel: None }]);
    rig.voice_state(None);
    assert_eq!(rig.machine.poll_timeout(), None, "at rest, and nothing to look after");
    assert!(!rig.all.contains(&Output::Notify(Notice::Kicked)));
}

#[test]
fn checks_can_be_turned_off() {
    let health = Health { interval: Duration::ZERO, ..Health::default() };
    let mut rig = Rig::with(Policy { health, ..Policy::default() });
    rig.input(refrain_recovery::Input::Intent(Intent::Join { channel: A }));
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert_eq!((rig.name(), rig.machine.poll_timeout()), ("STABLE", None));
}
