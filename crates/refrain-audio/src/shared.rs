//! What the handles on a stream and the task that reads it share.

use crate::{
    AudioError, EndReason, FRAME, OpenAt, arrival::Arrival, facts::Knowledge, log::SharedLog, probe::Probe,
    window::Window,
};
use bytes::Bytes;
use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The lead of a source of unknown length. What fills it at once is a file; a station, also one that begins with a burst
/// of sound, does not.
const UNKNOWN_LEAD: Duration = Duration::from_secs(30);

/// What all handles share; the task behind the stream does not, so that dropping them ends it.
pub(crate) struct Handle {
    pub(crate) shared: Arc<Shared>,
    pub(crate) cancel: CancellationToken,
    pub(crate) pid: Option<u32>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// The window, what is known of the source, and the two bells: one tells the reader that there is room, one tells those
/// who wait for news that there is some.
pub(crate) struct Shared {
    at: OpenAt,
    start: Duration,
    pub(crate) log: SharedLog,
    pub(crate) probe: Arc<Probe>,
    window: Mutex<Window>,
    arrival: Mutex<Arrival>,
    room: Notify,
    progress: Notify,
    failure: OnceLock<AudioError>,
}

impl Shared {
    pub(crate) fn new(at: OpenAt, start: Duration, window: Window, log: SharedLog, probe: Arc<Probe>) -> Self {
        Self {
            at,
            start,
            log,
            probe,
            window: Mutex::new(window),
            arrival: Mutex::default(),
            room: Notify::new(),
            progress: Notify::new(),
            failure: OnceLock::new(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Window> {
        // The window is whole between any two statements, also after a panic.
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wake(&self, wake: bool) {
        if wake {
            self.room.notify_one();
        }
    }

    /// Returns when there is room for a frame.
    pub(crate) async fn room(&self) {
        while !self.has_room() {
            self.arrival().full();
            self.room.notified().await;
        }
    }

    fn has_room(&self) -> bool {
        self.lock().has_room()
    }

    pub(crate) fn push(&self, data: Bytes) {
        let first = {
            let mut window = self.lock();
            let first = !window.has_begun();
            window.push(data);
            first
        };
        self.arrival().frame(Instant::now());
        if first {
            self.progress.notify_waiters();
        }
    }

    /// What is known of the source by now.
    pub(crate) fn knowledge(&self) -> Knowledge {
        let input = self.log.lock().facts();
        let ended = self.lock().ended().is_some();
        let arrival = self.arrival();
        let real_time = arrival.is_real_time() || ended && arrival.all_came_in_real_time();
        drop(arrival);
        Knowledge { at: self.at, input, body: self.probe.known(), real_time }
    }

    /// ffmpeg has told something of the input.
    pub(crate) fn told(&self) {
        if self.knowledge().is_of_unknown_length() && !self.at.live {
            self.lock().raise_lead(frames(UNKNOWN_LEAD));
            self.room.notify_one();
        }
        self.progress.notify_waiters();
    }

    /// Returns when the server has to be asked whether this is a file or a station.
    pub(crate) async fn needs_probe(&self) {
        self.until(|| {
            let knowledge = self.knowledge();
            (!self.at.live && knowledge.is_of_unknown_length() && knowledge.is_finite().is_none()).then_some(())
        })
        .await;
    }

    fn arrival(&self) -> MutexGuard<'_, Arrival> {
        self.arrival.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn start(&self) -> Duration {
        self.start
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.lock().has_begun()
    }

    /// Ends the stream, unless it has ended.
    pub(crate) fn end_with(&self, reason: EndReason, failure: Option<AudioError>) {
        {
            let mut window = self.lock();
            if window.ended().is_some() {
                return;
            }
            if let Some(error) = failure {
                tracing::debug!(%error, "a stream broke off");
                // Set once: only the first end comes here.
                let _first = self.failure.set(error);
            }
            window.end(reason);
        }
        self.progress.notify_waiters();
    }

    pub(crate) fn close(&self) {
        let wake = {
            let mut window = self.lock();
            window.close();
            window.take_wake()
        };
        self.wake(wake);
        self.progress.notify_waiters();
    }

    /// The words to a failure.
    pub(crate) fn failure(&self) -> Option<&AudioError> {
        self.failure.get()
    }

    /// Returns at the first frame, or at an end without one.
    pub(crate) async fn begun(&self) -> Result<(), AudioError> {
        self.until(|| {
            let window = self.lock();
            if window.has_begun() || window.ended() == Some(EndReason::Finished) {
                return Some(Ok(()));
            }
            window.ended().and_then(|_| self.failure.get().cloned()).map(Err)
        })
        .await
    }

    /// Returns at the next news.
    pub(crate) async fn news(&self) {
        self.progress.notified().await;
    }

    /// Returns when `check` has an answer; it is asked again at all news.
    async fn until<T>(&self, check: impl Fn() -> Option<T>) -> T {
        loop {
            let mut news = std::pin::pin!(self.progress.notified());
            news.as_mut().enable();
            if let Some(answer) = check() {
                return answer;
            }
            news.await;
        }
    }
}

fn frames(length: Duration) -> usize {
    usize::try_from(length.as_millis() / FRAME.as_millis()).unwrap_or(usize::MAX)
}
