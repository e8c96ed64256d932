//! A loopback web server with everything that a member may hand to a music bot, and with every way in which a source can break.
//!
//! | path | answer |
//! |---|---|
//! | the path of a [`Sound`] | its bytes, with `Range`; a station from what is on the air by now; a show's playlist |
//! | `/site/NAME` | what the site on the stage says of a name, as JSON: see [`Page`] |
//! | `/go/NAME` | a redirect to an address that is good until the next one, with a cookie that it needs |
//! | `/page.html` | a page without any media |
//! | `/picture.png`, `/archive.zip` | files that are no sound |
//! | `/private` | a redirect to an address in a private network |
//! | `/broken` | a 503, as an overloaded server gives |
//! | `/slow` | headers, then nothing, for ever |
//! | all else | a 404 |
//!
//! What goes wrong is ordered with [`MediaServer::order`], also while answers are on their way. It serves one request a
//! connection and writes to its sockets itself, because what is to be tested is how connections break.

mod body;
mod delivery;
mod fault;
mod http;
mod link;
mod page;
mod serve;
mod show;
mod station;

pub use axum::body::Bytes;
pub use delivery::Pace;
pub use fault::{Cut, FaultRule, Lasts, MediaFault, Met, RuleId, Rules};
pub use page::Page;
pub use show::LiveShow;
pub use station::Station;

use anyhow::{Context as _, Result};
use http::Head;
use link::Links;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Requests remembered; later ones are not.
const MOST_REQUESTS: usize = 10_000;

/// Something to serve.
#[derive(Clone, Debug)]
pub enum Sound {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A file, read as it is asked for.
    File(PathBuf),
    /// A radio station.
    Station(Station),
    /// A live show; its name ends in `.m3u8`.
    Show(LiveShow),
}

/// One request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET` or `HEAD`.
    pub method: String,
    /// The path asked for, with its leading slash.
    pub path: String,
    /// The `Range` header, where there was one.
    pub range: Option<String>,
    /// When it came, counted from the start of the server.
    pub at: Duration,
    /// The status of the answer; none where the connection was reset, and while there is no answer yet.
    pub status: Option<u16>,
}

struct Shared {
    begun: Instant,
    /// By name, with the length in bytes.
    sounds: BTreeMap<String, (Sound, u64)>,
    requests: Mutex<Vec<Request>>,
    rules: Mutex<Rules>,
    /// A rule was ordered or lifted.
    ordered: Notify,
    pages: Mutex<BTreeMap<String, Page>>,
    paces: Mutex<BTreeMap<String, Pace>>,
    links: Mutex<Links>,
    /// Bodies on their way, by path.
    open: Mutex<BTreeMap<String, usize>>,
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
        let shared = Arc::new(Shared {
            begun: Instant::now(),
            sounds,
            requests: Mutex::default(),
            rules: Mutex::default(),
            ordered: Notify::new(),
            pages: Mutex::default(),
            paces: Mutex::default(),
            links: Mutex::default(),
            open: Mutex::default(),
        });
        let listener =
            tokio::net::TcpListener::bind("127.0.0.1:0").await.context("opening a port for the media server")?;
        let address = listener.local_addr().context("asking for the media server's port")?;
        let task = tokio::spawn(serve::serve(listener, Arc::clone(&shared)));
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

    /// How long it has been serving: the clock of [`Request::at`].
    #[must_use]
    pub fn now(&self) -> Duration {
        self.shared.now()
    }

    /// What was asked for so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// The requests for a path (without its leading slash; with `*` at its end: for all that begin so) since `since`.
    #[must_use]
    pub fn requests_for(&self, path: &str, since: Duration) -> Vec<Request> {
        let mut requests = self.requests();
        requests.retain(|request| {
            let asked = request.path.strip_prefix('/').unwrap_or(&request.path);
            let meant = match path.strip_suffix('*') {
                Some(beginning) => asked.starts_with(beginning),
                None => asked == path,
            };
            meant && request.at >= since
        });
        requests
    }

    /// How many bodies of a path are on their way.
    #[must_use]
    pub fn open_bodies(&self, path: &str) -> usize {
        lock(&self.shared.open).get(path).copied().unwrap_or_default()
    }

    /// Orders a fault.
    pub fn order(&self, rule: FaultRule) -> RuleId {
        let id = self.shared.rules().order(self.shared.now(), rule);
        self.shared.ordered.notify_waiters();
        id
    }

    /// Ends a fault; whether it was there still.
    pub fn lift(&self, id: RuleId) -> bool {
        let lifted = self.shared.rules().lift(id);
        self.shared.ordered.notify_waiters();
        lifted
    }

    /// Ends all faults.
    pub fn lift_all(&self) {
        self.shared.rules().lift_all();
        self.shared.ordered.notify_waiters();
    }

    /// What the site says of `name` from now on.
    pub fn set_page(&self, name: &str, page: Page) {
        self.shared.pages().insert(name.to_owned(), page);
    }

    /// How fast the bodies of a path come from now on; those on their way stay as they are.
    pub fn set_pace(&self, path: &str, pace: Pace) {
        lock(&self.shared.paces).insert(path.to_owned(), pace);
    }

    /// Has the sound of that name come a little faster than it is played, so that a fault hits while it is.
    pub fn in_real_time(&self, name: &str, seconds: f64) {
        if let Some((_, length)) = self.shared.sounds.get(name) {
            self.set_pace(name, Pace::real_time(*length, seconds));
        }
    }

    /// The address that `/go/…` led to last is good no more.
    pub fn expire_links(&self) {
        self.shared.links().expire();
    }
}

impl Drop for MediaServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        lock(&self.rules)
    }

    fn pages(&self) -> MutexGuard<'_, BTreeMap<String, Page>> {
        lock(&self.pages)
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        lock(&self.links)
    }

    fn pace_of(&self, path: &str) -> Option<Pace> {
        lock(&self.paces).get(path).copied()
    }

    /// Notes a request; its number, for [`Self::answered`].
    fn remember(&self, head: &Head) -> Option<usize> {
        let mut requests = lock(&self.requests);
        if requests.len() >= MOST_REQUESTS {
            return None;
        }
        requests.push(Request {
            method: head.method.clone(),
            path: format!("/{}", head.path),
            range: head.header("range").map(str::to_owned),
            at: self.now(),
            status: None,
        });
        Some(requests.len() - 1)
    }

    fn answered(&self, number: Option<usize>, status: u16) {
        let mut requests = lock(&self.requests);
        if let Some(request) = number.and_then(|number| requests.get_mut(number)) {
            request.status = Some(status);
        }
    }

    fn opens(&self, path: &str) -> OpenBody<'_> {
        *lock(&self.open).entry(path.to_owned()).or_default() += 1;
        OpenBody { shared: self, path: path.to_owned() }
    }
}

/// A body on its way.
struct OpenBody<'a> {
    shared: &'a Shared,
    path: String,
}

impl Drop for OpenBody<'_> {
    fn drop(&mut self) {
        if let Some(count) = lock(&self.shared.open).get_mut(&self.path) {
            *count = count.saturating_sub(1);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn measured((name, sound): (String, Sound)) -> Result<(String, (Sound, u64))> {
    let length = match &sound {
        Sound::Bytes(bytes) => bytes.len() as u64,
        Sound::File(path) => {
            std::fs::metadata(path).with_context(|| format!("reading {}, which is to be played", path.display()))?.len()
        }
        Sound::Station(_) | Sound::Show(_) => 0,
    };
    Ok((name, (sound, length)))
}

#[cfg(test)]
#[path = "media_tests.rs"]
mod tests;
