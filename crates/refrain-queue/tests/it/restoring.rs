//! Snapshots, and queues made from whatever a file may hold.

use crate::{add, invariants::hold, now, playing, shown, song, titles};
use proptest::prelude::*;
use refrain_model::{ChannelId, LoopMode, QueueSnapshot, Track, TrackId, UserId};
use refrain_queue::{Limits, Queue, QueueError};
use std::{collections::BTreeSet, sync::Arc};

fn track(id: u64, title: &str) -> Arc<Track> {
    Arc::new(Track {
        id: TrackId(id),
        info: song(title, Some(60)),
        requested_by: UserId::new(1),
        requested_in: ChannelId::new(2),
    })
}

/// A snapshot of tracks whose titles are the numbers that they were stored with.
fn stored(next_id: u64, current: Option<u64>, upcoming: &[u64], history: &[u64]) -> QueueSnapshot {
    let named = |id: &u64| track(*id, &id.to_string());
    QueueSnapshot {
        next_id,
        current: current.as_ref().map(named),
        upcoming: upcoming.iter().map(named).collect(),
        history: history.iter().map(named).collect(),
        ..QueueSnapshot::default()
    }
}

fn ids<'a>(tracks: impl IntoIterator<Item = &'a Arc<Track>>) -> Vec<u64> {
    tracks.into_iter().map(|track| track.id.0).collect()
}

#[test]
fn an_empty_snapshot_is_an_empty_queue() {
    assert_eq!(Queue::restore(QueueSnapshot::default(), Limits::default()), Queue::default());
    assert_eq!(Queue::default().snapshot(), QueueSnapshot::default());
}

#[test]
fn a_restored_queue_goes_on_where_the_stored_one_was() {
    let mut queue = playing(&["a", "b", "c", "d", "e"]);
    queue.skip(1);
    queue.set_looping(LoopMode::Queue);
    queue.shuffle(9);
    let mut restored = Queue::restore(queue.snapshot(), Limits::default());
    assert_eq!(restored, queue);
    for queue in [&mut queue, &mut restored] {
        queue.finish(now(queue));
        add(queue, "x").unwrap();
        queue.unshuffle();
    }
    assert_eq!(restored, queue);
}

#[test]
fn what_could_be_undone_is_not_stored() {
    let mut queue = playing(&["a", "b"]);
    queue.clear();
    let mut restored = Queue::restore(queue.snapshot(), Limits::default());
    assert_eq!(restored.undo(), Err(QueueError::NothingToUndo));
}

#[test]
fn tracks_are_shared_with_the_snapshot_and_not_copied() {
    let queue = playing(&["a", "b"]);
    let snapshot = queue.snapshot();
    let restored = Queue::restore(snapshot.clone(), Limits::default());
    for (one, other) in snapshot.tracks().zip(restored.snapshot().tracks()) {
        assert!(Arc::ptr_eq(one, other));
    }
}

#[test]
fn a_track_that_is_renumbered_leaves_the_snapshot_as_it_is() {
    let mut queue = playing(&["a"]);
    let snapshot = queue.snapshot();
    queue.restart().unwrap();
    assert_ne!(snapshot.current.as_ref(), queue.current());
    assert_eq!(snapshot.current.unwrap().id, TrackId(1));
}

#[test]
fn the_first_upcoming_track_plays_if_nothing_does() {
    let queue = Queue::restore(stored(9, None, &[3, 4], &[2]), Limits::default());
    assert_eq!(shown(&queue), "2 > 3 > 4");
}

#[test]
fn the_next_number_is_above_every_one_in_use() {
    for (next_id, expected) in [(0, 8), (5, 8), (8, 8), (50, 50)] {
        for snapshot in [
            stored(next_id, Some(7), &[], &[]),
            stored(next_id, Some(1), &[7, 2], &[]),
            stored(next_id, Some(1), &[], &[2, 7]),
        ] {
            assert_eq!(Queue::restore(snapshot, Limits::default()).snapshot().next_id, expected);
        }
    }
    let limits = Limits { max_tracks: 1, max_history: 1 };
    let queue = Queue::restore(stored(0, Some(1), &[9], &[2, 8]), limits);
    assert_eq!(queue.snapshot().next_id, 10, "what was cut off had its number too");
}

