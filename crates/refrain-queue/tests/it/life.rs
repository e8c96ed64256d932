//! Random lives of a queue, step by step against the one on paper.

use crate::{
    invariants::{Watch, hold},
    model::{Item, Model, items},
    restoring::{broken_limits, broken_snapshot},
    song,
};
use proptest::prelude::*;
use refrain_model::{ChannelId, LoopMode, TrackId, TrackInfo, UserId};
use refrain_queue::{Limits, Place, Queue, QueueError};
use std::time::Duration;

type TestCaseResult = Result<(), TestCaseError>;

#[derive(Clone, Debug)]
enum Step {
    Add(Option<u64>, Place),
    AddAll(usize, Place),
    FinishCurrent,
    FailCurrent,
    FinishAny(u64),
    FailAny(u64),
    Loop(LoopMode),
    Skip(usize),
    SkipTo(usize),
    Previous,
    Restart,
    Move(usize, usize),
    Remove(usize, usize),
    Clear,
    ClearUpcoming,
    Shuffle(u64),
    Unshuffle,
    Undo,
    Page(usize, usize),
    StoreAndRestore,
}

fn number() -> impl Strategy<Value = usize> {
    prop_oneof![9 => 0..8_usize, 1 => Just(usize::MAX)]
}

fn step() -> impl Strategy<Value = Step> {
    let place = || prop_oneof![4 => Just(Place::End), 1 => Just(Place::Next), 1 => Just(Place::Now)];
    let mode = prop_oneof![Just(LoopMode::Off), Just(LoopMode::Track), Just(LoopMode::Queue)];
    prop_oneof![
        6 => (prop::option::weighted(0.9, 0..10_000_u64), place()).prop_map(|(length, at)| Step::Add(length, at)),
        4 => (0..6_usize, place()).prop_map(|(count, at)| Step::AddAll(count, at)),
        3 => Just(Step::FinishCurrent),
        1 => Just(Step::FailCurrent),
        1 => (0..60_u64).prop_map(Step::FinishAny),
        1 => (0..60_u64).prop_map(Step::FailAny),
        2 => mode.prop_map(Step::Loop),
        2 => number().prop_map(Step::Skip),
        2 => number().prop_map(Step::SkipTo),
        2 => Just(Step::Previous),
        1 => Just(Step::Restart),
        2 => (number(), number()).prop_map(|(from, to)| Step::Move(from, to)),
        3 => (number(), number()).prop_map(|(position, count)| Step::Remove(position, count)),
        1 => Just(Step::Clear),
        1 => Just(Step::ClearUpcoming),
        3 => any::<u64>().prop_map(Step::Shuffle),
        1 => Just(Step::Unshuffle),
        4 => Just(Step::Undo),
        1 => (number(), number()).prop_map(|(page, size)| Step::Page(page, size)),
        1 => Just(Step::StoreAndRestore),
    ]
}

fn infos(model: &Model, count: usize, length: Option<u64>) -> Vec<TrackInfo> {
    (0..count).map(|index| song(&format!("song-{}-{index}", model.next), length)).collect()
}

/// The operation has to have been refused, for this reason.
fn refused<T: std::fmt::Debug + PartialEq>(result: &Result<T, QueueError>, error: QueueError) -> TestCaseResult {
    prop_assert_eq!(result.as_ref().err(), Some(&error));
    Ok(())
}

fn done<T>(result: Result<T, QueueError>) -> Result<T, TestCaseError> {
    result.map_err(|error| TestCaseError::fail(format!("refused: {error}")))
}

