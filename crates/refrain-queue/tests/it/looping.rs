//! What happens at the end of a track, in each mode.

use crate::{add, add_at, now, playing, shown};
use refrain_model::LoopMode;
use refrain_queue::{Limits, Place, Queue};

const MODES: [LoopMode; 3] = [LoopMode::Off, LoopMode::Track, LoopMode::Queue];

fn looped(mode: LoopMode, titles: &[&str]) -> Queue {
    let mut queue = playing(titles);
    queue.set_looping(mode);
    queue
}

#[test]
fn a_new_queue_does_not_loop() {
    assert_eq!(Queue::default().looping(), LoopMode::Off);
}

#[test]
fn the_mode_stays_as_it_was_set() {
    for mode in MODES {
        let mut queue = looped(mode, &["a"]);
        queue.clear();
        assert_eq!(queue.looping(), mode);
    }
}

#[test]
fn each_mode_decides_what_plays_after_a_track() {
    for (mode, after) in [
        (LoopMode::Off, ["a > b > c", "a b > c > ", "a b c >  > "]),
        (LoopMode::Track, [" > a > b c", " > a > b c", " > a > b c"]),
        (LoopMode::Queue, [" > b > c a", " > c > a b", " > a > b c"]),
    ] {
        let mut queue = looped(mode, &["a", "b", "c"]);
        for expected in after {
            queue.finish(now(&queue));
            assert_eq!(shown(&queue), expected, "{mode:?}");
        }
    }
}

#[test]
fn a_track_that_comes_round_again_has_a_new_number_so_its_late_end_is_void() {
    for mode in [LoopMode::Track, LoopMode::Queue] {
        let mut queue = looped(mode, &["a"]);
        let old = now(&queue);
        let again = queue.finish(old).unwrap().id;
        assert!(again > old, "{mode:?}");
        let before = queue.clone();
        queue.finish(old);
        queue.fail(old);
        assert_eq!(queue, before, "{mode:?}");
    }
}

#[test]
fn a_track_that_fails_is_dropped_in_every_mode() {
    for mode in MODES {
        let mut queue = looped(mode, &["a", "b"]);
        let a = now(&queue);
        assert_eq!(queue.fail(a).unwrap().info.title, "b");
        assert_eq!(shown(&queue), "a > b > ", "{mode:?}");
        assert_eq!(queue.fail(a).unwrap().info.title, "b", "a late failure drops nothing else");
        assert_eq!(queue.fail(now(&queue)), None);
    }
}

#[test]
fn a_skip_gets_out_of_a_looped_track() {
    let mut queue = looped(LoopMode::Track, &["a", "b", "c"]);
    queue.skip(1);
    assert_eq!(shown(&queue), "a > b > c");
    queue.skip(usize::MAX);
    assert_eq!(shown(&queue), "a b >  > ");
}

#[test]
fn skipped_tracks_of_a_looped_queue_go_to_its_end_in_order() {
    for (count, after) in [
        (0, " > a > b c d"),
        (1, " > b > c d a"),
        (2, " > c > d a b"),
        (3, " > d > a b c"),
        (4, " > a > b c d"),
        (5, " > a > b c d"),
        (usize::MAX, " > a > b c d"),
    ] {
        let mut queue = looped(LoopMode::Queue, &["a", "b", "c", "d"]);
        let newest = queue.upcoming().last().unwrap().id;
        let done = queue.skip(count);
        assert_eq!(shown(&queue), after, "{count}");
        assert_eq!(done.skipped.len(), count.min(4));
        assert_eq!(done.current.as_ref(), queue.current());
        assert!(done.skipped.iter().all(|track| track.id <= newest), "they are told with the numbers that they had");
        let renewed = queue.current().into_iter().chain(queue.upcoming()).filter(|track| track.id > newest);
        assert_eq!(renewed.count(), count.min(4));
    }
}

#[test]
fn a_full_queue_loops_within_its_bound() {
    let mut queue = Queue::new(Limits { max_tracks: 2, max_history: 2 });
    add(&mut queue, "a").unwrap();
    add(&mut queue, "b").unwrap();
    queue.set_looping(LoopMode::Queue);
    queue.finish(now(&queue));
    queue.skip(1);
    assert_eq!(shown(&queue), " > a > b");
}

#[test]
fn an_interrupted_track_goes_to_the_history_in_every_mode() {
    for mode in MODES {
        let mut queue = looped(mode, &["a", "b"]);
        add_at(&mut queue, "x", Place::Now).unwrap();
        assert_eq!(shown(&queue), "a > x > b", "{mode:?}");
    }
}
