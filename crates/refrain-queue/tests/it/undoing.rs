//! Taking back the last clear or remove.

use crate::{add, add_all, add_at, now, playing, shown, titles};
use refrain_queue::{Limits, Place, Queue, QueueError, Undone};

/// Undoes, and tells what came back and how the queue looks.
fn undone(queue: &mut Queue) -> (Vec<String>, String) {
    let Undone { restored, left_out } = queue.undo().expect("something was removed and there is room");
    assert_eq!(left_out, 0);
    (titles(&restored).into_iter().map(String::from).collect(), shown(queue))
}

#[test]
fn a_clear_undone_at_once_leaves_no_trace() {
    let mut queue = playing(&["z", "a", "b", "c"]);
    queue.skip(1);
    queue.clear();
    let (restored, shown) = undone(&mut queue);
    assert_eq!((restored.concat().as_str(), shown.as_str()), ("abc", "z > a > b c"));
}

#[test]
fn a_cleared_track_that_plays_again_has_a_new_number() {
    let mut queue = playing(&["a", "b"]);
    let (a, b) = (now(&queue), queue.upcoming().next().unwrap().id);
    queue.clear();
    queue.undo().unwrap();
    assert_ne!(now(&queue), a);
    assert_eq!(queue.finish(a).unwrap().info.title, "a", "the end of the cleared one comes late");
    assert_eq!(queue.upcoming().next().unwrap().id, b, "what never played keeps its number");
}

#[test]
fn what_plays_meanwhile_plays_on() {
    let mut queue = playing(&["a", "b", "c"]);
    queue.clear();
    add(&mut queue, "x").unwrap();
    add(&mut queue, "y").unwrap();
    assert_eq!(undone(&mut queue).1, " > x > a b c y");
}

#[test]
fn clearing_the_upcoming_ones_is_undone_before_what_was_added_since() {
    let mut queue = playing(&["a", "b", "c"]);
    queue.clear_upcoming();
    add(&mut queue, "x").unwrap();
    assert_eq!(undone(&mut queue), (vec!["b".into(), "c".into()], " > a > b c x".into()));
}

#[test]
fn removed_tracks_go_back_behind_their_old_neighbours() {
    type Change = fn(&mut Queue);
    let changes: [(&str, Change, &str); 8] = [
        ("nothing", |_| {}, " > now > a b c d e"),
        ("added at the end", |queue| drop(add(queue, "x").unwrap()), " > now > a b c d e x"),
        ("added next", |queue| drop(add_at(queue, "x", Place::Next).unwrap()), " > now > x a b c d e"),
        ("added now", |queue| drop(add_at(queue, "x", Place::Now).unwrap()), "now > x > a b c d e"),
        ("the neighbour plays", |queue| drop(queue.skip(1)), "now > a > b c d e"),
        ("the one behind plays", |queue| drop(queue.skip(2)), "now > d > b c e"),
        ("the last plays", |queue| drop(queue.skip(3)), "now > e > b c"),
        ("the neighbour moves", |queue| drop(queue.move_track(1, 3).unwrap()), " > now > d e a b c"),
    ];
    for (name, change, after) in changes {
        let mut queue = playing(&["now", "a", "b", "c", "d", "e"]);
        queue.remove(2, 2).unwrap();
        change(&mut queue);
        assert_eq!(undone(&mut queue), (vec!["b".into(), "c".into()], after.into()), "{name}");
    }
}

#[test]
fn what_comes_back_to_an_idle_queue_plays() {
    let mut queue = playing(&["now", "a", "b"]);
    queue.remove(1, 2).unwrap();
    queue.finish(now(&queue));
    assert_eq!(undone(&mut queue).1, "now > a > b");
}

#[test]
fn only_the_last_removal_is_undone_and_only_once() {
    let mut queue = playing(&["now", "a", "b"]);
    assert_eq!(queue.undo(), Err(QueueError::NothingToUndo));
    queue.remove(1, 1).unwrap();
    queue.remove(1, 1).unwrap();
    assert_eq!(undone(&mut queue).1, " > now > b");
    let before = queue.clone();
    assert_eq!(queue.undo(), Err(QueueError::NothingToUndo));
    assert_eq!(queue, before);
}

#[test]
fn a_removal_of_nothing_does_not_replace_one_of_something() {
    let mut queue = playing(&["a"]);
    queue.clear();
    queue.clear();
    queue.clear_upcoming();
    queue.remove(1, 1).unwrap_err();
    assert_eq!(undone(&mut queue).1, " > a > ");
}

