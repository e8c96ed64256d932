//! One message a voice incident, edited as things change.
//!
//! What is said is decided in `refrain`; here it is shown. The [`Board`] holds the latest word on each incident, so that a
//! slow Discord is never asked to edit faster than it answers.

mod deliver;
mod leaving;
mod line;
#[cfg(test)]
mod line_tests;
mod topic;

pub(crate) use line::Line;

use crate::outbox::Outbox;
use leaving::Leaving;
use refrain::{Announcement, Leftover};
use refrain_model::GuildId;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// What is to be said, by guild.
pub(crate) type Board = Outbox<Line>;

impl Board {
    /// Takes a word on an incident; it replaces an older one that has not been sent. Never blocks for long.
    pub(crate) fn push(&self, guild: GuildId, announcement: Announcement) {
        self.change(guild, |line| line.push(announcement));
    }

    /// A message of the process before this one is to say that it is over. Never blocks for long.
    pub(crate) fn settle(&self, guild: GuildId, leftover: Leftover) {
        let unix_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        self.change(guild, |line| line.settle(Leaving::new(leftover, unix_ms, Instant::now())));
    }
}
