//! Refrain's way out to Discord: op 4 to the guild's shard, what members are to see to the boards.

use crate::{
    announcer, convert,
    error::DiscordError,
    panel,
    rest::Rest,
    world::{self, World},
};
use refrain::{Announcement, AskerChannel, GatewayPort, Leftover, Panel, Scene};
use refrain_model::{ChannelId, GuildId, UserId};
use refrain_rest::{Delivery, RestError};
use serde::Serialize;
use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use twilight_gateway::MessageSender;
use twilight_http::{request::Request, routing::Route};
use twilight_model::{
    gateway::payload::outgoing::UpdateVoiceState,
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker},
    },
    util::Timestamp,
};

/// How long it is tried to ask for the right to speak.
const ASKED_TO_SPEAK_WITHIN: Duration = Duration::from_secs(60);

/// One for all guilds of the process.
pub(crate) struct Port {
    rest: Rest,
    /// By shard number.
    shards: Vec<MessageSender>,
    announcements: Arc<announcer::Board>,
    panels: Arc<panel::Board>,
    world: Arc<World>,
}

impl Port {
    pub(crate) fn new(
        rest: Rest,
        shards: Vec<MessageSender>,
        announcements: Arc<announcer::Board>,
        panels: Arc<panel::Board>,
        world: Arc<World>,
    ) -> Self {
        Self { rest, shards, announcements, panels, world }
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
        tracing::debug!(guild_id = %guild, voice_channel_id = channel.map(tracing::field::display), "op 4");
        if shard.command(&command).is_err() {
            tracing::warn!(guild_id = %guild, "op 4 was not sent: the shard has ended");
        }
    }

    fn announce(&self, guild: GuildId, announcement: Announcement) {
        self.announcements.push(guild, announcement);
    }

    fn request_to_speak(&self, guild: GuildId, channel: ChannelId) {
        let (Some(id), Some(stage)) = (convert::to_guild(guild), convert::to_channel(channel)) else { return };
        let (rest, unsuppress) = (self.rest.clone(), self.world.may_unsuppress(stage));
        tokio::spawn(async move {
            match speak(&rest, id, stage, unsuppress).await {
                Ok(()) => tracing::info!(guild_id = %guild, voice_channel_id = %channel, unsuppress, "asked to speak"),
                Err(reason) => {
                    tracing::warn!(guild_id = %guild, voice_channel_id = %channel, %reason, "asking to speak was refused");
                }
            }
        });
    }

    fn show_panel(&self, guild: GuildId, panel: Panel) {
        self.panels.show(guild, panel);
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

    fn asker_channel(&self, guild: GuildId, member: UserId) -> AskerChannel {
        match (convert::to_guild(guild), convert::to_user(member)) {
            (Some(guild), Some(member)) => self.world.asker_channel(guild, member),
            // Zero is no snowflake: there is no such member.
            _ => AskerChannel::Unknown,
        }
    }

    fn scene(&self, guild: GuildId, channel: ChannelId) -> Scene {
        match (convert::to_guild(guild), convert::to_channel(channel)) {
            (Some(guild), Some(channel)) => self.world.scene(guild, channel),
            // Zero is no snowflake: there is no such channel.
            _ => Scene::Gone,
        }
    }
}

/// The bot's own voice state, changed. twilight's builder can only suppress.
#[derive(Serialize)]
struct Speak {
    channel_id: Id<ChannelMarker>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppress: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_to_speak_timestamp: Option<String>,
}

/// Lets the bot speak in a stage channel where it may do that itself, otherwise raises its hand.
async fn speak(
    rest: &Rest,
    guild: Id<GuildMarker>,
    channel_id: Id<ChannelMarker>,
    unsuppress: bool,
) -> Result<(), DiscordError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_secs()).ok().and_then(|now| Timestamp::from_secs(now).ok());
    let body = Speak {
        channel_id,
        suppress: unsuppress.then_some(false),
        request_to_speak_timestamp: now.filter(|_| !unsuppress).map(|now| now.iso_8601().to_string()),
    };
    let route = Route::UpdateCurrentUserVoiceState { guild_id: guild.get() };
    let request = Request::builder(&route).json(&body).build();
    let request = request.map_err(|e| RestError::Invalid { reason: e.to_string() });
    let delivery = Delivery::harmless_until(Instant::now() + ASKED_TO_SPEAK_WITHIN);
    let sent = async { rest.send_raw(request?, delivery).await.map(drop) };
    sent.await.map_err(|e| DiscordError::from_rest("asking to speak", &e))
}
