//! A loopback web server with everything a person may hand to a music bot: a tune, a file, and things that are none.
//!
//! | path | answer |
//! |---|---|
//! | the path of a [`Sound`] | its bytes, with `Range` |
//! | `/page.html` | a page without any media |
//! | `/picture.png`, `/archive.zip` | files that are no sound |
//! | `/private` | a redirect to an address in a private network |
//! | `/broken` | a 503, as an overloaded server gives |
//! | `/slow` | headers, then nothing, for ever |
//! | all else | a 404 |

use anyhow::{Context as _, Result};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path as UrlPath, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::IntoResponse as _,
    routing::get,
};
use futures_util::stream;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// How much of a file is read at a time.
const CHUNK: u64 = 128 * 1024;
/// Requests remembered; later ones are not.
const MOST_REQUESTS: usize = 10_000;
/// An image of one pixel.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\nIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82";
/// An archive without a file in it.
const ARCHIVE: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const PAGE: &str = "<!doctype html><html lang=en><title>A page</title><p>Nothing to hear here.</p></html>";

/// Something to serve.
#[derive(Clone, Debug)]
pub enum Sound {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A file, read as it is asked for.
    File(PathBuf),
}

/// One request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET` or `HEAD`.
    pub method: String,
    /// The path asked for.
    pub path: String,
    /// The `Range` header, where there was one.
    pub range: Option<String>,
}

struct Shared {
    /// By name, with the length in bytes.
    sounds: BTreeMap<String, (Sound, u64)>,
    requests: Mutex<Vec<Request>>,
}

/// The server; dropping it ends it.
pub struct MediaServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

impl MediaServer {
    /// Serves `sounds` (name, without a slash, and content) on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When a file cannot be read, or no port can be had.
    pub async fn start(sounds: impl IntoIterator<Item = (String, Sound)>) -> Result<Self> {
        let sounds = sounds.into_iter().map(measured).collect::<Result<_>>()?;
        let shared = Arc::new(Shared { sounds, requests: Mutex::default() });
        let router = Router::new()
            .route("/page.html", get(|| async { ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], PAGE) }))
            .route("/picture.png", get(|| async { ([(header::CONTENT_TYPE, "image/png")], PICTURE) }))
            .route("/archive.zip", get(|| async { ([(header::CONTENT_TYPE, "application/zip")], ARCHIVE) }))
            .route("/private", get(|| async { (StatusCode::FOUND, [(header::LOCATION, "http://10.20.30.40/a.mp3")]) }))
            .route("/broken", get(|| async { (StatusCode::SERVICE_UNAVAILABLE, "too busy") }))
            .route("/slow", get(slow))
            .route("/{name}", get(sound))
            .layer(axum::middleware::from_fn_with_state(Arc::clone(&shared), remember))
            .with_state(Arc::clone(&shared));
        let listener =
            tokio::net::TcpListener::bind("127.0.0.1:0").await.context("opening a port for the media server")?;
        let address = listener.local_addr().context("asking for the media server's port")?;
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the media server stopped");
            }
        });
        Ok(Self { address, shared, task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of one of its paths, given without the leading slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// What was asked for so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for MediaServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn measured((name, sound): (String, Sound)) -> Result<(String, (Sound, u64))> {
    let length = match &sound {
        Sound::Bytes(bytes) => bytes.len() as u64,
        Sound::File(path) => {
            std::fs::metadata(path).with_context(|| format!("reading {}, which is to be played", path.display()))?.len()
        }
    };
    Ok((name, (sound, length)))
}

async fn remember(
    State(shared): State<Arc<Shared>>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response<Body> {
    let range = request.headers().get(header::RANGE).and_then(|value| value.to_str().ok());
    shared.remember(Request {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        range: range.map(str::to_owned),
    });
    next.run(request).await
}

impl Shared {
    fn remember(&self, request: Request) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() < MOST_REQUESTS {
            requests.push(request);
        }
    }
}

async fn slow() -> Response<Body> {
    let nothing = stream::pending::<Result<Bytes, std::io::Error>>();
    ([(header::CONTENT_TYPE, "audio/mpeg")], Body::from_stream(nothing)).into_response()
}

async fn sound(
    State(shared): State<Arc<Shared>>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let Some((sound, length)) = shared.sounds.get(&name) else {
        return (StatusCode::NOT_FOUND, "There is no such file here.").into_response();
    };
    let length = *length;
    let wanted =
        headers.get(header::RANGE).and_then(|value| value.to_str().ok()).map(|value| parse_range(value, length));
    let (status, from, to) = match wanted {
        None => (StatusCode::OK, 0, length),
        Some(Some((from, to))) => (StatusCode::PARTIAL_CONTENT, from, to),
        Some(None) => {
            let range = HeaderValue::from_str(&format!("bytes */{length}")).ok();
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            response.headers_mut().extend(range.map(|range| (header::CONTENT_RANGE, range)));
            return response;
        }
    };
    let mut answer = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, content_type(&name))
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::CONTENT_LENGTH, to - from);
    if status == StatusCode::PARTIAL_CONTENT {
        answer = answer.header(header::CONTENT_RANGE, format!("bytes {from}-{}/{length}", to.saturating_sub(1)));
    }
    let body = match sound {
        Sound::Bytes(bytes) => Body::from(bytes.slice(from as usize..to as usize)),
        Sound::File(path) => stream_file(path.clone(), from, to),
    };
    answer.body(body).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Reads `bytes=A-B`, `bytes=A-` or `bytes=-N` as a half-open range; `None` when nothing of it exists.
fn parse_range(value: &str, length: u64) -> Option<(u64, u64)> {
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
fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "ogg" | "opus" | "oga" => "audio/ogg",
        "flac" => "audio/flac",
        "m4a" | "mp4" => "audio/mp4",
        "webm" => "audio/webm",
        _ => "application/octet-stream",
    }
}

/// Reads a part of a file piece by piece, off the runtime's threads.
fn stream_file(path: PathBuf, from: u64, to: u64) -> Body {
    Body::from_stream(stream::try_unfold((None, from), move |(file, at)| {
        let path = path.clone();
        async move {
            if at >= to {
                return Ok(None);
            }
            let read = tokio::task::spawn_blocking(move || read_chunk(file, &path, at, (to - at).min(CHUNK)));
            let (file, bytes) = read.await.map_err(std::io::Error::other)??;
            // A file that shrank meanwhile ends early; the client sees the missing bytes.
            let next = if bytes.is_empty() { to } else { at + bytes.len() as u64 };
            Ok::<_, std::io::Error>(Some((Bytes::from(bytes), (Some(file), next))))
        }
    }))
}

fn read_chunk(file: Option<File>, path: &PathBuf, at: u64, length: u64) -> std::io::Result<(File, Vec<u8>)> {
    let mut file = match file {
        Some(file) => file,
        None => File::open(path)?,
    };
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    (&mut file).take(length).read_to_end(&mut bytes)?;
    Ok((file, bytes))
}

#[cfg(test)]
#[path = "media_tests.rs"]
mod tests;
