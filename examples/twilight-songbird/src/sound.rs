//! A WAV file in memory, from which songbird can be given a track that begins anywhere.

use anyhow::{Context as _, Result};
use hound::{SampleFormat, WavReader};
use songbird::input::{Input, RawAdapter};
use std::{io::Cursor, path::Path, time::Duration};

/// Samples as songbird's raw format wants them: 32-bit floats, little-endian, the channels in turn.
pub(crate) struct Sound {
    bytes: Vec<u8>,
    rate: u32,
    channels: u16,
}

impl Sound {
    /// Reads a file of 16-bit integers or 32-bit floats.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let reader = WavReader::open(file).with_context(|| format!("reading {}", file.display()))?;
        let spec = reader.spec();
        let scale = 1.0 / f32::from(i16::MAX);
        let samples: Result<Vec<f32>, _> = match spec.sample_format {
            SampleFormat::Float => reader.into_samples::<f32>().collect(),
            SampleFormat::Int => reader.into_samples::<i16>().map(|s| s.map(|s| f32::from(s) * scale)).collect(),
        };
        let samples = samples.with_context(|| format!("reading {} as 16-bit or float WAV", file.display()))?;
        let bytes = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        Ok(Self { bytes, rate: spec.sample_rate, channels: spec.channels })
    }

    /// What is left of it from `position` on.
    pub(crate) fn from(&self, position: Duration) -> Input {
        let frame = 4 * usize::from(self.channels);
        let frames = position.as_secs_f64() * f64::from(self.rate);
        let start = (frames as usize).saturating_mul(frame).min(self.bytes.len());
        let rest = Cursor::new(self.bytes[start..].to_vec());
        RawAdapter::new(rest, self.rate, u32::from(self.channels)).into()
    }
}
