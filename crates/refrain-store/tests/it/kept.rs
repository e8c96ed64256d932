//! What is kept, and what readers see.

use crate::make::{GUILD, OTHER, open, playhead, record, settle, track};
use refrain_model::{GuildRecord, MAX_TIMELINE, UserId};
use refrain_store::{Favorite, GatewaySession, RedbStore, Store as _, StoreHealth};
use std::{sync::Arc, time::Duration};

#[test]
fn a_record_outlives_the_process_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.save(GUILD, record(20));
    settle(&store);
    assert_eq!(*store.health().borrow(), StoreHealth::Well);
    // No closing: a copy of the file is what a kill leaves.
    let copy = dir.path().join("copy.redb");
    std::fs::copy(dir.path().join("refrain.redb"), &copy).unwrap();
    let killed = open(&copy);
    assert_eq!(killed.guilds().unwrap(), [GUILD]);
    assert_eq!(killed.load(GUILD).unwrap(), Some(record(20)));
    assert_eq!(killed.load(OTHER).unwrap(), None);
}

#[test]
fn a_reader_sees_what_was_handed_over() {
    let store = RedbStore::in_memory().unwrap();
    store.save(GUILD, record(3));
    store.save_playhead(GUILD, playhead(1, 99));
    store.save_world(GUILD, vec![1, 2, 3]);
    let wanted = GuildRecord { playhead: Some(playhead(1, 99)), ..record(3) };
    for _ in 0..2 {
        assert_eq!(store.load(GUILD).unwrap(), Some(wanted.clone()));
        assert_eq!(store.world(GUILD).unwrap(), Some(vec![1, 2, 3]));
        settle(&store);
    }
    store.forget(GUILD);
    for _ in 0..2 {
        assert_eq!(store.load(GUILD).unwrap(), None);
        assert_eq!(store.world(GUILD).unwrap(), None);
        assert!(store.guilds().unwrap().is_empty());
        settle(&store);
    }
}

#[test]
fn a_record_replaces_the_one_before_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.save(GUILD, record(200));
    settle(&store);
    let mut later = record(200);
    later.queue.upcoming.drain(5..190);
    later.queue.upcoming.push(track(1000));
    later.queue.true_order = None;
    later.playhead = None;
    later.timeline.clear();
    store.save(GUILD, later.clone());
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.load(GUILD).unwrap(), Some(later.clone()));
    // A track of a known number with another content: the content that was handed over last counts.
    let mut other = Arc::unwrap_or_clone(track(1));
    other.info.title = "Another song".to_owned();
    later.queue.current = Some(Arc::new(other));
    store.save(GUILD, later.clone());
    drop(store);
    assert_eq!(open(dir.path()).load(GUILD).unwrap(), Some(later));
}

#[test]
fn playheads_alone_are_written_within_half_a_second_or_when_somebody_waits() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.save(GUILD, record(1));
    store.save_playhead(OTHER, playhead(1, 1));
    settle(&store);
    store.save_playhead(GUILD, playhead(1, 77));
    std::thread::sleep(Duration::from_millis(500));
    let copy = dir.path().join("copy.redb");
    std::fs::copy(dir.path().join("refrain.redb"), &copy).unwrap();
    let killed = open(&copy);
    assert_eq!(killed.load(GUILD).unwrap().unwrap().playhead, Some(playhead(1, 77)));
    assert_eq!(killed.load(OTHER).unwrap(), None, "a playhead makes no record");
}

#[test]
fn forgetting_a_guild_leaves_its_neighbours_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for guild in [GUILD, OTHER] {
        store.save(guild, record(5));
        store.save_favorite(guild, favorite("mornings"));
        store.save_world(guild, vec![1]);
    }
    settle(&store);
    store.forget(GUILD);
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.guilds().unwrap(), [OTHER]);
    assert!(store.favorites(GUILD).unwrap().is_empty() && store.world(GUILD).unwrap().is_none());
    assert_eq!(store.load(OTHER).unwrap(), Some(record(5)));
    assert_eq!(store.favorites(OTHER).unwrap(), [favorite("mornings")]);
    assert_eq!(store.world(OTHER).unwrap(), Some(vec![1]));
}

#[test]
fn favorites_are_replaced_by_name_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for name in ["b", "a", "c"] {
        store.save_favorite(GUILD, favorite(name));
    }
    settle(&store);
    store.remove_favorite(GUILD, "c");
    let shorter = Favorite { queries: vec!["one".to_owned()], ..favorite("a") };
    store.save_favorite(GUILD, shorter.clone());
    assert_eq!(store.favorites(GUILD).unwrap(), [shorter.clone(), favorite("b")]);
    drop(store);
    assert_eq!(open(dir.path()).favorites(GUILD).unwrap(), [shorter, favorite("b")]);
}

#[test]
fn sessions_outlive_the_process_until_they_are_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let session = |shard| GatewaySession {
        shard,
        shards: 2,
        session_id: "secret".to_owned(),
        sequence: 17,
        resume_url: Some("wss://example.org".to_owned()),
        at_unix_ms: 4,
    };
    store.save_session(session(0));
    store.save_session(session(1));
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.sessions().unwrap(), [session(0), session(1)]);
    store.forget_session(0);
    assert_eq!(store.sessions().unwrap(), [session(1)]);
    drop(store);
    assert_eq!(open(dir.path()).sessions().unwrap(), [session(1)]);
}

#[test]
fn a_timeline_is_kept_up_to_its_bound_the_newest_lines() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut long = record(0);
    let line = long.timeline.remove(0);
    long.timeline = (0..150).rev().map(|n| refrain_model::TimelineRecord { unix_ms: n, ..line.clone() }).collect();
    store.save(GUILD, long.clone());
    drop(store);
    let kept = open(dir.path()).load(GUILD).unwrap().unwrap().timeline;
    assert_eq!(kept, long.timeline[..MAX_TIMELINE]);
}

#[test]
fn a_closed_store_says_so_and_keeps_nobody_waiting() {
    let store = RedbStore::in_memory().unwrap();
    store.close();
    store.save(GUILD, record(1));
    settle(&store);
    assert!(store.guilds().unwrap_err().to_string().contains("closed"));
    store.close();
}

fn favorite(name: &str) -> Favorite {
    let queries = vec!["https://example.org/1".to_owned(), "a song".to_owned()];
    Favorite { name: name.to_owned(), queries, by: Some(UserId::new(4)) }
}
