//! Moving, removing, clearing. The tables run through every case of a short queue.

use crate::{add, playing, shown, titles};
use refrain_queue::{Queue, QueueError};

/// The upcoming tracks of the tables.
const WAITING: [&str; 4] = ["a", "b", "c", "d"];

/// A queue with this many upcoming tracks, or an idle one.
fn with_upcoming(len: Option<usize>) -> (Queue, Vec<&'static str>) {
    let mut queue = Queue::default();
    let waiting = len.map_or_else(Vec::new, |len| WAITING[..len].to_vec());
    if len.is_some() {
        add(&mut queue, "now").expect("a handful of tracks fits");
    }
    for title in &waiting {
        add(&mut queue, title).expect("a handful of tracks fits");
    }
    (queue, waiting)
}

fn lengths() -> impl Iterator<Item = Option<usize>> {
    (0..=WAITING.len()).map(Some).chain([None])
}

/// The positions of a queue of four, and what is around them.
fn positions() -> impl Iterator<Item = usize> {
    (0..=6).chain([usize::MAX - 1, usize::MAX])
}

#[test]
fn moving_takes_a_track_out_and_puts_it_where_it_shall_be() {
    for len in lengths() {
        for from in positions() {
            for to in positions() {
                let (mut queue, mut expected) = with_upcoming(len);
                let before = queue.clone();
                let result = queue.move_track(from, to);
                let range = 1..=expected.len();
                if range.contains(&from) && range.contains(&to) {
                    let moved = expected.remove(from - 1);
                    expected.insert(to - 1, moved);
                    assert_eq!(result.unwrap().info.title, moved);
                    assert_eq!(titles(queue.upcoming()), expected, "{from} to {to}");
                } else {
                    let position = if range.contains(&from) { to } else { from };
                    assert_eq!(result, Err(QueueError::NoSuchPosition { position, len: expected.len() }));
                    assert_eq!(queue, before);
                }
                assert_eq!(queue.current(), before.current());
            }
        }
    }
}

#[test]
fn removing_takes_what_is_there_from_the_position_on() {
    for len in lengths() {
        for position in positions() {
            for count in positions() {
                let (mut queue, mut expected) = with_upcoming(len);
                let before = queue.clone();
                let result = queue.remove(position, count);
                if (1..=expected.len()).contains(&position) {
                    let mut gone = Vec::new();
                    for _ in 0..count.clamp(1, 10) {
                        if position <= expected.len() {
                            gone.push(expected.remove(position - 1));
                        }
                    }
                    assert_eq!(titles(&result.unwrap()), gone);
                    assert_eq!(titles(queue.upcoming()), expected, "{count} from {position} on");
                } else {
                    assert_eq!(result, Err(QueueError::NoSuchPosition { position, len: expected.len() }));
                    assert_eq!(queue, before);
                }
                assert_eq!(queue.current(), before.current());
                assert_eq!(queue.history().len(), 0, "nobody heard what was removed");
            }
        }
    }
}

#[test]
fn clearing_what_is_upcoming_leaves_the_music_alone() {
    for len in lengths() {
        let (mut queue, expected) = with_upcoming(len);
        let current = queue.current().cloned();
        assert_eq!(titles(&queue.clear_upcoming()), expected);
        assert_eq!(queue.current(), current.as_ref());
        assert_eq!((queue.len(), queue.history().len()), (0, 0));
        assert!(queue.clear_upcoming().is_empty());
    }
}

#[test]
fn clearing_leaves_the_history_and_adds_what_played() {
    let mut queue = playing(&["a", "b", "c"]);
    queue.skip(1);
    assert_eq!(titles(&queue.clear()), ["b", "c"]);
    assert_eq!(shown(&queue), "a b >  > ");
}

#[test]
fn a_moved_track_keeps_its_number() {
    let mut queue = playing(&["now", "a", "b"]);
    let a = queue.upcoming().next().unwrap().id;
    assert_eq!(queue.move_track(1, 2).unwrap().id, a);
    assert_eq!(queue.upcoming().last().unwrap().id, a);
}
