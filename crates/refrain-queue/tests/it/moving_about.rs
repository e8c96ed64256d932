//! Jumping forward, going back, beginning again.

use crate::{add, now, playing, shown, titles};
use refrain_model::LoopMode;
use refrain_queue::{Limits, Queue, QueueError};

#[test]
fn skipping_to_a_position_makes_what_is_there_current() {
    for (position, after) in [(1, "a > b > c d"), (2, "a > c > d"), (3, "a > d > ")] {
        let mut queue = playing(&["a", "b", "c", "d"]);
        let done = queue.skip_to(position).unwrap();
        assert_eq!(shown(&queue), after);
        assert_eq!(done.skipped.len(), position);
        assert_eq!(done.current.as_ref(), queue.current());
    }
}

#[test]
fn in_a_looped_queue_what_was_jumped_over_comes_round_again() {
    let mut queue = playing(&["a", "b", "c", "d"]);
    queue.set_looping(LoopMode::Queue);
    queue.skip_to(2).unwrap();
    assert_eq!(shown(&queue), " > c > d a b");
}

#[test]
fn there_is_no_skipping_to_where_nothing_is() {
    for (held, position) in [(0, 0), (0, 1), (1, 0), (1, 1), (3, 0), (3, 3), (3, usize::MAX)] {
        let mut queue = playing(&["a", "b", "c"][..held]);
        let before = queue.clone();
        let len = held.saturating_sub(1);
        assert_eq!(queue.skip_to(position), Err(QueueError::NoSuchPosition { position, len }));
        assert_eq!(queue, before);
    }
}

#[test]
fn going_back_plays_the_last_one_again_and_puts_the_current_one_next() {
    let mut queue = playing(&["a", "b", "c", "d"]);
    queue.skip(1);
    queue.skip(1);
    assert_eq!(queue.previous().unwrap().info.title, "b");
    assert_eq!(shown(&queue), "a > b > c d");
    assert_eq!(queue.previous().unwrap().info.title, "a");
    assert_eq!(shown(&queue), " > a > b c d");
    let before = queue.clone();
    assert_eq!(queue.previous(), Err(QueueError::NoHistory));
    assert_eq!(queue, before);
}

#[test]
fn going_back_starts_an_idle_queue() {
    let mut queue = playing(&["a"]);
    queue.finish(now(&queue));
    queue.previous().unwrap();
    assert_eq!(shown(&queue), " > a > ");
}

#[test]
fn late_ends_from_before_going_back_are_void() {
    let mut queue = playing(&["a", "b"]);
    let a = now(&queue);
    queue.skip(1);
    let b = now(&queue);
    queue.previous().unwrap();
    let before = queue.clone();
    queue.finish(a);
    queue.finish(b);
    assert_eq!(queue, before);
    queue.skip(1);
    assert_eq!(queue.finish(b).unwrap().info.title, "b", "it was interrupted once, and that is not its end now");
}

#[test]
fn a_full_queue_cannot_go_back_until_there_is_room() {
    let mut queue = Queue::new(Limits { max_tracks: 2, max_history: 2 });
    add(&mut queue, "a").unwrap();
    queue.skip(1);
    add(&mut queue, "b").unwrap();
    add(&mut queue, "c").unwrap();
    let before = queue.clone();
    assert_eq!(queue.previous(), Err(QueueError::Full { max: 2 }));
    assert_eq!(queue, before);
    queue.clear_upcoming();
    queue.previous().unwrap();
    assert_eq!(shown(&queue), " > a > b");
}

#[test]
fn a_queue_without_a_history_cannot_go_back() {
    let mut queue = Queue::new(Limits { max_tracks: 5, max_history: 0 });
    add(&mut queue, "a").unwrap();
    queue.skip(1);
    assert_eq!(queue.previous(), Err(QueueError::NoHistory));
}

#[test]
fn beginning_again_changes_the_number_only() {
    let mut queue = playing(&["a", "b"]);
    let old = now(&queue);
    let again = queue.restart().unwrap();
    assert_eq!(queue.current(), Some(&again));
    assert!(again.id > old);
    assert_eq!(shown(&queue), " > a > b");
    assert_eq!(queue.finish(old).unwrap().id, again.id, "the end of the first time is not the end of the second");
}

#[test]
fn an_idle_queue_has_nothing_to_begin_again() {
    let mut queue = Queue::default();
    assert_eq!(queue.restart(), Err(QueueError::NothingCurrent));
    assert_eq!(queue, Queue::default());
}

#[test]
fn each_refusal_says_what_to_do() {
    for (error, words) in [
        (QueueError::Full { max: 9 }, ["9", "skip or clear"]),
        (QueueError::NoSuchPosition { position: 7, len: 5 }, ["position 7", "from 1 to 5"]),
        (QueueError::NoSuchPosition { position: 7, len: 1 }, ["position 7", "choose 1"]),
        (QueueError::NoSuchPosition { position: 7, len: 0 }, ["position 7", "add a track"]),
        (QueueError::NothingCurrent, ["nothing is playing", "add a track"]),
        (QueueError::NoHistory, ["no earlier track", "let one play"]),
        (QueueError::NothingToUndo, ["nothing to undo", "last clear, remove or stop"]),
    ] {
        let text = error.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
}

#[test]
fn the_history_is_read_from_either_end() {
    let mut queue = playing(&["a", "b", "c"]);
    queue.skip(1);
    queue.skip(1);
    assert_eq!(queue.history().len(), 2);
    assert_eq!(titles(queue.history()), ["b", "a"]);
    assert_eq!(titles(queue.history().rev()), ["a", "b"]);
}
