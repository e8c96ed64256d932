//! A disk that is really full, and one that is really read-only. Both need a file system of their own, which only root may
//! mount; where that is not permitted the tests say so and pass.

use crate::make::{GUILD, OTHER, open, options, playhead, reason, record, settle, wait_for_health};
use refrain_model::GuildRecord;
use refrain_store::{Opening, RedbStore, Store as _, StoreHealth};
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_remount, unmount};
use std::{fs, io::Write as _, path::Path};

/// A small file system in memory, for as long as this lives.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(kibibytes: u32) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let size = std::ffi::CString::new(format!("size={kibibytes}k")).unwrap();
        match mount("none", dir.path(), "tmpfs", MountFlags::empty(), size.as_c_str()) {
            Ok(()) => Some(Self(dir)),
            Err(error) => {
                eprintln!("skipped: mounting a tmpfs takes root: {error}");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all the space that is left.
    fn fill(&self) {
        let mut ballast = fs::File::create(self.path().join("ballast")).unwrap();
        for block in [65_536, 4096, 1] {
            while ballast.write_all(&vec![1; block]).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.path().join("ballast")).unwrap();
    }

    fn remount(&self, flags: MountFlags) {
        mount_remount(self.path(), flags, "").unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _gone = unmount(self.path(), UnmountFlags::DETACH);
    }
}

fn failing(health: &StoreHealth) -> bool {
    matches!(health, StoreHealth::Failing { .. })
}

fn well(health: &StoreHealth) -> bool {
    *health == StoreHealth::Well
}

/// What names the file and says what to do.
fn assert_words(store: &RedbStore, disk: &SmallDisk, what: &str) {
    let health = wait_for_health(store, failing);
    let words = reason(&health);
    let path = disk.path().join("refrain.redb").display().to_string();
    assert!(words.contains(&path) && words.contains(what), "{words}");
}

#[test]
fn a_disk_that_fills_up_is_survived_and_everything_is_there_when_it_has_room_again() {
    let Some(disk) = SmallDisk::mount(2048) else { return };
    let store = open(disk.path());
    store.save(GUILD, record(10));
    settle(&store);
    disk.fill();
    // More than the file has room for by itself.
    store.save(OTHER, record(3000));
    settle(&store);
    assert_words(&store, &disk, "free some space");
    // It goes on meanwhile: newer things replace older ones, and readers see them.
    store.save(GUILD, record(20));
    store.save_playhead(GUILD, playhead(1, 300));
    settle(&store);
    let now = GuildRecord { playhead: Some(playhead(1, 300)), ..record(20) };
    assert_eq!(store.load(GUILD).unwrap(), Some(now.clone()));
    assert_eq!(store.load(OTHER).unwrap(), Some(record(3000)));
    // What a kill would leave now is what was durable before.
    let copy = tempfile::tempdir().unwrap();
    fs::copy(disk.path().join("refrain.redb"), copy.path().join("refrain.redb")).unwrap();
    assert_eq!(open(copy.path()).load(GUILD).unwrap(), Some(record(10)));
    disk.free();
    wait_for_health(&store, well);
    drop(store);
    let store = open(disk.path());
    assert_eq!(store.load(GUILD).unwrap(), Some(now));
    assert_eq!(store.load(OTHER).unwrap(), Some(record(3000)));
}

#[test]
fn a_bot_that_starts_on_a_full_disk_reads_what_there_is_and_writes_when_there_is_room() {
    let Some(disk) = SmallDisk::mount(2048) else { return };
    let store = open(disk.path());
    store.save(GUILD, record(300));
    settle(&store);
    // What a kill leaves, so that opening has to repair it.
    let killed = fs::read(disk.path().join("refrain.redb")).unwrap();
    drop(store);
    fs::write(disk.path().join("refrain.redb"), killed).unwrap();
    disk.fill();
    let (store, _) = RedbStore::open(disk.path(), options()).unwrap();
    assert_eq!(store.load(GUILD).unwrap(), Some(record(300)));
    store.save(OTHER, record(3000));
    settle(&store);
    assert_words(&store, &disk, "free some space");
    assert_eq!(store.load(GUILD).unwrap(), Some(record(300)));
    disk.free();
    wait_for_health(&store, well);
    drop(store);
    assert_eq!(open(disk.path()).load(OTHER).unwrap(), Some(record(3000)));
}

#[test]
fn a_bot_that_starts_on_a_full_disk_without_a_file_leaves_no_debris() {
    let Some(disk) = SmallDisk::mount(512) else { return };
    disk.fill();
    let (store, opening) = RedbStore::open(disk.path(), options()).unwrap();
    assert!(matches!(opening, Opening::InMemory { .. }), "{opening:?}");
    assert_words(&store, &disk, "free some space");
    store.save(GUILD, record(3));
    settle(&store);
    std::thread::sleep(options().retry * 3);
    disk.free();
    wait_for_health(&store, well);
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 1);
    drop(store);
    assert_eq!(open(disk.path()).load(GUILD).unwrap(), Some(record(3)));
}

#[test]
fn a_disk_that_becomes_read_only_is_read_and_written_again_when_it_can_be() {
    let Some(disk) = SmallDisk::mount(4096) else { return };
    let store = open(disk.path());
    store.save(GUILD, record(10));
    drop(store);
    disk.remount(MountFlags::RDONLY);
    let (store, opening) = RedbStore::open(disk.path(), options()).unwrap();
    assert!(matches!(opening, Opening::InMemory { .. }), "{opening:?}");
    assert_words(&store, &disk, "mount it for writing");
    assert_eq!(store.load(GUILD).unwrap(), Some(record(10)), "what is there is read");
    store.save(OTHER, record(2));
    settle(&store);
    assert_eq!(store.guilds().unwrap(), [GUILD, OTHER]);
    disk.remount(MountFlags::empty());
    wait_for_health(&store, well);
    drop(store);
    let store = open(disk.path());
    assert_eq!(store.load(GUILD).unwrap(), Some(record(10)));
    assert_eq!(store.load(OTHER).unwrap(), Some(record(2)));
}
