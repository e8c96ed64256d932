//! Files of older versions, as they were written then.

use crate::make::{GUILD, OTHER, open, options};
use refrain_model::{AutoRejoin, GuildId, GuildRecord, LoopMode, TrackId};
use refrain_store::{Opening, RedbStore, Store as _, check};
use std::{fs, path::Path};

const SCHEMA_1: &str = "tests/data/schema-1.redb";

fn assert_record(record: &GuildRecord) {
    let ids: Vec<_> = record.queue.tracks().map(|track| track.id).collect();
    assert_eq!(ids, [TrackId(1), TrackId(4), TrackId(2)]);
    assert_eq!(record.queue.true_order, Some(vec![TrackId(2), TrackId(4)]));
    assert_eq!((record.queue.looping, record.queue.next_id), (LoopMode::Queue, 5));
    assert_eq!((record.volume, record.paused, record.voice.attempts), (Some(70), true, 2));
    assert_eq!(record.settings.unwrap().auto_rejoin, Some(AutoRejoin::AlsoAfterKick));
    assert_eq!(record.playhead.unwrap().position.as_secs(), 61);
    assert_eq!(record.timeline[0].reason, "why");
}

#[test]
fn a_file_of_schema_1_is_brought_to_schema_2_and_a_copy_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("refrain.redb");
    fs::copy(SCHEMA_1, &file).unwrap();
    let before = fs::read(&file).unwrap();
    assert_eq!(check(dir.path()).unwrap().schema, 1);
    assert_eq!(fs::read(&file).unwrap(), before, "a check changes nothing");
    let (store, opening) = RedbStore::open(dir.path(), options()).unwrap();
    let Opening::Migrated { from: 1, copy: Some(copy) } = &opening else { panic!("{opening:?}") };
    assert_eq!(copy, &dir.path().join("refrain.redb.before-2"));
    assert_eq!(fs::read(copy).unwrap(), before);
    assert_eq!(store.guilds().unwrap(), [GUILD, OTHER], "the spoiled one is in the copy");
    assert_record(&store.load(GUILD).unwrap().unwrap());
    assert_eq!(store.load(OTHER).unwrap(), Some(GuildRecord::default()));
    assert_eq!(store.load(GuildId::new(GUILD.get() + 2)).unwrap(), None);
    drop(store);
    let (store, opening) = RedbStore::open(dir.path(), options()).unwrap();
    assert_eq!(opening, Opening::Opened);
    assert_record(&store.load(GUILD).unwrap().unwrap());
    drop(store);
    let report = check(dir.path()).unwrap();
    assert_eq!((report.schema, report.tracks), (2, 3));
    assert!(report.problems.is_empty(), "{report}");
}

#[test]
fn a_copy_that_was_kept_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    fs::copy(SCHEMA_1, dir.path().join("refrain.redb")).unwrap();
    let copy = dir.path().join("refrain.redb.before-2");
    fs::write(&copy, "precious").unwrap();
    assert!(open(dir.path()).load(GUILD).unwrap().is_some());
    assert_eq!(fs::read_to_string(&copy).unwrap(), "precious");
}

#[test]
fn the_committed_file_is_small() {
    assert!(fs::metadata(Path::new(SCHEMA_1)).unwrap().len() < 200_000);
}
