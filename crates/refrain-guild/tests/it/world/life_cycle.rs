//! Processes that die and begin.

use super::{Subject, World, audio::Audio};
use rand::Rng;
use std::time::Duration;

impl World {
    /// The process is killed now, and a new one begins `away` later.
    pub(crate) fn kill(&mut self, away: Duration) {
        self.advance(self.now, false);
        let lag = Duration::from_millis(self.rng.random_range(0..=790));
        let unix_ms = self.unix_ms();
        self.disk.process_died(self.now, lag, unix_ms);
        self.begin_anew(away);
    }

    /// The guild has finished: its actor ends in good order, and another begins.
    pub(crate) fn begin_after_the_end(&mut self, away: Duration) {
        self.disk.process_ended();
        self.begin_anew(away);
    }

    fn begin_anew(&mut self, away: Duration) {
        if self.trace {
            super::trace(self.now, "a new process");
        }
        self.with_witness(super::Witness::process_ends);
        let still_there = self.rng.random_bool(0.3);
        self.discord.process_died(still_there);
        self.audio = Audio::default();
        self.advance(self.now + away, true);
        self.in_flight.clear();
        self.answers.clear();
        self.saved_at.clear();
        self.openings.clear();
        (self.turn_at, self.finished) = (None, false);
        let seed = self.rng.random_range(0..u64::MAX);
        self.subject = Subject::new(self.policy.clone(), seed, self.bug);
        self.boot();
    }
}
