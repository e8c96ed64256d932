//! The invariants find bugs: each of these is put in, and found.

use super::{fails, script::Script};
use crate::world::subject::Bug;

/// More lives than any of the bugs takes.
const LIVES: u64 = 400;

#[test]
#[expect(clippy::print_stdout, reason = "the run says what it has found")]
fn each_seeded_bug_is_found() {
    let missed: Vec<Bug> = Bug::ALL
        .into_iter()
        .filter(|bug| {
            let found = (0..LIVES).find_map(|seed| Some((seed, fails(&Script::of(seed), Some(*bug))?)));
            if let Some((seed, why)) = &found {
                println!("{bug:?}: life {seed}: {}", why.lines().next().unwrap_or_default());
            }
            found.is_none()
        })
        .collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}