#[test]
fn of_tracks_with_one_number_the_first_keeps_it() {
    let queue = Queue::restore(stored(0, Some(1), &[1, 2, 2], &[2, 1, 3]), Limits::default());
    assert_eq!(ids(queue.current()), [1]);
    assert_eq!(ids(queue.upcoming()), [4, 2, 5]);
    assert_eq!(ids(queue.history()), [6, 7, 3]);
    assert_eq!(shown(&queue), "3 1 2 > 1 > 1 2 2", "each is the song that it was");
}

#[test]
fn too_many_tracks_are_cut_off_at_the_far_ends() {
    let snapshot = stored(9, Some(1), &[2, 3, 4], &[5, 6, 7]);
    for (max_tracks, max_history, after) in [
        (0, 0, " >  > "),
        (0, 9, "7 6 5 >  > "),
        (1, 2, "6 5 > 1 > "),
        (3, 0, " > 1 > 2 3"),
        (4, 3, "7 6 5 > 1 > 2 3 4"),
        (usize::MAX, usize::MAX, "7 6 5 > 1 > 2 3 4"),
    ] {
        let queue = Queue::restore(snapshot.clone(), Limits { max_tracks, max_history });
        assert_eq!(shown(&queue), after, "{max_tracks}, {max_history}");
    }
}

#[test]
fn a_true_order_is_made_to_fit_the_upcoming_tracks() {
    for (order, expected) in [
        (vec![4, 3, 2], Some(vec![4, 3, 2])),
        (vec![], Some(vec![2, 3, 4])),
        (vec![4], Some(vec![4, 2, 3])),
        (vec![4, 9, 4, 1, 2], Some(vec![4, 2, 3])),
        (vec![u64::MAX, 0], Some(vec![2, 3, 4])),
    ] {
        let mut snapshot = stored(9, Some(1), &[2, 3, 4], &[5]);
        snapshot.true_order = Some(order.iter().copied().map(TrackId).collect());
        let restored = Queue::restore(snapshot, Limits::default()).snapshot();
        let order: Option<Vec<u64>> = restored.true_order.map(|order| order.iter().map(|id| id.0).collect());
        assert_eq!(order, expected);
    }
}

#[test]
fn a_true_order_of_nothing_is_dropped() {
    for (current, upcoming) in [(None, vec![]), (Some(1), vec![]), (None, vec![2])] {
        let mut snapshot = stored(9, current, &upcoming, &[]);
        snapshot.true_order = Some(vec![TrackId(1), TrackId(2)]);
        assert!(!Queue::restore(snapshot, Limits::default()).is_shuffled());
    }
}

#[test]
fn the_true_order_means_the_upcoming_one_of_two_with_the_same_number() {
    let mut snapshot = stored(9, Some(1), &[2, 1, 3], &[]);
    snapshot.true_order = Some([3, 1, 2].map(TrackId).to_vec());
    let mut queue = Queue::restore(snapshot, Limits::default());
    queue.unshuffle();
    assert_eq!(titles(queue.upcoming()), ["3", "1", "2"]);
}

#[test]
fn absurd_numbers_are_given_up_and_the_order_is_kept() {
    for (next_id, id) in [(0, u64::MAX), (u64::MAX, 7), (u64::MAX / 2 + 1, 7), (0, u64::MAX / 2)] {
        let mut snapshot = stored(next_id, Some(id), &[3, 4], &[5]);
        snapshot.true_order = Some([4, 3].map(TrackId).to_vec());
        let mut queue = Queue::restore(snapshot, Limits::default());
        assert_eq!((ids(queue.current()), ids(queue.upcoming()), ids(queue.history())), (vec![1], vec![2, 3], vec![4]));
        assert_eq!(add(&mut queue, "x").unwrap().track.id, TrackId(5));
        queue.unshuffle();
        assert_eq!(titles(queue.upcoming()), ["4", "3", "x"]);
    }
    let queue = Queue::restore(stored(u64::MAX / 2, Some(7), &[], &[]), Limits::default());
    assert_eq!(queue.snapshot().next_id, u64::MAX / 2, "this is the last one that is believed");
    let queue = Queue::restore(stored(u64::MAX / 2, Some(7), &[7], &[]), Limits::default());
    assert_eq!(queue.snapshot().next_id, 3, "the second of one number would have gone beyond it");
}

