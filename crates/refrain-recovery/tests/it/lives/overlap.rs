//! What becomes of a connection that carries the frames while another one is made.

use super::witness::Witness;
use crate::world::Event;
use refrain_recovery::{Generation, Input, Intent};

/// The connections that are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    attempt: Option<Generation>,
    standing: Option<Generation>,
}

impl Held {
    pub(super) const fn of(witness: &Witness) -> Self {
        Self { attempt: witness.attempt(), standing: witness.standing() }
    }

    const fn are_two(self) -> bool {
        self.attempt.is_some() && self.standing.is_some()
    }
}

/// The turns that it can take; each must be reached.
pub(super) const TURNS: [&str; 8] = [
    "begins",
    "goes over",
    "the old one ends first",
    "the attempt fails",
    "the attempt gives way to another",
    "the way goes elsewhere",
    "asked to leave",
    "the old one goes on beside no attempt",
];

/// The turn that a step was, if it was one.
pub(super) fn overlap(event: &Event, before: Held, after: Held) -> Option<&'static str> {
    let asked_to_leave = matches!(event, Event::Input(Input::Intent(Intent::Leave)));
    match (before.are_two(), after.are_two()) {
        (false, true) => Some("begins"),
        (false, false) => None,
        (true, true) => (before.attempt != after.attempt).then_some("the attempt gives way to another"),
        (true, false) if after.standing.is_some() && after.standing == before.attempt => Some("goes over"),
        (true, false) if after.attempt.is_some() => Some("the old one ends first"),
        (true, false) if after.standing.is_some() => Some("the old one goes on beside no attempt"),
        (true, false) if asked_to_leave => Some("asked to leave"),
        (true, false) if matches!(event, Event::Input(Input::Driver { .. }) | Event::Timer(_)) => {
            Some("the attempt fails")
        }
        (true, false) => Some("the way goes elsewhere"),
    }
}
