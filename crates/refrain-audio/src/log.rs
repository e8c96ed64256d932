//! What ffmpeg says on stderr: drained, bounded, made fit to be shown, and read for the reason of a failure.
//!
//! ffmpeg leaves with 0 when the input breaks off in the middle, so its exit code alone tells nothing.

use crate::{
    AudioErrorKind,
    facts::{InputFacts, Told},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncReadExt};

const LINES_KEPT: usize = 8;
const LONGEST_SHOWN: usize = 300;
/// Long enough for any address that ffmpeg accepts and what it says about it.
const LONGEST_LINE: usize = 8 * 1024;
/// The size that ffmpeg names for a body whose length the server did not tell.
const UNKNOWN_SIZE: &str = "should be 18446744073709551615";

/// The running account of one child's stderr.
pub(crate) struct Log {
    url: String,
    secrets: Vec<String>,
    tail: VecDeque<String>,
    /// The kind that the last refused request means.
    refused: Option<AudioErrorKind>,
    /// Why ffmpeg gave the input up, if it did.
    input: Option<AudioErrorKind>,
    /// The last line that had a known reason in it.
    hint: Option<AudioErrorKind>,
    /// The last body that ended was of unknown length: its end looks like a cut to ffmpeg.
    open_ended: bool,
    facts: InputFacts,
    retry_after: Option<Duration>,
}

impl Log {
    /// `url` is the input as given to ffmpeg; `secrets` are never shown.
    pub(crate) fn new(url: String, mut secrets: Vec<String>) -> Self {
        // The longest first, so that none is cut in two by a shorter one. Very short ones would garble every line.
        secrets.retain(|secret| secret.len() >= 4);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let tail = VecDeque::with_capacity(LINES_KEPT);
        Self {
            url,
            secrets,
            tail,
            refused: None,
            input: None,
            hint: None,
            open_ended: false,
            facts: InputFacts::default(),
            retry_after: None,
        }
    }

    /// Takes a line in; whether it told something new of the input.
    pub(crate) fn line(&mut self, line: &str) -> bool {
        let before = self.facts;
        // What ffmpeg shows for information holds the file's own words: they must not pass for ffmpeg's.
        if let Some(told) = line.strip_prefix("[info] ") {
            self.inform(told);
        } else if !line.contains("] [info] ") {
            self.complain(line.trim());
        }
        self.facts != before
    }

    fn inform(&mut self, told: &str) {
        if let Some(format) = told.strip_prefix("Input #0, ") {
            self.facts.opened = true;
            self.facts.playlist = ["hls,", "dash,"].iter().any(|name| format.starts_with(name));
        } else if let Some(times) = told.strip_prefix("  Duration: ") {
            // The file's own words are further to the right.
            self.facts.duration = duration(times).map_or(Told::Unknown, Told::Known);
        } else if told.starts_with("    icy-") {
            self.facts.icy = true;
        }
    }

    fn complain(&mut self, line: &str) {
        if line.is_empty() {
            return;
        }
        self.note(line);
        if self.tail.len() == LINES_KEPT {
            self.tail.pop_front();
        }
        let shown = self.redacted(line);
        self.tail.push_back(shown);
    }

    /// What ffmpeg has told of the input.
    pub(crate) fn facts(&self) -> InputFacts {
        self.facts
    }

    /// How long the server asks to be left alone, where ffmpeg shows it.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The last body that ended was of unknown length, and the connection ended with it. That is its end, or a cut where
    /// the body came in chunks.
    pub(crate) fn is_open_ended(&self) -> bool {
        self.open_ended
    }

    /// The last lines, redacted, on one line.
    pub(crate) fn tail(&self) -> String {
        Vec::from_iter(self.tail.iter().map(String::as_str)).join(" | ")
    }

    /// Why the input was given up before its end, as far as ffmpeg told; `None` when it was read to its end.
    ///
    /// `was_read`: it was understood, and some of it was read. Its end may then be the end of a body of unknown length.
    pub(crate) fn input_failure(&self, was_read: bool) -> Option<AudioErrorKind> {
        let input = self.input?;
        if was_read && self.open_ended && input == AudioErrorKind::Network && self.refused.is_none() {
            return None;
        }
        Some(self.refused.unwrap_or(input))
    }

    /// The best guess at why ffmpeg left with an error.
    pub(crate) fn guess(&self) -> Option<AudioErrorKind> {
        self.refused.or(self.input).or(self.hint)
    }

    fn note(&mut self, line: &str) {
        if line.contains("could not seek to position") {
            // It goes on: this gives nothing up.
            self.facts.seek_failed = true;
            return;
        }
        let reason = reason(line);
        if let Some(status) = status(line) {
            self.refused = Some(of_status(status));
        }
        if let Some(seconds) = retry_after(line) {
            self.retry_after = Some(seconds);
        }
        if line.contains("Stream ends prematurely") {
            self.open_ended = line.contains(UNKNOWN_SIZE);
        }
        if self.is_about_the_input(line) {
            self.input = Some(reason.unwrap_or(AudioErrorKind::Broken));
        }
        self.hint = reason.or(self.hint);
    }

