//! Only successive failures count: what a connection that stood for a while makes of the attempts before it.

use crate::{
    peer::Switches,
    rig::{A, Rig, secs},
    world::World,
};
use refrain_recovery::{
    AutoRejoin, DriverEvent, GatewayEvent, Input, Intent, Notice, Output, Policy, Settings, Stage, Timer,
};
use std::time::Duration;

/// Until both halves and the handshake are there, however the machine begins.
fn come_back(rig: &mut Rig) {
    if matches!(rig.stage(), Stage::Leaving { .. }) {
        rig.voice_state(None);
    }
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.name(), "STABLE");
}

fn fail(rig: &mut Rig) {
    rig.voice_state(None);
    rig.answer(A);
    rig.closed(4006);
}

/// Five successful recoveries within ten minutes used up a round once.
#[test]
fn a_connection_that_falls_again_and_again_after_half_a_minute_always_comes_back_at_once() {
    let mut rig = Rig::stable_in(A);
    for n in 0..50 {
        rig.closed(4006);
        assert!(matches!(rig.stage(), Stage::Leaving { .. }), "close {n}: {:?}", rig.stage());
        come_back(&mut rig);
        rig.pass(secs(30));
    }
    assert!(
        !rig.all.iter().any(|o| matches!(o, Output::Notify(Notice::CoolingDown { .. } | Notice::Interrupted { .. })))
    );
}

#[test]
fn a_connection_that_falls_before_half_a_minute_has_failed() {
    let mut rig = Rig::stable_in(A);
    rig.closed(4006);
    let mut waits = Vec::new();
    for _ in 0..4 {
        come_back(&mut rig);
        rig.pass(Duration::from_millis(900));
        rig.closed(4006);
        waits.push(rig.wake(Timer::Backoff));
    }
    assert!(waits.is_sorted(), "{waits:?}");
    come_back(&mut rig);
    rig.pass(secs(29));
    rig.closed(4006);
    assert!(matches!(rig.stage(), Stage::CoolingDown { .. }), "five in a row: {:?}", rig.stage());
}

#[test]
fn a_success_ends_the_row_of_failures_before_it() {
    let mut rig = Rig::stable_in(A);
    rig.closed(4006);
    for _ in 0..4 {
        fail(&mut rig);
        rig.wake(Timer::Backoff);
    }
    come_back(&mut rig);
    rig.pass(secs(30));
    rig.closed(4006);
    assert!(matches!(rig.stage(), Stage::Leaving { .. }), "at once: {:?}", rig.stage());
    for _ in 0..4 {
        fail(&mut rig);
        assert!(matches!(rig.stage(), Stage::BackingOff { .. }), "a round of its own: {:?}", rig.stage());
        rig.wake(Timer::Backoff);
    }
    fail(&mut rig);
    assert!(matches!(rig.stage(), Stage::CoolingDown { .. }), "{:?}", rig.stage());
}

#[test]
fn how_long_a_success_is_comes_from_the_policy() {
    let policy = Policy { proven_after: secs(5), ..crate::rig::out_first() };
    let mut rig = Rig::with(policy);
    rig.join(A);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    for _ in 0..20 {
        rig.pass(secs(5));
        rig.closed(4006);
        assert!(matches!(rig.stage(), Stage::Leaving { .. }), "{:?}", rig.stage());
        come_back(&mut rig);
    }
}

#[test]
fn ten_stable_minutes_forget_the_cooldowns_too() {
    let cooldown = |stable: u64| {
        let mut rig = Rig::stable_in(A);
        for round in 0..2 {
            rig.closed(4006);
            for _ in 0..4 {
                fail(&mut rig);
                rig.wake(Timer::Backoff);
            }
            fail(&mut rig);
            let wait = rig.wake(Timer::Cooldown);
            if round == 1 {
                return wait;
            }
            come_back(&mut rig);
            let end = rig.now + secs(stable);
            while let Some((at, timer)) = rig.machine.poll_timeout().filter(|(at, _)| *at <= end) {
                assert!(at <= end);
                rig.wake(timer);
            }
            rig.now = end;
        }
        Duration::ZERO
    };
    assert_eq!(cooldown(60), secs(120));
    assert_eq!(cooldown(601), secs(30));
}

/// Kicks are no failures of the connection, and no success makes up for them.
#[test]
fn a_moderator_who_kicks_again_and_again_meets_longer_and_longer_pauses_however_long_it_stood() {
    let mut rig = Rig::stable_in(A);
    rig.input(Input::Settings(Settings { auto_rejoin: AutoRejoin::AlsoAfterKick }));
    for attempt in 1..=5 {
        rig.voice_state(None);
        assert!(matches!(rig.told()[..], [Notice::Interrupted { attempt: a, .. }] if a == attempt), "{:?}", rig.said);
        rig.wake(Timer::Backoff);
        rig.answer(A);
        rig.driver(DriverEvent::Connected);
        rig.pass(secs(40));
    }
    rig.voice_state(None);
    assert!(matches!(rig.stage(), Stage::CoolingDown { .. }));
}

