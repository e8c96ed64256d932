//! Random lives of a queue against a model too simple to be wrong: one list of everything ever added, and for each
//! track whether it is still to come.

use crate::song;
use proptest::prelude::*;
use refrain_model::{ChannelId, Track, TrackId, UserId};
use refrain_queue::{Limits, Queue, QueueError};
use std::{sync::Arc, time::Duration};

#[derive(Clone, Debug)]
enum Step {
    Enqueue(Option<u64>),
    FinishCurrent,
    FinishAny(u64),
    Skip(usize),
    Clear,
    Page(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::option::weighted(0.9, 0..10_000_u64).prop_map(Step::Enqueue),
        3 => Just(Step::FinishCurrent),
        2 => (0..40_u64).prop_map(Step::FinishAny),
        2 => prop_oneof![0..6_usize, Just(usize::MAX)].prop_map(Step::Skip),
        1 => Just(Step::Clear),
        2 => (any::<usize>(), any::<usize>()).prop_map(|(page, size)| Step::Page(page, size)),
        2 => (0..6_usize, 0..6_usize).prop_map(|(page, size)| Step::Page(page, size)),
    ]
}

/// What a person with pen and paper would keep.
#[derive(Default)]
struct Model {
    /// Still to be heard, the current one first.
    line: Vec<Arc<Track>>,
    /// Was current once, the oldest first.
    heard: Vec<Arc<Track>>,
    added: u64,
}

impl Model {
    /// Crosses out the first `count`; the first of all was being heard.
    fn cross_out(&mut self, count: usize) -> Vec<Arc<Track>> {
        let gone: Vec<Arc<Track>> = self.line.drain(..count.min(self.line.len())).collect();
        self.heard.extend(gone.first().cloned());
        gone
    }

    fn finish(&mut self, id: TrackId) {
        if self.line.first().is_some_and(|track| track.id == id) {
            self.cross_out(1);
        }
    }
}

fn apply(queue: &mut Queue, model: &mut Model, limits: Limits, step: &Step) -> Result<(), TestCaseError> {
    match *step {
        Step::Enqueue(seconds) => {
            let added = queue.enqueue(song("x", seconds), UserId::new(1), ChannelId::new(2));
            if model.line.len() >= limits.max_tracks {
                prop_assert_eq!(added, Err(QueueError::Full { max: limits.max_tracks }));
            } else {
                let added = added.map_err(|e| TestCaseError::fail(e.to_string()))?;
                model.added += 1;
                prop_assert_eq!(added.track.id, TrackId(model.added), "numbers only rise");
                prop_assert_eq!(added.position, model.line.len());
                model.line.push(added.track);
            }
        }
        Step::FinishCurrent => {
            if let Some(id) = queue.current().map(|track| track.id) {
                model.finish(id);
                prop_assert_eq!(queue.finish(id), model.line.first());
            }
        }
        Step::FinishAny(id) => {
            model.finish(TrackId(id));
            prop_assert_eq!(queue.finish(TrackId(id)), model.line.first());
        }
        Step::Skip(count) => {
            let done = queue.skip(count);
            prop_assert_eq!(done.skipped, model.cross_out(count));
            prop_assert_eq!(done.current.as_ref(), model.line.first());
        }
        Step::Clear => prop_assert_eq!(queue.clear(), model.cross_out(usize::MAX)),
        Step::Page(number, size) => {
            let page = queue.page(number, size);
            prop_assert!((1..=page.pages).contains(&page.number));
            let waiting = model.line.get(1..).unwrap_or_default();
            let chunk = waiting.chunks(size.max(1)).nth(page.number - 1).unwrap_or_default();
            prop_assert_eq!(page.tracks.as_slice(), chunk);
            prop_assert_eq!(page.pages, waiting.chunks(size.max(1)).len().max(1));
            prop_assert_eq!(page.total, waiting.len());
        }
    }
    Ok(())
}

fn check(queue: &Queue, model: &Model, limits: Limits) -> Result<(), TestCaseError> {
    let waiting = model.line.get(1..).unwrap_or_default();
    prop_assert_eq!(queue.current(), model.line.first());
    prop_assert!(queue.upcoming().eq(waiting));
    prop_assert_eq!(queue.upcoming().len(), waiting.len());
    prop_assert_eq!((queue.len(), queue.is_empty()), (waiting.len(), waiting.is_empty()));
    let whole: Option<Duration> = waiting.iter().map(|track| track.info.duration).sum();
    prop_assert_eq!(queue.total_duration(), whole);
    prop_assert!(queue.history().eq(model.heard.iter().rev().take(limits.max_history)));
    Ok(())
}

proptest! {
    #[test]
    fn any_life_of_a_queue_matches_pen_and_paper(
        max_tracks in 0..12_usize,
        max_history in 0..6_usize,
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let limits = Limits { max_tracks, max_history };
        let (mut queue, mut model) = (Queue::new(limits), Model::default());
        for step in &steps {
            apply(&mut queue, &mut model, limits, step)?;
            check(&queue, &model, limits)?;
        }
    }
}
