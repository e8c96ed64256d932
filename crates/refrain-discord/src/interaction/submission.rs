//! The order in which members ask: the work for an interaction begins before the work for the next one.
//!
//! Each interaction has a task of its own, and tasks start in any order. What they ask of a guild's actor is handed over
//! when they are first polled, so it is enough that the first polls come in order.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{Mutex, PoisonError},
    task::Poll,
};
use tokio::sync::oneshot;

/// Gives out places in the order of arrival.
pub(super) struct SubmissionOrder {
    /// Resolves when the work of the latest place has begun.
    latest: Mutex<oneshot::Receiver<()>>,
}

/// The place of one interaction. Dropped unused (after a panic), it lets the next one begin at once.
pub(super) struct SubmissionPlace {
    before: oneshot::Receiver<()>,
    begun: oneshot::Sender<()>,
}

impl SubmissionOrder {
    pub(super) fn new() -> Self {
        // Without a sender it is resolved: nothing comes before the first place.
        Self { latest: Mutex::new(oneshot::channel().1) }
    }

    /// The next place. Never waits.
    pub(super) fn next(&self) -> SubmissionPlace {
        let (begun, latest) = oneshot::channel();
        let mut slot = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        SubmissionPlace { before: std::mem::replace(&mut *slot, latest), begun }
    }
}

impl SubmissionPlace {
    /// Polls `work` for the first time after the work of every earlier place, and then to its end.
    pub(super) async fn begin<T>(self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        // An error says that the work before it went without beginning.
        let _gone = self.before.await;
        let first = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
        drop(self.begun);
        match first {
            Poll::Ready(done) => done,
            Poll::Pending => work.await,
        }
    }

    /// There is no work: lets the next one begin when it is its turn.
    pub(super) async fn pass(self) {
        self.begin(std::future::ready(())).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn work_begins_in_the_order_of_the_places_whatever_the_order_of_the_tasks() {
        let order = SubmissionOrder::new();
        let begun = Arc::new(Mutex::new(Vec::new()));
        let mut places: Vec<_> = (0..200).map(|number| (number, order.next())).collect();
        places.reverse();
        let tasks = places.into_iter().map(|(number, place)| {
            let begun = Arc::clone(&begun);
            // Every fourth interaction is refused.
            tokio::spawn(async move {
                if number % 4 == 3 {
                    return place.pass().await;
                }
                let work = async {
                    begun.lock().unwrap().push(number);
                    tokio::task::yield_now().await;
                };
                place.begin(work).await;
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let begun = begun.lock().unwrap();
        assert!(begun.len() == 150 && begun.is_sorted(), "{begun:?}");
    }
}
