//! Refrain's way out to Discord: op 4 to the guild's shard, what people are to see to the boards.

use crate::{
    announcer, convert, panel,
    world::{self, World},
};
use refrain::{Announcement, GatewayPort, Leftover, Panel, Scene};
use refrain_model::{ChannelId, GuildId};
use std::sync::Arc;
use twilight_gateway::MessageSender;
use twilight_model::gateway::payload::outgoing::UpdateVoiceState;

/// One for all guilds of the process.
pub(crate) struct Port {
    /// By shard number.
    shards: Vec<MessageSender>,
    announcements: Arc<announcer::Board>,
    panels: Arc<panel::Board>,
    world: Arc<World>,
}

impl Port {
    pub(crate) fn new(
        shards: Vec<MessageSender>,
        announcements: Arc<announcer::Board>,
        panels: Arc<panel::Board>,
        world: Arc<World>,
    ) -> Self {
        Self { shards, announcements, panels, world }
    }

    fn shard(&self, guild: GuildId) -> Option<&MessageSender> {
        self.shards.get(usize::try_from(self.shard_of(guild)).ok()?)
    }
}

impl GatewayPort for Port {
    fn update_voice_state(&self, guild: GuildId, channel: Option<ChannelId>) {
        let (Some(id), Some(shard)) = (convert::to_guild(guild), self.shard(guild)) else {
            tracing::error!(guild_id = %guild, "op 4 for a guild that no shard serves");
            return;
        };
        // The bot hears nobody, and says so: self-deafened.
        let command = UpdateVoiceState::new(id, channel.and_then(convert::to_channel), true, false);
        tracing::debug!(guild_id = %guild, voice_channel_id = ?channel, "op 4");
        if shard.command(&command).is_err() {
            tracing::warn!(guild_id = %guild, "op 4 was not sent: the shard has ended");
        }
    }

    fn announce(&self, announcement: Announcement) {
        self.announcements.push(announcement);
    }

    fn show_panel(&self, panel: Panel) {
        self.panels.show(panel);
    }

    fn settle_leftover(&self, guild: GuildId, leftover: Leftover) {
        self.announcements.settle(guild, leftover);
    }

    fn shard_of(&self, guild: GuildId) -> u32 {
        world::shard_of(guild, u32::try_from(self.shards.len()).unwrap_or(u32::MAX))
    }

    fn listeners(&self, guild: GuildId, channel: ChannelId) -> Option<u32> {
        let listeners = self.world.listeners(convert::to_guild(guild)?, convert::to_channel(channel)?)?;
        Some(u32::try_from(listeners).unwrap_or(u32::MAX))
    }
    fn scene(&self, guild: GuildId, channel: ChannelId) -> Scene {
        match (convert::to_guild(guild), convert::to_channel(channel)) {
            (Some(guild), Some(channel)) => self.world.scene(guild, channel),
            // Zero is no snowflake: there is no such channel.
            _ => Scene::Gone,
        }
    }
}
