//! Messages that nobody asked for, on their way to Discord: one request at a time in a guild, and guilds do not wait for each
//! other.
//!
//! What a guild's next request is, is a pure value, its [`Line`]: the announcer has one for interruptions, the panel one for
//! what plays. The [`Outbox`] holds all of one kind; [`run`] sends what they want sent, and tells the guild's actor where a
//! message was made or has gone.

mod request;
mod tries;

pub(crate) use request::{NewMessage, create, nonce, outcome_of};
pub(crate) use tries::{NONCE_LASTS, Tries};

use crate::rest::Rest;
use refrain::{PanelFailure, Refrain};
use refrain_model::{GuildId, MessagePlace};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::{sync::Notify, task::JoinSet, time};
use tokio_util::sync::CancellationToken;
use twilight_model::id::{Id, marker::MessageMarker};

/// Requests under way at a time.
const IN_FLIGHT: usize = 64;

/// One guild's messages of one kind, without the requests. Each is bounded.
pub(crate) trait Line: Default + Send + 'static {
    /// A request to send.
    type Job: Send + 'static;

    /// What to send now; one request at a time.
    fn next(&mut self, now: Instant) -> Option<Self::Job>;

    /// When [`next`](Self::next) may have something, if nothing happens before.
    fn wake_up(&self) -> Option<Instant>;

    /// The request under way is answered.
    fn done(&mut self, outcome: Outcome, now: Instant) -> After;

    /// Whether the guild's record must be on the disk before this is sent: what it has of it then is not lost when the
    /// process is killed before the answer comes.
    fn needs_record(job: &Self::Job) -> bool {
        let _ = job;
        false
    }

    /// Carries a request out.
    fn deliver(rest: Rest, guild: GuildId, job: Self::Job) -> impl Future<Output = Outcome> + Send + 'static;
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The message is there. `as_asked`: it says what the request said; an earlier request of the same nonce may have
    /// made it, with other words.
    Created { message: Id<MessageMarker>, as_asked: bool },
    /// Edited or deleted.
    Done,
    /// The message or its channel is no more.
    Gone,
    /// Asking again would bring the same answer.
    Refused { reason: String },
    /// It was not sent: there is something newer to say.
    Superseded,
    /// It may or may not have been carried out; asking again may help.
    Failed { reason: String },
}

/// What others should hear of an outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct After {
    /// The operator, once.
    pub(crate) complaint: Option<String>,
    /// The guild's actor.
    pub(crate) report: Option<Report>,
}

/// Where a message is now, for the guild's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// The panel.
    Panel(Option<MessagePlace>),
    /// No panel can be made where it was wanted.
    PanelFailed(PanelFailure),
    /// The message of an interruption that goes on.
    Incident(Option<MessagePlace>),
}

/// What is to be shown, by guild.
#[derive(Debug)]
pub(crate) struct Outbox<L> {
    lines: Mutex<Lines<L>>,
    changed: Notify,
}

#[derive(Debug)]
struct Lines<L> {
    guilds: BTreeMap<GuildId, L>,
    /// Guilds that may have something to send, in the order in which that was said.
    ready: VecDeque<GuildId>,
    /// The same, to find one in.
    is_ready: BTreeSet<GuildId>,
    /// Guilds that will have something to send, by when.
    later: BTreeSet<(Instant, GuildId)>,
}

impl<L> Default for Outbox<L> {
    fn default() -> Self {
        let (guilds, ready) = (BTreeMap::new(), VecDeque::new());
        let lines = Lines { guilds, ready, is_ready: BTreeSet::new(), later: BTreeSet::new() };
        Self { lines: Mutex::new(lines), changed: Notify::new() }
    }
}

impl<L> Lines<L> {
    fn ready(&mut self, guild: GuildId) {
        if self.is_ready.insert(guild) {
            self.ready.push_back(guild);
        }
    }
}

