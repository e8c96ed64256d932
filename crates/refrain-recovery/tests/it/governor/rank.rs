//! Who comes first.

use super::{Desk, unpaced};
use crate::rig::secs;
use refrain_model::{GuildId, Moment};
use refrain_recovery::{
    Urgency,
    governor::{Ask, Governor, GovernorPolicy, Load},
};
use std::time::Duration;

/// One turn at a time.
fn narrow() -> Desk {
    Desk::new(GovernorPolicy { handshakes: 1, handshakes_kept: 0, ..unpaced() })
}

/// The order in which all get their turn, each giving it back at once.
fn order(desk: &mut Desk) -> Vec<u64> {
    let mut order = Vec::new();
    while let Some(grant) = desk.governor.poll_grant(desk.now) {
        order.push(grant.guild.get());
        desk.governor.done(grant.guild);
    }
    order
}

#[test]
fn a_turn_that_nothing_stands_against_is_granted_at_once() {
    let mut desk = Desk::new(GovernorPolicy::default());
    assert_eq!((desk.grants(), desk.governor.next_wake(desk.now)), (vec![], None));
    desk.recovery(1, 3);
    let granted = desk.all();
    assert_eq!((granted.len(), granted[0].waited, granted[0].urgency), (1, Duration::ZERO, Urgency::Recovery));
    assert_eq!(desk.governor.load(), Load { waiting: 0, under_way: 1 });
}

#[test]
fn a_person_who_asks_comes_first_then_more_listeners_then_an_empty_channel() {
    let mut desk = narrow();
    desk.recovery(1, 0);
    desk.recovery(2, 2);
    desk.recovery(3, 40);
    desk.person(4);
    desk.recovery(5, 7);
    assert_eq!(order(&mut desk), [4, 3, 5, 2, 1]);
}

#[test]
fn of_equals_the_one_that_waited_longest_comes_first() {
    let mut desk = narrow();
    for guild in [9, 3, 7] {
        desk.recovery(guild, 1);
        desk.pass(secs(1));
    }
    assert_eq!(order(&mut desk), [9, 3, 7]);
}

#[test]
fn asking_again_changes_the_rank_and_keeps_the_place_in_time() {
    let mut desk = narrow();
    desk.recovery(1, 1);
    desk.pass(secs(1));
    desk.recovery(2, 1);
    desk.person(3);
    desk.pass(secs(1));
    // Somebody in guild 1 does not want to wait: the person in guild 3 has waited for less.
    desk.person(1);
    let granted = desk.all();
    assert_eq!((granted[0].guild, granted[0].waited), (GuildId::new(1), secs(2)));
    assert_eq!(desk.governor.load().waiting, 2, "each waits once");
}

#[test]
fn a_withdrawn_ask_is_not_granted() {
    let mut desk = narrow();
    for guild in 1..=3 {
        desk.recovery(guild, 1);
    }
    desk.done(2);
    assert_eq!(order(&mut desk), [1, 3]);
    assert_eq!((desk.governor.load(), desk.governor.next_wake(desk.now)), (Load::default(), None));
}

#[test]
fn an_empty_channel_gets_its_turn_though_people_never_stop_asking() {
    let mut desk = narrow();
    desk.recovery(1, 0);
    let mut turns_of_others = 0;
    for guild in 100.. {
        // There is always somebody who waits with more right.
        desk.person(guild);
        let granted = desk.grants();
        if granted == [1] {
            break;
        }
        turns_of_others += 1;
        assert!(turns_of_others < 100, "it starves");
        desk.pass(secs(1));
        granted.iter().for_each(|guild| desk.done(*guild));
    }
    // Its patience of 30 s, and one turn in five after that.
    assert!((30..=36).contains(&turns_of_others), "{turns_of_others}");
}

#[test]
fn people_go_on_being_served_while_many_are_overdue() {
    let mut desk = narrow();
    (1..=50).for_each(|guild| desk.recovery(guild, 0));
    desk.pass(secs(600));
    (101..=140).for_each(|guild| desk.person(guild));
    let order = order(&mut desk);
    let people = order[..50].iter().filter(|guild| **guild > 100).count();
    assert_eq!(people, 40, "four of five turns are theirs while they ask: {order:?}");
}

#[test]
fn a_shard_without_room_holds_up_no_other() {
    let mut governor = Governor::new(unpaced(), 7);
    let now = Moment::ZERO;
    for _ in 0..100 {
        governor.sent(now, GuildId::new(99), 0);
    }
    for (guild, shard) in [(1, 0), (2, 1), (3, 0), (4, 2)] {
        governor.ask(now, Ask { guild: GuildId::new(guild), shard, urgency: Urgency::Recovery, listeners: 50 });
    }
    let granted: Vec<_> = std::iter::from_fn(|| governor.poll_grant(now)).map(|grant| grant.guild.get()).collect();
    assert_eq!(granted, [2, 4]);
    assert_eq!(governor.next_wake(now), Some(now + secs(60)));
}
