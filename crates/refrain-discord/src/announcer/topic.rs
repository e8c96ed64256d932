//! One incident's message: where it is, and what it is to say next.

use super::line::Request;
use crate::outbox::{NONCE_LASTS, Tries};
use refrain::{AnnouncementKind, AnnouncementStep};
use refrain_model::ChannelId;
use std::time::Instant;
use twilight_model::id::{Id, marker::MessageMarker};

/// An incident.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) incident: u64,
    pub(super) channel: ChannelId,
    pub(super) place: Place,
    /// The latest word, until it is shown.
    pub(super) wanted: Option<AnnouncementStep>,
    pub(super) tries: Tries,
    /// The message says that something goes on (the music is away): it must not do so for ever.
    pub(super) goes_on: bool,
}

/// Whether this tells of something that goes on, and that a killed process would leave standing.
pub(super) const fn goes_on(kind: &AnnouncementKind) -> bool {
    match kind {
        AnnouncementKind::Interrupted(_) | AnnouncementKind::SourceTrouble(_) | AnnouncementKind::NotHeard { .. } => {
            true
        }
        AnnouncementKind::Back { .. }
        | AnnouncementKind::Ended(_)
        | AnnouncementKind::Left
        | AnnouncementKind::SourceBack { .. }
        | AnnouncementKind::TracksFailed { .. }
        | AnnouncementKind::Halted { .. }
        | AnnouncementKind::StartedOver { .. }
        | AnnouncementKind::HeardAgain => false,
    }
}

/// Where an incident's message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Nowhere,
    /// It was asked for, first at this time, and nobody knows whether it is there.
    Unknown {
        since: Instant,
    },
    At(Id<MessageMarker>),
    /// Nothing more is said of this incident.
    Closed,
}

impl Topic {
    /// The request that a step asks for. What asks for none is done with.
    pub(super) fn request(&mut self, step: &AnnouncementStep, now: Instant) -> Option<Request> {
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

    /// The message shows what a step said.
    pub(super) fn shows(&mut self, place: Place, step: &AnnouncementStep) {
        self.goes_on = matches!(step, AnnouncementStep::Say(kind) if goes_on(kind));
        (self.place, self.tries) = (place, Tries::default());
    }

    pub(super) fn close(&mut self) {
        (self.place, self.tries, self.wanted) = (Place::Closed, Tries::default(), None);
    }

    /// Tries again later, with the latest word by then. Whether this was the last try.
    pub(super) fn failed(&mut self, step: AnnouncementStep, now: Instant) -> bool {
        if self.tries.failed(now) {
            self.close();
            return true;
        }
        self.wanted.get_or_insert(step);
        false
    }
}