fn apply(queue: &mut Queue, model: &mut Model, step: &Step) -> TestCaseResult {
    match *step {
        Step::Add(length, place) => add(queue, model, length, place),
        Step::AddAll(count, place) => add_all(queue, model, count, place),
        Step::FinishCurrent => end(queue, model, None, false),
        Step::FailCurrent => end(queue, model, None, true),
        Step::FinishAny(id) => end(queue, model, Some(id), false),
        Step::FailAny(id) => end(queue, model, Some(id), true),
        Step::Loop(mode) => {
            queue.set_looping(mode);
            model.looping = mode;
            Ok(())
        }
        Step::Skip(count) => {
            let skipped = queue.skip(count);
            prop_assert_eq!(items(&skipped.skipped), model.skip(count));
            prop_assert_eq!(skipped.current.as_ref(), queue.current());
            Ok(())
        }
        Step::SkipTo(position) => skip_to(queue, model, position),
        Step::Previous => previous(queue, model),
        Step::Restart => {
            let again = queue.restart();
            model.restart();
            let expected = model.line.first().cloned().ok_or(QueueError::NothingCurrent);
            prop_assert_eq!(again.map(|track| Item::from(&track)), expected);
            Ok(())
        }
        Step::Move(from, to) => move_track(queue, model, from, to),
        Step::Remove(position, count) => remove(queue, model, position, count),
        Step::Clear => {
            prop_assert_eq!(items(&queue.clear()), model.take(0..model.line.len()));
            Ok(())
        }
        Step::ClearUpcoming => {
            let line = model.line.len();
            prop_assert_eq!(items(&queue.clear_upcoming()), model.take(1.min(line)..line));
            Ok(())
        }
        Step::Shuffle(seed) => {
            queue.shuffle(seed);
            // Which order it is, the paper does not know; that it is one of the same tracks is checked after the step.
            model.shuffle(&queue.upcoming().map(|track| track.id.0).collect::<Vec<_>>());
            Ok(())
        }
        Step::Unshuffle => {
            prop_assert_eq!(queue.unshuffle(), model.order.is_some());
            model.unshuffle();
            Ok(())
        }
        Step::Undo => undo(queue, model),
        Step::Page(number, size) => page(queue, model, number, size),
        Step::StoreAndRestore => store_and_restore(queue, model),
    }
}

fn add(queue: &mut Queue, model: &mut Model, length: Option<u64>, place: Place) -> TestCaseResult {
    let info = infos(model, 1, length).remove(0);
    let added = queue.add(info.clone(), UserId::new(1), ChannelId::new(2), place);
    if model.add(&[info.title], place) == 0 {
        return refused(&added, QueueError::Full { max: model.limits.max_tracks });
    }
    let added = done(added)?;
    prop_assert_eq!(Some(&Item::from(&added.track)), model.line.get(added.position));
    Ok(())
}

fn add_all(queue: &mut Queue, model: &mut Model, count: usize, place: Place) -> TestCaseResult {
    let infos = infos(model, count, Some(60));
    let titles: Vec<String> = infos.iter().map(|info| info.title.clone()).collect();
    let added = queue.add_all(infos, UserId::new(1), ChannelId::new(2), place);
    let taken = model.add(&titles, place);
    if taken == 0 && count > 0 {
        return refused(&added, QueueError::Full { max: model.limits.max_tracks });
    }
    let added = done(added)?;
    prop_assert_eq!((added.tracks.len(), added.left_out), (taken, count - taken));
    let there = model.line.iter().skip(added.position).take(taken);
    prop_assert!(items(&added.tracks).iter().eq(there));
    Ok(())
}

/// Ends the track `id`, or the current one.
fn end(queue: &mut Queue, model: &mut Model, id: Option<u64>, failed: bool) -> TestCaseResult {
    let Some(id) = id.or_else(|| queue.current().map(|track| track.id.0)) else {
        return Ok(());
    };
    let next = if failed { queue.fail(TrackId(id)) } else { queue.finish(TrackId(id)) };
    model.finish(id, failed);
    prop_assert_eq!(next.map(Item::from), model.line.first().cloned());
    Ok(())
}

fn skip_to(queue: &mut Queue, model: &mut Model, position: usize) -> TestCaseResult {
    let (len, aim) = (model.waiting().len(), model.line.get(position).cloned());
    let skipped = queue.skip_to(position);
    if position == 0 || position > len {
        return refused(&skipped, QueueError::NoSuchPosition { position, len });
    }
    let skipped = done(skipped)?;
    prop_assert_eq!(items(&skipped.skipped), model.skip(position));
    prop_assert_eq!(skipped.current.as_ref().map(Item::from), aim);
    Ok(())
}

fn previous(queue: &mut Queue, model: &mut Model) -> TestCaseResult {
    let back = queue.previous();
    if model.heard.is_empty() {
        return refused(&back, QueueError::NoHistory);
    }
    if !model.previous() {
        return refused(&back, QueueError::Full { max: model.limits.max_tracks });
    }
    prop_assert_eq!(Some(&Item::from(&done(back)?)), model.line.first());
    Ok(())
}

