//! songbird's tasks live in a runtime of their own.
//!
//! By its source, songbird's task for a voice socket spins where the socket ends in good order after a close frame without
//! a code, and takes a worker thread for itself until its next heartbeat. Here it takes one of songbird's: the guilds'
//! actors, and the attendants that find out about it, go on.

use std::{future::Future, num::NonZeroUsize, thread::available_parallelism};
use tokio::runtime::{Builder, EnterGuard, Runtime};

/// Even on one core there is a thread for the other guilds while one of songbird's tasks spins.
const FEWEST_WORKERS: usize = 2;

/// The runtime. Dropping it ends its tasks without waiting for them.
#[derive(Debug)]
pub(super) struct Apart {
    /// `None` where the system gave no threads, and while it is being dropped.
    runtime: Option<Runtime>,
}

impl Apart {
    pub(super) fn start() -> Self {
        let workers = available_parallelism().map_or(FEWEST_WORKERS, NonZeroUsize::get).max(FEWEST_WORKERS);
        let runtime = Builder::new_multi_thread().worker_threads(workers).thread_name("songbird").enable_all().build();
        let runtime = runtime
            .inspect_err(|error| tracing::warn!(%error, "songbird gets no threads of its own, and uses the bot's"))
            .ok();
        Self { runtime }
    }

    /// Runs a task there; nowhere, where the system gave no threads.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.runtime {
            runtime.spawn(task);
        }
    }

    /// What is spawned while the guard lives is spawned there; `None`: where the caller is.
    pub(super) fn enter(&self) -> Option<EnterGuard<'_>> {
        self.runtime.as_ref().map(Runtime::enter)
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A runtime that is dropped inside another one must not wait.
            runtime.shutdown_background();
        }
    }
}
