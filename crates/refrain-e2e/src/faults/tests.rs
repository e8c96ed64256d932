//! The data itself: readable, complete, and what is known of a driver names cases that are there.

use super::{
    case::catalogue,
    known::Known,
    options::Driver,
    requests::case::catalogue as requests,
    sources::case::{Moment, catalogue as sources},
};
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

#[test]
fn sources_break_in_twenty_ways_at_least_and_at_every_moment() {
    let all = sources().unwrap();
    assert!(all.len() >= 20, "{}", all.len());
    assert!(all.iter().all(|case| case.because.len() > 10));
    for moment in [Moment::Opening, Moment::Playing, Moment::Restart, Moment::Between] {
        assert!(all.iter().filter(|case| case.moment == moment).count() > 2, "{moment:?}");
    }
    assert!(all.iter().filter(|case| case.quick).count() >= 3);
}

#[test]
fn requests_go_wrong_in_twenty_ways_at_least_and_at_every_place() {
    let all = requests().unwrap();
    assert!(all.len() >= 20, "{}", all.len());
    assert!(all.iter().all(|case| case.because.len() > 10));
    let hit: BTreeSet<_> = all.iter().map(|case| case.hit).collect();
    assert_eq!(hit.len(), 7);
    assert!(all.iter().filter(|case| case.quick).count() >= 5);
}
