//! The connections that the driver holds: one that is newest, and one of before that may still carry the frames.

use super::Recovery;
use crate::{Cause, Generation, Output, Server, Stage, VoiceSession, ledger::Hold};
use refrain_model::Moment;

impl Recovery {
    /// Whether this is the connection that carries the frames, where any are to flow: the newest one, or the one of
    /// before while that is still being made. What proves that it is alive proves what was [heard](crate::Input::Heard).
    #[must_use]
    pub fn carries(&self, generation: Generation) -> bool {
        self.fading.or(self.live) == Some(generation)
    }

    /// Holds the frames and drops whatever the driver holds or attempts.
    pub(super) fn drop_connection(&mut self, hold: Hold) {
        // What becomes of an attempt says nothing about the connection that carries the frames beside it.
        let hold = if self.fading.is_some() { Hold::Well } else { hold };
        self.hold(hold);
        self.drop_fading();
        self.drop_live();
    }

    /// The way goes elsewhere: an attempt is over, and so is a connection that is being resumed. One that still carries
    /// the frames goes on.
    pub(super) fn drop_attempt(&mut self) {
        if self.fading.is_none() {
            self.hold(Hold::Lost);
        }
        self.drop_live();
    }

    pub(super) fn hold(&mut self, hold: Hold) {
        // However well it seemed: what was sent since a proof is overdue may have gone into the void.
        let hold = if self.proofs.is_overdue(self.now) { Hold::Lost } else { hold };
        if self.ledger.hold(hold) {
            self.say(Output::StopFrames);
        }
    }

    fn drop_live(&mut self) {
        if let Some(generation) = self.live.take() {
            self.say(Output::TearDown { generation });
        }
    }

    pub(super) fn drop_fading(&mut self) {
        if let Some(generation) = self.fading.take() {
            self.say(Output::TearDown { generation });
        }
    }

    /// Raises the generation: whatever is in flight of the older ones counts no more. A connection that carries the
    /// frames goes on doing so until the new one stands; an attempt is over.
    pub(super) fn new_generation(&mut self) {
        self.generation = Generation(self.generation.0.saturating_add(1));
        if self.fading.is_none() && self.ledger.is_flowing() {
            self.fading = self.live.take();
        } else {
            self.drop_live();
        }
    }

    /// Tells the driver to connect.
    pub(super) fn connect(&mut self, cause: Cause, until: Moment, session: VoiceSession, unpaired: Option<Moment>) {
        let generation = self.generation;
        self.live = Some(generation);
        self.spent = Some(Server { endpoint: session.endpoint.clone(), token: session.token.clone() });
        self.say(Output::Connect { generation, session: session.clone() });
        self.on_the_way(cause, Stage::Connecting { until, session, unpaired });
    }
}
