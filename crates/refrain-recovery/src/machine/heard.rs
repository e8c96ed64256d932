//! How far the music was heard: proved, or taken for it while proofs of life are fresh.

use super::Recovery;
use crate::{Proof, Stage};
use core::time::Duration;
use refrain_model::Moment;

impl Recovery {
    /// What is proved, and until when what flows beyond it is taken for heard. It changes with every input.
    #[must_use]
    pub fn proof(&self) -> Proof {
        let trusted_until = if self.is_in_doubt() { Moment::ZERO } else { self.proofs.trusted_until() };
        Proof { heard: self.ledger.proved(), trusted_until }
    }

    /// How far listeners have heard the current track at `now`, when the attached source has given its frames up to
    /// `flowed`: the place to reopen a source at, and the one to store.
    ///
    /// What has flowed counts while proofs of life are fresh. Once the next one is overdue, and from the loss of a
    /// connection on, only the position that was proved last counts. So a later call can return less: what flowed just
    /// before a connection was found dead was not heard after all.
    ///
    /// Voice servers prove every few seconds what has arrived ([`DriverEvent::Alive`](crate::DriverEvent::Alive)). From
    /// the second proof of a connection on, the next one is overdue after 1.2 times their usual distance, and after 30 s
    /// in any case. Time while the guild gives no frames does not count
    /// ([`Input::Flowing`](crate::Input::Flowing)), and what flowed before such a pause stays unproved until the next
    /// proof. A connection that never brings proofs is trusted.
    #[must_use]
    pub fn heard(&self, now: Moment, flowed: Duration) -> Duration {
        match self.ledger.proved() {
            Some(proved) if self.is_in_doubt() || self.proofs.is_overdue(now) => proved,
            Some(_) | None => flowed,
        }
    }

    /// What flows may go into the void, or nothing flows because the connection was lost.
    fn is_in_doubt(&self) -> bool {
        self.ledger.is_lost() || self.is_resuming()
    }

    /// Nothing proves that what flows into a resume is heard.
    pub(super) const fn is_resuming(&self) -> bool {
        matches!(self.state.stage(), Some(Stage::Resuming { .. }))
    }
}
