//! Messages: created by bots, edited, deleted; the past of each is kept for the control API.

mod announce;
mod face;
mod files;
mod marks;
mod mentions;
mod report;
mod shown;
mod write;

use serde_json::Value;

pub(crate) use self::{
    face::without_nulls,
    files::{Files, NewFile},
    marks::Emoji,
};
use crate::id::Id;

const MAX_MESSAGES: usize = 20_000;
const MAX_EDITS: usize = 1000;

/// A message and its past.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) guild: Id,
    pub(crate) channel: Id,
    /// The bot that wrote it.
    pub(crate) author: Id,
    pub(crate) origin: Option<Origin>,
    pub(crate) face: Face,
    /// The only person who sees it.
    pub(crate) only_for: Option<Id>,
    pub(crate) created_ms: f64,
    pub(crate) deleted_ms: Option<f64>,
    pub(crate) created_unix: u64,
    edited_unix: Option<u64>,
    edits: Vec<(f64, Face)>,
    nonce: Value,
    tts: bool,
    reply_to: Option<Id>,
    reactions: Vec<(Emoji, Vec<Id>)>,
    /// When it was pinned, in milliseconds since 1970.
    pub(crate) pinned_unix: Option<u64>,
}

/// What a message shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Face {
    pub(crate) content: String,
    pub(crate) embeds: Value,
    pub(crate) components: Value,
    pub(crate) flags: u64,
    pub(crate) files: Vec<files::Attachment>,
    /// Who is mentioned.
    mentions: mentions::Mentions,
}

/// The interaction that a message answers.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) interaction: Id,
    pub(crate) user: Id,
    /// The interaction's type number.
    pub(crate) kind: u8,
    /// The command's name, with its sub-commands.
    pub(crate) name: Option<String>,
    /// The first answer, where this is a follow-up.
    pub(crate) original: Option<Id>,
    /// The message whose component was used.
    pub(crate) used: Option<Id>,
    /// What opened the form that was sent.
    pub(crate) opener: Option<Box<Self>>,
}

/// Where and by whom a message is written.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) guild: Id,
    pub(crate) channel: Id,
    pub(crate) author: Id,
    pub(crate) origin: Option<Origin>,
}

impl Message {
    /// Whether everybody who sees the channel sees it, now.
    pub(crate) fn is_public(&self) -> bool {
        self.only_for.is_none() && self.deleted_ms.is_none()
    }

    /// Whether it shows nothing but its loading.
    pub(crate) fn is_loading(&self) -> bool {
        self.face.flags & super::message_body::LOADING != 0
    }
}
