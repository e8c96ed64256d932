//! One guild's panel, without the requests: what to send next, as a pure value.
//!
//! There is one message with buttons, whatever Discord does: the latest face waits while a request is under way or has
//! failed; a message that another one takes the place of loses its buttons; one that somebody deleted is made anew where
//! that is wanted; and where it is not known whether a message was made (the answer was lost), it is asked for again under
//! the same nonce, under which Discord makes one.

use super::deliver;
use crate::{
    outbox::{After, Line, NONCE_LASTS, Outcome, Report, Tries},
    rest::Rest,
};
use refrain::{Panel, PanelFace, PanelFailure};
use refrain_model::{ChannelId, GuildId, MessageId, MessagePlace};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

/// Messages remembered that are panels no more.
const KEPT: usize = 8;

/// A request to send.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(super) request: Request,
    /// Set when there is something newer to show: a request that still waits for its turn need not be sent.
    pub(super) stale: Arc<AtomicBool>,
}

/// What is asked of Discord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// `serial`: the same for one message, however often it is asked for.
    Create {
        channel: ChannelId,
        serial: u64,
        face: PanelFace,
    },
    Edit {
        place: MessagePlace,
        face: PanelFace,
    },
    /// It loses its buttons, and keeps its words.
    Retire(MessagePlace),
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Easel {
    place: Place,
    /// The latest face, until it is shown.
    wanted: Option<Wanted>,
    /// Commands under way whose answers may become the panel: no message is made beside them.
    awaited: usize,
    /// Something was asked for since the last message was adopted.
    asked_since: bool,
    /// Messages that are panels no more, and those of them that still have their buttons. Oldest first.
    retired: VecDeque<MessagePlace>,
    retiring: VecDeque<MessagePlace>,
    /// The request under way.
    busy: Option<(Request, Wanted, Arc<AtomicBool>)>,
    tries: Tries,
    serial: u64,
    /// The operator knows that nothing can be shown here.
    complained: bool,
}

/// A face, and where a new message goes if there is to be one.
#[derive(Clone, Debug, Default)]
struct Wanted {
    channel: Option<ChannelId>,
    face: Option<PanelFace>,
}

/// Where the panel is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Nowhere,
    /// It was asked for, first at this time, and nobody knows whether it is there.
    Asked {
        channel: ChannelId,
        serial: u64,
        since: Instant,
    },
    At(MessagePlace),
}

impl Easel {
    pub(super) fn push(&mut self, panel: Panel) {
        let Panel { place, channel, replaces, face } = panel;
        if let Some(old) = replaces {
            if self.place == Place::At(old) {
                self.place = Place::Nowhere;
            }
            self.retire(old);
        }
        // The actor may not know yet of a message that was adopted, or made, meanwhile.
        if let Some(place) = place.filter(|place| !self.retired.contains(place)) {
            self.place = Place::At(place);
        }
        self.want(Wanted { channel, face: Some(face) });
    }

    pub(super) fn adopt(&mut self, place: MessagePlace) {
        if let Place::At(old) = std::mem::replace(&mut self.place, Place::At(place))
            && old != place
        {
            self.retire(old);
        }
        self.asked_since = false;
    }

    pub(super) fn correct(&mut self, face: PanelFace) {
        if !self.asked_since {
            self.want(Wanted { channel: None, face: Some(face) });
        }
    }

    pub(super) fn await_answer(&mut self) {
        self.awaited += 1;
    }

    pub(super) fn answered(&mut self) {
        self.awaited = self.awaited.saturating_sub(1);
    }

    /// A message would have to be made, and the answer to a command may become the panel in a moment.
    fn holds_back(&self) -> bool {
        self.awaited > 0 && self.place == Place::Nowhere
    }

    fn want(&mut self, wanted: Wanted) {
        if let Some((_, _, stale)) = self.busy.as_ref().filter(|(request, ..)| !matches!(request, Request::Retire(_))) {
            stale.store(true, Ordering::Relaxed);
        }
        (self.wanted, self.asked_since) = (Some(wanted), true);
    }

    fn retire(&mut self, place: MessagePlace) {
        if !self.retired.contains(&place) {
            self.retired.push_back(place);
            self.retiring.push_back(place);
        }
        for list in [&mut self.retired, &mut self.retiring] {
            list.drain(..list.len().saturating_sub(KEPT));
        }
    }

    /// The request that shows a face; `None` where there is nowhere to show it.
    fn request(&mut self, wanted: &Wanted, now: Instant) -> Option<Request> {
        let face = wanted.face.clone()?;
        if let Place::Asked { since, .. } = self.place
            && now >= since + NONCE_LASTS
        {
            (self.place, self.tries) = (Place::Nowhere, Tries::default());
            return None;
        }
        match (self.place, wanted.channel) {
            (Place::At(place), _) => Some(Request::Edit { place, face }),
            (Place::Asked { channel, serial, .. }, _) => Some(Request::Create { channel, serial, face }),
            (Place::Nowhere, Some(channel)) if face != PanelFace::Over => {
                self.serial += 1;
                self.place = Place::Asked { channel, serial: self.serial, since: now };
                Some(Request::Create { channel, serial: self.serial, face })
            }
            (Place::Nowhere, _) => None,
        }
    }

