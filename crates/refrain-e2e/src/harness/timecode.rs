//! Timecode tracks: making them, and reading back what was heard of them.

use crate::media::Bytes;
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::{path::Path, process::Stdio};

/// A little earlier is as well: what is on its way when a connection ends may still be heard, or not.
const SLACK_MS: f64 = 500.0;

/// Makes an Ogg Opus file in frames of 20 ms, each of which tells where in which track it stands.
///
/// # Errors
/// When the simulator's binary does not run, or refuses.
pub async fn make_track(sim: &Path, path: &Path, id: u8, seconds: u32) -> Result<()> {
    let making = tokio::process::Command::new(sim)
        .args(["timecode", "--id", &id.to_string(), "--seconds", &seconds.to_string(), "--out"])
        .arg(path)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = making.await.context("running the simulator to make a track")?;
    if !output.status.success() {
        bail!("the simulator could not make {}: {}", path.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// The bytes of such a file.
///
/// # Errors
/// See [`make_track`].
pub async fn track_bytes(sim: &Path, id: u8, seconds: u32) -> Result<Bytes> {
    let folder = tempfile::tempdir().context("making a folder for a track")?;
    let path = folder.path().join("track.ogg");
    make_track(sim, &path, id, seconds).await?;
    Ok(std::fs::read(&path).context("reading a track")?.into())
}

/// Where in which track the bot was, stretch by stretch.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Timecode {
    /// The stretches without a break, in the order they were heard in.
    pub segments: Vec<Segment>,
}

/// A stretch without a break. Times are milliseconds on the simulator's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Segment {
    /// The track's id.
    pub track: u8,
    /// When it begins.
    pub start_ms: f64,
    /// How long it is.
    pub length_ms: f64,
    /// The position in the track that it begins with.
    pub from_ms: f64,
    /// The position that it ends with.
    pub to_ms: f64,
}

impl Segment {
    /// When it ends.
    #[must_use]
    pub fn end_ms(&self) -> f64 {
        self.start_ms + self.length_ms
    }
}

/// How the position changed, in milliseconds of the track.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Jumps {
    /// Left out, all taken together.
    pub skipped_ms: f64,
    /// Heard twice, all taken together.
    pub repeated_ms: f64,
}

impl Jumps {
    /// The larger of the two.
    #[must_use]
    pub const fn error_ms(self) -> f64 {
        self.skipped_ms.max(self.repeated_ms)
    }

    fn and(self, step: f64) -> Self {
        Self { skipped_ms: self.skipped_ms + step.max(0.0), repeated_ms: self.repeated_ms + (-step).max(0.0) }
    }
}

impl Timecode {
    /// What was left out and what was heard twice since `since_ms`; `None` where nothing could be read after it.
    #[must_use]
    pub fn jumps_since(&self, since_ms: f64) -> Option<Jumps> {
        let concerned: Vec<&Segment> = self.segments.iter().filter(|one| one.end_ms() > since_ms - SLACK_MS).collect();
        let last = concerned.last()?;
        if last.end_ms() < since_ms {
            return None;
        }
        Some(jumps(&concerned))
    }

    /// The same of one track, from its beginning on: what is missing there counts as left out.
    #[must_use]
    pub fn jumps_in(&self, track: u8) -> Option<Jumps> {
        let own: Vec<&Segment> = self.segments.iter().filter(|one| one.track == track).collect();
        let begun_ms = own.first()?.from_ms;
        Some(jumps(&own).and(begun_ms))
    }

    /// The position that was heard first.
    #[must_use]
    pub fn begins_at(&self) -> Option<f64> {
        self.segments.first().map(|one| one.from_ms)
    }

    /// The tracks in the order they were heard in; one that goes on after a break counts once.
    #[must_use]
    pub fn order(&self) -> Vec<u8> {
        let mut order: Vec<u8> = self.segments.iter().map(|one| one.track).collect();
        order.dedup();
        order
    }

    /// How much was heard of a track since `since_ms`.
    #[must_use]
    pub fn heard_ms(&self, track: u8, since_ms: f64) -> f64 {
        let own = self.segments.iter().filter(|one| one.track == track && one.end_ms() > since_ms);
        own.map(|one| one.end_ms() - one.start_ms.max(since_ms)).sum()
    }

    /// The last stretch of a track.
    #[must_use]
    pub fn last_of(&self, track: u8) -> Option<Segment> {
        self.segments.iter().rfind(|one| one.track == track).copied()
    }
}

fn jumps(segments: &[&Segment]) -> Jumps {
    let steps = segments.iter().zip(segments.iter().skip(1)).map(|(before, after)| after.from_ms - before.to_ms);
    steps.fold(Jumps::default(), Jumps::and)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stretches of (start, length, position that it begins with).
    fn read(stretches: &[(f64, f64, f64)]) -> Timecode {
        let segment = |&(start_ms, length_ms, from_ms): &(f64, f64, f64)| Segment {
            track: 1,
            start_ms,
            length_ms,
            from_ms,
            to_ms: from_ms + length_ms,
        };
        Timecode { segments: stretches.iter().map(segment).collect() }
    }

    #[test]
    fn what_is_left_out_and_what_is_heard_twice_is_counted_from_the_fault_on() {
        let whole = read(&[(0.0, 9_000.0, 0.0)]);
        assert_eq!(whole.jumps_since(4_000.0), Some(Jumps::default()));
        let gap = read(&[(0.0, 4_000.0, 0.0), (5_500.0, 3_000.0, 5_500.0), (8_600.0, 900.0, 8_100.0)]);
        assert_eq!(gap.jumps_since(4_000.0), Some(Jumps { skipped_ms: 1_500.0, repeated_ms: 400.0 }));
        assert_eq!(gap.jumps_since(8_600.0), Some(Jumps { skipped_ms: 0.0, repeated_ms: 400.0 }));
        assert_eq!(read(&[(0.0, 1_000.0, 0.0)]).jumps_since(4_000.0), None);
    }

    #[test]
    fn of_one_track_what_is_missing_at_its_beginning_counts_too() {
        let mut heard = read(&[(0.0, 1_000.0, 300.0), (1_000.0, 2_000.0, 0.0), (5_000.0, 1_000.0, 1_500.0)]);
        heard.segments[1].track = 2;
        assert_eq!(heard.order(), [1, 2, 1]);
        assert_eq!(heard.jumps_in(1), Some(Jumps { skipped_ms: 500.0, repeated_ms: 0.0 }));
        assert_eq!(heard.jumps_in(2), Some(Jumps::default()));
        assert_eq!(heard.jumps_in(3), None);
        assert_eq!(heard.heard_ms(1, 5_500.0), 500.0);
    }
}
