//! What a server says of a body before it sends it: whether it can be ranged, and how long it is.
//!
//! ffmpeg itself asks, so that the proxy, the trusted roots, the headers and the redirects are those of the stream. Its
//! trace shows each line of the response's head; with the last one it is ended. Nothing of the trace is kept or logged.

use crate::{args::Request, child::Encoder, log};
use std::{path::PathBuf, time::Duration};
use tokio::{sync::OnceCell, time::timeout};

/// How long the head of a response may take.
const LIMIT: Duration = Duration::from_secs(4);
/// More redirects than any browser follows, and more lines than any head has.
const MOST_LINES: usize = 2000;

/// What the head of a response says of its body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Body {
    /// Any part of it can be asked for.
    pub(crate) ranges: bool,
    /// Its length in bytes is known.
    pub(crate) has_length: bool,
    /// It comes in chunks, so that its end is marked.
    pub(crate) chunked: bool,
    /// The server is a radio station's (Icecast, Shoutcast).
    pub(crate) icy: bool,
}

/// Asks at most once for each source.
pub(crate) struct Probe {
    ffmpeg: PathBuf,
    request: Request,
    body: OnceCell<Option<Body>>,
}

impl Probe {
    pub(crate) fn new(ffmpeg: PathBuf, request: Request) -> Self {
        Self { ffmpeg, request, body: OnceCell::new() }
    }

    /// What is known by now.
    pub(crate) fn known(&self) -> Option<Body> {
        self.body.get().copied().flatten()
    }

    /// Asks, unless that has been done; `None` where no answer came.
    pub(crate) async fn ask(&self) -> Option<Body> {
        *self.body.get_or_init(|| self.head()).await
    }

    async fn head(&self) -> Option<Body> {
        let (child, stdout, stderr) = Encoder::spawn(&self.ffmpeg, &self.request).ok()?;
        drop(stdout);
        let mut head = Head::default();
        let read = log::drain_until(stderr, |line| head.line(line));
        // Without an answer nothing is known, and nothing is concluded.
        let _late = timeout(LIMIT, read).await;
        // Dropped, its group is killed: it has nothing to finish.
        drop(child);
        let body = head.body;
        tracing::debug!(?body, "a server was asked about a body");
        body
    }
}

/// Reads the heads in ffmpeg's trace; that of the last redirect counts.
#[derive(Default)]
struct Head {
    lines: usize,
    status: u16,
    current: Body,
    body: Option<Body>,
}

impl Head {
    /// Whether the head is complete.
    fn line(&mut self, line: &str) -> bool {
        // The head of a proxy's answer to CONNECT is `httpproxy`'s.
        if !line.starts_with("[http @") && !line.starts_with("[https @") {
            return false;
        }
        let Some((_, rest)) = line.split_once("] [trace] header='") else { return false };
        let field = rest.strip_suffix('\'').unwrap_or(rest).to_ascii_lowercase();
        self.lines += 1;
        if let Some(status) = status(&field) {
            (self.status, self.current) = (status, Body { icy: field.starts_with("icy "), ..Body::default() });
            self.current.ranges = status == 206;
        } else if field.is_empty() && (200..300).contains(&self.status) {
            self.body = Some(self.current);
        } else if let Some((name, value)) = field.split_once(':') {
            self.field(name, value.trim());
        }
        self.body.is_some() || self.lines > MOST_LINES
    }

    fn field(&mut self, name: &str, value: &str) {
        match name {
            "accept-ranges" => self.current.ranges |= value == "bytes",
            "content-length" => self.current.has_length |= value.parse::<u64>().is_ok(),
            "transfer-encoding" => self.current.chunked |= value.contains("chunked"),
            name => self.current.icy |= name.starts_with("icy-"),
        }
    }
}

fn status(field: &str) -> Option<u16> {
    let rest = field.strip_prefix("http/").or_else(|| field.strip_prefix("icy "))?;
    if field.starts_with("icy ") { rest.split(' ').next()?.parse().ok() } else { rest.split(' ').nth(1)?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(heads: &[&str]) -> Option<Body> {
        let mut head = Head::default();
        heads.iter().flat_map(|text| text.lines().chain([""])).find(|line| {
            let line = format!("[https @ 0x5632f9f68100] [trace] header='{line}'");
            head.line(&line)
        });
        head.body
    }

    #[test]
    fn a_file_a_stream_and_a_station_are_told_apart() {
        let file = Body { ranges: true, has_length: true, ..Body::default() };
        assert_eq!(read(&["HTTP/1.1 206 Partial\nContent-Length: 9\nContent-Range: bytes 0-8/9"]), Some(file));
        assert_eq!(read(&["HTTP/1.1 200 OK\nAccept-Ranges: bytes\ncontent-length: 9"]), Some(file));
        assert_eq!(read(&["HTTP/1.0 200 OK"]), Some(Body::default()));
        let chunked = Body { chunked: true, ..Body::default() };
        assert_eq!(read(&["HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nAccept-Ranges: none"]), Some(chunked));
        let station = Body { icy: true, ..Body::default() };
        assert_eq!(read(&["ICY 200 OK\nContent-Type: audio/mpeg"]), Some(station));
        assert_eq!(read(&["HTTP/1.0 200 OK\nIcy-Name: x"]), Some(station));
    }

    #[test]
    fn the_head_after_the_redirects_counts_and_a_refusal_tells_nothing() {
        let moved = "HTTP/1.1 302 Found\nLocation: /b\nContent-Length: 0\nAccept-Ranges: bytes";
        assert_eq!(read(&[moved, "HTTP/1.1 200 OK"]), Some(Body::default()));
        assert_eq!(read(&[moved, "HTTP/1.1 404 Not Found"]), None);
    }

    #[test]
    fn only_what_the_http_reader_traces_is_read_and_nothing_without_end() {
        let mut head = Head::default();
        for line in ["[httpproxy @ 0x1] [trace] header='HTTP/1.1 200 OK'", "[httpproxy @ 0x1] [trace] header=''"] {
            assert!(!head.line(line));
        }
        assert_eq!(head.body, None);
        let endless = (0..10_000).find(|_| head.line("[http @ 0x1] [trace] header='X-A: b'"));
        assert!(endless.is_some());
    }
}
