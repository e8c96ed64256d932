//! Sound in memory: 48 kHz stereo, read from a WAV file or decoded from anything ffmpeg can read.

use anyhow::{Context as _, Result, bail, ensure};
use std::{ffi::OsStr, io::Cursor, path::Path, process::Stdio};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Frames a second, everywhere in this crate.
pub const RATE: u32 = 48_000;
/// Frames a millisecond.
pub(super) const FRAMES_PER_MS: f64 = 48.0;
/// What ffmpeg may say on its standard error before the rest is dropped, in bytes.
const MAX_COMPLAINT: u64 = 4096;

/// Stereo sound at [`RATE`], full scale being ±1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audio {
    frames: Vec<[f32; 2]>,
}

impl Audio {
    /// Takes the frames (left, right) as they are.
    #[must_use]
    pub const fn from_frames(frames: Vec<[f32; 2]>) -> Self {
        Self { frames }
    }

    /// The frames (left, right).
    #[must_use]
    pub fn frames(&self) -> &[[f32; 2]] {
        &self.frames
    }

    /// The length in milliseconds.
    #[must_use]
    pub fn duration_ms(&self) -> f64 {
        self.frames.len() as f64 / FRAMES_PER_MS
    }

    /// Reads a WAV file's bytes.
    ///
    /// # Errors
    /// When they are no WAV, or not 48 kHz with one or two channels of 16-bit integers or 32-bit floats.
    pub fn from_wav(bytes: &[u8]) -> Result<Self> {
        let mut reader = hound::WavReader::new(Cursor::new(bytes)).context("reading the WAV header")?;
        let spec = reader.spec();
        ensure!(spec.sample_rate == RATE, "the WAV has {} Hz; {RATE} Hz is expected", spec.sample_rate);
        let samples: Vec<f32> = match (spec.sample_format, spec.bits_per_sample) {
            (hound::SampleFormat::Int, 16) => reader
                .samples::<i16>()
                .map(|sample| sample.map(|value| f32::from(value) / 32768.0))
                .collect::<Result<_, _>>(),
            (hound::SampleFormat::Float, 32) => reader.samples::<f32>().collect::<Result<_, _>>(),
            (format, bits) => {
                bail!("the WAV holds {bits}-bit {format:?} samples; 16-bit integers or 32-bit floats are expected")
            }
        }
        .context("reading the WAV's samples")?;
        let frames = match spec.channels {
            1 => samples.iter().map(|&sample| [sample, sample]).collect(),
            2 => samples.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect(),
            channels => bail!("the WAV has {channels} channels; one or two are expected"),
        };
        Ok(Self { frames })
    }

    /// The sound as a 16-bit stereo WAV file.
    ///
    /// # Errors
    /// When it is too long for the format (about 6 hours).
    pub fn to_wav(&self) -> Result<Vec<u8>> {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut bytes = Cursor::new(Vec::with_capacity(self.frames.len() * 4 + 64));
        let mut writer = hound::WavWriter::new(&mut bytes, spec).context("starting a WAV")?;
        for &[left, right] in &self.frames {
            writer.write_sample(to_i16(left)).context("writing a WAV")?;
            writer.write_sample(to_i16(right)).context("writing a WAV")?;
        }
        writer.finalize().context("finishing a WAV")?;
        Ok(bytes.into_inner())
    }

    /// Decodes `source` (a path or an address) with an ffmpeg child, the first `limit_s` seconds of it at most.
    ///
    /// # Errors
    /// When ffmpeg cannot be run, cannot read the source, or finds no sound in it.
    pub async fn decode(ffmpeg: &Path, source: &OsStr, limit_s: u32) -> Result<Self> {
        let mut child = tokio::process::Command::new(ffmpeg)
            .args(["-nostdin", "-loglevel", "error", "-protocol_whitelist", "file,http,https,tcp,tls,crypto", "-i"])
            .arg(source)
            .args([
                "-map",
                "0:a:0",
                "-vn",
                "-t",
                &limit_s.to_string(),
                "-ac",
                "2",
                "-ar",
                "48000",
                "-f",
                "f32le",
                "pipe:1",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("running {} to decode the source; is ffmpeg installed?", ffmpeg.display()))?;
        let stdout = child.stdout.take().context("ffmpeg's output was not captured")?;
        let stderr = child.stderr.take().context("ffmpeg's messages were not captured")?;
        let most = (u64::from(limit_s) + 1) * u64::from(RATE) * 8;
        let (sound, complaint) = tokio::try_join!(read_up_to(stdout, most), read_up_to(stderr, MAX_COMPLAINT))?;
        let status = child.wait().await.context("waiting for ffmpeg")?;
        if !status.success() || sound.is_empty() {
            let said = String::from_utf8_lossy(&complaint);
            let last = said.lines().next_back().unwrap_or("it gave no reason");
            bail!("ffmpeg found no sound in {} ({status}): {last}", source.display());
        }
        Ok(Self { frames: sound.chunks_exact(8).map(frame_from_bytes).collect() })
    }
}

/// Reads at most `most` bytes and throws the rest away, so that the writer never blocks.
async fn read_up_to(mut from: impl AsyncRead + Unpin, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    (&mut from).take(most).read_to_end(&mut bytes).await.context("reading what ffmpeg writes")?;
    tokio::io::copy(&mut from, &mut tokio::io::sink()).await.context("draining what ffmpeg writes")?;
    Ok(bytes)
}

fn frame_from_bytes(bytes: &[u8]) -> [f32; 2] {
    let sample = |at: usize| f32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    [sample(0), sample(4)]
}

/// Rounds to 16 bits; what is louder than full scale is clipped.
fn to_i16(sample: f32) -> i16 {
    (sample * 32767.0).round().clamp(-32768.0, 32767.0) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wav_comes_back_as_it_was_written() {
        let audio = Audio::from_frames((0..4800).map(|n| [n as f32 / 4800.0, -0.5]).collect());
        let back = Audio::from_wav(&audio.to_wav().unwrap()).unwrap();
        assert_eq!(back.frames().len(), 4800);
        for (was, is) in audio.frames().iter().zip(back.frames()) {
            assert!((was[0] - is[0]).abs() < 1e-4 && (was[1] - is[1]).abs() < 1e-4);
        }
    }

    #[test]
    fn what_is_no_wav_is_refused_in_words() {
        let error = Audio::from_wav(b"<html>").unwrap_err();
        assert!(format!("{error:#}").contains("WAV header"), "{error:#}");
    }

    #[tokio::test]
    async fn ffmpeg_decodes_what_it_can_and_says_what_it_cannot() {
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("good.wav");
        let bad = folder.path().join("bad.mp3");
        let audio = Audio::from_frames((0..48_000).map(|n| [(n as f32 / 20.0).sin() * 0.5; 2]).collect());
        std::fs::write(&good, audio.to_wav().unwrap()).unwrap();
        std::fs::write(&bad, "no sound at all").unwrap();
        let ffmpeg = Path::new("ffmpeg");
        let decoded = Audio::decode(ffmpeg, good.as_os_str(), 10).await.unwrap();
        assert_eq!(decoded.frames().len(), 48_000);
        let error = Audio::decode(ffmpeg, bad.as_os_str(), 10).await.unwrap_err();
        assert!(error.to_string().contains("bad.mp3"), "{error:#}");
    }
}
