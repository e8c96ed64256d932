//! One guild's messages, without the requests: what to send next, as a pure value.
//!
//! One incident is one message, whatever Discord does: while a request is under way, or has failed, the latest word waits
//! and older ones are forgotten; a message that somebody deleted is not sent again; and where it is not known whether a
//! message was made (the answer was lost), it is asked for once more under the same nonce, under which Discord makes one.

use super::{
    deliver,
    leaving::Leaving,
    topic::{Place, Topic, goes_on},
};
use crate::{
    outbox::{self, After, Outcome, Report, Tries},
    rest::Rest,
};
use refrain::{Announcement, AnnouncementKind, AnnouncementStep};
use refrain_model::{ChannelId, GuildId, MessageId, MessagePlace};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
use twilight_model::id::{Id, marker::MessageMarker};

/// Incidents whose messages are remembered.
const KEPT: usize = 8;

/// A request to send.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(super) incident: u64,
    pub(super) channel: ChannelId,
    pub(super) request: Request,
    /// Set when there is something newer to say: a request that still waits for its turn need not be sent.
    pub(super) stale: Arc<AtomicBool>,
}

/// What is asked of Discord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Create(AnnouncementKind),
    Edit(Id<MessageMarker>, AnnouncementKind),
    Delete(Id<MessageMarker>),
    /// A message of the process before this one is brought to its end.
    Leftover(Id<MessageMarker>),
    /// The same, where that process never learned its place: asked for under its nonce it is the one that is there.
    FindLeftover,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Oldest first.
    topics: VecDeque<Topic>,
    /// The request under way.
    busy: Option<Busy>,
    /// Incidents up to this one are not remembered any more, so nothing is said of them.
    forgotten: u64,
    /// The operator knows that people cannot be told here.
    complained: bool,
    /// The incident whose message the guild's record has.
    reported: Option<u64>,
    /// A message of the process before this one, which is still to be brought to its end.
    leftover: Option<Leaving>,
}

#[derive(Debug)]
struct Busy {
    task: Task,
    stale: Arc<AtomicBool>,
}

/// What a request is for.
#[derive(Debug)]
enum Task {
    Step { incident: u64, step: AnnouncementStep },
    Leftover,
}

impl Line {
    pub(super) fn push(&mut self, announcement: Announcement) {
        let Announcement { incident, channel, step } = announcement;
        if incident <= self.forgotten {
            return;
        }
        if let Some(busy) = self.busy.as_ref().filter(|busy| busy.incident() == Some(incident)) {
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
                    tries: Tries::default(),
                    goes_on: false,
                });
                self.forget_the_oldest();
            }
        }
    }

    pub(super) fn settle(&mut self, leftover: Option<Leaving>) {
        self.leftover = leftover;
    }

    fn begin(&mut self, task: Task, incident: u64, channel: ChannelId, request: Request) -> Job {
        let stale = Arc::<AtomicBool>::default();
        self.busy = Some(Busy { task, stale: stale.clone() });
        Job { incident, channel, request, stale }
    }

    /// Something to bring to its end that the process before this one left.
    fn next_leftover(&mut self, now: Instant) -> Option<Job> {
        let leftover = self.leftover.filter(|leftover| !leftover.tries().wait(now))?;
        let Some((incident, channel, request)) = leftover.request(now) else {
            self.leftover = None;
            return None;
        };
        Some(self.begin(Task::Leftover, incident, channel, request))
    }

    /// The request of a step is answered. What the operator should hear.
    fn step_done(&mut self, incident: u64, step: AnnouncementStep, outcome: Outcome, now: Instant) -> Option<String> {
        let known = self.complained;
        let topic = self.topic(incident)?;
        let removal = step == AnnouncementStep::Remove;
        let complaint = match outcome {
            Outcome::Created { message, as_asked } => {
                topic.shows(Place::At(message), &step);
                if !as_asked {
                    topic.wanted.get_or_insert(step);
                }
                None
            }
            Outcome::Done => {
                topic.shows(if removal { Place::Closed } else { topic.place }, &step);
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

    /// What the guild's record has to know: where a message is that must not stay as it is.
    fn report(&mut self, incident: u64) -> Option<Report> {
        let topic = self.topic(incident)?;
        let stands = match topic.place {
            Place::At(message) if topic.goes_on => {
                Some(MessagePlace { channel: topic.channel, message: MessageId::new(message.get()) })
            }
            Place::At(_) | Place::Nowhere | Place::Unknown { .. } | Place::Closed => None,
        };
        let known = self.reported == Some(incident);
        match stands {
            Some(_) if !known => self.reported = Some(incident),
            None if known => self.reported = None,
            Some(_) | None => return None,
        }
        Some(Report::Incident(stands))
    }

    fn topic(&mut self, incident: u64) -> Option<&mut Topic> {
        self.topics.iter_mut().find(|topic| topic.incident == incident)
    }

    fn forget_the_oldest(&mut self) {
        let busy = self.busy.as_ref().and_then(Busy::incident);
        while self.topics.len() > KEPT {
            let Some(oldest) = self.topics.iter().position(|topic| Some(topic.incident) != busy) else { return };
            if let Some(topic) = self.topics.remove(oldest) {
                self.forgotten = self.forgotten.max(topic.incident);
            }
        }
    }
}

impl outbox::Line for Line {
    type Job = Job;

    fn next(&mut self, now: Instant) -> Option<Job> {
        if self.busy.is_some() {
            return None;
        }
        for topic in &mut self.topics {
            if topic.tries.wait(now) {
                continue;
            }
            let Some(step) = topic.wanted.take() else { continue };
            let Some(request) = topic.request(&step, now) else { continue };
            let (incident, channel) = (topic.incident, topic.channel);
            return Some(self.begin(Task::Step { incident, step }, incident, channel, request));
        }
        self.next_leftover(now)
    }

    fn wake_up(&self) -> Option<Instant> {
        let waiting = self.topics.iter().filter(|topic| topic.wanted.is_some()).map(|topic| topic.tries);
        let waiting = waiting.chain(self.leftover.map(|leftover| leftover.tries())).filter(|_| self.busy.is_none());
        waiting.filter_map(|tries| tries.not_before()).min()
    }

    fn done(&mut self, outcome: Outcome, now: Instant) -> After {
        match self.busy.take().map(|busy| busy.task) {
            Some(Task::Step { incident, step }) => {
                let complaint = self.step_done(incident, step, outcome, now);
                After { complaint, report: self.report(incident) }
            }
            Some(Task::Leftover) => {
                self.leftover = self.leftover.and_then(|leftover| leftover.after(&outcome, now));
                After::default()
            }
            None => After::default(),
        }
    }

    /// Before the message is made, the record has that it will be: a process that is killed meanwhile finds it again.
    fn needs_record(job: &Job) -> bool {
        matches!(&job.request, Request::Create(kind) if goes_on(kind))
    }

    async fn deliver(rest: Rest, guild: GuildId, job: Job) -> Outcome {
        deliver::deliver(&rest, guild, &job).await
    }
}

impl Busy {
    const fn incident(&self) -> Option<u64> {
        match self.task {
            Task::Step { incident, .. } => Some(incident),
            Task::Leftover => None,
        }
    }
}
