//! How much at once.

use super::{Desk, unpaced};
use crate::rig::secs;
use refrain_recovery::governor::GovernorPolicy;
use std::time::Duration;

#[test]
fn a_turn_sets_three_op_4_aside_and_gives_back_what_it_did_not_send() {
    let mut desk = Desk::new(GovernorPolicy { sends: 6, sends_kept: 0, ..unpaced() });
    (1..=4).for_each(|guild| desk.recovery(guild, 1));
    assert_eq!(desk.grants(), [1, 2], "a third might send more than there is room for");
    desk.sent(1, 1);
    desk.done(1);
    assert_eq!(desk.grants(), [0_u64; 0], "one was sent, three are set aside, three would be too many");
    desk.done(2);
    assert_eq!(desk.grants(), [3], "what guild 2 did not send is there for another");
}

#[test]
fn room_comes_back_when_what_was_sent_leaves_the_window() {
    let mut desk = Desk::new(GovernorPolicy { sends: 3, sends_kept: 0, ..unpaced() });
    desk.recovery(1, 1);
    desk.recovery(2, 1);
    assert_eq!(desk.grants(), [1]);
    desk.pass(secs(2));
    desk.sent(1, 1);
    desk.pass(secs(5));
    desk.done(1);
    assert_eq!(desk.grants(), [0_u64; 0]);
    assert_eq!(desk.wake(), secs(55));
    assert_eq!(desk.grants(), [2]);
}

#[test]
fn a_leave_never_waits_but_counts() {
    let mut desk = Desk::new(GovernorPolicy { sends: 10, sends_kept: 0, ..unpaced() });
    desk.sent(50, 8);
    desk.recovery(1, 1);
    assert_eq!(desk.grants(), [0_u64; 0], "eight people left: two op 4 are no room for an attempt");
    desk.sent(50, 30);
    assert_eq!(desk.wake(), secs(60));
    assert_eq!(desk.grants(), [1]);
}

#[test]
fn recoveries_leave_room_for_people_who_ask() {
    let mut desk = Desk::new(unpaced());
    for guild in 1..=200 {
        desk.recovery(guild, 5);
        for granted in desk.grants() {
            desk.sent(granted, 3);
            desk.done(granted);
        }
    }
    assert_eq!(desk.grants(), [0_u64; 0], "the budget of recoveries is used");
    desk.person(1000);
    assert_eq!(desk.grants(), [1000]);
}

#[test]
fn recoveries_leave_handshakes_to_people_who_ask() {
    let mut desk = Desk::new(GovernorPolicy { sends: 1000, handshakes: 5, handshakes_kept: 2, ..unpaced() });
    (1..=10).for_each(|guild| desk.recovery(guild, 5));
    assert_eq!(desk.grants(), [1, 2, 3]);
    (101..=103).for_each(|guild| desk.person(guild));
    assert_eq!(desk.grants(), [101, 102]);
    desk.done(1);
    assert_eq!(desk.grants(), [103]);
}

#[test]
fn a_crowd_keeps_its_distance_and_people_walk_past_it() {
    let policy = GovernorPolicy { handshakes: 1000, sends: 1000, ..GovernorPolicy::default() };
    let (burst, spacing) = (policy.burst as usize, policy.spacing);
    let mut desk = Desk::new(policy);
    (1..=200).for_each(|guild| desk.recovery(guild, 5));
    let first = desk.grants().len();
    assert!((burst..=2 * burst).contains(&first), "{first} at once");
    desk.person(1000);
    assert_eq!(desk.grants(), [1000]);
    let (start, mut distances, mut granted) = (desk.now, Vec::new(), first);
    while granted < 200 {
        distances.push(desk.wake());
        let now = desk.grants().len();
        assert!(now <= 2, "{now} at once");
        granted += now;
    }
    let mean = desk.now.since(start) / u32::try_from(200 - first).unwrap();
    assert!(mean > spacing / 2 && mean < spacing * 2, "{mean:?}");
    distances.sort();
    distances.dedup();
    assert!(distances.len() > 100, "no two distances are the same but by chance");
}

#[test]
fn a_turn_that_nobody_gives_back_ends() {
    let mut desk = Desk::new(GovernorPolicy { handshakes: 1, handshakes_kept: 0, ..unpaced() });
    desk.recovery(1, 1);
    desk.recovery(2, 1);
    assert_eq!(desk.grants(), [1]);
    assert_eq!(desk.wake(), secs(60));
    assert_eq!(desk.grants(), [2]);
    desk.done(1);
    assert!(desk.governor.has_turn(refrain_model::GuildId::new(2)), "a late word of guild 1 is not of guild 2");
}

#[test]
fn a_policy_under_which_nobody_would_get_a_turn_is_mended() {
    let zero = GovernorPolicy {
        window: Duration::ZERO,
        sends: 0,
        sends_kept: u32::MAX,
        cost: 0,
        handshakes: 0,
        handshakes_kept: u32::MAX,
        spacing: Duration::MAX,
        burst: 0,
        jitter_percent: u32::MAX,
        patience: Duration::ZERO,
        fair_share: 0,
        turn_limit: Duration::MAX,
    };
    let mut desk = Desk::new(zero);
    desk.recovery(1, 0);
    assert_eq!(desk.grants(), [1]);
}

#[test]
fn nobody_gets_a_turn_while_discord_limits_the_rate() {
    let mut desk = Desk::new(unpaced());
    desk.governor.hold(desk.now + secs(60));
    desk.governor.hold(desk.now + secs(10));
    desk.recovery(1, 9);
    desk.person(2);
    assert!(desk.grants().is_empty());
    assert_eq!(desk.wake(), secs(60));
    assert_eq!(desk.grants(), [2, 1]);
}
