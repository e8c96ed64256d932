//! What the guild actors need from whoever talks to Discord.

use crate::{Announcement, AskerChannel, Leftover, Panel, Scene};
use refrain_model::{ChannelId, GuildId, UserId};

/// The way out to Discord. Calls return at once: implementations queue the work.
pub trait GatewayPort: Send + Sync + 'static {
    /// Sends op 4 (`Voice State Update`) for a guild on its shard: join `channel`, self-deafened, or leave with `None`.
    fn update_voice_state(&self, guild: GuildId, channel: Option<ChannelId>);

    /// Tells a guild's members something. All announcements of one incident (same `incident`) belong in one message that is
    /// edited; where they come faster than Discord takes them, only the latest matters.
    fn announce(&self, guild: GuildId, announcement: Announcement);

    /// Asks Discord to let the bot speak in its stage channel: unsuppresses it where it may, otherwise requests to speak.
    fn request_to_speak(&self, guild: GuildId, channel: ChannelId) {
        let _ = (guild, channel);
    }

    /// The shard that serves a guild: each has a budget of op 4 of its own.
    fn shard_of(&self, guild: GuildId) -> u32 {
        let _ = guild;
        0
    }

    /// How many members listen in a voice channel, bots not counted; `None` when that is not known.
    fn listeners(&self, guild: GuildId, channel: ChannelId) -> Option<u32> {
        let _ = (guild, channel);
        None
    }

    /// Where a member is now.
    fn asker_channel(&self, guild: GuildId, member: UserId) -> AskerChannel {
        let _ = (guild, member);
        AskerChannel::Unknown
    }

    /// What the bot finds in a voice channel. It is asked at every step of a guild, so it has to be cheap.
    fn scene(&self, guild: GuildId, channel: ChannelId) -> Scene {
        Scene::Open { listeners: self.listeners(guild, channel) }
    }

    /// Shows what plays, in one message that is edited: the one at [`Panel::place`], or a new one. Where a message was made
    /// or has gone, [`GuildHandle::panel_is`](crate::GuildHandle::panel_is) is told, and where none can be made
    /// [`GuildHandle::panel_failed`](crate::GuildHandle::panel_failed). Only the latest of a guild matters.
    fn show_panel(&self, guild: GuildId, panel: Panel) {
        let _ = (guild, panel);
    }

    /// A process that was killed could not bring an incident's message to its end: it is edited to say so, once.
    fn settle_leftover(&self, guild: GuildId, leftover: Leftover) {
        let _ = (guild, leftover);
    }
}
