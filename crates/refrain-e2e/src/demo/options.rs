//! What `refrain-demo` can be told.

use clap::Parser;
use std::path::PathBuf;

/// Plays music through the real bot on a simulated Discord, breaks its voice connection, and measures what was heard.
#[derive(Clone, Debug, Parser)]
#[command(name = "refrain-demo", version)]
pub struct Options {
    /// The bot's binary, `refrain`.
    #[arg(long)]
    pub bot: PathBuf,
    /// The simulator's binary, `refrain-sim`.
    #[arg(long)]
    pub sim: PathBuf,
    /// yt-dlp, in its virtual environment.
    #[arg(long)]
    pub yt_dlp: PathBuf,
    /// Where report.json, report.html, recording.wav and the logs go.
    #[arg(long)]
    pub out: PathBuf,
    /// Play this address instead of the demo's own tune.
    #[arg(long, conflicts_with = "file")]
    pub url: Option<String>,
    /// Play this file instead of the demo's own tune.
    #[arg(long)]
    pub file: Option<PathBuf>,
    /// Plain lines only, no live view.
    #[arg(long)]
    pub headless: bool,
    /// Write the JSON report here instead of OUT/report.json.
    #[arg(long)]
    pub report: Option<PathBuf>,
    /// The voice close code to be thrown out with.
    #[arg(long, default_value_t = 4006)]
    pub code: u16,
    /// How long each frame of the voice server's socket takes to the bot, in milliseconds; on this machine it would be none.
    #[arg(long, default_value_t = 40)]
    pub latency_ms: u64,
    /// The ffmpeg that decodes the source for the comparison.
    #[arg(long, default_value = "ffmpeg")]
    pub ffmpeg: PathBuf,
}

impl Options {
    /// Where the JSON report goes.
    #[must_use]
    pub fn report_path(&self) -> PathBuf {
        self.report.clone().unwrap_or_else(|| self.out.join("report.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: [&str; 9] = ["refrain-demo", "--bot", "b", "--sim", "s", "--yt-dlp", "y", "--out", "o"];

    #[test]
    fn the_report_lies_in_the_folder_unless_it_is_moved() {
        let options = Options::try_parse_from(NEEDED).unwrap();
        assert_eq!((options.report_path(), options.code), (PathBuf::from("o/report.json"), 4006));
        let moved = Options::try_parse_from(NEEDED.iter().copied().chain(["--report", "r.json"])).unwrap();
        assert_eq!(moved.report_path(), PathBuf::from("r.json"));
    }

    #[test]
    fn an_address_and_a_file_at_once_are_refused() {
        let both = NEEDED.iter().copied().chain(["--url", "http://a/", "--file", "f"]);
        assert!(Options::try_parse_from(both).is_err());
    }
}