/// Numbers that clash a lot, and some at the ends of what fits.
fn broken_id() -> impl Strategy<Value = u64> {
    prop_oneof![20 => 0..12_u64, 1 => any::<u64>(), 1 => u64::MAX / 2 - 1..=u64::MAX / 2 + 1, 1 => Just(u64::MAX)]
}

/// Each list in any length, with any numbers, about the others or not. Nearly half have small numbers only, so that not
/// all are numbered anew.
pub(crate) fn broken_snapshot() -> impl Strategy<Value = QueueSnapshot> {
    fn from(id: BoxedStrategy<u64>) -> impl Strategy<Value = QueueSnapshot> {
        let list = prop::collection::vec(id.clone(), 0..12);
        let mode = prop_oneof![Just(LoopMode::Off), Just(LoopMode::Track), Just(LoopMode::Queue)];
        let tracks = (prop::option::of(id.clone()), list.clone(), list.clone());
        (id, tracks, mode, prop::option::of(list)).prop_map(
            |(next_id, (current, upcoming, history), looping, order)| {
                let true_order = order.map(|order| order.into_iter().map(TrackId).collect());
                QueueSnapshot { looping, true_order, ..stored(next_id, current, &upcoming, &history) }
            },
        )
    }
    prop_oneof![from((0..12_u64).boxed()), from(broken_id().boxed())]
}

pub(crate) fn broken_limits() -> impl Strategy<Value = Limits> {
    let bound = || prop_oneof![8 => 0..14_usize, 1 => Just(usize::MAX)];
    (bound(), bound()).prop_map(|(max_tracks, max_history)| Limits { max_tracks, max_history })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn any_garbage_becomes_a_queue_in_order(limits in broken_limits(), snapshot in broken_snapshot()) {
        let queue = Queue::restore(snapshot.clone(), limits);
        hold(&queue, limits)?;
        let restored = queue.snapshot();
        prop_assert_eq!(Queue::restore(restored.clone(), limits), queue, "what is in order stays as it is");

        // Nothing but what the limits cut off is lost, and all in its order.
        let line: Vec<&str> = titles(snapshot.current.iter().chain(&snapshot.upcoming));
        let heard: Vec<&str> = titles(&snapshot.history);
        prop_assert!(
            titles(restored.current.iter().chain(&restored.upcoming)).iter().eq(line.iter().take(limits.max_tracks))
        );
        prop_assert!(titles(&restored.history).iter().eq(heard.iter().take(limits.max_history)));

        // Unless all are numbered from 1, a number that is new is not one that the snapshot knew.
        let known: BTreeSet<u64> = ids(snapshot.tracks()).into_iter().collect();
        if restored.next_id >= snapshot.next_id && restored.next_id > *known.last().unwrap_or(&0) {
            for track in restored.tracks() {
                prop_assert!(track.info.title == track.id.0.to_string() || !known.contains(&track.id.0));
            }
        }

        // The true order keeps what it can of the stored one.
        if let (Some(stored), Some(order)) = (&snapshot.true_order, &restored.true_order) {
            let songs = |order: &[TrackId]| -> Vec<String> {
                let title = |id: &TrackId| restored.tracks().find(|track| track.id == *id).unwrap().info.title.clone();
                order.iter().map(title).collect()
            };
            let mut expected: Vec<String> = Vec::new();
            let mut left = titles(&restored.upcoming);
            for id in stored {
                let title = id.0.to_string();
                if !expected.contains(&title)
                    && let Some(index) = left.iter().position(|there| *there == title)
                {
                    left.remove(index);
                    expected.push(title);
                }
            }
            expected.extend(left.into_iter().map(String::from));
            prop_assert_eq!(songs(order), expected);
        }
    }
}
