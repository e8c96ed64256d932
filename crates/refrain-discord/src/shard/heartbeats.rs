//! Heartbeats that Discord did not answer. twilight keeps when it sent the last one and whether that was answered, and
//! drops a connection that is silent altogether; on one that is merely slow it sends the next heartbeat.

use std::time::Instant;

/// Counts the heartbeats in a row that were followed by another one before they were answered.
#[derive(Debug, Default)]
pub(super) struct Heartbeats {
    /// The one that is not answered.
    open: Option<Instant>,
    missed: u32,
}

impl Heartbeats {
    /// After each event: when the last heartbeat was sent, and whether it was answered. The number of missed ones, where
    /// that has changed.
    pub(super) fn observe(&mut self, sent: Option<Instant>, answered: bool) -> Option<u32> {
        let before = self.missed;
        match sent.filter(|_| !answered) {
            None => (self.open, self.missed) = (None, 0),
            Some(sent) if self.open == Some(sent) => {}
            Some(sent) => {
                self.missed = self.missed.saturating_add(u32::from(self.open.is_some()));
                self.open = Some(sent);
            }
        }
        (self.missed != before).then_some(self.missed)
    }

    /// How many were missed, as observed last.
    pub(super) const fn missed(&self) -> u32 {
        self.missed
    }
}

#[cfg(test)]
mod tests {
    use super::Heartbeats;
    use std::time::{Duration, Instant};

    #[test]
    fn every_change_of_the_missed_heartbeats_is_told_once() {
        let start = Instant::now();
        let sent = |n: u64| Some(start + Duration::from_secs(41 * n));
        // When the last one was sent, whether it was answered, and what is told.
        let steps = [
            (None, false, None),
            (sent(1), false, None),
            (sent(1), true, None),
            (sent(2), false, None),
            (sent(3), false, Some(1)),
            (sent(3), false, None),
            (sent(4), false, Some(2)),
            (sent(4), true, Some(0)),
            (sent(5), false, None),
            (sent(6), false, Some(1)),
            // A new connection has sent none.
            (None, false, Some(0)),
        ];
        let mut heartbeats = Heartbeats::default();
        for (n, (sent, answered, told)) in steps.into_iter().enumerate() {
            assert_eq!(heartbeats.observe(sent, answered), told, "step {n}");
            assert_eq!(told.unwrap_or(heartbeats.missed()), heartbeats.missed());
        }
    }
}
