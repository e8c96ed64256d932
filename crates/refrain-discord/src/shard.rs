//! One shard of the main gateway: its events go into the cache and, translated, to the guilds they concern.

use crate::{
    convert,
    error::DiscordError,
    interaction::Desk,
    world::{self, World},
};
use refrain::{GatewayEvent, Refrain};
use refrain_model::GuildId;
use std::{
    future::{Future as _, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};
use tokio::time;
use tokio_util::sync::CancellationToken;
use twilight_gateway::{
    CloseFrame, Event, EventTypeFlags, Shard, ShardState, StreamExt as _,
    error::{ReceiveMessageError, ReceiveMessageErrorType},
};
use twilight_model::gateway::payload::incoming::{GuildCreate, VoiceStateUpdate};

/// What is read of the gateway: no more than the cache, voice and commands need.
const WANTED: EventTypeFlags = EventTypeFlags::READY
    .union(EventTypeFlags::RESUMED)
    .union(EventTypeFlags::GATEWAY_HEARTBEAT_ACK)
    .union(EventTypeFlags::GATEWAY_INVALIDATE_SESSION)
    .union(EventTypeFlags::GATEWAY_RECONNECT)
    .union(EventTypeFlags::GUILD_CREATE)
    .union(EventTypeFlags::GUILD_UPDATE)
    .union(EventTypeFlags::GUILD_DELETE)
    .union(EventTypeFlags::CHANNEL_CREATE)
    .union(EventTypeFlags::CHANNEL_UPDATE)
    .union(EventTypeFlags::CHANNEL_DELETE)
    .union(EventTypeFlags::ROLE_CREATE)
    .union(EventTypeFlags::ROLE_UPDATE)
    .union(EventTypeFlags::ROLE_DELETE)
    .union(EventTypeFlags::MEMBER_UPDATE)
    .union(EventTypeFlags::VOICE_STATE_UPDATE)
    .union(EventTypeFlags::VOICE_SERVER_UPDATE)
    .union(EventTypeFlags::INTERACTION_CREATE);

/// How long a shard may take to say goodbye, and how long its socket then stays open.
const CLOSE_LIMIT: Duration = Duration::from_millis(500);
const CLOSE_GRACE: Duration = Duration::from_millis(50);

/// A shard's reader. It owns nothing but the socket; what it learns goes elsewhere at once.
pub(crate) struct Reader {
    pub(crate) world: Arc<World>,
    pub(crate) refrain: Refrain,
    pub(crate) desk: Desk,
    /// Cancelled when the bot is stopping: a closed socket is then the end.
    pub(crate) closing: CancellationToken,
    number: u32,
    total: u32,
    /// Whether the guilds were last told that the shard is connected.
    connected: bool,
}

impl Reader {
    pub(crate) fn new(world: Arc<World>, refrain: Refrain, desk: Desk, closing: CancellationToken) -> Self {
        Self { world, refrain, desk, closing, number: 0, total: 1, connected: false }
    }

    /// Reads until the shard is closed for good, or the bot stops.
    pub(crate) async fn run(mut self, mut shard: Shard) -> Result<(), DiscordError> {
        (self.number, self.total) = (shard.id().number(), shard.id().total());
        let closing = self.closing.clone();
        loop {
            let next = tokio::select! {
                next = shard.next_event(WANTED) => next,
                () = closing.cancelled() => {
                    close(shard).await;
                    return Ok(());
                }
            };
            match next {
                Some(Ok(Event::GatewayClose(frame))) => {
                    self.lost();
                    closed(self.number, frame.as_ref(), shard.state())?;
                }
                Some(Ok(event)) => self.take(event, &shard),
                Some(Err(error)) => self.complain(&error),
                None => return Err(DiscordError::Broken),
            }
        }
    }

    fn take(&mut self, mut event: Event, shard: &Shard) {
        self.world.update(&mut event);
        // The other events were for the cache alone.
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "of Discord's hundred events these concern voice and commands"
        )]
        match event {
            Event::InteractionCreate(interaction) => self.desk.take(interaction.0),
            Event::VoiceStateUpdate(state) => self.voice_state(&state),
            Event::VoiceServerUpdate(server) => {
                let event = GatewayEvent::VoiceServer { endpoint: server.endpoint, token: server.token };
                self.tell(convert::guild(server.guild_id), event);
            }
            Event::GuildCreate(guild) => self.guild_create(&guild),
            Event::GuildDelete(guild) => {
                let outage = guild.unavailable == Some(true);
                let event = if outage { GatewayEvent::GuildUnavailable } else { GatewayEvent::GuildDeleted };
                self.tell(convert::guild(guild.id), event);
            }
            Event::ChannelDelete(channel) => {
                if let Some(guild) = channel.guild_id {
                    let event = GatewayEvent::ChannelDeleted { channel: convert::channel(channel.id) };
                    self.tell(convert::guild(guild), event);
                }
            }
            Event::Ready(_) => self.back("ready", &GatewayEvent::ShardReady),
            Event::Resumed => self.back("resumed", &GatewayEvent::ShardResumed),
            Event::GatewayReconnect | Event::GatewayInvalidateSession(_) => self.lost(),
            Event::GatewayHeartbeatAck => {
                if let Some(latency) = shard.latency().recent().first() {
                    self.tell_all(&GatewayEvent::Health { latency: *latency, missed_heartbeats: 0 });
                }
            }
            _ => {}
        }
    }

    fn voice_state(&self, state: &VoiceStateUpdate) {
        let Some(guild) = state.guild_id.filter(|_| self.world.is_bot(state.user_id)) else { return };
        let channel = state.channel_id.map(convert::channel);
        self.tell(convert::guild(guild), GatewayEvent::VoiceState { channel, session_id: state.session_id.clone() });
    }

    fn guild_create(&self, guild: &GuildCreate) {
        let id = guild.id();
        match guild {
            // It may have a record from before a restart, and no actor yet.
            GuildCreate::Available(_) => self.refrain.guild_available(convert::guild(id), self.world.own_channel(id)),
            GuildCreate::Unavailable(_) => self.tell(convert::guild(id), GatewayEvent::GuildUnavailable),
        }
    }

    /// Only guilds that do something have an actor; the others need not know.
    fn tell(&self, guild: GuildId, event: GatewayEvent) {
        if let Some(guild) = self.refrain.existing(guild) {
            guild.gateway(event);
        }
    }

    fn tell_all(&self, event: &GatewayEvent) {
        self.refrain.gateway_all(event, |guild| world::on_shard(guild, self.number, self.total));
    }

    fn back(&mut self, how: &'static str, event: &GatewayEvent) {
        tracing::info!(shard = self.number, of = self.total, "gateway session {how}");
        self.connected = true;
        self.tell_all(event);
    }

    /// Told once for each loss: op 7 and the close frame that follows are one.
    fn lost(&mut self) {
        if std::mem::take(&mut self.connected) {
            self.tell_all(&GatewayEvent::ShardDisconnected);
        }
    }

    /// The error's own text prints the event with its tokens, so its kind must do.
    fn complain(&mut self, error: &ReceiveMessageError) {
        let shard = self.number;
        match error.kind() {
            ReceiveMessageErrorType::Reconnect => {
                self.lost();
                tracing::warn!(shard, reason = %reason(error), "the gateway could not be reached; trying again");
            }
            ReceiveMessageErrorType::Deserializing { .. } => {
                tracing::warn!(shard, reason = %reason(error), "a gateway event could not be read and was passed over");
            }
            ReceiveMessageErrorType::Compression | _ => {
                tracing::warn!(shard, "the gateway's compression broke; connecting again");
            }
        }
    }
}