impl<L: Line> Outbox<L> {
    /// Changes what a guild wants to say. Never blocks for long.
    pub(crate) fn change(&self, guild: GuildId, change: impl FnOnce(&mut L)) {
        let mut lines = self.lock();
        change(lines.guilds.entry(guild).or_default());
        lines.ready(guild);
        drop(lines);
        self.changed.notify_one();
    }

    /// The next request that may be sent, or else when one may be. Guilds take turns.
    fn next(&self, now: Instant) -> Result<(GuildId, L::Job), Option<Instant>> {
        let mut lines = self.lock();
        while let Some((at, guild)) = lines.later.first().copied().filter(|(at, _)| *at <= now) {
            lines.later.remove(&(at, guild));
            lines.ready(guild);
        }
        while let Some(guild) = lines.ready.pop_front() {
            lines.is_ready.remove(&guild);
            let line = lines.guilds.entry(guild).or_default();
            if let Some(job) = line.next(now) {
                return Ok((guild, job));
            }
            if let Some(at) = line.wake_up() {
                lines.later.insert((at, guild));
            }
        }
        Err(lines.later.first().map(|(at, _)| *at))
    }

    /// A request is answered.
    fn done(&self, guild: GuildId, outcome: Outcome, refrain: &Refrain) {
        let mut lines = self.lock();
        let after = lines.guilds.entry(guild).or_default().done(outcome, Instant::now());
        lines.ready(guild);
        drop(lines);
        if let Some(reason) = after.complaint {
            tracing::warn!(
                guild_id = %guild,
                %reason,
                "a message could not be posted; does the bot have View Channel and Send Messages there?"
            );
        }
        // Without an actor there is nothing whose record it would be.
        let actor = after.report.and_then(|report| Some((report, refrain.existing(guild)?)));
        match actor {
            Some((Report::Panel(place), actor)) => actor.panel_is(place),
            Some((Report::PanelFailed(failure), actor)) => actor.panel_failed(failure),
            Some((Report::Incident(place), actor)) => actor.incident_message_is(place),
            None => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lines<L>> {
        // The lines are whole between any two statements, so a panic elsewhere has not hurt them.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends what is wanted. Once `stop` is cancelled it ends as soon as all that can be sent at once is sent.
pub(crate) async fn run<L: Line>(rest: Rest, outbox: Arc<Outbox<L>>, refrain: Refrain, stop: CancellationToken) {
    let mut requests: JoinSet<(GuildId, Outcome)> = JoinSet::new();
    loop {
        let wake_up = fill(&rest, &outbox, &refrain, &mut requests);
        if stop.is_cancelled() && requests.is_empty() {
            return;
        }
        tokio::select! {
            Some(done) = requests.join_next() => {
                // A request's task does not panic and is never aborted; its guild would stay busy.
                if let Ok((guild, outcome)) = done {
                    outbox.done(guild, outcome, &refrain);
                }
            }
            () = outbox.changed.notified() => {}
            () = sleep_until(wake_up) => {}
            () = stop.cancelled(), if !stop.is_cancelled() => {}
        }
    }
}

/// Sends as much as may be under way; otherwise when to look again.
fn fill<L: Line>(
    rest: &Rest,
    outbox: &Outbox<L>,
    refrain: &Refrain,
    requests: &mut JoinSet<(GuildId, Outcome)>,
) -> Option<Instant> {
    while requests.len() < IN_FLIGHT {
        let (guild, job) = match outbox.next(Instant::now()) {
            Ok(next) => next,
            Err(wake_up) => return wake_up,
        };
        let record = L::needs_record(&job).then(|| refrain.clone());
        let delivery = L::deliver(rest.clone(), guild, job);
        requests.spawn(async move {
            if let Some(refrain) = record {
                refrain.settled().await;
            }
            (guild, delivery.await)
        });
    }
    None
}

async fn sleep_until(wake_up: Option<Instant>) {
    match wake_up {
        Some(at) => time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
