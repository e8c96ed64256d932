//! One message a voice incident, edited as things change.
//!
//! What is said is decided in `refrain`; here it is shown. The [`Board`] holds the latest word on each incident, so that a
//! slow Discord is never asked to edit faster than it answers.

mod deliver;
mod line;
#[cfg(test)]
mod line_tests;
mod topic;

pub(crate) use line::Line;

use crate::outbox::Outbox;
use refrain::Announcement;
use refrain_model::{GuildId, MessagePlace};

/// What is to be said, by guild.
pub(crate) type Board = Outbox<Line>;

impl Board {
    /// Takes a word on an incident; it replaces an older one that has not been sent. Never blocks for long.
    pub(crate) fn push(&self, announcement: Announcement) {
        self.change(announcement.guild, |line| line.push(announcement));
    }

    /// A message of the process before this one is to say that it is over. Never blocks for long.
    pub(crate) fn settle(&self, guild: GuildId, place: MessagePlace) {
        self.change(guild, |line| line.settle(place));
    }
}
