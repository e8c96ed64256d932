//! What the guild actors need from whoever talks to Discord.

use crate::Announcement;
use refrain_model::{ChannelId, GuildId};

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
}
