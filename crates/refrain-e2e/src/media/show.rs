//! A live show: an HLS playlist that advances in real time.

use anyhow::{Context as _, Result, bail, ensure};
use axum::body::Bytes;
use std::{ffi::OsStr, fmt::Write as _, path::Path, process::Stdio, sync::Arc, time::Duration};

/// Segments in the playlist.
const WINDOW: usize = 4;
/// The length of a segment that is asked of ffmpeg.
const SEGMENT_S: &str = "2";

/// What is shown. It begins when the server starts; three segments are there by then.
#[derive(Clone, Debug)]
pub struct LiveShow {
    segments: Arc<Vec<Segment>>,
}

#[derive(Debug)]
struct Segment {
    bytes: Bytes,
    length: Duration,
    /// When it is over, counted from the beginning of the show.
    until: Duration,
}

impl LiveShow {
    /// Cuts a sound into segments of two seconds, MPEG-TS with AAC, by running `ffmpeg`.
    ///
    /// # Errors
    /// When ffmpeg does not run or cannot read the sound.
    pub async fn from_sound(ffmpeg: &Path, sound: &Path) -> Result<Self> {
        let folder = tempfile::tempdir().context("making a folder for segments")?;
        let sound = std::path::absolute(sound).context("the path of the sound")?;
        let mut command = tokio::process::Command::new(ffmpeg);
        command.args(["-nostdin", "-loglevel", "error", "-i"]).arg(sound).args(["-vn", "-c:a", "aac", "-b:a", "192k"]);
        command.args(["-f", "hls", "-hls_time", SEGMENT_S, "-hls_list_size", "0"]);
        command.args(["-hls_segment_filename", "%d.ts", "list.m3u8"]).current_dir(folder.path());
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
        let output = output.with_context(|| format!("running {} to cut a show", ffmpeg.display()))?;
        if !output.status.success() {
            bail!("ffmpeg could not cut a show: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let list = std::fs::read_to_string(folder.path().join("list.m3u8")).context("reading ffmpeg's playlist")?;
        let read = |name: &str| std::fs::read(folder.path().join(name)).with_context(|| format!("reading {name}"));
        Self::from_playlist(&list, read)
    }

    fn from_playlist(list: &str, read: impl Fn(&str) -> Result<Vec<u8>>) -> Result<Self> {
        let mut segments = Vec::new();
        let (mut length, mut until) = (Duration::ZERO, Duration::ZERO);
        for line in list.lines() {
            if let Some(told) = line.strip_prefix("#EXTINF:") {
                let seconds = told.trim_end_matches(',').parse::<f64>().context("reading a segment's length")?;
                length = Duration::try_from_secs_f64(seconds).context("reading a segment's length")?;
            } else if !line.starts_with('#') && !line.is_empty() {
                until += length;
                segments.push(Segment { bytes: read(line)?.into(), length, until });
            }
        }
        ensure!(segments.len() >= WINDOW, "the sound is too short for a show");
        Ok(Self { segments: Arc::new(segments) })
    }

    /// The playlist of a show called `name` (`show.m3u8`) at `now`.
    pub(super) fn playlist(&self, name: &str, now: Duration, over: bool) -> String {
        let finished = self.segments.partition_point(|segment| segment.until <= now) + WINDOW - 1;
        let end = finished.min(self.segments.len());
        let first = end.saturating_sub(WINDOW);
        let longest = self.segments.iter().map(|segment| segment.length.as_secs_f64().ceil() as u64).max();
        let mut text = format!(
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:{first}\n",
            longest.unwrap_or(2)
        );
        let stem = Path::new(name).file_stem().and_then(OsStr::to_str).unwrap_or(name);
        for (number, segment) in self.segments.iter().enumerate().take(end).skip(first) {
            // Writing to a string cannot fail.
            let _never = write!(text, "#EXTINF:{:.6},\n{stem}-{number}.ts\n", segment.length.as_secs_f64());
        }
        if over {
            text.push_str("#EXT-X-ENDLIST\n");
        }
        text
    }

    /// The segment of that name (`show-12.ts`) of the show called `name` (`show.m3u8`).
    pub(super) fn segment(&self, name: &str, wanted: &str) -> Option<Bytes> {
        let stem = Path::new(name).file_stem()?.to_str()?;
        let number = wanted.strip_prefix(stem)?.strip_prefix('-')?.strip_suffix(".ts")?;
        self.segments.get(number.parse::<usize>().ok()?).map(|segment| segment.bytes.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(segments: usize) -> LiveShow {
        let list: String = (0..segments).map(|number| format!("#EXTINF:2.000000,\n{number}.ts\n")).collect();
        LiveShow::from_playlist(&format!("#EXTM3U\n{list}#EXT-X-ENDLIST\n"), |name| Ok(name.into())).unwrap()
    }

    fn names(playlist: &str) -> Vec<&str> {
        playlist.lines().filter(|line| !line.starts_with('#')).collect()
    }

    #[test]
    fn the_playlist_advances_with_the_time_and_ends_only_when_it_is_told_to() {
        let show = show(30);
        let begun = show.playlist("show.m3u8", Duration::from_secs(1), false);
        assert_eq!(names(&begun), ["show-0.ts", "show-1.ts", "show-2.ts"]);
        let later = show.playlist("show.m3u8", Duration::from_secs(21), false);
        assert_eq!(names(&later), ["show-9.ts", "show-10.ts", "show-11.ts", "show-12.ts"]);
        assert!(later.contains("#EXT-X-MEDIA-SEQUENCE:9\n") && !later.contains("ENDLIST"));
        assert!(show.playlist("show.m3u8", Duration::from_secs(21), true).ends_with("#EXT-X-ENDLIST\n"));
    }

    #[test]
    fn segments_are_found_by_their_names_and_nothing_else_is() {
        let show = show(12);
        assert_eq!(show.segment("show.m3u8", "show-11.ts").as_deref(), Some(&b"11.ts"[..]));
        for wrong in ["show-12.ts", "show.ts", "other-1.ts", "show-1.mp3", "show--1.ts"] {
            assert_eq!(show.segment("show.m3u8", wrong), None, "{wrong}");
        }
    }
}
