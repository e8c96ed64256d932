//! Voice states without a channel that our own op 4 will bring: none of them is a kick.

use core::time::Duration;
use refrain_model::Moment;

/// How late a main gateway may answer that has stopped to read: later than this it is dead, and its session begins anew.
const MOST_LATE: Duration = Duration::from_secs(120);

/// How many are to come, and until when. A main gateway that was deaf for a while reads several op 4 at once, and answers
/// each; nothing else tells that it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NullsOwed {
    count: u32,
    until: Option<Moment>,
}

impl NullsOwed {
    /// Op 4 without a channel was sent.
    pub(super) fn owe(&mut self, now: Moment) {
        self.count = self.count.saturating_add(1);
        self.until = Some(now + MOST_LATE);
    }

    /// A voice connection stands. Discord answers op 4 in their order, so what is still to come comes within `soon`.
    pub(super) fn connected(&mut self, now: Moment, soon: Duration) {
        self.until = self.until.map(|until| until.min(now + soon));
    }

    /// A voice state without a channel came; whether it is one of those.
    pub(super) fn settle(&mut self, now: Moment) -> bool {
        let ours = self.count > 0 && self.until.is_some_and(|until| now <= until);
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
