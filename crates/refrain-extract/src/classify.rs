//! yt-dlp's error lines, read: it has no error codes, so its words are all there is.

use crate::{ErrorKind, text::operator_line};

/// Which words mean which class; the first row that fits counts. In lower case. Order matters: yt-dlp appends its hint
/// about `--cookies` to errors of other classes, and asks for a bug report behind errors of any class.
const TABLE: &[(ErrorKind, &[&str])] = &[
    // What the system told yt-dlp of this machine: no space, quota, descriptors, memory, threads. The numbers in this form
    // are Python's own; no site's text has them.
    (
        ErrorKind::OutOfResources,
        &["[errno 28]", "[errno 122]", "[errno 24]", "[errno 23]", "[errno 12]", "can't start new thread"],
    ),
    (
        ErrorKind::BotCheck,
        &[
            "confirm you're not a bot",
            "confirm you\u{2019}re not a bot",
            "requiring a captcha challenge",
            "all player responses are invalid",
        ],
    ),
    (ErrorKind::AgeRestricted, &["sign in to confirm your age", "age-restricted"]),
    (ErrorKind::Private, &["private video"]),
    (ErrorKind::MembersOnly, &["join this channel", "members on level", "music premium members"]),
    (ErrorKind::LoginRequired, &["only available for registered users", "use --cookies", "http error 401"]),
    (
        ErrorKind::RegionBlocked,
        &[
            "not made this video available in your country",
            "geo restriction",
            "blocked it in your country",
            "unavailable in your country",
            "http error 451",
        ],
    ),
    // Before "gone": a rate limit is also told as a video that is unavailable.
    (
        ErrorKind::RateLimited,
        &["http error 429", "has been rate-limited", "try again later", "exceeded the rate limit"],
    ),
    (
        ErrorKind::Gone,
        &["video unavailable", "has been removed", "http error 404", "http error 410", "the playlist does not exist"],
    ),
    (
        ErrorKind::NotLive,
        &[
            "premieres in",
            "live event will begin",
            "not currently live",
            "live event has ended",
            "live stream recording is not available",
        ],
    ),
    (ErrorKind::NoAudio, &["drm protected", "requested format is not available", "no video formats found"]),
    (ErrorKind::Forbidden, &["http error 403"]),
    (
        ErrorKind::Network,
        &[
            "read timed out",
            "connection refused",
            "failed to resolve",
            "unable to connect to proxy",
            "http error 5",
            "connection reset",
            "connection aborted",
            "remote end closed connection",
            "connection broken",
            "bytes read, ",
            "network is unreachable",
            "no route to host",
            "certificate_verify_failed",
            "unexpected_eof_while_reading",
            "http error 408",
            "timed out",
        ],
    ),
    (
        ErrorKind::BadInput,
        &[
            "unsupported url",
            "is not a valid url",
            "unsupported url scheme",
            "no suitable extractor",
            "file:// urls are disabled",
        ],
    ),
    (ErrorKind::ExtractorBroken, &["please report this issue on"]),
];

/// What yt-dlp's standard error says about a failure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) kind: ErrorKind,
    /// The line, safe to log.
    pub(crate) line: String,
}

/// Finds the first `ERROR:` line that fits a class, or else the first one at all. Warnings are no errors.
pub(crate) fn classify(stderr: &str) -> Option<Verdict> {
    let mut unknown = None;
    for line in stderr.lines().filter(|line| line.starts_with("ERROR:")) {
        let lower = line.to_lowercase();
        let found = TABLE.iter().find(|(_, words)| words.iter().any(|words| lower.contains(words)));
        match found {
            Some((kind, _)) => return Some(Verdict { kind: *kind, line: operator_line(line) }),
            None => unknown = unknown.or(Some(line)),
        }
    }
    if unknown.is_none() {
        return last_words(stderr);
    }
    unknown.map(|line| Verdict { kind: ErrorKind::Unknown, line: operator_line(line) })
}

/// Python's exceptions, in lower case, that end a yt-dlp whose own files are missing or cannot be read.
const INCOMPLETE: [&str; 4] = ["modulenotfounderror", "importerror", "filenotfounderror", "permissionerror"];

/// Python's own last line, when yt-dlp ended before it could say `ERROR:`. Only what tells of this machine counts.
fn last_words(stderr: &str) -> Option<Verdict> {
    let last = stderr.lines().rfind(|line| !line.trim().is_empty())?;
    let lower = last.to_lowercase();
    let (kind, words) = TABLE.first()?;
    let exhausted = lower.starts_with("memoryerror") || words.iter().any(|words| lower.contains(words));
    let broken = INCOMPLETE.iter().any(|name| lower.starts_with(name));
    let kind = match (exhausted, broken) {
        (true, _) => *kind,
        (false, true) => ErrorKind::Spawn,
        (false, false) => return None,
    };
    Some(Verdict { kind, line: operator_line(last) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(line: &str) -> Option<ErrorKind> {
        classify(line).map(|verdict| verdict.kind)
    }

    #[test]
    fn every_row_of_the_table_is_reached_by_its_own_words() {
        for (expected, words) in TABLE {
            for words in *words {
                assert_eq!(kind(&format!("ERROR: [site] id: {words}")), Some(*expected), "{words}");
            }
        }
    }

    #[test]
    fn only_error_lines_count_and_known_ones_come_first() {
        assert_eq!(kind("WARNING: Private video\nnot an ERROR: Private video"), None);
        assert_eq!(kind("ERROR: odd\nERROR: [x] y: Private video. Use --cookies"), Some(ErrorKind::Private));
        assert_eq!(kind("Traceback\n  x\nMemoryError\n"), Some(ErrorKind::OutOfResources));
        assert_eq!(kind("OSError: [Errno 28] No space left on device: 'x'\n\n"), Some(ErrorKind::OutOfResources));
        assert_eq!(kind("Traceback\nModuleNotFoundError: No module named 'yt_dlp'"), Some(ErrorKind::Spawn));
        assert_eq!(kind("OSError: [Errno 2] No such file or directory"), None);
        assert_eq!(kind("Traceback\nKeyError: 'x'"), None);
        assert_eq!(kind("ERROR: odd\nMemoryError"), Some(ErrorKind::Unknown));
        assert_eq!(kind("ERROR: odd"), Some(ErrorKind::Unknown));
        assert_eq!(
            kind("ERROR: [x] y: HTTP Error 503: Busy; please report this issue on  https://github.com/"),
            Some(ErrorKind::Network)
        );
    }
}
