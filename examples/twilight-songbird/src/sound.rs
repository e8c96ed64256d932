//! A WAV file as 20 ms Opus frames in memory, from which songbird can be given a track that begins anywhere. songbird passes
//! Opus through as it is, so nothing is decoded or encoded while it plays.

use anyhow::{Context as _, Result, ensure};
use hound::{SampleFormat, WavReader};
use opus2::{Application, Channels, Encoder};
use songbird::input::Input;
use std::{path::Path, time::Duration};

/// The start of a DCA file: Opus frames, each with its length before it.
const HEADER: &str = r#"{"dca":{"version":1,"tool":{"name":"example","version":"1"}},
"opus":{"mode":"audio","sample_rate":48000,"frame_size":960,"vbr":true,"channels":2}}"#;
const RATE: u32 = 48_000;
const FRAME: Duration = Duration::from_millis(20);
const SAMPLES_PER_FRAME: usize = 960;
/// An Opus frame is no longer than this.
const MAX_FRAME: usize = 1276;

/// What is played.
pub(crate) struct Sound {
    frames: Vec<Vec<u8>>,
}

impl Sound {
    /// Reads a file of 16 bits at 48 kHz, mono or stereo. Takes a while.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let reader = WavReader::open(file).with_context(|| format!("reading {}", file.display()))?;
        let spec = reader.spec();
        let known = spec.sample_format == SampleFormat::Int && spec.bits_per_sample == 16 && spec.sample_rate == RATE;
        ensure!(known, "{} is not a WAV file of 16 bits at 48 kHz: convert it with ffmpeg -ar 48000", file.display());
        let channels = match spec.channels {
            1 => Channels::Mono,
            2 => Channels::Stereo,
            more => anyhow::bail!("{} has {more} channels; one or two can be played", file.display()),
        };
        let samples: Vec<i16> = reader.into_samples().collect::<Result<_, _>>().context("reading its samples")?;
        let mut encoder = Encoder::new(RATE, channels, Application::Audio).context("starting the Opus encoder")?;
        let frames = samples.chunks_exact(SAMPLES_PER_FRAME * usize::from(spec.channels));
        let frames = frames.map(|frame| encoder.encode_vec(frame, MAX_FRAME)).collect::<Result<_, _>>();
        Ok(Self { frames: frames.context("encoding Opus")? })
    }

    /// What is left of it from `position` on.
    pub(crate) fn from(&self, position: Duration) -> Input {
        let first = usize::try_from(position.as_millis() / FRAME.as_millis()).unwrap_or(usize::MAX);
        let mut dca = b"DCA1".to_vec();
        dca.extend(u32::try_from(HEADER.len()).unwrap_or_default().to_le_bytes());
        dca.extend(HEADER.as_bytes());
        for frame in self.frames.iter().skip(first) {
            dca.extend(u16::try_from(frame.len()).unwrap_or_default().to_le_bytes());
            dca.extend(frame);
        }
        dca.into()
    }
}
