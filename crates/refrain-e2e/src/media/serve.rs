//! What is answered to a request.

use super::{
    Shared, Sound,
    body::{Sending, Source},
    delivery::Delivery,
    fault::{MediaFault, Met, RuleId},
    http::{AnswerHead, Head, content_type, parse_range},
    page::Page,
};
use axum::body::Bytes;
use std::{io, time::Duration};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
};

/// An image of one pixel.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\nIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82";
/// An archive without a file in it.
const ARCHIVE: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const PAGE: &str = "<!doctype html><html lang=en><title>A page</title><p>Nothing to hear here.</p></html>";
/// The host name of [`MediaFault::UnknownHost`]: one that never resolves (RFC 6761).
const UNKNOWN_HOST: &str = "sounds.invalid";

/// Takes connections until it is dropped.
pub(super) async fn serve(listener: TcpListener, shared: std::sync::Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let shared = std::sync::Arc::clone(&shared);
                    connections.spawn(async move { exchange(stream, &shared).await });
                }
                Err(error) => {
                    tracing::error!(%error, "the media server cannot take a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn exchange(mut stream: TcpStream, shared: &Shared) {
    let Some(head) = Head::read(&mut stream).await else { return };
    let number = shared.remember(&head);
    let (met, seen) = {
        let mut rules = shared.rules();
        (rules.meet(shared.now(), &head.path), rules.last())
    };
    let late = met.iter().filter_map(|met| if let MediaFault::Late { ms } = met.fault { Some(ms) } else { None });
    let late: u64 = late.sum();
    if late > 0 {
        tokio::time::sleep(Duration::from_millis(late)).await;
    }
    let exchange = Exchange { shared, head, met, seen, number };
    // A client that hangs up in the middle is its own affair.
    let _hung_up = exchange.answer(&mut stream).await;
}

/// A request that is being answered.
struct Exchange<'a> {
    shared: &'a Shared,
    head: Head,
    met: Vec<Met>,
    seen: RuleId,
    number: Option<usize>,
}

/// What an answer is made of.
struct Content {
    kind: &'static str,
    source: Source,
    /// Of all of it, where it is known.
    length: Option<u64>,
    icy: bool,
}

impl Content {
    const fn whole(kind: &'static str, bytes: Bytes) -> Self {
        let length = Some(bytes.len() as u64);
        Self { kind, source: Source::Bytes(bytes), length, icy: false }
    }
}

