//! One behaviour a test, in the order of a track's life.

use crate::{add, playing, song, titles};
use refrain_model::{ChannelId, UserId};
use refrain_queue::{Limits, Queue, QueueError};
use std::time::Duration;

#[test]
fn the_first_track_plays_now_and_the_next_ones_wait_in_line() {
    let mut queue = Queue::default();
    let first = add(&mut queue, "a").unwrap();
    let second = add(&mut queue, "b").unwrap();
    let third = add(&mut queue, "c").unwrap();
    assert_eq!((first.position, second.position, third.position), (0, 1, 2));
    assert_eq!(queue.current(), Some(&first.track));
    assert_eq!(titles(queue.upcoming()), ["b", "c"]);
    assert_eq!(queue.len(), 2);
    assert!(first.track.id < second.track.id && second.track.id < third.track.id);
}

#[test]
fn remembers_who_asked_and_where() {
    let mut queue = Queue::default();
    let added = queue.enqueue(song("a", None), UserId::new(11), ChannelId::new(12)).unwrap();
    assert_eq!(added.track.requested_by, UserId::new(11));
    assert_eq!(added.track.requested_in, ChannelId::new(12));
}

#[test]
fn a_full_queue_refuses_and_says_how_many_it_holds() {
    let limits = Limits { max_tracks: 2, max_history: 5 };
    let mut queue = Queue::new(limits);
    add(&mut queue, "a").unwrap();
    add(&mut queue, "b").unwrap();
    let before = queue.clone();
    let refused = add(&mut queue, "c").unwrap_err();
    assert_eq!(refused, QueueError::Full { max: 2 });
    assert!(refused.to_string().contains('2'), "{refused}");
    assert_eq!(queue, before, "a refusal changes nothing");
    queue.skip(1);
    assert_eq!(add(&mut queue, "c").unwrap().position, 1);
}

#[test]
fn a_track_that_ends_gives_way_to_the_next_and_the_last_leaves_silence() {
    let mut queue = playing(&["a", "b"]);
    let (a, b) = (queue.current().unwrap().id, queue.upcoming().next().unwrap().id);
    assert_eq!(queue.finish(a).unwrap().id, b);
    assert_eq!(queue.finish(b), None);
    assert_eq!(titles(queue.history()), ["b", "a"], "the most recent first");
    assert_eq!(add(&mut queue, "c").unwrap().position, 0, "an idle queue starts again");
}

#[test]
fn an_end_that_arrives_after_the_skip_does_not_skip_twice() {
    let mut queue = playing(&["a", "b", "c"]);
    let a = queue.current().unwrap().id;
    queue.skip(1);
    assert_eq!(queue.finish(a).unwrap().info.title, "b");
    assert_eq!(titles(queue.upcoming()), ["c"]);
}

#[test]
fn the_same_song_twice_ends_one_at_a_time() {
    let mut queue = playing(&["a", "a"]);
    let first = queue.current().unwrap().id;
    queue.finish(first);
    let second = queue.finish(first).unwrap().id;
    assert_ne!(second, first);
}

#[test]
fn skipping_several_passes_over_the_playing_one_first() {
    let mut queue = playing(&["a", "b", "c", "d"]);
    let done = queue.skip(3);
    assert_eq!(titles(&done.skipped), ["a", "b", "c"]);
    assert_eq!(done.current.as_ref(), queue.current());
    assert_eq!(titles(queue.current()), ["d"]);
    assert_eq!(titles(queue.history()), ["a"], "nobody heard b and c");
}

#[test]
fn skipping_more_than_there_is_ends_the_music() {
    let mut queue = playing(&["a", "b"]);
    let done = queue.skip(usize::MAX);
    assert_eq!(titles(&done.skipped), ["a", "b"]);
    assert_eq!((done.current, queue.current()), (None, None));
    assert!(queue.skip(1).skipped.is_empty(), "an idle queue has nothing to skip");
}

#[test]
fn skipping_none_changes_nothing() {
    let mut queue = playing(&["a", "b"]);
    let before = queue.clone();
    assert!(queue.skip(0).skipped.is_empty());
    assert_eq!(queue, before);
}

#[test]
fn clearing_takes_the_playing_track_too() {
    let mut queue = playing(&["a", "b", "c"]);
    assert_eq!(titles(&queue.clear()), ["a", "b", "c"]);
    assert!(queue.is_empty() && queue.current().is_none());
    assert_eq!(titles(queue.history()), ["a"]);
    assert!(queue.clear().is_empty());
}

#[test]
fn the_history_forgets_the_oldest() {
    let mut queue = Queue::new(Limits { max_tracks: 10, max_history: 2 });
    for title in ["a", "b", "c"] {
        add(&mut queue, title).unwrap();
        queue.skip(1);
    }
    assert_eq!(titles(queue.history()), ["c", "b"]);
}

#[test]
fn the_whole_length_is_known_only_when_every_length_is() {
    let mut queue = playing(&["a"]);
    assert_eq!(queue.total_duration(), Some(Duration::ZERO), "the current track does not count");
    add(&mut queue, "b").unwrap();
    add(&mut queue, "c").unwrap();
    assert_eq!(queue.total_duration(), Some(Duration::from_secs(360)));
    queue.enqueue(song("d", None), UserId::new(1), ChannelId::new(1)).unwrap();
    assert_eq!(queue.total_duration(), None);
}

#[test]
fn a_live_stream_has_no_length_even_when_the_site_names_one() {
    let mut queue = playing(&["a"]);
    let mut radio = song("radio", Some(60));
    radio.live = true;
    queue.enqueue(radio, UserId::new(1), ChannelId::new(1)).unwrap();
    assert_eq!(queue.total_duration(), None);
}

#[test]
fn absurd_lengths_saturate() {
    let mut queue = playing(&["a"]);
    for _ in 0..2 {
        queue.enqueue(song("b", Some(u64::MAX)), UserId::new(1), ChannelId::new(1)).unwrap();
    }
    assert_eq!(queue.total_duration(), Some(Duration::MAX));
}

#[test]
fn pages_count_from_one_and_out_of_range_means_the_nearest() {
    let queue = playing(&["now", "a", "b", "c", "d", "e"]);
    let middle = queue.page(2, 2);
    assert_eq!(titles(&middle.tracks), ["c", "d"]);
    assert_eq!((middle.number, middle.pages, middle.first_position, middle.total), (2, 3, 3, 5));
    assert_eq!(queue.page(0, 2), queue.page(1, 2));
    assert_eq!(queue.page(usize::MAX, 2), queue.page(3, 2));
    assert_eq!(queue.page(1, usize::MAX).tracks.len(), 5);
    assert_eq!(queue.page(4, 0), queue.page(4, 1));
}

#[test]
fn an_empty_queue_has_one_empty_page() {
    let page = Queue::default().page(3, 10);
    assert_eq!((page.number, page.pages, page.first_position, page.total), (1, 1, 1, 0));
    assert!(page.tracks.is_empty());
}
