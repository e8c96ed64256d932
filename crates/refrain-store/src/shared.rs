//! What the writer, the readers and those who hand things over share.

use crate::{
    changes::{Changes, Pending},
    disk::Trouble,
    settled::Waiters,
    store::StoreHealth,
};
use redb::Database;
use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock},
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::watch;

/// How patient a store is. The defaults are meant for everybody; tests change them.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// Playheads, worlds and sessions alone wait this long for company, so that all playing guilds are one commit.
    pub gather: Duration,
    /// The longest pause between two attempts to write to a disk that fails.
    pub retry: Duration,
    /// The longest that [`Store::settled`](crate::Store::settled) waits.
    pub settle: Duration,
    /// The longest that closing waits for the last commit.
    pub close: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            gather: Duration::from_millis(500),
            retry: Duration::from_secs(5),
            settle: Duration::from_secs(2),
            close: Duration::from_secs(5),
        }
    }
}

/// See the module.
pub(crate) struct Shared {
    pub(crate) options: StoreOptions,
    /// The file's path, for people.
    pub(crate) name: String,
    pub(crate) inbox: Mutex<Inbox>,
    /// Something was put into the inbox that does not wait.
    pub(crate) wake: Condvar,
    /// Readers hold this for reading while they read. The writer takes it for writing only to exchange the database
    /// after a failure, never to commit. `None`: closed, or about to be there.
    pub(crate) db: RwLock<Option<Database>>,
    pub(crate) health: watch::Sender<StoreHealth>,
    pub(crate) waiters: Waiters,
}

/// What was handed over.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    pub(crate) pending: Pending,
    /// How many things were ever handed over.
    pub(crate) handed: u64,
    /// How many of them are on the disk.
    pub(crate) committed: u64,
    /// Something waits that somebody may wait for.
    pub(crate) urgent: bool,
    /// Since when something waits.
    pub(crate) since: Option<Instant>,
    pub(crate) closing: bool,
}

impl Shared {
    pub(crate) fn inbox(&self) -> MutexGuard<'_, Inbox> {
        // Each change to it is whole; a panic elsewhere makes it no less true.
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts something into the inbox. `urgent`: it does not wait for company.
    pub(crate) fn hand_over(&self, urgent: bool, put: impl FnOnce(&mut Changes)) {
        let mut inbox = self.inbox();
        put(&mut inbox.pending.waiting);
        inbox.handed += 1;
        let first = inbox.since.is_none();
        inbox.since.get_or_insert_with(Instant::now);
        let wake = first || (urgent && !inbox.urgent);
        inbox.urgent |= urgent;
        drop(inbox);
        if wake {
            self.wake.notify_all();
        }
    }

    /// What is handed over and not yet on the disk, for a reader.
    pub(crate) fn pending<T>(&self, look: impl FnOnce(&Pending) -> T) -> T {
        look(&self.inbox().pending)
    }

    pub(crate) fn is_failing(&self) -> bool {
        *self.health.borrow() != StoreHealth::Well
    }

    pub(crate) fn is_well(&self) {
        let recovered = self.health.send_if_modified(|health| {
            let failing = *health != StoreHealth::Well;
            *health = StoreHealth::Well;
            failing
        });
        if recovered {
            tracing::info!(path = self.name, "the database takes what it is given again; everything is written");
        }
    }

    pub(crate) fn fails(&self, trouble: &Trouble) {
        let reason = format!("{trouble}; until then everything is kept in memory only");
        self.health.send_if_modified(|health| {
            let since_unix_ms = match &*health {
                StoreHealth::Failing { reason: before, .. } if *before == reason => return false,
                StoreHealth::Failing { since_unix_ms, .. } => *since_unix_ms,
                StoreHealth::Well => now_unix_ms(),
            };
            tracing::error!(path = self.name, reason, "the database fails");
            *health = StoreHealth::Failing { reason, since_unix_ms };
            true
        });
    }
}

impl Inbox {
    /// Takes everything that waits, to be written.
    pub(crate) fn take(&mut self) -> Arc<Changes> {
        self.urgent = false;
        self.since = None;
        self.pending.writing = Arc::new(std::mem::take(&mut self.pending.waiting));
        self.pending.writing.clone()
    }

    /// It is on the disk: all that was handed over up to `handed`.
    pub(crate) fn done(&mut self, handed: u64) {
        self.pending.writing = Arc::default();
        self.committed = handed;
    }

    /// It could not be written: it waits again, before what came meanwhile.
    pub(crate) fn put_back(&mut self) {
        let failed = Arc::unwrap_or_clone(std::mem::take(&mut self.pending.writing));
        let newer = std::mem::take(&mut self.pending.waiting);
        self.pending.waiting = failed.followed_by(newer);
        self.since.get_or_insert_with(Instant::now);
    }
}

fn now_unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