impl Exchange<'_> {
    fn meets(&self, fault: &MediaFault) -> bool {
        self.met.iter().any(|met| met.fault == *fault)
    }

    async fn answer(self, stream: &mut TcpStream) -> io::Result<()> {
        if self.meets(&MediaFault::Refuse) {
            return stream.set_zero_linger();
        }
        let status = self.met.iter().find_map(|met| met.fault.status());
        if let Some((code, retry_after_s)) = status {
            let head = AnswerHead::new(code);
            let head = match retry_after_s {
                Some(seconds) => head.header("Retry-After", seconds),
                None => head,
            };
            return self.words(stream, code, head, "Something is wrong here.").await;
        }
        let path = self.head.path.as_str();
        if let Some(name) = path.strip_prefix("site/") {
            let json = self.page(name);
            return self.send(stream, Content::whole("application/json", json.into())).await;
        }
        if let Some(name) = path.strip_prefix("go/") {
            let (place, cookie) = self.shared.links().issue(name);
            let head = AnswerHead::new(302).header("Location", format!("/{place}")).header("Set-Cookie", cookie);
            return self.words(stream, 302, head, "It is elsewhere.").await;
        }
        if path == "private" {
            let head = AnswerHead::new(302).header("Location", "http://10.20.30.40/a.mp3");
            return self.words(stream, 302, head, "It is elsewhere.").await;
        }
        match self.content() {
            Ok(content) => self.send(stream, content).await,
            Err(status) => self.words(stream, status, AnswerHead::new(status), "There is no such file here.").await,
        }
    }

    /// What is at the path, or the status that says why there is nothing.
    fn content(&self) -> Result<Content, u16> {
        let path = self.head.path.as_str();
        Ok(match path {
            "page.html" => Content::whole("text/html; charset=utf-8", Bytes::from_static(PAGE.as_bytes())),
            "picture.png" => Content::whole("image/png", Bytes::from_static(PICTURE)),
            "archive.zip" => Content::whole("application/zip", Bytes::from_static(ARCHIVE)),
            "broken" => return Err(503),
            "slow" => Content { kind: "audio/mpeg", source: Source::Nothing, length: None, icy: false },
            _ => {
                let name = match path.strip_prefix("once/") {
                    Some(link) => self.shared.links().follow(link, self.head.header("cookie")).ok_or(403_u16)?,
                    None => path.to_owned(),
                };
                self.sound(&name).ok_or(404_u16)?
            }
        })
    }

    fn sound(&self, name: &str) -> Option<Content> {
        let kind = content_type(name);
        let Some((sound, length)) = self.shared.sounds.get(name) else {
            let shows = self.shared.sounds.iter().filter_map(|(show, (sound, _))| match sound {
                Sound::Show(live) => live.segment(show, name),
                Sound::Bytes(_) | Sound::File(_) | Sound::Station(_) => None,
            });
            return shows.into_iter().next().map(|segment| Content::whole(kind, segment));
        };
        Some(match sound {
            Sound::Bytes(bytes) => Content::whole(kind, bytes.clone()),
            Sound::File(path) => {
                let source = Source::File { path: path.clone(), at: 0, to: *length };
                Content { kind, source, length: Some(*length), icy: false }
            }
            Sound::Station(station) => {
                let source = Source::Station(station.tune_in(self.shared.now()));
                Content { kind, source, length: None, icy: station.icy }
            }
            Sound::Show(show) => {
                let frozen = self.met.iter().find(|met| met.fault == MediaFault::Frozen).map(|met| met.since);
                let at = frozen.unwrap_or_else(|| self.shared.now());
                Content::whole(kind, show.playlist(name, at, self.meets(&MediaFault::Over)).into())
            }
        })
    }

    /// What the site says of a name.
    fn page(&self, name: &str) -> String {
        if let Some(words) = self.met.iter().find_map(|met| met.fault.words()) {
            return serde_json::json!({ "unavailable": words }).to_string();
        }
        let page = self.shared.pages().get(name).cloned().unwrap_or_else(|| Page::usual(name));
        let mut json = serde_json::json!(page);
        if self.meets(&MediaFault::UnknownHost) {
            json["host"] = UNKNOWN_HOST.into();
        }
        json.to_string()
    }

    async fn words(&self, stream: &mut TcpStream, status: u16, head: AnswerHead, words: &str) -> io::Result<()> {
        self.shared.answered(self.number, status);
        let head = head.header("Content-Type", "text/plain; charset=utf-8").header("Content-Length", words.len());
        head.send(stream).await?;
        if self.head.method == "HEAD" { Ok(()) } else { stream.write_all(words.as_bytes()).await }
    }

    async fn send(self, stream: &mut TcpStream, content: Content) -> io::Result<()> {
        let Content { kind, mut source, length, icy } = content;
        let chunked = self.meets(&MediaFault::Chunked);
        let told = length.is_some() && !chunked && !self.meets(&MediaFault::Unframed);
        // A part of something is told with the length of the whole.
        let ranged = told && !self.meets(&MediaFault::Unranged);
        let (mut from, mut to, mut status) = (0, length, 200);
        if let (true, Some(length), Some(range)) = (ranged, length, self.head.header("range")) {
            let Some((wanted_from, wanted_to)) = parse_range(range, length) else {
                let head = AnswerHead::new(416).header("Content-Range", format!("bytes */{length}"));
                return self.words(stream, 416, head, "").await;
            };
            (from, to, status) = (wanted_from, Some(wanted_to), 206);
            source.narrow(wanted_from, wanted_to);
        }
        let now = self.shared.now();
        let mut delivery = Delivery::new(now, self.shared.pace_of(&self.head.path));
        for met in &self.met {
            delivery.meet(now, met);
        }
        let mut head = AnswerHead::new(status).header("Content-Type", kind);
        if ranged {
            head = head.header("Accept-Ranges", "bytes");
        }
        if icy {
            head = head.header("icy-name", "The Stage").header("icy-br", "128").header("icy-pub", "1");
        }
        if chunked {
            head = head.header("Transfer-Encoding", "chunked");
        }
        if let (true, Some(to)) = (told, to) {
            let whole = to - from;
            head = head.header("Content-Length", delivery.ends_early(whole).unwrap_or(whole));
        }
        if let (206, Some(length), Some(to)) = (status, length, to) {
            head = head.header("Content-Range", format!("bytes {from}-{}/{length}", to.saturating_sub(1)));
        }
        self.shared.answered(self.number, status);
        head.send(stream).await?;
        if self.head.method == "HEAD" {
            return Ok(());
        }
        let _open = self.shared.opens(&self.head.path);
        let Self { shared, head, seen, .. } = self;
        Sending { shared, path: &head.path, source, delivery, chunked, seen }.send(stream).await
    }
}

impl Source {
    /// Takes the bytes of a half-open range that is known to exist.
    fn narrow(&mut self, from: u64, to: u64) {
        match self {
            Self::Bytes(bytes) => *bytes = bytes.slice(from as usize..to as usize),
            Self::File { at, to: end, .. } => (*at, *end) = (from, to),
            Self::Station(_) | Self::Nothing => {}
        }
    }
}
