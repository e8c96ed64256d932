//! Adding: where tracks go, and how many there is room for.

use crate::{add, add_all, add_at, now, playing, shown, titles};
use refrain_queue::{Limits, Place, Queue, QueueError};

const PLACES: [Place; 3] = [Place::End, Place::Next, Place::Now];

fn bounded(max_tracks: usize) -> Queue {
    Queue::new(Limits { max_tracks, max_history: 10 })
}

#[test]
fn each_place_is_where_its_name_says() {
    for (place, position, after) in
        [(Place::End, 3, " > a > b c x"), (Place::Next, 1, " > a > x b c"), (Place::Now, 0, "a > x > b c")]
    {
        let mut queue = playing(&["a", "b", "c"]);
        let added = add_at(&mut queue, "x", place).unwrap();
        assert_eq!((added.position, shown(&queue).as_str()), (position, after), "{place:?}");
        assert_eq!(added.track.info.title, "x");
    }
}

#[test]
fn several_tracks_keep_their_order_at_each_place() {
    for (place, position, after) in
        [(Place::End, 2, " > a > b x y z"), (Place::Next, 1, " > a > x y z b"), (Place::Now, 0, "a > x > y z b")]
    {
        let mut queue = playing(&["a", "b"]);
        let added = add_all(&mut queue, &["x", "y", "z"], place).unwrap();
        assert_eq!((added.position, shown(&queue).as_str()), (position, after), "{place:?}");
        assert_eq!((titles(&added.tracks), added.left_out), (vec!["x", "y", "z"], 0));
    }
}

#[test]
fn every_place_of_an_idle_queue_is_now() {
    for place in PLACES {
        let mut queue = Queue::default();
        assert_eq!(add_at(&mut queue, "x", place).unwrap().position, 0, "{place:?}");
        assert_eq!(shown(&queue), " > x > ");
        let mut queue = Queue::default();
        assert_eq!(add_all(&mut queue, &["x", "y"], place).unwrap().position, 0, "{place:?}");
        assert_eq!(shown(&queue), " > x > y");
    }
}

#[test]
fn adding_none_changes_nothing_even_in_a_full_queue() {
    for place in PLACES {
        for max_tracks in [1, 5] {
            let mut queue = bounded(max_tracks);
            add(&mut queue, "a").unwrap();
            let before = queue.clone();
            let added = add_all(&mut queue, &[], place).unwrap();
            assert_eq!((added.tracks.len(), added.left_out), (0, 0));
            assert_eq!(queue, before, "{place:?}");
        }
    }
}

#[test]
fn takes_as_many_as_there_is_room_for_and_says_how_many_are_left_out() {
    for max_tracks in 0..6_usize {
        for held in 0..=max_tracks {
            for given in 0..6_usize {
                for place in PLACES {
                    let mut queue = bounded(max_tracks);
                    add_all(&mut queue, &["a", "b", "c", "d", "e"][..held], Place::End).unwrap();
                    let before = queue.clone();
                    // Whoever interrupts the current track takes its room.
                    let freed = usize::from(place == Place::Now && held > 0);
                    let room = max_tracks - held + freed;
                    let result = add_all(&mut queue, &["v", "w", "x", "y", "z"][..given.min(5)], place);
                    if room == 0 && given > 0 {
                        assert_eq!(result, Err(QueueError::Full { max: max_tracks }));
                        assert_eq!(queue, before);
                    } else {
                        let added = result.unwrap();
                        assert_eq!(titles(&added.tracks), ["v", "w", "x", "y", "z"][..given.min(room)]);
                        assert_eq!(added.left_out, given - given.min(room));
                    }
                }
            }
        }
    }
}

#[test]
fn a_queue_that_may_hold_nothing_refuses_everything() {
    for place in PLACES {
        assert_eq!(add_at(&mut bounded(0), "a", place), Err(QueueError::Full { max: 0 }), "{place:?}");
        assert_eq!(add_all(&mut bounded(0), &["a"], place), Err(QueueError::Full { max: 0 }), "{place:?}");
    }
}

#[test]
fn a_full_queue_still_lets_its_current_track_be_replaced() {
    let mut queue = bounded(2);
    add_all(&mut queue, &["a", "b"], Place::End).unwrap();
    assert_eq!(add_at(&mut queue, "c", Place::Next), Err(QueueError::Full { max: 2 }));
    add_at(&mut queue, "x", Place::Now).unwrap();
    assert_eq!(shown(&queue), "a > x > b");
}

#[test]
fn the_end_of_an_interrupted_track_does_not_end_its_successor() {
    let mut queue = playing(&["a"]);
    let a = now(&queue);
    add_at(&mut queue, "x", Place::Now).unwrap();
    assert_eq!(queue.finish(a).unwrap().info.title, "x");
}

#[test]
fn enqueueing_is_adding_at_the_end() {
    let (mut one, mut other) = (playing(&["a", "b"]), playing(&["a", "b"]));
    assert_eq!(add(&mut one, "c"), add_at(&mut other, "c", Place::default()));
    assert_eq!(one, other);
}
