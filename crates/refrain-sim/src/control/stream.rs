//! `GET /sim/stream`: events, frames and levels as they come, as server-sent events.
//!
//! Ten times a second a watcher is told what is new. Nothing runs, and nothing is kept, while nobody watches. A watcher
//! that reads too slowly is not waited for: it misses frames, and is told how many.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::answer::{Refusal, Search};
use crate::{id::Id, state::Hub};

const TICK: Duration = Duration::from_millis(100);
/// Frames told in one tick.
const MAX_FRAMES: usize = 500;
/// Longer frames are cut down to what names them.
const MAX_FRAME: usize = 32 << 10;
/// How far back levels are told to who begins to watch, in milliseconds.
const LEVELS_BEFORE_MS: f64 = 60_000.0;
/// Watchers at the same time.
const MAX_WATCHERS: usize = 32;

static WATCHERS: AtomicUsize = AtomicUsize::new(0);

/// What a watcher wants.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wishes {
    /// Events after this number; from now on where it is missing.
    since: Option<u64>,
    /// Frames after this number of the log; from now on where it is missing.
    after: Option<u64>,
    /// Whether frames are told at all.
    #[serde(default)]
    frames: bool,
    /// The guild whose levels are told.
    levels: Option<Id>,
}

pub(super) async fn stream(
    State(hub): State<Arc<Hub>>,
    Extension(stop): Extension<CancellationToken>,
    Search(wishes): Search<Wishes>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let seat = Seat::take().ok_or_else(|| {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, format!("{MAX_WATCHERS} watch already: close one stream first"))
    })?;
    let watcher = Watcher::new(hub, wishes, seat);
    let news = stream::unfold((watcher, stop), async |(mut watcher, stop)| {
        let event = tokio::select! { event = watcher.next() => event, () = stop.cancelled() => return None };
        Some((Ok(event), (watcher, stop)))
    });
    Ok(Sse::new(news).keep_alive(KeepAlive::default()))
}

/// One of the watchers' places, free again when it is dropped.
struct Seat;

impl Seat {
    fn take() -> Option<Self> {
        let free = |taken| (taken < MAX_WATCHERS).then_some(taken + 1);
        WATCHERS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, free).ok().map(|_| Self)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        WATCHERS.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Watcher {
    hub: Arc<Hub>,
    ticks: Interval,
    event: u64,
    frame: Option<u64>,
    levels: Option<Id>,
    /// Up to where levels were told.
    heard_ms: f64,
    waiting: Vec<Event>,
    _seat: Seat,
}

impl Watcher {
    fn new(hub: Arc<Hub>, wishes: Wishes, seat: Seat) -> Self {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let event = wishes.since.unwrap_or_else(|| *hub.events.subscribe().borrow());
        let frame = wishes.frames.then(|| wishes.after.unwrap_or_else(|| hub.log.last()));
        let heard_ms = hub.clock.now_ms() - LEVELS_BEFORE_MS;
        let hello = Event::default().event("hello").data(json!({ "now_ms": hub.clock.now_ms() }).to_string());
        Self { hub, ticks, event, frame, levels: wishes.levels, heard_ms, waiting: vec![hello], _seat: seat }
    }

    async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.waiting.pop() {
                return event;
            }
            self.ticks.tick().await;
            self.look();
        }
    }

    fn look(&mut self) {
        let news = [self.levels(), self.frames(), self.events()];
        self.waiting.extend(news.into_iter().flatten());
    }

    fn events(&mut self) -> Option<Event> {
        let news = self.hub.events.so_far(self.event)?;
        self.event = news["last"].as_u64().unwrap_or(self.event);
        Some(Event::default().event("events").data(news.to_string()))
    }

    fn frames(&mut self) -> Option<Event> {
        let tail = self.hub.log.tail(self.frame?, MAX_FRAMES, MAX_FRAME);
        if tail.lines.is_empty() {
            return None;
        }
        self.frame = Some(tail.last);
        let data = format!("{{\"skipped\":{},\"frames\":[{}]}}", tail.skipped, tail.lines.join(","));
        Some(Event::default().event("frames").data(data))
    }

    fn levels(&mut self) -> Option<Event> {
        let guild = self.levels?;
        let heard = self.hub.voice.listeners().levels_since(guild.0, self.heard_ms)?;
        if heard.tenths.is_empty() {
            return None;
        }
        self.heard_ms = heard.until_ms();
        let data = json!({
            "guild": guild, "from_ms": heard.from_ms, "step_ms": 100, "decoding": heard.is_decoding,
            "dbfs": heard.tenths.iter().map(|one| one.dbfs).collect::<Vec<f64>>(),
            "music": heard.tenths.iter().map(|one| one.has_music).collect::<Vec<bool>>(),
        });
        Some(Event::default().event("levels").data(data.to_string()))
    }
}
