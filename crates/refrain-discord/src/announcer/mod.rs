//! Messages that nobody asked for: one a voice incident, edited as things change.
//!
//! What is said is decided in `refrain`; here it is shown. The [`Board`] holds the latest word on each incident, so that a
//! slow Discord is never asked to edit faster than it answers; [`run`] sends what the board wants sent, one request at a
//! time in a guild, and guilds do not wait for each other. What may be sent next is a pure value, the `Line`.

mod deliver;
mod line;
#[cfg(test)]
mod line_tests;

use line::{Job, Line, Outcome};
use refrain::Announcement;
use refrain_model::GuildId;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::{sync::Notify, task::JoinSet, time};
use tokio_util::sync::CancellationToken;

/// Requests under way at a time.
const IN_FLIGHT: usize = 64;

/// What is to be shown, by guild. Each guild's part is bounded.
#[derive(Debug, Default)]
pub(crate) struct Board {
    lines: Mutex<Lines>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Lines {
    guilds: BTreeMap<GuildId, Line>,
    /// Those that have something to send, or will.
    wanting: BTreeSet<GuildId>,
}

impl Board {
    /// Takes a word on an incident; it replaces an older one that has not been sent. Never blocks for long.
    pub(crate) fn push(&self, announcement: Announcement) {
        let guild = announcement.guild;
        let mut lines = self.lock();
        lines.guilds.entry(guild).or_default().push(announcement);
        lines.wanting.insert(guild);
        drop(lines);
        self.changed.notify_one();
    }

    /// The next request that may be sent, or else when one may be.
    fn next(&self, now: Instant) -> Result<(GuildId, Job), Option<Instant>> {
        let mut lines = self.lock();
        let Lines { guilds, wanting } = &mut *lines;
        let (mut found, mut idle, mut wake_up) = (None, Vec::new(), None);
        for guild in wanting.iter().copied() {
            let line = guilds.entry(guild).or_default();
            if let Some(job) = line.next(now) {
                found = Some((guild, job));
                break;
            }
            match line.wake_up() {
                Some(at) => wake_up = wake_up.into_iter().chain([at]).min(),
                None if line.is_busy() => {}
                None => idle.push(guild),
            }
        }
        for guild in idle {
            wanting.remove(&guild);
        }
        found.ok_or(wake_up)
    }

    /// A request is answered.
    fn done(&self, guild: GuildId, outcome: Outcome, now: Instant) {
        let complaint = self.lock().guilds.entry(guild).or_default().done(outcome, now);
        if let Some(reason) = complaint {
            tracing::warn!(
                guild_id = %guild,
                %reason,
                "people could not be told; does the bot have View Channel and Send Messages there?"
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        // The lines are whole between any two statements, so a panic elsewhere has not hurt them.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends what the board wants sent. Once `stop` is cancelled it ends as soon as all that can be sent at once is sent.
pub(crate) async fn run(http: Arc<twilight_http::Client>, board: Arc<Board>, stop: CancellationToken) {
    let mut requests: JoinSet<(GuildId, Outcome)> = JoinSet::new();
    loop {
        let wake_up = fill(&http, &board, &mut requests);
        if stop.is_cancelled() && requests.is_empty() {
            return;
        }
        tokio::select! {
            Some(done) = requests.join_next() => {
                // A request's task does not panic and is never aborted; its guild would stay busy.
                if let Ok((guild, outcome)) = done {
                    board.done(guild, outcome, Instant::now());
                }
            }
            () = board.changed.notified() => {}
            () = sleep_until(wake_up) => {}
            () = stop.cancelled(), if !stop.is_cancelled() => {}
        }
    }
}

/// Sends as much as may be under way; otherwise when to look again.
fn fill(
    http: &Arc<twilight_http::Client>,
    board: &Board,
    requests: &mut JoinSet<(GuildId, Outcome)>,
) -> Option<Instant> {
    while requests.len() < IN_FLIGHT {
        let (guild, job) = match board.next(Instant::now()) {
            Ok(next) => next,
            Err(wake_up) => return wake_up,
        };
        let http = http.clone();
        requests.spawn(async move { (guild, deliver::deliver(&http, &job).await) });
    }
    None
}

async fn sleep_until(wake_up: Option<Instant>) {
    match wake_up {
        Some(at) => time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
