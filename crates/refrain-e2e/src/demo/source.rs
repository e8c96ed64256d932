//! What is played: the demo's own tune, a file, or an address; and its sound, to compare the recording with.

use super::options::Options;
use crate::{
    measure::Audio,
    media::Sound,
    track::{Tune, compose},
};
use anyhow::{Context as _, Result, bail};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

/// How much of a source is compared, in seconds: more than the demo ever plays.
const COMPARED_S: u32 = 180;
/// How long fetching an address for the comparison may take.
const FETCH_LIMIT: Duration = Duration::from_secs(120);
/// The format asked for: what the bot asks for too.
const FORMAT: &str = "ba[audio_channels<=?2]/b[acodec!=?none]/ba";

/// Something to play.
#[derive(Debug)]
pub(super) struct Source {
    /// What people call it.
    pub(super) title: String,
    /// Its sound.
    pub(super) audio: Audio,
    /// What the media server has to serve, by name.
    pub(super) sounds: Vec<(String, Sound)>,
    /// What to hand to `/play`.
    pub(super) query: Query,
}

/// What is handed to `/play`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Query {
    /// A page or file of the media server, by its path.
    OnStage(String),
    /// An address elsewhere.
    Elsewhere(String),
}

impl Source {
    /// Prepares what `options` ask for.
    ///
    /// # Errors
    /// When a file or an address gives no sound.
    pub(super) async fn prepare(options: &Options) -> Result<Self> {
        match (&options.url, &options.file) {
            (Some(url), _) => Self::from_url(options, url).await,
            (None, Some(file)) => Self::from_file(options, file).await,
            (None, None) => Self::own_tune(),
        }
    }

    fn own_tune() -> Result<Self> {
        let audio = compose(Tune::default());
        let wav = Sound::Bytes(audio.to_wav()?.into());
        Ok(Self {
            title: "First Light".to_owned(),
            audio,
            sounds: vec![("tune.wav".to_owned(), wav)],
            query: Query::OnStage("watch/tune".to_owned()),
        })
    }

    async fn from_file(options: &Options, file: &Path) -> Result<Self> {
        let audio = Audio::decode(&options.ffmpeg, file.as_os_str(), COMPARED_S).await?;
        let name = served_name(file);
        Ok(Self {
            title: name.clone(),
            audio,
            sounds: vec![(name.clone(), Sound::File(file.to_owned()))],
            query: Query::OnStage(name),
        })
    }

    async fn from_url(options: &Options, url: &str) -> Result<Self> {
        let folder = tempfile::tempdir().context("making a folder for the source")?;
        let fetched = fetch(&options.yt_dlp, url, folder.path()).await?;
        let audio = Audio::decode(&options.ffmpeg, fetched.as_os_str(), COMPARED_S).await?;
        Ok(Self { title: url.to_owned(), audio, sounds: Vec::new(), query: Query::Elsewhere(url.to_owned()) })
    }
}

/// A file's name as an address may hold it: letters, digits, dots and dashes.
fn served_name(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let safe =
        |character: char| if character.is_ascii_alphanumeric() || ".-_".contains(character) { character } else { '-' };
    let name: String = name.chars().map(safe).collect();
    format!("file-{}", name.trim_start_matches(['.', '-']))
}

/// Downloads what is at `url` with yt-dlp.
async fn fetch(yt_dlp: &Path, url: &str, folder: &Path) -> Result<PathBuf> {
    let program = std::path::absolute(yt_dlp).context("the path of yt-dlp")?;
    let target = folder.join("source");
    let run = tokio::process::Command::new(program)
        .args([
            "--ignore-config",
            "--no-plugin-dirs",
            "--no-playlist",
            "--no-progress",
            "--no-part",
            "--socket-timeout",
            "10",
        ])
        .args(["--color", "never", "-f", FORMAT, "-o"])
        .arg(&target)
        .args(["--", url])
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(FETCH_LIMIT, run).await;
    let output = output
        .with_context(|| format!("{url} was not fetched within {} s; is it a live stream?", FETCH_LIMIT.as_secs()))?
        .context("running yt-dlp to fetch the source")?;
    if !output.status.success() || !target.is_file() {
        let said = String::from_utf8_lossy(&output.stderr);
        let error = said.lines().rfind(|line| line.starts_with("ERROR:")).unwrap_or("yt-dlp gave no reason");
        bail!("the source could not be fetched from {url}: {error}");
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_served_under_a_name_that_an_address_may_hold() {
        assert_eq!(served_name(Path::new("/music/Für Elise (1).mp3")), "file-F-r-Elise--1-.mp3");
        assert_eq!(served_name(Path::new("/music/.hidden.ogg")), "file-hidden.ogg");
        assert_eq!(served_name(Path::new("/")), "file-");
    }
}
