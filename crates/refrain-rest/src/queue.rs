//! The shell around the limiter: it holds those who wait, and moves time.

use crate::{BucketState, Limited, RateLimiter, RestError, Route, Ticket};
use refrain_model::Moment;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Instant,
};
use tokio::{
    sync::{Notify, oneshot},
    time,
};

/// Requests that wait or are under way at a time. Far more than a bot of thousands of guilds has.
const MOST: usize = 8192;

/// All requests of a client.
#[derive(Debug)]
pub(crate) struct Queue {
    inner: Mutex<Inner>,
    changed: Arc<Notify>,
    epoch: Instant,
}

#[derive(Debug, Default)]
struct Inner {
    limiter: RateLimiter,
    /// Those who wait for their ticket's turn.
    turns: HashMap<Ticket, oneshot::Sender<()>>,
}

impl Queue {
    /// Must be called within a tokio runtime.
    pub(crate) fn start() -> Arc<Self> {
        let changed = Arc::new(Notify::new());
        let queue = Arc::new(Self { inner: Mutex::default(), changed: changed.clone(), epoch: Instant::now() });
        tokio::spawn(wake(Arc::downgrade(&queue), changed));
        queue
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::from_epoch(self.epoch.elapsed())
    }

    pub(crate) fn moment(&self, instant: Instant) -> Moment {
        Moment::from_epoch(instant.saturating_duration_since(self.epoch))
    }

    /// Changes what waits, and lets everything go whose turn it is.
    fn change<R>(&self, change: impl FnOnce(&mut Inner, Moment) -> R) -> R {
        // The limiter is whole between any two statements, so a panic elsewhere has not hurt it.
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut inner, self.now());
        inner.let_go(self.now());
        drop(inner);
        self.changed.notify_one();
        result
    }

    fn wake_up(&self) -> Option<Instant> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.let_go(self.now());
        let at = inner.limiter.wake_up()?;
        self.epoch.checked_add(at.since_epoch())
    }
}

impl Inner {
    fn let_go(&mut self, now: Moment) {
        while let Some(ticket) = self.limiter.next(now) {
            let gone = self.turns.remove(&ticket).is_none_or(|turn| turn.send(()).is_err());
            if gone {
                // The sender is being dropped and has not said so yet.
                self.limiter.forget(ticket, true, now);
            }
        }
    }
}

/// Lets requests go when their time comes, for as long as the queue is there.
async fn wake(queue: Weak<Queue>, changed: Arc<Notify>) {
    loop {
        let Some(at) = queue.upgrade().map(|queue| queue.wake_up()) else { return };
        match at {
            Some(at) => drop(time::timeout_at(at.into(), changed.notified()).await),
            None => changed.notified().await,
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.changed.notify_one();
    }
}

/// A request's place in the queue, which it gives up when it is dropped.
pub(crate) struct Place {
    queue: Arc<Queue>,
    ticket: Ticket,
    turn: Option<oneshot::Receiver<()>>,
    under_way: bool,
}

impl Place {
    pub(crate) fn take(queue: &Arc<Queue>, route: Route, counted: bool) -> Result<Self, RestError> {
        queue.change(|inner, now| {
            if inner.limiter.len() >= MOST {
                return Err(RestError::Full { limit: MOST });
            }
            let ticket = inner.limiter.ask(route, counted, now);
            let (sender, turn) = oneshot::channel();
            inner.turns.insert(ticket, sender);
            Ok(Self { queue: queue.clone(), ticket, turn: Some(turn), under_way: false })
        })
    }

    /// Waits until the request may be sent.
    pub(crate) async fn turn(&mut self) {
        if let Some(turn) = self.turn.as_mut() {
            // The queue keeps the sender until it lets the request go.
            let _gone = turn.await;
            self.turn = None;
            self.under_way = true;
        }
    }

    /// The request is answered, or will not be. With `again` it waits once more, until then at least.
    pub(crate) fn answered(&mut self, told: Option<&BucketState>, limited: Option<Limited>) {
        self.under_way = false;
        self.queue.change(|inner, now| inner.limiter.answered(self.ticket, told, limited, now));
    }

    /// Waits for another turn, until this moment at least.
    pub(crate) fn again(&mut self, not_before: Moment) {
        let (sender, turn) = oneshot::channel();
        self.turn = Some(turn);
        self.queue.change(|inner, now| {
            inner.turns.insert(self.ticket, sender);
            inner.limiter.again(self.ticket, not_before, now);
        });
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let let_go = self.turn.as_mut().is_some_and(|turn| turn.try_recv().is_ok());
        let under_way = self.under_way || let_go;
        self.queue.change(|inner, now| {
            inner.turns.remove(&self.ticket);
            inner.limiter.forget(self.ticket, under_way, now);
        });
    }
}