    fn created(&mut self, channel: ChannelId, serial: u64, message: MessagePlace, shown: Wanted) -> Option<Report> {
        // A message that an earlier request made, whose answer was lost, shows what that one said.
        let again = self.tries.have_failed();
        (self.tries, self.complained) = (Tries::default(), false);
        if !matches!(self.place, Place::Asked { channel: asked, serial: number, .. } if (asked, number) == (channel, serial))
        {
            // The answer to a `/play` has become the panel meanwhile.
            self.retire(message);
            return None;
        }
        self.place = Place::At(message);
        if again {
            self.wanted.get_or_insert(shown);
        }
        Some(Report::Panel(Some(message)))
    }

    /// The message is no more, or may not be edited any more: another one is made where there is to be one.
    fn lost(&mut self, place: MessagePlace, shown: Wanted) -> Option<Report> {
        self.tries = Tries::default();
        let latest = self.wanted.take().unwrap_or(shown);
        if self.place != Place::At(place) {
            self.wanted = Some(latest);
            return None;
        }
        self.place = Place::Nowhere;
        if latest.channel.is_some() && latest.face != Some(PanelFace::Over) {
            self.wanted = Some(latest);
            return None;
        }
        Some(Report::Panel(None))
    }

    /// No message can be made: nothing is shown until something else is wanted. What the operator should hear, once, and
    /// what the guild should: why, where that is known for good.
    fn given_up(&mut self, reason: Option<String>, failure: Option<PanelFailure>) -> After {
        self.tries = Tries::default();
        self.wanted = None;
        let complaint = reason.filter(|_| !std::mem::replace(&mut self.complained, true));
        let mut report = None;
        if matches!(self.place, Place::Asked { .. }) {
            self.place = Place::Nowhere;
            report = Some(failure.map_or(Report::Panel(None), Report::PanelFailed));
        }
        After { complaint, report }
    }

    fn failed(&mut self, wanted: Wanted, reason: String, now: Instant) -> After {
        self.wanted.get_or_insert(wanted);
        if self.tries.failed(now) { self.given_up(Some(reason), None) } else { After::default() }
    }

    fn retire_done(&mut self, place: MessagePlace, outcome: &Outcome, now: Instant) {
        let again = matches!(outcome, Outcome::Failed { .. } | Outcome::Superseded);
        if !again || self.tries.failed(now) {
            self.tries = Tries::default();
            self.retiring.retain(|other| *other != place);
        }
    }
}

impl Line for Easel {
    type Job = Job;

    fn next(&mut self, now: Instant) -> Option<Job> {
        if self.busy.is_some() || self.tries.wait(now) {
            return None;
        }
        let wanted = if self.holds_back() { None } else { self.wanted.take() };
        let shows = wanted.as_ref().and_then(|wanted| self.request(wanted, now));
        let request = shows.or_else(|| self.retiring.front().copied().map(Request::Retire))?;
        let stale = Arc::<AtomicBool>::default();
        self.busy = Some((request.clone(), wanted.unwrap_or_default(), stale.clone()));
        Some(Job { request, stale })
    }

    fn wake_up(&self) -> Option<Instant> {
        let wanted = self.wanted.is_some() && !self.holds_back();
        let waits = self.busy.is_none() && (wanted || !self.retiring.is_empty());
        self.tries.not_before().filter(|_| waits)
    }

    fn done(&mut self, outcome: Outcome, now: Instant) -> After {
        let Some((request, shown, _)) = self.busy.take() else { return After::default() };
        let quiet = |report| After { complaint: None, report };
        match (request, outcome) {
            (Request::Retire(place), outcome) => {
                self.retire_done(place, &outcome, now);
                After::default()
            }
            (Request::Create { channel, serial, .. }, Outcome::Created { message, .. }) => {
                let place = MessagePlace { channel, message: MessageId::new(message.get()) };
                quiet(self.created(channel, serial, place, shown))
            }
            (_, Outcome::Superseded) => {
                self.wanted.get_or_insert(shown);
                After::default()
            }
            (_, Outcome::Failed { reason }) => self.failed(shown, reason, now),
            (Request::Edit { place, .. }, Outcome::Gone | Outcome::Refused { .. }) => quiet(self.lost(place, shown)),
            (Request::Create { channel, .. }, Outcome::Gone) => {
                self.given_up(None, Some(PanelFailure::ChannelGone { channel }))
            }
            (Request::Create { channel, .. }, Outcome::Refused { reason }) => {
                self.given_up(Some(reason), Some(PanelFailure::Forbidden { channel }))
            }
            (_, Outcome::Done | Outcome::Created { .. }) => {
                self.tries = Tries::default();
                After::default()
            }
        }
    }

    async fn deliver(rest: Rest, guild: GuildId, job: Job) -> Outcome {
        deliver::deliver(&rest, guild, &job).await
    }
}