#[test]
fn what_does_not_fit_any_more_is_left_out_from_the_end() {
    for (added, restored, left_out, after) in
        [(1, "abc", 1, " > x > a b c"), (2, "ab", 2, " > x > a b x"), (3, "a", 3, " > x > a x x")]
    {
        let mut queue = Queue::new(Limits { max_tracks: 4, max_history: 4 });
        add_all(&mut queue, &["a", "b", "c", "d"], Place::End).unwrap();
        queue.clear();
        for _ in 0..added {
            add(&mut queue, "x").unwrap();
        }
        let done = queue.undo().unwrap();
        assert_eq!((titles(&done.restored).concat().as_str(), done.left_out), (restored, left_out));
        assert_eq!(shown(&queue), after);
    }
}

#[test]
fn without_any_room_it_can_be_undone_later() {
    let mut queue = Queue::new(Limits { max_tracks: 2, max_history: 4 });
    add_all(&mut queue, &["a", "b"], Place::End).unwrap();
    queue.remove(1, 1).unwrap();
    add(&mut queue, "x").unwrap();
    let before = queue.clone();
    assert_eq!(queue.undo(), Err(QueueError::Full { max: 2 }));
    assert_eq!(queue, before);
    queue.skip(1);
    assert_eq!(undone(&mut queue).1, "a > x > b");
}

#[test]
fn a_cleared_track_that_was_gone_back_to_does_not_come_twice() {
    let mut queue = playing(&["a", "b"]);
    queue.clear();
    queue.previous().unwrap();
    assert_eq!(undone(&mut queue), (vec!["b".into()], " > a > b".into()));
    queue.clear_upcoming();
    queue.clear();
    queue.previous().unwrap();
    assert_eq!(queue.undo(), Err(QueueError::NothingToUndo), "the one cleared track is back already");
}

#[test]
fn a_cleared_track_comes_back_even_if_the_history_remembers_nothing() {
    let mut queue = Queue::new(Limits { max_tracks: 4, max_history: 0 });
    add_all(&mut queue, &["a", "b"], Place::End).unwrap();
    queue.clear();
    assert_eq!(undone(&mut queue).1, " > a > b");
}

/// The upcoming ones before and after unshuffling.
fn both_orders(mut queue: Queue) -> (String, String) {
    let random = titles(queue.upcoming()).concat();
    assert!(queue.unshuffle());
    (random, titles(queue.upcoming()).concat())
}

#[test]
fn a_shuffled_queue_gets_its_tracks_back_in_both_orders() {
    for seed in 0..20 {
        for position in 1..=5 {
            for count in 1..=5 {
                let mut queue = playing(&["now", "a", "b", "c", "d", "e"]);
                queue.shuffle(seed);
                let before = both_orders(queue.clone());
                queue.remove(position, count).unwrap();
                queue.undo().unwrap();
                assert_eq!(both_orders(queue), before, "{count} from {position} on");
            }
        }
    }
}

#[test]
fn a_cleared_shuffled_queue_comes_back_shuffled() {
    let mut queue = playing(&["now", "a", "b", "c", "d", "e"]);
    queue.shuffle(3);
    let random = both_orders(queue.clone()).0;
    queue.clear();
    add_all(&mut queue, &["x", "y"], Place::End).unwrap();
    queue.undo().unwrap();
    assert_eq!(both_orders(queue), (format!("now{random}y"), "nowabcdey".into()));
}

#[test]
fn tracks_come_back_to_their_true_place_after_unshuffling() {
    for seed in 0..20 {
        let mut queue = playing(&["now", "a", "b", "c", "d", "e"]);
        queue.shuffle(seed);
        queue.remove(2, 3).unwrap();
        queue.unshuffle();
        assert_eq!(undone(&mut queue).1, " > now > a b c d e");
        assert!(!queue.is_shuffled());
    }
}

#[test]
fn tracks_removed_before_a_shuffle_have_their_place_in_the_true_order() {
    for seed in 0..20 {
        let mut queue = playing(&["now", "a", "b", "c", "d", "e"]);
        queue.remove(2, 3).unwrap();
        queue.shuffle(seed);
        queue.undo().unwrap();
        assert_eq!(both_orders(queue).1, "abcde");
    }
}
