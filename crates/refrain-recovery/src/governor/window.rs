//! What a shard has sent of late, and what it may still have to send.

use alloc::collections::VecDeque;
use core::time::Duration;
use refrain_model::Moment;

/// The op 4 of one shard: a sliding window, and what turns under way have set aside.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    /// When each was sent, oldest first; no more of them than the budget, for more would say nothing new.
    sent: VecDeque<Moment>,
    /// Op 4 that turns under way may still send.
    reserved: u32,
}

impl Window {
    /// Forgets what was sent a whole window ago.
    pub(super) fn expire(&mut self, now: Moment, length: Duration) {
        while self.sent.front().is_some_and(|sent| now.since(*sent) >= length) {
            self.sent.pop_front();
        }
    }

    /// One was sent. `budget` bounds what is remembered: with that many in the window nobody gets a turn, and who comes
    /// next waits for the newest of them alone.
    pub(super) fn note(&mut self, now: Moment, budget: u32) {
        // Two reports may arrive out of order; the later moment is the cautious one.
        let at = self.sent.back().map_or(now, |last| now.max(*last));
        self.sent.push_back(at);
        while self.sent.len() > usize::try_from(budget).unwrap_or(usize::MAX) {
            self.sent.pop_front();
        }
    }

    pub(super) const fn reserve(&mut self, sends: u32) {
        self.reserved = self.reserved.saturating_add(sends);
    }

    pub(super) const fn release(&mut self, sends: u32) {
        self.reserved = self.reserved.saturating_sub(sends);
    }

    /// Sent within the window, or set aside.
    pub(super) fn used(&self) -> u32 {
        u32::try_from(self.sent.len()).unwrap_or(u32::MAX).saturating_add(self.reserved)
    }

    /// When the oldest leaves the window.
    pub(super) fn frees_at(&self, length: Duration) -> Option<Moment> {
        self.sent.front().map(|sent| *sent + length)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.sent.is_empty() && self.reserved == 0
    }
}
