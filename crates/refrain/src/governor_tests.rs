use super::*;
use std::time::Duration;

/// One turn at a time, and no distance to keep.
fn narrow() -> GovernorPolicy {
    GovernorPolicy { handshakes: 1, handshakes_kept: 0, spacing: Duration::ZERO, ..GovernorPolicy::default() }
}

fn turns(policy: GovernorPolicy) -> Turns {
    Turns::start(policy, Instant::now())
}

async fn soon(waits: impl Future<Output = ()>) -> bool {
    time::timeout(Duration::from_secs(20), waits).await.is_ok()
}

#[tokio::test]
async fn a_turn_is_granted_at_once_when_nothing_stands_against_it() {
    let turns = turns(GovernorPolicy::default());
    let mut seat = turns.seat(GuildId::new(1));
    assert!(seat.ask(Urgency::Recovery, 0, 1));
}

#[tokio::test]
async fn who_waits_is_told_when_another_gives_the_turn_back() {
    let turns = turns(narrow());
    let (mut first, mut second) = (turns.seat(GuildId::new(1)), turns.seat(GuildId::new(2)));
    assert!(first.ask(Urgency::Recovery, 0, 1));
    assert!(!second.ask(Urgency::Recovery, 0, 1));
    first.give_back();
    assert!(soon(second.granted()).await);
}

#[tokio::test]
async fn an_actor_that_dies_keeps_nobody_waiting() {
    let turns = turns(narrow());
    let (mut first, mut second) = (turns.seat(GuildId::new(1)), turns.seat(GuildId::new(2)));
    assert!(first.ask(Urgency::Recovery, 0, 1));
    assert!(!second.ask(Urgency::Recovery, 0, 1));
    drop(first);
    assert!(soon(second.granted()).await);
}

#[tokio::test]
async fn the_clock_brings_the_turn_when_nobody_else_does() {
    let policy = GovernorPolicy { turn_limit: Duration::from_millis(50), ..narrow() };
    let turns = turns(policy);
    let (mut first, mut second) = (turns.seat(GuildId::new(1)), turns.seat(GuildId::new(2)));
    assert!(first.ask(Urgency::Recovery, 0, 1));
    assert!(!second.ask(Urgency::Recovery, 0, 1));
    assert!(soon(second.granted()).await);
}

#[tokio::test]
async fn a_grant_of_an_ask_that_was_withdrawn_is_not_taken_for_the_next() {
    let turns = turns(narrow());
    let (mut first, mut second) = (turns.seat(GuildId::new(1)), turns.seat(GuildId::new(2)));
    assert!(first.ask(Urgency::Recovery, 0, 1));
    assert!(!second.ask(Urgency::Recovery, 0, 1));
    first.give_back();
    // The bell has rung, but its ask is no more; the turn is guild 1's before guild 2 asks anew.
    second.give_back();
    assert!(first.ask(Urgency::Recovery, 0, 1));
    assert!(!second.ask(Urgency::Recovery, 0, 1));
    let early = time::timeout(Duration::from_millis(50), second.granted()).await;
    assert!(early.is_err(), "guild 1 has the turn");
    first.give_back();
    assert!(soon(second.granted()).await);
}

#[tokio::test]
async fn op_4_of_leaves_count_before_the_next_turn() {
    let policy = GovernorPolicy { sends: 3, sends_kept: 0, window: Duration::from_millis(100), ..narrow() };
    let turns = turns(policy);
    let mut seat = turns.seat(GuildId::new(1));
    seat.sent(0);
    assert!(!seat.ask(Urgency::Asked, 0, 1));
    assert!(soon(seat.granted()).await, "the window passes");
}

#[tokio::test]
async fn a_rate_limit_holds_every_guild_and_ends_by_itself() {
    let turns = turns(GovernorPolicy::default());
    let (limited, mut other) = (turns.seat(GuildId::new(1)), turns.seat(GuildId::new(2)));
    limited.hold_all(Duration::from_millis(50));
    assert!(!other.ask(Urgency::Asked, 0, 1));
    assert!(soon(other.granted()).await);
}