fn move_track(queue: &mut Queue, model: &mut Model, from: usize, to: usize) -> TestCaseResult {
    let (moved, len) = (queue.move_track(from, to), model.waiting().len());
    let outside = [from, to].into_iter().find(|position| *position == 0 || *position > len);
    if let Some(position) = outside {
        return refused(&moved, QueueError::NoSuchPosition { position, len });
    }
    model.move_track(from, to);
    prop_assert_eq!(&Item::from(&done(moved)?), &model.line[to]);
    Ok(())
}

fn remove(queue: &mut Queue, model: &mut Model, position: usize, count: usize) -> TestCaseResult {
    let (removed, len) = (queue.remove(position, count), model.waiting().len());
    if position == 0 || position > len {
        return refused(&removed, QueueError::NoSuchPosition { position, len });
    }
    let count = count.clamp(1, len + 1 - position);
    prop_assert_eq!(items(&done(removed)?), model.take(position..position + count));
    Ok(())
}

fn undo(queue: &mut Queue, model: &mut Model) -> TestCaseResult {
    let undone = queue.undo();
    if !model.can_undo() {
        return refused(&undone, QueueError::NothingToUndo);
    }
    let Some((restored, left_out)) = model.undo() else {
        return refused(&undone, QueueError::Full { max: model.limits.max_tracks });
    };
    let undone = done(undone)?;
    prop_assert_eq!(items(&undone.restored), restored);
    prop_assert_eq!(undone.left_out, left_out);
    Ok(())
}

fn page(queue: &Queue, model: &Model, number: usize, size: usize) -> TestCaseResult {
    let (page, waiting) = (queue.page(number, size), model.waiting());
    prop_assert!((1..=page.pages).contains(&page.number));
    let chunk = waiting.chunks(size.max(1)).nth(page.number - 1).unwrap_or_default();
    prop_assert_eq!(items(&page.tracks), chunk);
    prop_assert_eq!(page.pages, waiting.chunks(size.max(1)).len().max(1));
    prop_assert_eq!(page.total, waiting.len());
    Ok(())
}

fn store_and_restore(queue: &mut Queue, model: &mut Model) -> TestCaseResult {
    let stored = queue.snapshot();
    *queue = Queue::restore(stored.clone(), model.limits);
    prop_assert_eq!(queue.snapshot(), stored);
    model.forget_undo();
    Ok(())
}

fn check(queue: &Queue, model: &Model) -> TestCaseResult {
    let waiting = model.waiting();
    prop_assert_eq!(queue.current().map(Item::from), model.line.first().cloned());
    prop_assert_eq!(items(queue.upcoming()), waiting);
    prop_assert_eq!(items(queue.history()), model.heard.as_slice());
    prop_assert_eq!((queue.len(), queue.is_empty()), (waiting.len(), waiting.is_empty()));
    prop_assert_eq!((queue.looping(), queue.is_shuffled()), (model.looping, model.order.is_some()));
    let all = queue.snapshot();
    prop_assert_eq!((all.next_id, all.looping, all.true_order), (model.next, model.looping, model.true_order()));
    let whole: Option<Duration> = queue.upcoming().map(|track| track.info.duration).sum();
    prop_assert_eq!(queue.total_duration(), whole);
    hold(queue, model.limits)
}

fn live(mut queue: Queue, limits: Limits, steps: &[Step]) -> TestCaseResult {
    let (mut model, mut watch) = (Model::of(&queue.snapshot(), limits), Watch::default());
    watch.look(&queue)?;
    for step in steps {
        apply(&mut queue, &mut model, step)?;
        check(&queue, &model)?;
        watch.look(&queue)?;
    }
    let restored = Queue::restore(queue.snapshot(), limits);
    prop_assert_eq!(restored.snapshot(), queue.snapshot());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_life_of_a_queue_matches_pen_and_paper(
        max_tracks in 0..12_usize,
        max_history in 0..6_usize,
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let limits = Limits { max_tracks, max_history };
        live(Queue::new(limits), limits, &steps)?;
    }

    #[test]
    fn a_queue_restored_from_garbage_lives_like_any_other(
        limits in broken_limits(),
        snapshot in broken_snapshot(),
        steps in prop::collection::vec(step(), 0..30),
    ) {
        let queue = Queue::restore(snapshot, limits);
        // At the very last number that is believed, the next restore numbers anew; short of it, none does.
        prop_assume!(queue.snapshot().next_id < u64::MAX / 2 - 10_000);
        live(queue, limits, &steps)?;
    }
}