    /// The line by which ffmpeg gives an input up: 5 and 6 name the address, later ones say it in words.
    fn is_about_the_input(&self, line: &str) -> bool {
        let text = line.rsplit_once("] ").map_or(line, |(_, text)| text);
        line.contains(&format!("{}: ", self.url))
            || text.starts_with("Error opening input")
            || text.starts_with("Error during demuxing")
    }

    fn redacted(&self, line: &str) -> String {
        let known = self.secrets.iter().fold(line.to_owned(), |line, secret| line.replace(secret.as_str(), "…"));
        let clean = without_queries(&known);
        clean.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_SHOWN).collect()
    }
}

/// A child's log, shared with whatever has to explain a failure.
#[derive(Clone)]
pub(crate) struct SharedLog(Arc<Mutex<Log>>);

impl SharedLog {
    pub(crate) fn new(log: Log) -> Self {
        Self(Arc::new(Mutex::new(log)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads `stderr` to its end, whatever comes: a child that cannot write would stop.
pub(crate) async fn drain(stderr: impl AsyncRead + Unpin, mut take: impl FnMut(&str)) {
    drain_until(stderr, |line| {
        take(line);
        false
    })
    .await;
}

/// Reads `stderr` until `take` has enough, or to its end.
pub(crate) async fn drain_until(mut stderr: impl AsyncRead + Unpin, mut take: impl FnMut(&str) -> bool) {
    let mut chunk = vec![0; 2048];
    let mut line = Vec::new();
    // An error here means that the pipe is gone; nothing is lost but words.
    while let Ok(read @ 1..) = stderr.read(&mut chunk).await {
        for &byte in &chunk[..read] {
            if matches!(byte, b'\n' | b'\r') {
                if take(&String::from_utf8_lossy(&line)) {
                    return;
                }
                line.clear();
            } else if line.len() < LONGEST_LINE {
                line.push(byte);
            }
        }
    }
    take(&String::from_utf8_lossy(&line));
}

/// The duration in `00:01:00.03, start: …`; `None` for `N/A`.
fn duration(times: &str) -> Option<Duration> {
    let mut parts = times.split(',').next()?.trim().splitn(3, ':');
    let (hours, minutes): (u64, u64) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let seconds = Duration::try_from_secs_f64(parts.next()?.parse().ok()?).ok()?;
    let whole = hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?;
    Duration::from_secs(whole).checked_add(seconds)
}

/// The seconds of a `Retry-After` header in the line, where a version of ffmpeg shows it.
fn retry_after(line: &str) -> Option<Duration> {
    let lower = line.to_ascii_lowercase();
    let (_, rest) = lower.split_once("retry-after")?;
    let digits = rest.trim_start_matches([':', ' ', '=', '\'']);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok().map(Duration::from_secs)
}

/// The HTTP status in a line like `[http @ 0x…] [warning] HTTP error 410 Gone`.
fn status(line: &str) -> Option<u16> {
    line.split_once("HTTP error ")?.1.split(' ').next()?.parse().ok()
}

fn of_status(status: u16) -> AudioErrorKind {
    match status {
        401 | 403 => AudioErrorKind::Forbidden,
        404 | 410 => AudioErrorKind::Gone,
        408 | 504 => AudioErrorKind::TimedOut,
        429 => AudioErrorKind::RateLimited,
        _ => AudioErrorKind::Network,
    }
}

/// The reason that a line names, in ffmpeg's words and the C library's.
fn reason(line: &str) -> Option<AudioErrorKind> {
    const WORDS: [(AudioErrorKind, &[&str]); 7] = [
        (
            AudioErrorKind::OutOfResources,
            &["Cannot allocate memory", "Too many open files", "No space left on device", "temporarily unavailable"],
        ),
        (AudioErrorKind::RateLimited, &["429 Too Many Requests"]),
        (AudioErrorKind::Forbidden, &["401 Unauthorized", "403 Forbidden"]),
        (AudioErrorKind::Gone, &["404 Not Found"]),
        (AudioErrorKind::TimedOut, &["timed out"]),
        (
            AudioErrorKind::NotAudio,
            &["matches no streams", "Invalid data found", "not on whitelist", "Protocol not found", "no decoder found"],
        ),
        (
            AudioErrorKind::Network,
            &[
                "4XX Client Error",
                "5XX Server Error",
                "Connection refused",
                "Connection reset",
                "Failed to resolve",
                "unreachable",
                "No route to host",
                "Broken pipe",
                "End of file",
                "I/O error",
                "Input/output error",
            ],
        ),
    ];
    WORDS.iter().find(|(_, words)| words.iter().any(|word| line.contains(word))).map(|(kind, _)| *kind)
}

/// Strips the query and the credentials of every address in the line, also of those that a redirect brought up.
fn without_queries(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let ends = after.find(|c: char| c.is_whitespace() || "'\"<>".contains(c)).unwrap_or(after.len());
        let (address, tail) = after.split_at(ends);
        let bare = address.split(['?', '#']).next().unwrap_or_default();
        let host = bare.split('/').next().unwrap_or_default();
        let credentials = host.rfind('@').map_or(0, |at| at + 1);
        out.push_str(&bare[credentials..]);
        if bare.len() < address.len() {
            out.push_str("?…");
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://h:1/a.wav?sig=s3cret";

    fn log(lines: &[&str]) -> Log {
        let mut log = Log::new(URL.into(), vec!["sig=s3cret".into(), "k=cookie-value".into()]);
        lines.iter().for_each(|line| {
            log.line(line);
        });
        log
    }

    fn gave_up(why: &str) -> String {
        format!("[error] {URL}: {why}")
    }

    #[test]
    fn tells_the_statuses_apart() {
        for (status, kind) in [
            ("403 Forbidden", AudioErrorKind::Forbidden),
            ("404 Not Found", AudioErrorKind::Gone),
            ("410 Gone", AudioErrorKind::Gone),
            ("429 Too Many", AudioErrorKind::RateLimited),
            ("503 Oh", AudioErrorKind::Network),
        ] {
            let log = log(&[
                &format!("[http @ 0x1] [warning] HTTP error {status}"),
                &gave_up("Server returned 4XX Client Error, but not one of 40{0,1,3,4}"),
            ]);
            assert_eq!(log.input_failure(false), Some(kind), "{status}");
        }
    }

    #[test]
    fn a_cut_that_was_mended_is_no_failure_and_one_that_was_not_is() {
        let cut = "[http @ 0x1] [error] Stream ends prematurely at 10, should be 20";
        assert_eq!(log(&[cut]).input_failure(true), None);
        let given_up = gave_up("Input/output error");
        assert_eq!(log(&[cut, &given_up]).input_failure(true), Some(AudioErrorKind::Network));
    }

    #[test]
    fn the_end_of_a_body_of_unknown_length_is_an_end() {
        let end = "[http @ 0x1] [error] Stream ends prematurely at 10, should be 18446744073709551615";
        let given_up = gave_up("Input/output error");
        assert_eq!(log(&[end, &given_up]).input_failure(true), None);
        assert_eq!(log(&[end, &given_up]).input_failure(false), Some(AudioErrorKind::Network));
    }

    #[test]
    fn later_versions_words_are_understood() {
        let log = log(&["[in#0/wav @ 0x1] [error] Error during demuxing: Connection timed out"]);
        assert_eq!(log.input_failure(true), Some(AudioErrorKind::TimedOut));
    }

    #[test]
    fn shows_no_query_no_header_value_and_no_credentials() {
        let log = log(&[
            &gave_up("Connection refused"),
            "[http @ 0x1] [warning] sent k=cookie-value to https://u:pw@other/x?token=t#f no\u{7}w",
        ]);
        assert_eq!(
            log.tail(),
            "[error] http://h:1/a.wav?… Connection refused | [http @ 0x1] [warning] sent … to https://other/x?… no w"
        );
    }

    #[test]
    fn keeps_a_bounded_tail_whatever_comes() {
        let mut log = log(&[]);
        (0..1000).for_each(|n| {
            log.line(&format!("{n} {}", "é".repeat(5000)));
        });
        assert!(log.tail().chars().count() <= LINES_KEPT * (LONGEST_SHOWN + 3));
        assert!(log.tail().starts_with("992 "));
    }

    #[test]
    fn learns_what_the_input_is_and_not_from_the_words_in_the_file() {
        let log = log(&[
            "[info] Input #0, mp3, from 'http://h:1/a.wav?sig=s3cret':",
            "[info]   Metadata:",
            "[info]     icy-name        : Radio",
            "[info]     title           : HTTP error 404 Not Found",
            "[info]     Duration        : 00:00:01.00",
            "[info]   Duration: N/A, start: 0.025057, bitrate: 64 kb/s",
        ]);
        let facts = InputFacts { opened: true, duration: Told::Unknown, icy: true, ..InputFacts::default() };
        assert_eq!((log.facts(), log.guess(), log.tail()), (facts, None, String::new()));
    }

    #[test]
    fn reads_the_duration_and_that_a_position_was_not_reached() {
        let mut log = log(&["[info] Input #0, hls, from 'x':"]);
        assert!(log.line("[info]   Duration: 01:01:00.50, start: 0.000000, bitrate: 64 kb/s"));
        assert!(!log.line("[info]   Duration: 01:01:00.50, start: 0.000000, bitrate: 64 kb/s"), "nothing new");
        assert_eq!(log.facts().duration, Told::Known(Duration::from_millis(3_660_500)));
        assert!(log.facts().playlist && !log.facts().seek_failed);
        assert!(log.line("[warning] http://h:1/a: could not seek to position 30.000"));
        assert!(log.facts().seek_failed);
    }

    #[test]
    fn reads_a_retry_after_where_it_is_shown() {
        assert_eq!(retry_after("[http @ 0x1] [warning] Retry-After: 7"), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("[http @ 0x1] [warning] HTTP error 429 Too Many"), None);
    }
}
