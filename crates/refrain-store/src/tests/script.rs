//! A run of a store on a disk that fails from its Nth operation on, for every N.

use super::{disk::Disk, guild, options, playhead, record, settle};
use crate::{Opening, RedbStore, Store as _, StoreHealth};
use refrain_model::{GuildId, GuildRecord};
use std::{collections::BTreeMap, thread, time::Duration};

type Records = BTreeMap<GuildId, GuildRecord>;

/// What a run was told: after each settling that was not cut short by a failure, all records as they must then be.
struct Told {
    store: RedbStore,
    now: Records,
    /// On the disk for sure.
    durable: Records,
    /// All that was ever said of a guild since then, `None`: forgotten.
    since: BTreeMap<GuildId, Vec<Option<GuildRecord>>>,
}

impl Told {
    fn says(&mut self, guild: GuildId, record: Option<GuildRecord>) {
        self.since.entry(guild).or_default().push(record.clone());
        match record {
            Some(record) => drop(self.now.insert(guild, record)),
            None => drop(self.now.remove(&guild)),
        }
    }

    fn save(&mut self, guild: GuildId, record: GuildRecord) {
        self.store.save(guild, record.clone());
        self.says(guild, Some(record));
    }

    fn play(&mut self, guild: GuildId, seconds: u64) {
        self.store.save_playhead(guild, playhead(seconds));
        let now = self.now.get(&guild).cloned();
        self.says(guild, now.map(|record| GuildRecord { playhead: Some(playhead(seconds)), ..record }));
    }

    fn forget(&mut self, guild: GuildId) {
        self.store.forget(guild);
        self.says(guild, None);
    }

    fn settle(&mut self) {
        settle(&self.store);
        if *self.store.health().borrow() == StoreHealth::Well {
            self.durable = self.now.clone();
            self.since.clear();
        }
    }

    /// What another process finds is what was durable, or something that was said later; and never parts of two.
    fn check(&self, found: &RedbStore, context: &str) {
        for number in 0..4 {
            let guild = guild(number);
            let found = found.load(guild).unwrap();
            let later = self.since.get(&guild).is_some_and(|since| since.contains(&found));
            assert!(found.as_ref() == self.durable.get(&guild) || later, "{context}: {guild}: {found:?}");
        }
    }
}

fn run(disk: &Disk) -> Told {
    let (store, _) = RedbStore::at(disk.clone(), options()).unwrap();
    let mut told = Told { store, now: Records::new(), durable: Records::new(), since: BTreeMap::new() };
    for round in 0..4_u64 {
        told.save(guild(round % 3), record(round * 100 + 1, 30));
        told.settle();
        told.play(guild(round % 3), round * 7);
        told.save(guild(3), record(round * 100 + 50, 5 * round));
        told.settle();
        if round == 2 {
            told.forget(guild(0));
            told.settle();
        }
    }
    told
}

#[test]
fn a_disk_that_dies_at_any_operation_loses_nothing_that_was_durable() {
    let whole = Disk::default();
    drop(run(&whole));
    let operations = whole.operations();
    assert!(operations > 50, "{operations}");
    for n in 1..=operations {
        let disk = Disk::default();
        disk.fail(n, u64::MAX);
        let told = run(&disk);
        // In memory it all goes on.
        for (guild, record) in &told.now {
            assert_eq!(told.store.load(*guild).unwrap().as_ref(), Some(record), "dead from {n}");
        }
        let (found, opening) = RedbStore::at(disk.after_a_kill(), options()).unwrap();
        assert!(matches!(opening, Opening::Opened | Opening::Created | Opening::SetAside { .. }), "{opening:?}");
        told.check(&found, &format!("dead from {n}"));
        // Its lock goes with the process; here it would be waited for.
        disk.mend();
    }
}

#[test]
fn a_disk_that_fails_for_a_while_gets_everything_when_it_is_back() {
    let whole = Disk::default();
    let store = RedbStore::at(whole.clone(), options()).unwrap().0;
    let made = whole.operations();
    drop(store);
    let whole = Disk::default();
    drop(run(&whole));
    for n in 1..=whole.operations() {
        let disk = Disk::default();
        // Some of these go on while it is opened again.
        disk.fail(n, 1 + n % 5);
        let told = run(&disk);
        for _ in 0..2000 {
            if *told.store.health().borrow() == StoreHealth::Well {
                break;
            }
            thread::sleep(Duration::from_millis(2));
        }
        settle(&told.store);
        assert_eq!(*told.store.health().borrow(), StoreHealth::Well, "{n}");
        let (found, _) = RedbStore::at(disk.after_a_kill(), options()).unwrap();
        for number in 0..4 {
            assert_eq!(found.load(guild(number)).unwrap().as_ref(), told.now.get(&guild(number)), "{n}: {number}");
        }
        // One that could not even be begun, nor be emptied again, is no database.
        assert!(n <= made || disk.set_aside() == 0, "{n}: nothing is wrong with the file");
    }
}
