//! The panel: the one message of a guild that says what plays, with buttons.
//!
//! What it shows is decided in `refrain`, and it goes wherever `refrain` has it: in the answer to a `/play`, or in a message
//! of its own. The [`Board`] holds the latest face of each guild's panel, so that a slow Discord is never asked to edit faster
//! than it answers.

mod buttons;
mod deliver;
mod easel;
#[cfg(test)]
mod easel_tests;
mod face;

pub(crate) use buttons::{Button, UnknownButton, buttons};
pub(crate) use easel::Easel;
pub(crate) use face::embed;

use crate::outbox::Outbox;
use refrain::{Panel, PanelFace};
use refrain_model::{GuildId, MessagePlace};
use std::sync::Arc;

/// The panels, by guild.
pub(crate) type Board = Outbox<Easel>;

impl Board {
    /// Takes what a panel is to show; it replaces what has not been sent. Never blocks for long.
    pub(crate) fn show(&self, guild: GuildId, panel: Panel) {
        self.change(guild, |easel| easel.push(panel));
    }

    /// A command begins whose answer may become the panel. Until what this gives is dropped no message is made beside it.
    pub(crate) fn await_answer(self: &Arc<Self>, guild: GuildId) -> Awaiting {
        self.change(guild, Easel::await_answer);
        Awaiting { board: self.clone(), guild }
    }

    /// The answer to a command is the panel from now on; the one before it loses its buttons.
    pub(crate) fn adopt(&self, guild: GuildId, place: MessagePlace) {
        self.change(guild, |easel| easel.adopt(place));
    }

    /// An adopted message shows something else than how things are, unless something newer was asked for since.
    pub(crate) fn correct(&self, guild: GuildId, face: PanelFace) {
        self.change(guild, |easel| easel.correct(face));
    }
}

/// See [`Board::await_answer`].
pub(crate) struct Awaiting {
    board: Arc<Board>,
    guild: GuildId,
}

impl Drop for Awaiting {
    fn drop(&mut self) {
        self.board.change(self.guild, Easel::answered);
    }
}
