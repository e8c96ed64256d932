//! Who waits until what was handed over is on the disk. They wait on no runtime's clock: a thread of our own lets those
//! go whose time is over, also while the writer is stuck in the kernel.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::sync::oneshot;

#[derive(Debug, Default)]
pub(crate) struct Waiters {
    list: Mutex<List>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct List {
    waiting: Vec<Waiter>,
    closed: bool,
}

#[derive(Debug)]
struct Waiter {
    /// Until this many things are committed,
    handed: u64,
    /// or until then.
    until: Instant,
    /// Dropping it ends the waiting.
    _alarm: oneshot::Sender<()>,
}

impl Waiters {
    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends with an error when the waiting is over, which is all that there is to know.
    pub(crate) fn add(&self, handed: u64, until: Instant) -> oneshot::Receiver<()> {
        let (alarm, over) = oneshot::channel();
        let mut list = self.list();
        if !list.closed {
            list.waiting.push(Waiter { handed, until, _alarm: alarm });
            self.wake.notify_all();
        }
        over
    }

    /// So many things are on the disk.
    pub(crate) fn committed(&self, handed: u64) {
        self.list().waiting.retain(|waiter| waiter.handed > handed);
    }

    /// The disk does not take them for now: nobody waits for that.
    pub(crate) fn failed(&self) {
        self.list().waiting.clear();
    }

    /// Nobody waits any more, and [`Self::keep_time`] returns.
    pub(crate) fn close(&self) {
        let mut list = self.list();
        list.closed = true;
        list.waiting.clear();
        self.wake.notify_all();
    }

    /// Lets those go whose time is over, until it is closed.
    pub(crate) fn keep_time(&self) {
        let mut list = self.list();
        while !list.closed {
            let now = Instant::now();
            list.waiting.retain(|waiter| waiter.until > now);
            let next = list.waiting.iter().map(|waiter| waiter.until).min();
            list = match next {
                None => self.wake.wait(list).unwrap_or_else(PoisonError::into_inner),
                Some(next) => {
                    let pause = next.saturating_duration_since(now);
                    self.wake.wait_timeout(list, pause).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}
