//! What is kept while a shard runs, and what a start makes of it.

mod bench;

use super::{kept, load::load, *};
use crate::world::World;
use bench::{BOT, Bench, GUILD, OTHER, SECOND, TERMS, channel, event, guild_create, guild_with, moves, overwrites};
use refrain::{MissingPermission, Scene};
use serde_json::json;
use std::sync::Arc;
use twilight_gateway::Session;

fn scene(world: &World, number: u64) -> Scene {
    world.scene(GUILD, Id::new(channel(GUILD, number).get()))
}

#[test]
fn the_session_is_stored_after_what_was_known_when_it_had_come_so_far() {
    let mut bench = Bench::new();
    bench.ready(&[GUILD, OTHER]);
    bench.after(Duration::ZERO);
    assert_eq!(bench.store.order(), ["index", "session at 1"], "READY is stored at once");
    bench.hear(guild_create(GUILD));
    bench.hear(guild_create(OTHER));
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["guild 5", "guild 6", "index", "session at 3"]);
    bench.hear(moves(OTHER, 2, None));
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["guild 6", "session at 4"], "only what has changed");
    bench.after(10 * SECOND);
    assert_eq!(bench.store.order(), Vec::<String>::new());
}

#[test]
fn what_changes_ten_times_a_second_is_stored_once_a_second() {
    let mut bench = Bench::settled();
    for number in 0..50 {
        bench.hear(moves(GUILD, 2, Some(channel(GUILD, 1 + number % 3))));
        bench.after(SECOND / 10);
    }
    let order = bench.store.order();
    let times = |what: &str| order.iter().filter(|line| line.starts_with(what)).count();
    assert!((4..=6).contains(&times("guild")) && (4..=6).contains(&times("session")), "{order:?}");
}

#[test]
fn an_event_that_changes_nothing_that_is_kept_stores_the_session_alone() {
    let mut bench = Bench::settled();
    bench.hear(moves(GUILD, 2, Some(channel(GUILD, 1))));
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["session at 3"]);
}

#[test]
fn a_command_is_stored_as_done_before_it_is_done() {
    let mut bench = Bench::settled();
    for sequence in 3..6 {
        bench.hear(moves(GUILD, 2, (sequence % 2 == 0).then_some(channel(GUILD, 1))));
        bench.keeper.write_now(bench.session.as_ref(), None, bench.now);
        assert_eq!(bench.store.order(), ["guild 5".to_owned(), format!("session at {sequence}")]);
    }
}

#[test]
fn a_shard_that_hears_nothing_does_not_seem_old() {
    let mut bench = Bench::settled();
    for _ in 0..5 {
        bench.after(41 * SECOND);
        bench.keeper.alive(bench.now);
    }
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["session at 2"; 2], "at most once a minute");
}

#[test]
fn a_guild_that_is_gone_or_in_an_outage_is_not_kept() {
    let mut bench = Bench::settled();
    bench.hear(event("GUILD_DELETE", json!({"id": GUILD, "unavailable": true})));
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["no guild 5", "index", "session at 3"]);
    bench.hear(guild_create(GUILD));
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["guild 5", "index", "session at 4"]);
}

#[test]
fn many_guilds_are_stored_a_few_at_a_time_and_the_session_last() {
    let mut bench = Bench::new();
    let guilds: Vec<_> = (10..260).map(|number: u64| Id::new(number << 22)).collect();
    bench.ready(&guilds);
    bench.after(Duration::ZERO);
    guilds.iter().for_each(|guild| bench.hear(guild_create(*guild)));
    bench.keeper.write_now(bench.session.as_ref(), None, bench.now);
    bench.store.order();
    bench.after(SECOND);
    assert_eq!(bench.store.order().len(), 100, "the shard waits for no more than these");
    bench.hear(moves(guilds[0], 2, None));
    bench.after(SECOND / 10);
    let order = bench.store.order();
    assert_eq!(order.len(), 152, "and the index and the session: {order:?}");
    let stored = bench.store.session.lock().unwrap().as_ref().unwrap().sequence;
    assert_eq!(stored, 251, "not what came meanwhile: it is not stored yet");
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["guild 10", "session at 252"]);
}

#[test]
fn as_long_as_a_guild_is_too_large_there_is_no_session_to_go_on_with() {
    let mut bench = Bench::settled();
    let many: Vec<_> = (0..500).map(|_| overwrites(GUILD)).collect();
    bench.hear(guild_with(GUILD, json!(many), 60));
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["no guild 5", "no session of 0", "index"]);
    bench.hear(guild_create(GUILD));
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["guild 5", "index", "session at 4"]);
}

#[test]
fn what_discord_has_ended_is_forgotten_and_the_next_session_begins_with_nothing() {
    let mut bench = Bench::settled();
    bench.keeper.forget();
    assert_eq!(bench.store.order(), ["no session of 0"]);
    bench.ready(&[]);
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["no guild 5", "index", "session at 1"], "the bot was removed meanwhile");
}