/// Invalid sessions of the shard, one after the other; then the voice server closes.
#[test]
fn trouble_of_the_shard_charges_no_guild() {
    let mut rig = Rig::stable_in(A);
    for _ in 0..20 {
        rig.gateway(GatewayEvent::ShardDisconnected);
        rig.gateway(GatewayEvent::ShardReady);
        rig.gateway(GatewayEvent::GuildAvailable { channel: None });
        assert!(matches!(rig.stage(), Stage::Joining { .. }), "at once: {:?}", rig.stage());
        rig.answer(A);
        rig.driver(DriverEvent::Connected);
        rig.pass(secs(5));
    }
    rig.closed(4006);
    assert!(matches!(rig.stage(), Stage::BackingOff { .. } | Stage::Leaving { .. }), "{:?}", rig.stage());
    // The last one fell after five seconds, and the attempt that follows is the second of the round.
    assert!(rig.machine.snapshot().attempt <= 2, "{:?}", rig.machine.snapshot());
}

#[test]
fn a_close_that_goes_with_an_outage_of_the_guild_or_the_shard_charges_no_guild() {
    let outages: [[GatewayEvent; 2]; 2] = [
        [GatewayEvent::GuildUnavailable, GatewayEvent::GuildAvailable { channel: Some(A) }],
        [GatewayEvent::ShardDisconnected, GatewayEvent::ShardResumed],
    ];
    for outage in outages {
        for code in [4006, 4009, 4015] {
            let mut rig = Rig::stable_in(A);
            for n in 0..20 {
                outage.iter().for_each(|event| rig.gateway(event.clone()));
                rig.pass(secs(3));
                rig.closed(code);
                assert!(matches!(rig.stage(), Stage::Leaving { .. }), "{code} {n}: {:?}", rig.stage());
                come_back(&mut rig);
                rig.pass(secs(3));
            }
        }
    }
}

/// The excuse is for the connection that stood when the trouble came, not for those made since.
#[test]
fn an_outage_excuses_no_storm() {
    let mut rig = Rig::stable_in(A);
    rig.gateway(GatewayEvent::GuildUnavailable);
    rig.gateway(GatewayEvent::GuildAvailable { channel: Some(A) });
    rig.closed(4006);
    come_back(&mut rig);
    for _ in 0..4 {
        rig.closed(4006);
        rig.wake(Timer::Backoff);
        come_back(&mut rig);
    }
    rig.closed(4006);
    assert!(matches!(rig.stage(), Stage::CoolingDown { .. }), "{:?}", rig.stage());
}

#[test]
fn a_resume_starts_the_ten_minutes_of_stability_anew() {
    for by_the_driver in [true, false] {
        let mut rig = Rig::stable_in(A);
        rig.closed(4006);
        come_back(&mut rig);
        rig.pass(secs(400));
        if !by_the_driver {
            rig.closed_resumable(1006);
        }
        rig.driver(DriverEvent::Resumed);
        assert_eq!(rig.wake(Timer::Stability), secs(600));
    }
}

/// Twelve guilds, a fault every minute or so for 25 minutes: what is silent is the faults themselves.
#[test]
fn an_evening_of_faults_is_silent_for_moments_and_earns_no_cooldown() {
    for guild in 0..12_u64 {
        let mut world = World::new(Switches { resumes: guild % 2 == 0, ..Switches::default() });
        world.input(Input::Intent(Intent::Join { channel: A }));
        world.run(secs(60));
        let (mut roll, mut silent) = (guild * 7_919 + 1, Duration::ZERO);
        for _ in 0..24 {
            roll = roll.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let pick = usize::try_from(roll >> 33).unwrap();
            match pick % 8 {
                0 => world.peer.move_server(world.now),
                1 => {
                    world.input(Input::Gateway(GatewayEvent::ShardReady));
                    world.peer.channel = None;
                    world.input(Input::Gateway(GatewayEvent::GuildAvailable { channel: None }));
                }
                other => world.peer.end(world.now, [4006, 4009, 4015, 1006, 4011, 4006][other - 2]),
            }
            silent += world.run_until_heard_in(A, secs(30)).expect("it comes back");
            world.run(secs(31 + (pick as u64 / 8) % 60));
        }
        let cooldowns = world.said.iter().filter(|o| matches!(o, Output::Notify(Notice::CoolingDown { .. }))).count();
        assert_eq!(cooldowns, 0, "guild {guild}");
        assert!(silent < secs(24), "guild {guild}: {silent:?} of silence");
        assert!(world.peer.is_heard_in(A));
    }
}
