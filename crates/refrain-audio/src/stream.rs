//! A track being read, as the mixer and the guild's actor hold it.

use crate::{AudioError, EndReason, Next, OpenAt, PipelineConfig, open::Opening, shared::Handle};
use refrain_model::{MediaLocation, SourceFacts};
use std::{fmt, sync::Arc, time::Duration};

/// One track being read. A clone is another handle on the same stream.
///
/// The synchronous methods never wait for IO and never allocate: a lock is held for the moment of taking or adding one
/// frame. When the last handle is dropped, the stream is closed.
#[derive(Clone)]
pub struct FrameStream {
    handle: Arc<Handle>,
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
    /// [`crate::AudioErrorKind`].
    pub async fn open(config: &PipelineConfig, media: &MediaLocation, at: OpenAt) -> Result<Self, AudioError> {
        let handle = Opening::new(config, media, at)?.run().await?;
        Ok(Self { handle: Arc::new(handle) })
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
        self.handle.shared.knowledge().facts()
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

    /// Goes to the frame that holds `to`, as [`Self::rewind`] does, or up to 30 s ahead of what has come where the length of
    /// the track is known: until the reader is there, [`Self::next`] answers [`Next::Starved`]. A track of unknown length
    /// may come in real time, and would be silent for as long. Otherwise nothing changes and the answer is `false`.
    pub fn skip_to(&self, to: Duration) -> bool {
        let bounded = self.facts().length.is_some();
        let (done, wake) = {
            let mut window = self.handle.shared.lock();
            (if bounded { window.skip_to(to) } else { window.rewind(to) }, window.take_wake())
        };
        self.handle.shared.wake(wake);
        done
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
        self.handle.shared.failure().cloned()
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

    /// Stops reading, frees the frames and has the child's group killed, within a second or so. [`Self::next`] answers
    /// from then on that the stream has finished (or how it had failed before). Closing again changes nothing.
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
