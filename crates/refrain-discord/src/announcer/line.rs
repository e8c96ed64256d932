//! One guild's messages, without the requests: what to send next, as a pure value.
//!
//! One incident is one message, whatever Discord does: while a request is under way, or has failed, the latest word waits
//! and older ones are forgotten; a message that somebody deleted is not sent again; and where it is not known whether a
//! message was made (the answer was lost), it is asked for once more under the same nonce, under which Discord makes one.

use refrain::{Announcement, AnnouncementKind, AnnouncementStep};
use refrain_model::ChannelId;
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use twilight_model::id::{Id, marker::MessageMarker};

/// Incidents whose messages are remembered.
const KEPT: usize = 8;
/// A request that fails is made again after this long, then after twice as long, and so on.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How often one word is tried: for five minutes or so.
const TRIES: u32 = 10;
/// Discord remembers a nonce for a few minutes. Later, asking once more could make a second message.
const NONCE_LASTS: Duration = Duration::from_secs(120);

/// A request to send.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) incident: u64,
    pub(super) channel: ChannelId,
    pub(super) request: Request,
    /// Set when there is something newer to say: a request that still waits for its turn need not be sent.
    pub(super) stale: Arc<AtomicBool>,
}

/// What is asked of Discord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Create(AnnouncementKind),
    Edit(Id<MessageMarker>, AnnouncementKind),
    Delete(Id<MessageMarker>),
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
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

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Oldest first.
    topics: VecDeque<Topic>,
    /// The request under way.
    busy: Option<Busy>,
    /// Incidents up to this one are not remembered any more, so nothing is said of them.
    forgotten: u64,
    /// The operator knows that people cannot be told here.
    complained: bool,
}

#[derive(Debug)]
struct Busy {
    incident: u64,
    step: AnnouncementStep,
    stale: Arc<AtomicBool>,
}

/// An incident.
#[derive(Debug)]
struct Topic {
    incident: u64,
    channel: ChannelId,
    place: Place,
    /// The latest word, until it is shown.
    wanted: Option<AnnouncementStep>,
    /// Failures of the latest request, and until when to wait after them.
    failures: u32,
    not_before: Option<Instant>,
}

/// Where an incident's message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Nowhere,
    /// It was asked for, first at this time, and nobody knows whether it is there.
    Unknown {
        since: Instant,
    },
    At(Id<MessageMarker>),
    /// Nothing more is said of this incident.
    Closed,
}

impl Line {
    pub(super) fn push(&mut self, announcement: Announcement) {
        let Announcement { incident, channel, step, .. } = announcement;
        if incident <= self.forgotten {
            return;
        }
        if let Some(busy) = self.busy.as_ref().filter(|busy| busy.incident == incident) {
            busy.stale.store(true, Ordering::Relaxed);
        }
        match self.topic(incident) {
            Some(topic) if topic.place == Place::Closed => {}
            Some(topic) => topic.wanted = Some(step),
            None => {
                let wanted = Some(step);
                self.topics.push_back(Topic {
                    incident,
                    channel,
                    place: Place::Nowhere,
                    wanted,
                    failures: 0,
                    not_before: None,
                });
                self.forget_the_oldest();
            }
        }
    }

    /// What to send now; one request at a time.
    pub(super) fn next(&mut self, now: Instant) -> Option<Job> {
        if self.busy.is_some() {
            return None;
        }
        for topic in &mut self.topics {
            if topic.not_before.is_some_and(|at| now < at) {
                continue;
            }
            let Some(step) = topic.wanted.take() else { continue };
            let Some(request) = topic.request(&step, now) else { continue };
            let stale = Arc::<AtomicBool>::default();
            self.busy = Some(Busy { incident: topic.incident, step, stale: stale.clone() });
            return Some(Job { incident: topic.incident, channel: topic.channel, request, stale });
        }
        None
    }

    /// When [`next`](Self::next) may have something, if nothing happens before.
    pub(super) fn wake_up(&self) -> Option<Instant> {
        let waiting = self.topics.iter().filter(|topic| topic.wanted.is_some() && self.busy.is_none());
        waiting.filter_map(|topic| topic.not_before).min()
    }

    pub(super) const fn is_busy(&self) -> bool {
        self.busy.is_some()
    }

    /// The request under way is answered. What the operator should hear, once.
    pub(super) fn done(&mut self, outcome: Outcome, now: Instant) -> Option<String> {
        let Busy { incident, step, .. } = self.busy.take()?;
        let known = self.complained;
        let topic = self.topic(incident)?;
        let removal = step == AnnouncementStep::Remove;
        let complaint = match outcome {
            Outcome::Created { message, as_asked } => {
                topic.well(Place::At(message));
                if !as_asked {
                    topic.wanted.get_or_insert(step);
                }
                None
            }
            Outcome::Done => {
                topic.well(if removal { Place::Closed } else { topic.place });
                None
            }
            Outcome::Gone => {
                topic.close();
                return None;
            }
            Outcome::Refused { reason } => {
                topic.close();
                Some(reason)
            }
            Outcome::Superseded => {
                topic.wanted.get_or_insert(step);
                return None;
            }
            Outcome::Failed { reason } => topic.failed(step, now).then_some(reason),
        };
        self.complained = complaint.is_some();
        complaint.filter(|_| !known)
    }

    fn topic(&mut self, incident: u64) -> Option<&mut Topic> {
        self.topics.iter_mut().find(|topic| topic.incident == incident)
    }

    fn forget_the_oldest(&mut self) {
        let busy = self.busy.as_ref().map(|busy| busy.incident);
        while self.topics.len() > KEPT {
            let Some(oldest) = self.topics.iter().position(|topic| Some(topic.incident) != busy) else { return };
            if let Some(topic) = self.topics.remove(oldest) {
                self.forgotten = self.forgotten.max(topic.incident);
            }
        }
    }
}

impl Topic {
    /// The request that a step asks for. What asks for none is done with.
    fn request(&mut self, step: &AnnouncementStep, now: Instant) -> Option<Request> {
        use AnnouncementStep::{Remove, Say, Settle};
        let request = match (self.place, step) {
            (Place::At(message), Say(kind) | Settle(kind)) => Request::Edit(message, kind.clone()),
            (Place::At(message), Remove) => Request::Delete(message),
            (Place::Nowhere, Say(kind)) => {
                self.place = Place::Unknown { since: now };
                Request::Create(kind.clone())
            }
            // A message that may be there must not go on saying what is over.
            (Place::Unknown { since }, Say(kind) | Settle(kind)) if now < since + NONCE_LASTS => {
                Request::Create(kind.clone())
            }
            (Place::Closed, _) | (Place::Unknown { .. }, _) | (Place::Nowhere, Settle(_) | Remove) => {
                self.close();
                return None;
            }
        };
        Some(request)
    }

    fn well(&mut self, place: Place) {
        (self.place, self.failures, self.not_before) = (place, 0, None);
    }

    fn close(&mut self) {
        self.well(Place::Closed);
        self.wanted = None;
    }

    /// Tries again later, with the latest word by then. Whether this was the last try.
    fn failed(&mut self, step: AnnouncementStep, now: Instant) -> bool {
        self.failures += 1;
        if self.failures >= TRIES {
            self.close();
            return true;
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << (self.failures - 1)).min(LONGEST_PAUSE);
        self.not_before = now.checked_add(pause);
        self.wanted.get_or_insert(step);
        false
    }
}
