//! How tracks are read.

use crate::FRAME;
use std::{fmt, path::PathBuf, time::Duration};

/// No window is longer than this on either side of the playhead, whatever the configuration says.
const LONGEST_WINDOW: Duration = Duration::from_secs(60);

/// How tracks are read: one for all of a bot's streams.
#[derive(Clone, PartialEq, Eq)]
pub struct PipelineConfig {
    /// The ffmpeg executable: a path, or a name to be looked up in `PATH`.
    pub ffmpeg: PathBuf,
    /// An `http://` proxy that all requests go through, https ones by CONNECT. It may hold credentials: a secret.
    pub proxy: Option<String>,
    /// The encoder's target, in bits a second.
    pub bitrate: u32,
    /// How loud it is made, in per cent of how it is.
    pub volume_percent: u16,
    /// How much sound is kept ready ahead of the playhead; at most a minute.
    pub lead: Duration,
    /// How much sound is kept behind the playhead, for [`crate::FrameStream::rewind`]; at most a minute.
    pub rewind: Duration,
    /// How long the first frame may take.
    pub open_timeout: Duration,
}

impl Default for PipelineConfig {
    fn default() -> Self {
        Self {
            ffmpeg: PathBuf::from("ffmpeg"),
            proxy: None,
            bitrate: 128_000,
            volume_percent: 100,
            lead: Duration::from_secs(5),
            rewind: Duration::from_secs(15),
            open_timeout: Duration::from_secs(15),
        }
    }
}

impl PipelineConfig {
    pub(crate) fn lead_frames(&self) -> usize {
        frames_in(self.lead).max(1)
    }

    pub(crate) fn rewind_frames(&self) -> usize {
        frames_in(self.rewind)
    }
}

fn frames_in(length: Duration) -> usize {
    let frames = length.min(LONGEST_WINDOW).as_millis().div_ceil(FRAME.as_millis());
    usize::try_from(frames).unwrap_or(usize::MAX)
}

impl fmt::Debug for PipelineConfig {
    /// Leaves out the proxy's address: it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineConfig")
            .field("ffmpeg", &self.ffmpeg)
            .field("proxy", &self.proxy.as_ref().map(|_| "set"))
            .field("bitrate", &self.bitrate)
            .field("volume_percent", &self.volume_percent)
            .field("lead", &self.lead)
            .field("rewind", &self.rewind)
            .field("open_timeout", &self.open_timeout)
            .finish()
    }
}
