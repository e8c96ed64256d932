//! What the guild actors need from whoever talks to Discord.

use crate::{Announcement, Panel};
use refrain_model::{AskedMessage, ChannelId, GuildId, MessagePlace};

/// The way out to Discord. Calls return at once: implementations queue the work.
pub trait GatewayPort: Send + Sync + 'static {
    /// Sends op 4 (`Voice State Update`) for a guild on its shard: join `channel`, self-deafened, or leave with `None`.
    fn update_voice_state(&self, guild: GuildId, channel: Option<ChannelId>);

    /// Tells people something. All announcements of one incident (same `incident`) belong in one message that is edited;
    /// where they come faster than Discord takes them, only the latest matters.
    fn announce(&self, announcement: Announcement);

    /// The shard that serves a guild: each has a budget of op 4 of its own.
    fn shard_of(&self, guild: GuildId) -> u32 {
        let _ = guild;
        0
    }

    /// How many people listen in a voice channel, the bot not counted; `None` when that is not known.
    fn listeners(&self, guild: GuildId, channel: ChannelId) -> Option<u32> {
        let _ = (guild, channel);
        None
    }

    /// What a restarted bot finds in the voice channel that it was in.
    fn scene(&self, guild: GuildId, channel: ChannelId) -> Scene {
        Scene::Open { listeners: self.listeners(guild, channel) }
    }

    /// Shows what plays, in one message that is edited: the one at [`Panel::place`], or a new one. Where a message was made
    /// or has gone, [`GuildHandle::panel_is`](crate::GuildHandle::panel_is) is told. Only the latest of a guild matters.
    fn show_panel(&self, panel: Panel) {
        let _ = panel;
    }

    /// A process that was killed could not bring an incident's message to its end: it is edited to say so, once.
    fn settle_leftover(&self, guild: GuildId, leftover: Leftover) {
        let _ = (guild, leftover);
    }
}

/// A message of an interruption that a killed process could not bring to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// It is there.
    At(MessagePlace),
    /// It was asked for, and nobody knows whether it is there.
    Asked(AskedMessage),
}

/// What a restarted bot finds in the voice channel that it was in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// It may join.
    Open {
        /// How many people listen there, the bot not counted; `None` when that is not known.
        listeners: Option<u32>,
    },
    /// The channel is no more.
    Gone,
    /// It may no longer connect or speak there.
    Forbidden,
}