/// Says goodbye. The shard is read no further than the goodbye goes out: it would take the end of its socket for a loss
/// and connect again.
async fn close(mut shard: Shard) {
    shard.close(CloseFrame::NORMAL);
    let said = poll_fn(|cx| {
        let next = pin!(shard.next_event(EventTypeFlags::empty())).poll(cx);
        match next {
            _ if matches!(shard.state(), ShardState::Disconnected { .. } | ShardState::FatallyClosed) => {
                Poll::Ready(())
            }
            Poll::Ready(_) => {
                // Something else arrived before it: once more.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    });
    if time::timeout(CLOSE_LIMIT, said).await.is_ok() {
        // A moment for the frame to be taken: a socket that is dropped with unread bytes may take it back.
        time::sleep(CLOSE_GRACE).await;
    }
}

/// The cause alone: where in the JSON, or which IO error.
fn reason(error: &ReceiveMessageError) -> String {
    std::error::Error::source(error).map_or_else(|| "no reason given".into(), ToString::to_string)
}

fn closed(shard: u32, frame: Option<&CloseFrame<'static>>, state: ShardState) -> Result<(), DiscordError> {
    let code = frame.map(|frame| frame.code);
    if state == ShardState::FatallyClosed {
        let fatal = code.and_then(DiscordError::from_close);
        return Err(fatal.unwrap_or(DiscordError::Broken));
    }
    tracing::info!(shard, close_code = ?code, "gateway connection closed; connecting again");
    Ok(())
}
