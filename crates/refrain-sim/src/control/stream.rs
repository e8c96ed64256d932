//! `GET /sim/stream`: events, frames and levels as they come, as server-sent events.
//!
//! Ten times a second a watcher is told what is new. Nothing runs, and nothing is kept, while nobody watches. A watcher
//! that reads too slowly is not waited for: it misses frames, and is told how many.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Interval, MissedTickBehavior, interval},
};
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

/// What all streams of a simulator share.
#[derive(Clone, Debug)]
pub(super) struct Watching {
    stop: CancellationToken,
    seats: Arc<Semaphore>,
}

impl Watching {
    /// Streams end with `stop`.
    pub(super) fn new(stop: CancellationToken) -> Self {
        Self { stop, seats: Arc::new(Semaphore::new(MAX_WATCHERS)) }
    }
}

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
    Extension(Watching { stop, seats }): Extension<Watching>,
    Search(wishes): Search<Wishes>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let seat = seats.try_acquire_owned().map_err(|_| {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, format!("{MAX_WATCHERS} watch already: close one stream first"))
    })?;
    let watcher = Watcher::new(hub, wishes, seat);
    let news = stream::unfold((watcher, stop), async |(mut watcher, stop)| {
        let event = tokio::select! { event = watcher.next() => event, () = stop.cancelled() => return None };
        Some((Ok(event), (watcher, stop)))
    });
    Ok(Sse::new(news).keep_alive(KeepAlive::default()))
}

struct Watcher {
    hub: Arc<Hub>,
    ticks: Interval,
    event: u64,
    frame: Option<u64>,
    levels: Option<Id>,
    /// From where on levels are told of a bot that was not told of yet.
    begin_ms: f64,
    /// Up to where they were told, by bot.
    heard_ms: BTreeMap<u64, f64>,
    waiting: Vec<Event>,
    /// Free again when the watcher is gone.
    _seat: OwnedSemaphorePermit,
}

impl Watcher {
    fn new(hub: Arc<Hub>, wishes: Wishes, seat: OwnedSemaphorePermit) -> Self {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let event = wishes.since.unwrap_or_else(|| *hub.events.subscribe().borrow());
        let frame = wishes.frames.then(|| wishes.after.unwrap_or_else(|| hub.log.last()));
        let begin_ms = hub.clock.now_ms() - LEVELS_BEFORE_MS;
        let hello = Event::default().event("hello").data(json!({ "now_ms": hub.clock.now_ms() }).to_string());
        let (levels, heard_ms) = (wishes.levels, BTreeMap::new());
        Self { hub, ticks, event, frame, levels, begin_ms, heard_ms, waiting: vec![hello], _seat: seat }
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
        let users = self.hub.voice.listeners().users(guild.0);
        let bots: Vec<Value> = users.into_iter().filter_map(|user| self.levels_of(guild, user)).collect();
        let data = json!({ "guild": guild, "step_ms": 100, "bots": bots });
        (!bots.is_empty()).then(|| Event::default().event("levels").data(data.to_string()))
    }

    fn levels_of(&mut self, guild: Id, user: u64) -> Option<Value> {
        let from_ms = self.heard_ms.get(&user).copied().unwrap_or(self.begin_ms);
        let heard = self.hub.voice.listeners().levels_since(guild.0, user, from_ms)?;
        if heard.tenths.is_empty() {
            return None;
        }
        self.heard_ms.insert(user, heard.until_ms());
        Some(json!({
            "user": Id(user), "from_ms": heard.from_ms, "decoding": heard.is_decoding,
            "dbfs": heard.tenths.iter().map(|one| one.dbfs).collect::<Vec<f64>>(),
            "music": heard.tenths.iter().map(|one| one.has_music).collect::<Vec<bool>>(),
        }))
    }
}
