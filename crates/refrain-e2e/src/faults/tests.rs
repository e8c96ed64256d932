//! The data itself: readable, complete, and what is known of a driver names cases that are there.

use super::{case::catalogue, known::Known, options::Driver};
use std::collections::BTreeSet;

#[test]
fn the_catalogue_is_understood_and_gives_reasons() {
    let all = catalogue().unwrap();
    assert!(all.len() > 150, "{}", all.len());
    assert!(all.iter().all(|case| case.because.len() > 10));
}

#[test]
fn the_short_selection_has_every_kind() {
    let all = catalogue().unwrap();
    let kinds: BTreeSet<&str> = all.iter().flat_map(|case| case.kinds()).collect();
    let quick: BTreeSet<&str> = all.iter().filter(|case| case.quick).flat_map(|case| case.kinds()).collect();
    assert_eq!(kinds.difference(&quick).collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[test]
fn what_is_known_names_cases_that_are_there() {
    Known::read(Driver::Songbird).unwrap().check(&catalogue().unwrap()).unwrap();
}