#[tokio::test]
async fn the_next_process_knows_what_this_one_knew() {
    let bench = Bench::settled();
    let [found] = bench.restart().await.try_into().unwrap();
    assert_eq!(found.session, Session::new(2, "a session".into()));
    assert_eq!(found.resume_url.as_deref(), Some("wss://resume.example"));
    let world = World::new(BOT);
    for guild in found.guilds {
        world.revive(guild.id, guild.kept);
    }
    assert_eq!(world.known_on(0, 1), [GUILD]);
    assert_eq!(world.own_channel(GUILD), Some(channel(GUILD, 1)));
    assert_eq!(scene(&world, 1), Scene::Open { listeners: Some(1) }, "neither this bot nor another listens");
    assert_eq!(scene(&world, 2), Scene::Forbidden { missing: MissingPermission::Connect });
    assert_eq!(scene(&world, 4), Scene::Gone);
    assert_eq!(world.keep(GUILD), bench.world.keep(GUILD));
    let facts = world.facts(GUILD, Id::new(2), None);
    let room = facts.asker.unwrap();
    assert_eq!((room.channel, room.limit, room.occupants), (channel(GUILD, 1), Some(3), 3));
}

#[tokio::test]
async fn going_on_stores_nothing_that_is_stored_already() {
    let bench = Bench::settled();
    let [found] = bench.restart().await.try_into().unwrap();
    let world = Arc::new(World::new(BOT));
    let keeper = Keeper::new(bench.store.clone(), world.clone(), TERMS, 0).resuming(&found);
    for guild in found.guilds {
        world.revive(guild.id, guild.kept);
    }
    let mut next = Bench { world, keeper, session: Some(found.session), ..bench };
    next.hear(moves(GUILD, 2, None));
    next.after(5 * SECOND);
    assert_eq!(next.store.order(), Vec::<String>::new(), "not before all that was missed is in");
    next.keeper.replayed();
    next.hear(event("RESUMED", json!({"_trace": []})));
    next.after(SECOND);
    assert_eq!(next.store.order(), ["guild 5", "session at 4"]);
}

#[tokio::test]
async fn a_session_that_is_of_no_use_is_forgotten() {
    let limit = u64::try_from(MOST_AGE.as_millis()).unwrap();
    let (now, later) = (unix_ms(), unix_ms() + limit + 60_000);
    let cases: [(&str, Terms, u64); 4] = [
        ("too old", TERMS, later),
        ("another number of shards", Terms { shards: 2, ..TERMS }, now),
        ("another bot", Terms { bot: Id::new(7), ..TERMS }, now),
        ("other intents", Terms { intents: 1, ..TERMS }, now),
    ];
    for (name, terms, at) in cases {
        let bench = Bench::settled();
        assert!(load(bench.store.clone(), terms, at).await.is_empty(), "{name}");
        assert_eq!(bench.store.order(), ["no session of 0"], "{name}");
    }
}

#[tokio::test]
async fn where_a_guild_cannot_be_read_the_shard_identifies() {
    for bad in [&b""[..], b"{", b"{\"v\":1}", b"{\"v\":2,\"name\":\"from a later version\"}"] {
        for key in [GUILD.get(), 0] {
            let bench = Bench::settled();
            bench.store.worlds.lock().unwrap().insert(key, bad.to_vec());
            assert!(bench.restart().await.is_empty(), "{}", String::from_utf8_lossy(bad));
        }
        let bench = Bench::settled();
        bench.store.worlds.lock().unwrap().remove(&GUILD.get());
        assert!(bench.restart().await.is_empty());
    }
}

#[test]
fn a_guild_as_it_is_stored() {
    let bench = Bench::settled();
    let bytes = kept::write(bench.world.keep(GUILD).unwrap());
    insta::assert_snapshot!(String::from_utf8(bytes).unwrap());
}

/// The figures in docs/operations.md come from here (`--no-capture`).
#[test]
fn an_ordinary_guild_takes_a_few_kilobytes_and_the_largest_less_than_the_limit() {
    // Ids as long as those of today.
    let guild = Id::new(1_216_000_000_000_000_000);
    for (channels, each, most) in [(12, 3, 8 << 10), (500, 20, kept::MOST_BYTES)] {
        let world = World::new(BOT);
        let overwrites: Vec<_> = (0..each).map(|_| overwrites(guild)).collect();
        world.update(&mut guild_with(guild, json!(overwrites), channels));
        let start = std::time::Instant::now();
        let size = kept::write(world.keep(guild).unwrap()).len();
        eprintln!("{} voice channels with {each} overwrites: {size} bytes, {:?}", channels + 1, start.elapsed());
        assert!(size < most, "{size}");
    }
}
