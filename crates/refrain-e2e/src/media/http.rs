//! As much of HTTP/1.1 as a media server needs: one request a connection.

use std::{collections::BTreeMap, fmt::Write as _, io, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// The longest head of a request.
const LONGEST_HEAD: usize = 32 * 1024;
/// How long a client may take to send it.
const HEAD_LIMIT: Duration = Duration::from_secs(30);

/// The head of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) method: String,
    /// The path without its leading slash and without the query.
    pub(super) path: String,
    /// By name in lower case.
    pub(super) headers: BTreeMap<String, String>,
}

impl Head {
    /// Reads one; `None` where the client has none to send.
    pub(super) async fn read(stream: &mut TcpStream) -> Option<Self> {
        let reading = async {
            let mut bytes = Vec::new();
            while !bytes.ends_with(b"\r\n\r\n") {
                // Byte by byte would do as well: a head is a few hundred bytes, and no body follows it.
                let mut piece = [0; 1024];
                let read = stream.read(&mut piece).await.ok().filter(|&read| read > 0)?;
                bytes.extend_from_slice(&piece[..read]);
                if bytes.len() > LONGEST_HEAD {
                    return None;
                }
            }
            Self::parse(&String::from_utf8_lossy(&bytes))
        };
        timeout(HEAD_LIMIT, reading).await.ok().flatten()
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, target) = (first.next()?, first.next()?);
        let path = target.strip_prefix('/')?.split(['?', '#']).next()?;
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        Some(Self { method: method.to_owned(), path: path.to_owned(), headers: headers.collect() })
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// The head of an answer, after which the connection is closed.
#[derive(Debug)]
pub(super) struct AnswerHead(String);

impl AnswerHead {
    pub(super) fn new(status: u16) -> Self {
        Self(format!("HTTP/1.1 {status} {}\r\nConnection: close\r\n", reason(status)))
    }

    pub(super) fn header(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        // Writing to a string cannot fail.
        let _never = write!(self.0, "{name}: {value}\r\n");
        self
    }

    pub(super) async fn send(self, stream: &mut TcpStream) -> io::Result<()> {
        stream.write_all((self.0 + "\r\n").as_bytes()).await
    }
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        302 => "Found",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        410 => "Gone",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Unnamed",
    }
}

/// Reads `bytes=A-B`, `bytes=A-` or `bytes=-N` as a half-open range; `None` when nothing of it exists.
pub(super) fn parse_range(value: &str, length: u64) -> Option<(u64, u64)> {
    let (from, to) = value.strip_prefix("bytes=")?.split_once('-')?;
    let (from, to) = match (from.parse::<u64>().ok(), to.parse::<u64>().ok()) {
        (Some(from), Some(to)) => (from, to.saturating_add(1).min(length)),
        (Some(from), None) => (from, length),
        (None, Some(last)) => (length.saturating_sub(last), length),
        (None, None) => return None,
    };
    (from < to).then_some((from, to))
}

/// The type by the name's ending, as a plain file server tells it.
pub(super) fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "ogg" | "opus" | "oga" => "audio/ogg",
        "flac" => "audio/flac",
        "m4a" | "mp4" => "audio/mp4",
        "webm" => "audio/webm",
        "m3u8" => "application/vnd.apple.mpegurl",
        "ts" => "video/mp2t",
        "html" => "text/html; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_without_its_query() {
        let head = Head::parse("GET /site/tune?x=1 HTTP/1.1\r\nHost: a\r\nRange: bytes=1-\r\n\r\n").unwrap();
        assert_eq!((head.method.as_str(), head.path.as_str()), ("GET", "site/tune"));
        assert_eq!(head.header("range"), Some("bytes=1-"));
        assert_eq!(Head::parse("nonsense"), None);
    }

    #[test]
    fn ranges_that_make_no_sense_are_none() {
        for value in ["bytes=5-4", "bytes=-", "bytes=10-", "items=1-2", "bytes=-0", "bytes=18446744073709551615-"] {
            assert_eq!(parse_range(value, 10), None, "{value}");
        }
        assert_eq!(parse_range("bytes=0-18446744073709551615", 10), Some((0, 10)));
    }
}
