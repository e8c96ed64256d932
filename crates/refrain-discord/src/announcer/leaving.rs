//! What the process before this one left: a message that says the music is away, on its way to its last word.

use super::line::Request;
use crate::{
    convert,
    outbox::{NONCE_LASTS, Outcome, Tries},
};
use refrain::Leftover;
use refrain_model::{ChannelId, MessageId, MessagePlace};
use std::time::{Duration, Instant};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leaving {
    stage: Stage,
    tries: Tries,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The killed process never learned its place. Asked for once more it is the message that is there, or a new one.
    Asked { channel: ChannelId, incident: u64, until: Instant },
    /// It is edited.
    At(MessagePlace),
    /// It had never been made, and now it is there: it is taken away.
    Unwanted(MessagePlace),
}

impl Leaving {
    /// `None` where nothing can be done any more: Discord has forgotten what was asked for.
    pub(super) fn new(leftover: Leftover, unix_ms: u128, now: Instant) -> Option<Self> {
        let stage = match leftover {
            Leftover::At(place) => Stage::At(place),
            Leftover::Asked(asked) => {
                let age = unix_ms.saturating_sub(u128::from(asked.at_unix_ms));
                let age = Duration::from_millis(u64::try_from(age).unwrap_or(u64::MAX));
                let until = now + NONCE_LASTS.checked_sub(age)?;
                Stage::Asked { channel: asked.channel, incident: asked.incident, until }
            }
        };
        Some(Self { stage, tries: Tries::default() })
    }

    pub(super) const fn tries(&self) -> Tries {
        self.tries
    }

    /// What to ask of Discord: the incident (0: none), the channel, the request. `None`: it is too late for it.
    pub(super) fn request(&self, now: Instant) -> Option<(u64, ChannelId, Request)> {
        match self.stage {
            Stage::Asked { channel, incident, until } => {
                (now < until).then_some((incident, channel, Request::FindLeftover))
            }
            Stage::At(place) => Some((0, place.channel, Request::Leftover(convert::to_message(place.message)?))),
            Stage::Unwanted(place) => Some((0, place.channel, Request::Delete(convert::to_message(place.message)?))),
        }
    }

    /// What is left to do after an answer. Whether it is gone, or nobody may write there any more, is no matter: it was
    /// only to be left in good order.
    pub(super) fn after(mut self, outcome: &Outcome, now: Instant) -> Option<Self> {
        match (outcome, self.stage) {
            (Outcome::Failed { .. } | Outcome::Superseded, _) => (!self.tries.failed(now)).then_some(self),
            (Outcome::Created { message, as_asked }, Stage::Asked { channel, .. }) => {
                let place = MessagePlace { channel, message: MessageId::new(message.get()) };
                let stage = if *as_asked { Stage::Unwanted(place) } else { Stage::At(place) };
                Some(Self { stage, tries: Tries::default() })
            }
            (Outcome::Created { .. } | Outcome::Done | Outcome::Gone | Outcome::Refused { .. }, _) => None,
        }
    }
}
