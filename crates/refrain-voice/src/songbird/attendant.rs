//! The attendant of one connection: hears everything that songbird says of it, in order, and tells what it comes to.
//!
//! A task beside songbird's own, so that a connection whose tasks have gone silent, or mad, is still watched. It ends
//! when the connection is torn down, because then nobody holds the way in.

use super::{
    freeze::FreezeWatch,
    report::Report,
    vigil::{Silence, Vigil},
};
use crate::{DriverReport, ReportSender, probe};
use refrain_model::GuildId;
use refrain_recovery::{DriverEvent, Generation, Liveness};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, sleep_until},
};

/// How often a health check tries before it says that nobody answers.
const TRIES: u32 = 2;

/// What the attendant hears.
#[derive(Debug)]
pub(super) enum Note {
    /// The handshake is complete.
    Connected { ssrc: u32 },
    /// songbird came back by itself; with another stream if it had to identify anew.
    Resumed { ssrc: u32 },
    /// The connection, or the attempt at it, is over. `at_once`: it has only just ended, as far as songbird knows.
    Ended { event: DriverEvent, at_once: bool },
    /// An RTCP packet came.
    Rtcp(Option<Report>),
    /// Frames flow, or are held.
    Flowing(bool),
    /// A health check wants a sign of life.
    Probe,
}

/// The way in. Unbounded, because songbird's tasks must never wait; a connection brings less than one note a second.
pub(super) type Notes = mpsc::UnboundedSender<Note>;

/// Who a connection is, for the attendant.
pub(super) struct Watched {
    pub(super) guild: GuildId,
    pub(super) generation: Generation,
    /// Host and port.
    pub(super) endpoint: String,
    pub(super) limits: Liveness,
    pub(super) reports: ReportSender,
    /// How many probes there may be at a time, in the process.
    pub(super) probes: Arc<Semaphore>,
    pub(super) freezes: Arc<FreezeWatch>,
}

/// Starts to attend to a connection.
pub(super) fn attend(watched: Watched) -> Notes {
    let (notes, inbox) = mpsc::unbounded_channel();
    let vigil = Vigil::new(watched.limits.clone());
    let frozen = watched.freezes.frozen(Instant::now());
    tokio::spawn(Attendant { watched, vigil, probing: None, frozen }.run(inbox));
    notes
}

struct Attendant {
    watched: Watched,
    vigil: Vigil,
    /// One at most.
    probing: Option<Probing>,
    /// How long the process has been frozen, as far as the vigil knows.
    frozen: Duration,
}

struct Probing {
    since: Instant,
    /// The process was frozen meanwhile: that nobody answered in time says nothing.
    frozen: bool,
    /// A health check waits for the answer; otherwise a suspicion does.
    asked: bool,
    answer: Pin<Box<dyn Future<Output = bool> + Send>>,
}

impl Attendant {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Note>) {
        loop {
            let wake = self.vigil.wake();
            tokio::select! {
                // What songbird has said comes before what its silence may mean.
                biased;
                note = inbox.recv() => match note {
                    Some(note) => self.hear(note),
                    None => return,
                },
                answered = answer(&mut self.probing) => self.probed(answered),
                () = wait(wake) => self.silence(),
            }
        }
    }

    /// The time. What the process has slept through is told to the vigil first.
    fn now(&mut self) -> Instant {
        let now = Instant::now();
        let frozen = self.watched.freezes.frozen(now);
        let slept = frozen.saturating_sub(self.frozen);
        if !slept.is_zero() {
            self.frozen = frozen;
            self.vigil.frozen(slept, now);
            if let Some(probing) = &mut self.probing {
                probing.frozen = true;
            }
        }
        now
    }

    fn hear(&mut self, note: Note) {
        let now = self.now();
        match note {
            Note::Connected { ssrc } => {
                self.vigil.connected(ssrc, now);
                self.tell(DriverEvent::Connected);
            }
            Note::Resumed { ssrc } => {
                self.alive_unless_overdue(now);
                self.vigil.connected(ssrc, now);
                self.tell(DriverEvent::Resumed);
            }
            Note::Ended { event, at_once } => {
                if at_once {
                    self.alive_unless_overdue(now);
                }
                self.tell(event);
            }
            Note::Rtcp(report) => {
                if self.vigil.reported(report, now) {
                    self.tell(DriverEvent::Alive);
                }
            }
            Note::Flowing(flows) => self.vigil.flowing(flows, now),
            Note::Probe if self.vigil.is_fresh(now) => self.tell(DriverEvent::Reachable),
            Note::Probe => match &mut self.probing {
                Some(probing) => probing.asked = true,
                None => self.begin_probe(now, true),
            },
        }
    }

    /// What songbird has just heard from a socket proves that the server was there; whether it still got our packets, a
    /// report that should have come by now puts in doubt.
    fn alive_unless_overdue(&self, now: Instant) {
        if !self.vigil.is_overdue(now) {
            self.tell(DriverEvent::Alive);
        }
    }

    fn silence(&mut self) {
        let now = self.now();
        match self.vigil.due(now) {
            Some(Silence::Suspicious) if self.probing.is_none() => self.begin_probe(now, false),
            Some(Silence::Certain) => {
                self.unresponsive("the voice server no longer reports that packets arrive");
            }
            Some(Silence::Suspicious) | None => {}
        }
    }

    fn begin_probe(&mut self, now: Instant, asked: bool) {
        let limits = &self.watched.limits;
        // On a suspicion there is one quick look: silence speaks already, and goes on meanwhile.
        let (tries, limit) = if asked {
            (TRIES, limits.probe)
        } else {
            (1, limits.probe.min(limits.silent.saturating_sub(limits.suspect) / 2))
        };
        let answer = Box::pin(probe(self.watched.endpoint.clone(), self.watched.probes.clone(), tries, limit));
        self.probing = Some(Probing { since: now, frozen: false, asked, answer });
    }

    fn probed(&mut self, answered: bool) {
        let now = self.now();
        let Some(probing) = self.probing.take() else { return };
        // As long as packets arrive the music is heard, whatever becomes of new connections.
        if answered || self.vigil.has_heard_since(probing.since) {
            if probing.asked {
                self.tell(DriverEvent::Reachable);
            }
        } else if probing.frozen {
            self.begin_probe(now, probing.asked);
        } else {
            self.vigil.conclude();
            self.unresponsive("the voice server does not answer a probe");
        }
    }

    fn unresponsive(&self, why: &str) {
        let Watched { guild, generation, .. } = &self.watched;
        tracing::warn!(guild_id = %guild, %generation, "{why}");
        self.tell(DriverEvent::Unresponsive);
    }

    fn tell(&self, event: DriverEvent) {
        let report = DriverReport::Connection { generation: self.watched.generation, event };
        // An error says that the guild's actor has ended, and then nobody wants to know.
        let _ = self.watched.reports.send(report);
    }
}

/// Whether the server answers one of `tries`.
async fn probe(endpoint: String, probes: Arc<Semaphore>, tries: u32, limit: Duration) -> bool {
    for attempt in 1..=tries {
        // Never closed; without a permit there is no probe, and nothing is concluded.
        let Ok(_permit) = probes.acquire().await else { return true };
        match probe::hello(&endpoint, limit).await {
            Ok(()) => return true,
            Err(error) => tracing::debug!(attempt, %error, "a probe of the voice server failed"),
        }
    }
    false
}

async fn answer(probing: &mut Option<Probing>) -> bool {
    match probing {
        Some(probing) => probing.answer.as_mut().await,
        None => std::future::pending().await,
    }
}

async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}
