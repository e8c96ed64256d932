//! A track being read, as the mixer and the guild's actor hold it.

use crate::{
    AudioError, AudioErrorKind, EndReason, Next, OpenAt, PipelineConfig,
    args::Request,
    child::Encoder,
    log::Log,
    reader::{Reader, SharedLog},
    window::Window,
};
use bytes::Bytes;
use refrain_model::{MediaLocation, SourceFacts};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};
use tokio_util::sync::CancellationToken;

/// One track being read. A clone is another handle on the same stream.
///
/// The synchronous methods never wait for IO and never allocate: a lock is held for the moment of taking or adding one
/// frame. When the last handle is dropped, the stream is closed.
#[derive(Clone)]
pub struct FrameStream {
    handle: Arc<Handle>,
}

/// What all handles share; the task behind the stream does not, so that dropping them ends it.
struct Handle {
    shared: Arc<Shared>,
    cancel: CancellationToken,
    pid: Option<u32>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl FrameStream {
    /// Starts to read `media` and returns when the first frame is there.
    ///
    /// [`Self::start`] says where the stream really begins: at the wanted position where that can be reached, at the
    /// present of a live source, otherwise at the start. A position behind the track's end gives a stream that has ended
    /// already. Dropping the future stops everything.
    /// Needs a tokio runtime with IO and time; the task that reads lives there.
    ///
    /// # Errors
    /// No sound in it, refused, gone, unreachable, too slow ([`PipelineConfig::open_timeout`]), ffmpeg missing: see
    /// [`AudioErrorKind`].
    pub async fn open(config: &PipelineConfig, media: &MediaLocation, at: OpenAt) -> Result<Self, AudioError> {
        let start = if at.live { Duration::ZERO } else { at.position };
        let request = Request::new(config, media, start)?;
        let (child, stdout, stderr) = Encoder::spawn(&config.ffmpeg, &request)?;
        let window = Window::new(start, config.lead_frames(), config.rewind_frames());
        let shared = Arc::new(Shared::new(at, start, window));
        let log = SharedLog::new(Log::new(request.url, request.secrets));
        let cancel = CancellationToken::new();
        let pid = child.id();
        let stream = Self { handle: Arc::new(Handle { shared: Arc::clone(&shared), cancel: cancel.clone(), pid }) };
        let reader = Reader { child, stdout, stderr, log: log.clone(), shared, cancel };
        tokio::spawn(reader.run());
        match timeout(config.open_timeout, stream.handle.shared.begun()).await {
            Ok(begun) => begun.map(|()| stream),
            Err(_) => {
                let what = format!("no sound came within {:?}", config.open_timeout);
                Err(AudioError::new(AudioErrorKind::TimedOut, what).said(log.lock().tail()))
            }
        }
    }

    /// The next 20 ms, for the mixer to ask for every 20 ms.
    #[must_use]
    pub fn next(&self) -> Next {
        let (next, wake) = {
            let mut window = self.handle.shared.lock();
            (window.next(), window.take_wake())
        };
        self.handle.shared.wake(wake);
        next
    }

    /// Where the stream begins: the position of its first frame. Zero for a live source.
    #[must_use]
    pub fn start(&self) -> Duration {
        self.handle.shared.start()
    }

    /// What is known of the source by now. Whether it is live may show only after a while: ask again at its end.
    #[must_use]
    pub fn facts(&self) -> SourceFacts {
        self.handle.shared.facts()
    }

    /// Where the frame begins that [`Self::next`] would return. After an end: where the sound ended.
    #[must_use]
    pub fn position(&self) -> Duration {
        self.handle.shared.lock().position()
    }

    /// Goes to the frame that holds `to`, back or ahead, when it is kept. If not, nothing changes and the answer is
    /// `false`: open the track again at `to`.
    pub fn rewind(&self, to: Duration) -> bool {
        let (kept, wake) = {
            let mut window = self.handle.shared.lock();
            (window.rewind(to), window.take_wake())
        };
        self.handle.shared.wake(wake);
        kept
    }

    /// Whether both are handles on the same stream.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.handle, &other.handle)
    }

    /// Why no more frames will come in; those that are kept can still be played.
    #[must_use]
    pub fn ended(&self) -> Option<EndReason> {
        self.handle.shared.lock().ended()
    }

    /// The words to [`EndReason::Failed`], for operators.
    #[must_use]
    pub fn failure(&self) -> Option<AudioError> {
        self.handle.shared.failure.get().cloned()
    }

    /// How often [`Self::next`] had to answer [`Next::Starved`].
    #[must_use]
    pub fn starvations(&self) -> u64 {
        self.handle.shared.lock().starvations()
    }

    /// How many frames are kept in memory, behind the playhead and ahead of it.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.handle.shared.lock().len()
    }

    /// The child's process id, which is its group's too, as it was when it started: for logs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.handle.pid
    }

    /// Stops reading, frees the frames and has the child's group killed. [`Self::next`] answers from then on that the
    /// stream has finished (or how it had failed before).
    pub fn close(&self) {
        self.handle.shared.close();
        self.handle.cancel.cancel();
    }
}

impl fmt::Debug for FrameStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (position, ended) = {
            let window = self.handle.shared.lock();
            (window.position(), window.ended())
        };
        f.debug_struct("FrameStream")
            .field("position", &position)
            .field("ended", &ended)
            .field("pid", &self.handle.pid)
            .finish_non_exhaustive()
    }
}

/// The window and the two bells: one tells the reader that there is room, one tells `open` that something happened.
pub(crate) struct Shared {
    at: OpenAt,
    start: Duration,
    window: Mutex<Window>,
    room: Notify,
    progress: Notify,
    failure: OnceLock<AudioError>,
}

impl Shared {
    fn new(at: OpenAt, start: Duration, window: Window) -> Self {
        let window = Mutex::new(window);
        Self { at, start, window, room: Notify::new(), progress: Notify::new(), failure: OnceLock::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Window> {
        // The window is whole between any two statements, also after a panic.
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, wake: bool) {
        if wake {
            self.room.notify_one();
        }
    }

    /// Returns when there is room for a frame.
    pub(crate) async fn room(&self) {
        while !self.has_room() {
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
        if first {
            self.progress.notify_waiters();
        }
    }

    fn facts(&self) -> SourceFacts {
        let OpenAt { live, length, .. } = self.at;
        SourceFacts { length, live, seekable: !live && length.is_some() }
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

    /// Returns at the first frame, or at an end without one.
    async fn begun(&self) -> Result<(), AudioError> {
        loop {
            let progress = self.progress.notified();
            {
                let window = self.lock();
                if window.has_begun() || window.ended() == Some(EndReason::Finished) {
                    return Ok(());
                }
                if window.ended().is_some()
                    && let Some(error) = self.failure.get()
                {
                    return Err(error.clone());
                }
            }
            progress.await;
        }
    }
}
