//! What arrives in a guild's mailbox.

use super::sources::Readable;
use crate::{Answer, Command, CommandError, PanelFailure};
use refrain_guild::{LookUpId, SourceFailure, SourceId};
use refrain_model::{GuildRecord, MessagePlace, TrackInfo};
use tokio::sync::oneshot;

/// Where the answer to a command goes.
pub(crate) type Reply = oneshot::Sender<Replied>;

/// The answer to a command.
pub(crate) struct Replied {
    pub(crate) result: Result<Answer, CommandError>,
    /// It waits until the record that holds it is on the disk, or the disk is known not to take it.
    pub(crate) after_save: bool,
}

/// What comes through the bounded part of the mailbox.
pub(crate) enum Message {
    /// A member, a moderator or the operator wants something.
    Command {
        /// What.
        command: Command,
        /// Where the answer goes.
        reply: Reply,
    },
    /// The panel is a message at this place, or is gone.
    PanelIs(Option<MessagePlace>),
    /// The panel could not be shown.
    PanelFailed(PanelFailure),
    /// The message of an incident was made, or need not be remembered.
    IncidentMessageIs(Option<MessagePlace>),
}

/// What a task of the actor found out. Each task sends one.
pub(super) enum Finding {
    /// The guild's record was read.
    Loaded(Result<Option<Box<GuildRecord>>, String>),
    /// A look-up is over.
    LookedUp { id: LookUpId, result: Result<TrackInfo, SourceFailure> },
    /// A source is open, or cannot be opened.
    Opened { id: SourceId, result: Result<Readable, SourceFailure> },
}
