//! Voice states without a channel that our own op 4 will bring: none of them is a kick.

use core::time::Duration;
use refrain_model::Moment;

/// How many are to come, and until when. A main gateway that was dead for a while takes several op 4 at once, and answers
/// each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NullsOwed {
    count: u32,
    until: Option<Moment>,
}

impl NullsOwed {
    /// Op 4 without a channel was sent; its answer is waited for until then.
    pub(super) fn owe(&mut self, until: Moment) {
        self.count = self.count.saturating_add(1);
        self.until = Some(until);
    }

    /// A voice state without a channel came; whether it is one of those. A gateway that is `late` delivers them late.
    pub(super) fn settle(&mut self, now: Moment, late: Duration) -> bool {
        let ours = self.count > 0 && self.until.is_some_and(|until| now <= until + late);
        if !ours {
            self.forget();
        }
        self.count = self.count.saturating_sub(1);
        ours
    }

    /// None will come any more.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}
