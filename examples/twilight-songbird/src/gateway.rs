//! The main gateway: what Discord says of one guild, in the machine's words, and op 4 the other way.

use anyhow::{Context as _, Result, bail};
use refrain_model::{ChannelId, GuildId, UserId};
use refrain_recovery::GatewayEvent;
use twilight_gateway::{ConfigBuilder, Event, EventTypeFlags, Intents, Shard, ShardId, ShardState, StreamExt as _};
use twilight_model::{
    gateway::payload::{incoming::GuildCreate, outgoing::UpdateVoiceState},
    id::Id,
};

const WANTED: EventTypeFlags = EventTypeFlags::READY
    .union(EventTypeFlags::RESUMED)
    .union(EventTypeFlags::GATEWAY_HEARTBEAT_ACK)
    .union(EventTypeFlags::GUILD_CREATE)
    .union(EventTypeFlags::GUILD_DELETE)
    .union(EventTypeFlags::CHANNEL_DELETE)
    .union(EventTypeFlags::VOICE_STATE_UPDATE)
    .union(EventTypeFlags::VOICE_SERVER_UPDATE);

/// The shard of one guild, and the bot's own user once it is known.
pub(crate) struct Gateway {
    shard: Shard,
    guild: GuildId,
    user: Option<UserId>,
}

impl Gateway {
    /// `proxy`: another gateway than Discord's.
    pub(crate) fn new(token: String, proxy: Option<String>, guild: GuildId) -> Self {
        let config = ConfigBuilder::new(token, Intents::GUILDS | Intents::GUILD_VOICE_STATES);
        let config = match proxy {
            Some(url) => config.proxy_url(url),
            None => config,
        };
        Self { shard: Shard::with_config(ShardId::ONE, config.build()), guild, user: None }
    }

    pub(crate) const fn user(&self) -> Option<UserId> {
        self.user
    }

    /// Op 4: join `channel`, or leave. The bot hears nobody, and says so.
    pub(crate) fn send_voice_state(&self, guild: GuildId, channel: Option<ChannelId>) {
        let Some(guild) = Id::new_checked(guild.get()) else { return };
        let channel = channel.and_then(|channel| Id::new_checked(channel.get()));
        if self.shard.sender().command(&UpdateVoiceState::new(guild, channel, true, false)).is_err() {
            tracing::warn!("op 4 was not sent: the shard has ended");
        }
    }

    /// What the next message of the gateway says about the guild; often nothing. Can be cancelled at any time.
    pub(crate) async fn next(&mut self) -> Result<Vec<GatewayEvent>> {
        let event = self.shard.next_event(WANTED).await.context("the shard has ended")?;
        match event {
            Ok(Event::GatewayClose(frame)) => {
                if matches!(self.shard.state(), ShardState::FatallyClosed) {
                    bail!("the gateway closed for good: {frame:?}");
                }
                Ok(vec![GatewayEvent::ShardDisconnected])
            }
            Ok(event) => Ok(self.translate(event).into_iter().collect()),
            Err(error) => {
                tracing::warn!(%error, "the gateway stumbles; the shard connects again");
                Ok(Vec::new())
            }
        }
    }

    fn translate(&mut self, event: Event) -> Option<GatewayEvent> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "of Discord's hundred events these concern voice")]
        match event {
            Event::Ready(ready) => {
                self.user = Some(UserId::new(ready.user.id.get()));
                Some(GatewayEvent::ShardReady)
            }
            Event::Resumed => Some(GatewayEvent::ShardResumed),
            Event::GatewayHeartbeatAck => {
                let latency = *self.shard.latency().recent().first()?;
                Some(GatewayEvent::Health { latency, missed_heartbeats: 0 })
            }
            Event::GuildCreate(guild) if guild.id().get() == self.guild.get() => Some(self.guild_create(&guild)),
            Event::GuildDelete(guild) if guild.id.get() == self.guild.get() => Some(match guild.unavailable {
                Some(true) => GatewayEvent::GuildUnavailable,
                Some(false) | None => GatewayEvent::GuildDeleted,
            }),
            // The machine knows its channel: one of another guild is none of its business.
            Event::ChannelDelete(channel) => {
                Some(GatewayEvent::ChannelDeleted { channel: ChannelId::new(channel.id.get()) })
            }
            Event::VoiceStateUpdate(state)
                if self.is_own(state.user_id.get())
                    && state.guild_id.is_some_and(|id| id.get() == self.guild.get()) =>
            {
                let channel = state.channel_id.map(|id| ChannelId::new(id.get()));
                let session_id = state.session_id.clone();
                Some(GatewayEvent::VoiceState { channel, session_id, mute: state.mute, suppress: state.suppress })
            }
            Event::VoiceServerUpdate(server) if server.guild_id.get() == self.guild.get() => {
                Some(GatewayEvent::VoiceServer { endpoint: server.endpoint, token: server.token })
            }
            _ => None,
        }
    }

    fn guild_create(&self, guild: &GuildCreate) -> GatewayEvent {
        match guild {
            GuildCreate::Available(guild) => {
                let own = guild.voice_states.iter().find(|state| self.is_own(state.user_id.get()));
                let channel = own.and_then(|state| state.channel_id).map(|id| ChannelId::new(id.get()));
                GatewayEvent::GuildAvailable { channel }
            }
            GuildCreate::Unavailable(_) => GatewayEvent::GuildUnavailable,
        }
    }

    fn is_own(&self, user: u64) -> bool {
        self.user.is_some_and(|own| own.get() == user)
    }
}
