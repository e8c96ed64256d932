//! A random order and the way back.

use crate::{add, add_all, add_at, now, playing, titles};
use refrain_model::LoopMode;
use refrain_queue::{Place, Queue};
use std::collections::BTreeMap;

/// What is upcoming of these after a shuffle.
fn shuffled(seed: u64) -> Queue {
    let mut queue = playing(&["now", "a", "b", "c", "d", "e", "f"]);
    queue.shuffle(seed);
    queue
}

fn order(queue: &Queue) -> String {
    titles(queue.upcoming()).concat()
}

#[test]
fn shuffling_moves_what_is_upcoming_and_nothing_else() {
    let before = playing(&["now", "a", "b", "c", "d", "e", "f"]);
    for seed in 0..50 {
        let queue = shuffled(seed);
        assert_eq!(queue.current(), before.current());
        let mut sorted: Vec<_> = queue.upcoming().collect();
        sorted.sort_by_key(|track| track.id);
        assert!(sorted.into_iter().eq(before.upcoming()), "the same tracks with the same numbers");
        assert!(queue.is_shuffled());
    }
}

#[test]
fn the_seed_alone_decides_the_order() {
    assert_eq!(order(&shuffled(5)), order(&shuffled(5)));
    assert_ne!(order(&shuffled(5)), order(&shuffled(6)));
}

#[test]
fn every_order_comes_up_about_as_often_as_any_other() {
    let mut seen = BTreeMap::new();
    for seed in 0..24_000_u64 {
        let mut queue = playing(&["now", "a", "b", "c", "d"]);
        queue.shuffle(seed);
        *seen.entry(order(&queue)).or_insert(0_u32) += 1;
    }
    assert_eq!(seen.len(), 24, "four tracks have 24 orders");
    // Each is expected 1000 times; five standard deviations are 155.
    assert!(seen.values().all(|times| (845..=1155).contains(times)), "{seen:?}");
}

#[test]
fn unshuffling_restores_the_order() {
    for seed in 0..50 {
        let mut queue = shuffled(seed);
        assert!(queue.unshuffle());
        assert_eq!(queue, playing(&["now", "a", "b", "c", "d", "e", "f"]));
        assert!(!queue.is_shuffled());
        assert!(!queue.unshuffle(), "there is nothing to go back from any more");
    }
}

#[test]
fn shuffling_twice_keeps_the_first_order() {
    let mut queue = shuffled(1);
    let once = order(&queue);
    queue.shuffle(2);
    assert_ne!(order(&queue), once);
    queue.unshuffle();
    assert_eq!(order(&queue), "abcdef");
}

#[test]
fn tracks_added_meanwhile_stand_where_they_were_added() {
    let mut queue = shuffled(1);
    let random = order(&queue);
    add(&mut queue, "x").unwrap();
    add_all(&mut queue, &["y", "z"], Place::Next).unwrap();
    assert_eq!(order(&queue), format!("yz{random}x"));
    queue.unshuffle();
    assert_eq!(order(&queue), "yzabcdefx");
}

#[test]
fn tracks_that_have_gone_stay_away() {
    let mut queue = shuffled(3);
    let gone: Vec<String> = [1, 1]
        .map(|position| queue.remove(position, 1).unwrap()[0].info.title.clone())
        .into_iter()
        .chain([queue.skip(1).current.unwrap().info.title.clone()])
        .collect();
    queue.unshuffle();
    let expected: String = "abcdef".chars().filter(|letter| !gone.contains(&letter.to_string())).collect();
    assert_eq!(order(&queue), expected);
}

#[test]
fn what_interrupts_does_not_disturb_the_order() {
    let mut queue = shuffled(4);
    add_at(&mut queue, "x", Place::Now).unwrap();
    queue.previous().unwrap();
    queue.unshuffle();
    assert_eq!(order(&queue), "xabcdef");
}

#[test]
fn a_move_in_a_shuffled_queue_is_undone_by_unshuffling() {
    let mut queue = shuffled(4);
    queue.move_track(1, 6).unwrap();
    queue.unshuffle();
    assert_eq!(order(&queue), "abcdef");
}

#[test]
fn looped_tracks_go_to_the_end_of_both_orders() {
    let mut queue = shuffled(4);
    queue.set_looping(LoopMode::Queue);
    queue.finish(now(&queue));
    assert!(order(&queue).ends_with("now"));
    let playing = queue.current().unwrap().info.title.clone();
    queue.unshuffle();
    assert_eq!(order(&queue), format!("{}now", "abcdef".replace(&playing, "")));
}

#[test]
fn a_queue_is_shuffled_only_while_something_is_upcoming() {
    let mut queue = playing(&["now"]);
    queue.shuffle(1);
    assert!(!queue.is_shuffled(), "there was nothing to shuffle");
    add(&mut queue, "a").unwrap();
    queue.shuffle(1);
    assert!(queue.is_shuffled(), "one track has one order, and it is a random one");
    queue.skip(1);
    assert!(!queue.is_shuffled());
    let mut queue = shuffled(1);
    queue.clear();
    assert!(!queue.is_shuffled());
}
