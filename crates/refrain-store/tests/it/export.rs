//! Export and import, and the check.

use crate::make::{GUILD, OTHER, open, record, settle};
use redb::{Database, TableDefinition};
use refrain_model::UserId;
use refrain_store::{CheckError, Favorite, GatewaySession, RedbStore, Store as _, check};
use std::fs;

fn favorite(name: &str) -> Favorite {
    Favorite { name: name.to_owned(), queries: vec!["a song".to_owned()], by: Some(UserId::new(4)) }
}

#[test]
fn an_export_brings_everything_but_credentials_to_another_machine() {
    let store = RedbStore::in_memory().unwrap();
    store.save(GUILD, record(12));
    store.save(OTHER, record(0));
    // Of a guild that has no record.
    store.save_favorite(refrain_model::GuildId::new(1), favorite("mornings"));
    store.save_session(GatewaySession {
        shard: 0,
        shards: 1,
        session_id: "sesame".to_owned(),
        sequence: 1,
        resume_url: None,
        at_unix_ms: 1,
    });
    let mut text = Vec::new();
    assert_eq!(store.export(&mut text).unwrap(), 2);
    let text = String::from_utf8(text).unwrap();
    assert!(text.starts_with("{\"refrain\":\"store\",\"schema\":2,"), "{text}");
    assert_eq!(text.lines().count(), 4);
    assert!(!text.contains("sesame"));
    let dir = tempfile::tempdir().unwrap();
    let other = open(dir.path());
    other.save(GUILD, record(99));
    let report = other.import(text.as_bytes()).unwrap();
    assert_eq!((report.guilds, report.favorites, report.notes.len()), (2, 1, 0), "{report}");
    drop(other);
    let other = open(dir.path());
    assert_eq!(other.load(GUILD).unwrap(), Some(record(12)));
    assert_eq!(other.load(OTHER).unwrap(), Some(record(0)));
    assert_eq!(other.favorites(refrain_model::GuildId::new(1)).unwrap(), [favorite("mornings")]);
}

#[test]
fn an_import_takes_what_it_can_and_says_what_it_left_out() {
    let store = RedbStore::in_memory().unwrap();
    let text = r#"{"refrain":"store","schema":2,"moon":"full"}
{"kind":"guild","guild":5,"record":{"volume":30,"new":1}}
{"kind":"horoscope","stars":12}
not json

{"kind":"favorite","guild":5,"name":"x","queries":["y"]}"#;
    let report = store.import(text.as_bytes()).unwrap();
    assert_eq!((report.guilds, report.favorites), (1, 1));
    assert!(report.notes[0].contains("line 3") && report.notes[1].contains("line 4"), "{report}");
    assert_eq!(store.load(refrain_model::GuildId::new(5)).unwrap().unwrap().volume, Some(30));
    for (text, words) in [
        ("", "empty"),
        ("hello", "no export"),
        ("{\"refrain\":\"config\",\"schema\":1}", "no export"),
        ("{\"refrain\":\"store\",\"schema\":77,\"version\":\"9.9\"}", "version 9.9"),
    ] {
        let error = store.import(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_check_counts_finds_what_is_wrong_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("refrain.redb");
    assert!(check(&file).unwrap_err().to_string().contains("refrain.redb"));
    let store = open(dir.path());
    store.save(GUILD, record(10));
    store.save_favorite(GUILD, favorite("x"));
    settle(&store);
    assert_eq!(check(dir.path()), Err(CheckError::Locked(file.clone())));
    drop(store);
    let before = fs::read(&file).unwrap();
    let report = check(dir.path()).unwrap();
    assert_eq!((report.schema, report.guilds, report.tracks, report.favorites), (2, 1, 13, 1));
    assert_eq!(report.file_bytes, before.len() as u64);
    assert!(report.problems.is_empty() && report.to_string().contains("no problems"), "{report}");
    assert_eq!(fs::read(&file).unwrap(), before);
    let db = Database::open(&file).unwrap();
    let transaction = db.begin_write().unwrap();
    let tracks: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("track/1");
    transaction.open_table(tracks).unwrap().remove((GUILD.get(), 5)).unwrap();
    transaction.open_table(tracks).unwrap().insert((9, 1), b"{}".as_slice()).unwrap();
    transaction.commit().unwrap();
    drop(db);
    let report = check(dir.path()).unwrap();
    assert!(report.problems.iter().any(|problem| problem.contains("track 5 is missing")), "{report}");
    assert!(report.problems.iter().any(|problem| problem.contains("guild 9")), "{report}");
    // The rest of the queue is there.
    assert_eq!(open(dir.path()).load(GUILD).unwrap().unwrap().queue.upcoming.len(), 9);
    fs::write(&file, "rubbish".repeat(1000)).unwrap();
    assert!(matches!(check(dir.path()), Err(CheckError::Unreadable(_))));
}
