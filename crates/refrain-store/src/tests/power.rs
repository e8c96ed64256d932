//! Random lives that end with a kill or a power cut, against a map.

use super::{disk::Disk, guild, options, playhead, record, settle};
use crate::{RedbStore, Store as _};
use proptest::prelude::*;
use refrain_model::{GuildId, GuildRecord};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
    Save(u64, u64, u64),
    Play(u64, u64),
    Forget(u64),
    Settle,
    /// A process is killed, and the next one goes on.
    Kill,
    /// The power goes; which of the writes that were not synced are kept is in the bits.
    Cut(u64),
    /// The store is closed as it should be.
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..4_u64, 0..500_u64, 0..40_u64).prop_map(|(guild, number, tracks)| Step::Save(guild, number, tracks)),
        6 => (0..4_u64, 0..500_u64).prop_map(|(guild, seconds)| Step::Play(guild, seconds)),
        1 => (0..4_u64).prop_map(Step::Forget),
        4 => Just(Step::Settle),
        1 => Just(Step::Kill),
        1 => any::<u64>().prop_map(Step::Cut),
        1 => Just(Step::Close),
    ];
    proptest::collection::vec(step, 1..40)
}

/// What a guild's record may be found to be: the last is what it is.
type Possible = BTreeMap<GuildId, Vec<Option<GuildRecord>>>;

fn says(possible: &mut Possible, guild: GuildId, say: impl FnOnce(Option<&GuildRecord>) -> Option<GuildRecord>) {
    let said = possible.entry(guild).or_insert_with(|| vec![None]);
    let next = say(said.last().and_then(Option::as_ref));
    said.push(next);
}

/// Only the last is possible from now on.
fn certain(possible: &mut Possible) {
    for said in possible.values_mut() {
        said.drain(..said.len() - 1);
    }
}

/// What is found becomes certain.
fn found(store: &RedbStore, possible: &mut Possible) -> Result<(), TestCaseError> {
    for (guild, said) in possible {
        let found = store.load(*guild).unwrap();
        prop_assert!(said.contains(&found), "{guild}: found {found:?}, possible {said:?}");
        *said = vec![found];
    }
    Ok(())
}

fn next_life(store: RedbStore, disk: &Disk) -> (RedbStore, Disk) {
    let next = RedbStore::at(disk.clone(), options()).unwrap().0;
    drop(store);
    (next, disk.clone())
}

fn live(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut disk = Disk::default();
    let mut store = RedbStore::at(disk.clone(), options()).unwrap().0;
    let mut possible = Possible::new();
    for step in steps {
        match step {
            Step::Save(of, number, tracks) => {
                store.save(guild(of), record(number, tracks));
                says(&mut possible, guild(of), |_| Some(record(number, tracks)));
            }
            Step::Play(of, seconds) => {
                store.save_playhead(guild(of), playhead(seconds));
                let moved = |record: GuildRecord| GuildRecord { playhead: Some(playhead(seconds)), ..record };
                says(&mut possible, guild(of), |record| record.cloned().map(moved));
            }
            Step::Forget(of) => {
                store.forget(guild(of));
                says(&mut possible, guild(of), |_| None);
            }
            Step::Settle => {
                settle(&store);
                certain(&mut possible);
            }
            Step::Kill => {
                let left = disk.after_a_kill();
                (store, disk) = next_life(store, &left);
                found(&store, &mut possible)?;
            }
            Step::Cut(mut bits) => {
                let left = disk.after_a_power_cut(|| {
                    bits = bits.rotate_left(1);
                    bits & 1 == 1
                });
                (store, disk) = next_life(store, &left);
                found(&store, &mut possible)?;
                prop_assert_eq!(disk.set_aside(), 0);
            }
            Step::Close => {
                drop(store);
                store = RedbStore::at(disk.clone(), options()).unwrap().0;
                certain(&mut possible);
                found(&store, &mut possible)?;
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_was_settled_survives_kills_and_power_cuts(steps in steps()) {
        live(steps)?;
    }
}
