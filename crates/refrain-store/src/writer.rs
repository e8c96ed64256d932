//! The writer: one thread that makes all commits, and gets the database to work again when it does not.

use crate::{
    changes::Changes,
    commit::{Written, commit},
    disk::{self, Place, Trouble},
    shared::{Inbox, Shared},
};
use redb::Database;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The pause after the first failure; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

pub(crate) struct Writer {
    shared: Arc<Shared>,
    place: Box<dyn Place>,
    written: Written,
    /// Why the database that is there cannot be written to: it must be opened again first.
    trouble: Option<Trouble>,
    pause: Duration,
}

impl Writer {
    /// `trouble`: of the database that `shared` holds.
    pub(crate) fn new(shared: Arc<Shared>, place: Box<dyn Place>, trouble: Option<Trouble>) -> Self {
        Self { shared, place, written: Written::new(), trouble, pause: FIRST_PAUSE }
    }

    /// Works until the store is closed.
    ///
    /// 1. Wait until something is urgent, has waited long enough, or the store is closed.
    /// 2. Take all that waits: the batch.
    /// 3. Open the database again if it failed; write the batch as one transaction.
    /// 4. When that failed: the batch waits again, and so do we.
    pub(crate) fn run(mut self) {
        loop {
            let closing = self.wait_for_work();
            let done = self.write();
            if closing {
                break self.close(done);
            }
            match done {
                Ok(()) => self.pause = FIRST_PAUSE,
                Err(trouble) => {
                    self.shared.fails(&trouble);
                    self.trouble = Some(trouble);
                    self.shared.waiters.failed();
                    self.rest();
                }
            }
        }
    }

    /// Returns whether the store is being closed.
    fn wait_for_work(&self) -> bool {
        let mut inbox = self.shared.inbox();
        loop {
            let waits = inbox.since.map(|since| self.shared.options.gather.saturating_sub(since.elapsed()));
            match waits {
                _ if inbox.closing || inbox.urgent || self.trouble.is_some() => return inbox.closing,
                Some(Duration::ZERO) => return false,
                Some(left) => inbox = self.wait(inbox, left),
                None => inbox = self.shared.wake.wait(inbox).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Pauses after a failure; being closed cuts it short.
    fn rest(&mut self) {
        let until = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(self.shared.options.retry);
        let mut inbox = self.shared.inbox();
        while !inbox.closing {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            inbox = self.wait(inbox, left);
        }
    }

    fn wait<'a>(&self, inbox: MutexGuard<'a, Inbox>, time: Duration) -> MutexGuard<'a, Inbox> {
        self.shared.wake.wait_timeout(inbox, time).unwrap_or_else(PoisonError::into_inner).0
    }

    fn write(&mut self) -> Result<(), Trouble> {
        if self.trouble.is_some() {
            self.open_again()?;
            self.trouble = None;
        }
        let (batch, handed) = {
            let mut inbox = self.shared.inbox();
            (inbox.take(), inbox.handed)
        };
        let done = if batch.is_empty() { Ok(()) } else { self.commit(&batch) };
        // The last owner but the inbox: what is put back need not be copied.
        drop(batch);
        let mut inbox = self.shared.inbox();
        match &done {
            Ok(()) => inbox.done(handed),
            Err(_) => inbox.put_back(),
        }
        drop(inbox);
        if done.is_ok() {
            self.shared.is_well();
            self.shared.waiters.committed(handed);
        } else {
            self.written.clear();
        }
        done
    }

    fn commit(&mut self, batch: &Changes) -> Result<(), Trouble> {
        let doing = format!("writing {}", self.shared.name);
        let guard = self.shared.db.read().unwrap_or_else(PoisonError::into_inner);
        let Some(db) = &*guard else {
            return Err(Trouble::panic(&doing, &"no database is open"));
        };
        let written = &mut self.written;
        match catch_unwind(AssertUnwindSafe(|| commit(db, batch, written))) {
            Ok(done) => done.map_err(|error| Trouble::new(&doing, error)),
            Err(payload) => Err(Trouble::panic(&doing, payload.as_ref())),
        }
    }

    /// Replaces the database by one that is opened anew: after an error of the disk redb takes no more writes.
    fn open_again(&mut self) -> Result<(), Trouble> {
        self.written.clear();
        let mut db = self.shared.db.write().unwrap_or_else(PoisonError::into_inner);
        // The old one's lock would keep the new one out.
        let_go(db.take());
        let found = disk::open(self.place.as_ref()).or_else(|_| {
            let doing = format!("opening {}", self.shared.name);
            disk::in_memory(Trouble::locked(&doing))
        })?;
        *db = Some(found.db);
        match found.trouble {
            Some(trouble) => Err(trouble),
            None => {
                tracing::info!(path = self.shared.name, opening = %found.opening, "the database was opened again");
                Ok(())
            }
        }
    }

    /// One more attempt if the last one failed; then the file is let go.
    fn close(mut self, done: Result<(), Trouble>) {
        let done = done.or_else(|trouble| {
            self.trouble = Some(trouble);
            self.write()
        });
        if let Err(trouble) = done {
            self.shared.fails(&trouble);
            tracing::error!(path = self.shared.name, "closing: what was handed over last is lost");
        }
        let_go(self.shared.db.write().unwrap_or_else(PoisonError::into_inner).take());
        self.shared.waiters.close();
    }
}

/// Closing writes, too, and may go wrong in the same ways; there is nothing left to do about it then.
fn let_go(db: Option<Database>) {
    if catch_unwind(AssertUnwindSafe(|| drop(db))).is_err() {
        tracing::warn!("the database panicked while it was closed");
    }
}
