//! Several servers: credentials are good at one of them.

use super::tests::{Fixture, GUILD, KEY};

#[test]
fn a_guild_whose_server_changed_is_unknown_to_the_old_one() {
    let mut sim = Fixture::new();
    sim.grant("t1");
    let old = sim.identify("t1").unwrap();
    sim.registry.move_home(GUILD, 1);
    sim.grant("t2");
    assert_eq!(sim.identify("t2").err(), Some(4011), "new credentials, old server");
    sim.lose(&old, 0.0);
    assert_eq!(sim.resume("t1", None, 1.0).err(), Some(4011), "the old session at the old server");
    sim.server = 1;
    assert_eq!(sim.resume("t1", None, 2.0).err(), Some(4006), "the old session at the new server");
    assert_eq!(sim.identify("t1").err(), Some(4006), "old credentials, new server");
    let mut new = sim.identify("t2").unwrap();
    assert_eq!(new.messages()[0]["d"]["port"], 4001);
    assert_eq!(sim.registry.home(GUILD), 1);
}

#[test]
fn what_was_granted_before_the_move_is_good_at_neither_server() {
    let mut sim = Fixture::new();
    sim.grant("t");
    sim.registry.move_home(GUILD, 1);
    assert_eq!(sim.identify("t").err(), Some(4011));
    sim.server = 1;
    assert_eq!(sim.identify("t").err(), Some(4006));
}

#[test]
fn a_new_session_of_the_same_main_session_is_not_taken_for_one_that_timed_out() {
    let mut sim = Fixture::new();
    sim.grant("t1");
    let first = sim.identify("t1").unwrap();
    sim.lose(&first, 0.0);
    assert_eq!(sim.resume("t1", None, 60_000.0).err(), Some(4009));
    sim.grant("t2");
    let second = sim.identify("t2").unwrap();
    sim.lose(&second, 61_000.0);
    assert!(sim.resume("t2", None, 62_000.0).is_ok());
    assert_eq!(sim.resume("t1", None, 63_000.0).err(), Some(4009));
}

#[test]
fn leaving_makes_an_unused_token_an_outdated_one() {
    let mut sim = Fixture::new();
    sim.grant("t1");
    sim.registry.revoke(KEY);
    assert_eq!(sim.identify("t1").err(), Some(4006));
    sim.grant("t2");
    assert_eq!(sim.identify("t1").err(), Some(4006));
    assert!(sim.identify("t2").is_ok());
}
