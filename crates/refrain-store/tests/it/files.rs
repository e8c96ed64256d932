//! Files that are not as they should be.

use crate::make::{GUILD, open, options, reason, record, settle};
use redb::{Database, TableDefinition};
use refrain_store::{OpenError, Opening, RedbStore, Store as _, StoreHealth};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

const META: TableDefinition<&str, &str> = TableDefinition::new("meta/1");

#[test]
fn a_new_file_is_nobody_elses_to_read() {
    let dir = tempfile::tempdir().unwrap();
    let (store, opening) = RedbStore::open(dir.path().join("data"), options()).unwrap();
    assert_eq!(opening, Opening::Created);
    drop(store);
    let file = dir.path().join("data/refrain.redb");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(RedbStore::open(&file, options()).unwrap().1, Opening::Opened);
}

#[test]
fn a_second_bot_on_the_same_file_is_turned_away() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.save(GUILD, record(1));
    let error = RedbStore::open(dir.path(), options()).unwrap_err();
    assert!(matches!(&error, OpenError::Locked { path } if path.ends_with("refrain.redb")), "{error:?}");
    assert!(error.to_string().contains("refrain.redb") && error.to_string().contains("end the other"), "{error}");
    drop(store);
    assert_eq!(open(dir.path()).load(GUILD).unwrap(), Some(record(1)));
}

#[test]
fn a_file_that_is_no_database_is_set_aside_and_a_new_one_begun() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("refrain.redb");
    for round in 0..2 {
        fs::write(&file, format!("this is not a database, round {round}").repeat(3000)).unwrap();
        let (store, opening) = RedbStore::open(dir.path(), options()).unwrap();
        let Opening::SetAside { to, reason } = &opening else { panic!("{opening:?}") };
        assert!(reason.contains("refrain.redb"), "{reason}");
        assert!(to.to_str().unwrap().contains("refrain.redb.broken-20"), "{to:?}");
        assert!(fs::read_to_string(to).unwrap().contains(&format!("round {round}")), "nothing is overwritten");
        store.save(GUILD, record(1));
        drop(store);
        assert_eq!(open(dir.path()).load(GUILD).unwrap(), Some(record(1)));
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
}

#[test]
fn truncated_and_damaged_files_are_set_aside_or_repaired_but_never_lost() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("refrain.redb");
    let store = open(dir.path());
    store.save(GUILD, record(300));
    drop(store);
    let whole = fs::read(&file).unwrap();
    for cut in (0..whole.len()).step_by(whole.len() / 40) {
        damaged(dir.path(), whole[..cut].to_vec());
        let mut flipped = whole.clone();
        let end = (cut + 600).min(flipped.len());
        for byte in &mut flipped[cut..end] {
            *byte ^= 0x55;
        }
        damaged(dir.path(), flipped);
    }
}

fn damaged(dir: &Path, bytes: Vec<u8>) {
    let file = dir.join("refrain.redb");
    fs::write(&file, &bytes).unwrap();
    let (store, opening) = RedbStore::open(dir, options()).unwrap();
    match &opening {
        Opening::SetAside { to, .. } => {
            assert_eq!(fs::read(to).unwrap(), bytes, "what was there is kept as it was");
            fs::remove_file(to).unwrap();
            assert_eq!(store.load(GUILD).unwrap(), None);
        }
        Opening::Created => assert!(bytes.is_empty()),
        Opening::Opened => assert_eq!(store.load(GUILD).unwrap(), Some(record(300))),
        Opening::Migrated { .. } | Opening::InMemory { .. } => panic!("{opening:?}"),
    }
    store.save(GUILD, record(2));
    settle(&store);
    assert_eq!(*store.health().borrow(), StoreHealth::Well);
    drop(store);
    assert_eq!(open(dir).load(GUILD).unwrap(), Some(record(2)));
}

#[test]
fn a_newer_file_is_left_untouched_and_the_bot_runs_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("refrain.redb");
    let store = open(dir.path());
    store.save(GUILD, record(1));
    drop(store);
    let db = Database::open(&file).unwrap();
    let transaction = db.begin_write().unwrap();
    transaction.open_table(META).unwrap().insert("schema", "99").unwrap();
    transaction.commit().unwrap();
    drop(db);
    let before = fs::read(&file).unwrap();
    let (store, opening) = RedbStore::open(dir.path(), options()).unwrap();
    assert!(matches!(&opening, Opening::InMemory { reason } if reason.contains("schema 99")), "{opening:?}");
    store.save(GUILD, record(2));
    settle(&store);
    assert_eq!(store.load(GUILD).unwrap(), Some(record(2)));
    assert!(reason(&store.health().borrow()).contains("newer version"));
    drop(store);
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_database_of_another_program_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::create(dir.path().join("refrain.redb")).unwrap();
    let transaction = db.begin_write().unwrap();
    transaction.open_table(TableDefinition::<u64, u64>::new("theirs")).unwrap().insert(1, 1).unwrap();
    transaction.commit().unwrap();
    drop(db);
    let (_, opening) = RedbStore::open(dir.path(), options()).unwrap();
    assert!(matches!(opening, Opening::SetAside { .. }), "{opening:?}");
}
