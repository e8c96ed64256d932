//! What people bring along from other bots.

use crate::make::{GUILD, record};
use refrain_model::{GuildSettings, UserId};
use refrain_store::{Favorite, RedbStore, Store as _};
use rusqlite::Connection;
use std::fs;

#[test]
fn jmusicbots_playlists_become_favorites() {
    let dir = tempfile::tempdir().unwrap();
    let playlists = dir.path().join("Playlists");
    fs::create_dir(&playlists).unwrap();
    fs::write(playlists.join("chill.txt"), "#shuffle\n# a comment\nhttps://example.org/1\nsome words\n").unwrap();
    fs::write(playlists.join("empty.txt"), "// nothing\n").unwrap();
    fs::write(playlists.join("picture.png"), [0, 1, 2]).unwrap();
    let store = RedbStore::in_memory().unwrap();
    for folder in [dir.path(), &playlists] {
        let report = store.import_jmusicbot(folder, GUILD).unwrap();
        assert_eq!(report.favorites, 1);
        assert!(report.to_string().contains("empty.txt") && report.to_string().contains("shuffled"), "{report}");
    }
    let queries = vec!["https://example.org/1".to_owned(), "some words".to_owned()];
    assert_eq!(store.favorites(GUILD).unwrap(), [Favorite { name: "chill".to_owned(), queries, by: None }]);
    let error = store.import_jmusicbot(dir.path().join("nowhere"), GUILD).unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[test]
fn muses_settings_and_favorites_are_taken_within_our_bounds() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("db.sqlite");
    let muse = Connection::open(&file).unwrap();
    muse.execute_batch(&format!(
        r#"CREATE TABLE "Setting" ("guildId" TEXT NOT NULL PRIMARY KEY, "playlistLimit" INTEGER NOT NULL DEFAULT 50,
             "secondsToWaitAfterQueueEmpties" INTEGER NOT NULL DEFAULT 30, "leaveIfNoListeners" BOOLEAN NOT NULL DEFAULT true,
             "defaultVolume" INTEGER NOT NULL DEFAULT 100, "shoeSize" INTEGER, "createdAt" DATETIME);
           INSERT INTO "Setting" VALUES ('{GUILD}', 5000, 0, 0, 40, 43, 'now'), ('not a guild', 1, 1, 1, 1, 1, 'now');
           CREATE TABLE "FavoriteQuery" ("id" INTEGER PRIMARY KEY, "guildId" TEXT NOT NULL, "authorId" TEXT NOT NULL,
             "name" TEXT NOT NULL, "query" TEXT NOT NULL);
           INSERT INTO "FavoriteQuery" VALUES (1, '{GUILD}', '77', 'lofi', 'https://example.org/lofi'),
             (2, '{GUILD}', '77', '', 'nameless');"#
    ))
    .unwrap();
    drop(muse);
    let store = RedbStore::in_memory().unwrap();
    store.save(GUILD, record(4));
    let report = store.import_muse(&file).unwrap();
    assert_eq!((report.guilds, report.favorites, report.notes.len()), (1, 1, 3), "{report}");
    assert!(report.to_string().contains("shoeSize"), "{report}");
    let found = store.load(GUILD).unwrap().unwrap();
    let wanted = GuildSettings {
        playlist_limit: 1000,
        wait_after_queue_empties: 0,
        leave_if_no_listeners: false,
        default_volume: 40,
        ..record(4).settings.unwrap()
    };
    assert_eq!(found.settings, Some(wanted));
    assert_eq!(found.queue, record(4).queue, "the queue stays");
    let lofi = Favorite {
        name: "lofi".to_owned(),
        queries: vec!["https://example.org/lofi".to_owned()],
        by: Some(UserId::new(77)),
    };
    assert_eq!(store.favorites(GUILD).unwrap(), [lofi]);
}

#[test]
fn a_muse_without_its_tables_is_noted_and_no_database_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("db.sqlite");
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE other (a)").unwrap();
    let store = RedbStore::in_memory().unwrap();
    let report = store.import_muse(&file).unwrap();
    assert_eq!((report.guilds, report.favorites, report.notes.len()), (0, 0, 2), "{report}");
    fs::write(&file, "this is no database".repeat(100)).unwrap();
    assert!(store.import_muse(&file).unwrap_err().to_string().contains("db.sqlite"));
    assert!(store.import_muse(dir.path().join("nowhere")).is_err());
}
