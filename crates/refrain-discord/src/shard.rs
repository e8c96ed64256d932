//! One shard of the main gateway: its events go into the cache and, translated, to the guilds they concern.

mod goodbye;
mod heartbeats;
mod late;

use crate::{
    convert,
    error::DiscordError,
    interaction::Desk,
    session::{self, Keeper},
    world::{self, World},
};
use goodbye::close;
use heartbeats::Heartbeats;
use late::is_too_late;
use refrain::{GatewayEvent, Refrain, VoiceSummary};
use refrain_model::GuildId;
use std::sync::Arc;
use tokio::time::{self, Instant};
use tokio_util::sync::CancellationToken;
use twilight_gateway::{
    CloseFrame, Event, EventTypeFlags, Shard, ShardState, StreamExt as _,
    error::{ReceiveMessageError, ReceiveMessageErrorType},
};
use twilight_model::{
    application::interaction::Interaction,
    gateway::{
        CloseCode,
        payload::incoming::{GuildCreate, VoiceStateUpdate},
    },
    id::{Id, marker::ChannelMarker},
};

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

/// Commands that were given while the process was away and can still be answered: they wait until what was missed is in.
const MOST_HELD: usize = 256;

/// A shard's reader. What it learns goes elsewhere at once.
pub(crate) struct Reader {
    pub(crate) world: Arc<World>,
    pub(crate) refrain: Refrain,
    pub(crate) desk: Desk,
    /// Cancelled when the bot is stopping: a closed socket is then the end.
    pub(crate) closing: CancellationToken,
    keeper: Keeper,
    /// See [`MOST_HELD`].
    held: Vec<Interaction>,
    number: u32,
    total: u32,
    /// Whether the guilds were last told that the shard is connected.
    connected: bool,
    heartbeats: Heartbeats,
}

impl Reader {
    pub(crate) fn new(
        world: Arc<World>,
        refrain: Refrain,
        desk: Desk,
        closing: CancellationToken,
        keeper: Keeper,
    ) -> Self {
        Self {
            world,
            refrain,
            desk,
            closing,
            keeper,
            held: Vec::new(),
            number: 0,
            total: 1,
            connected: false,
            heartbeats: Heartbeats::default(),
        }
    }

    /// Reads until the shard is closed for good, or the bot stops.
    pub(crate) async fn run(mut self, mut shard: Shard) -> Result<(), DiscordError> {
        (self.number, self.total) = (shard.id().number(), shard.id().total());
        let closing = self.closing.clone();
        loop {
            let next = tokio::select! {
                next = shard.next_event(WANTED) => next,
                () = moment(self.keeper.due()) => {
                    self.keeper.write(shard.session(), shard.resume_url(), Instant::now());
                    continue;
                }
                () = closing.cancelled() => {
                    // First, so that a process that is killed meanwhile does not resume what Discord has ended.
                    self.keeper.forget();
                    close(shard).await;
                    return Ok(());
                }
            };
            match next {
                Some(Ok(Event::GatewayClose(frame))) => self.closed(frame.as_ref(), &shard)?,
                Some(Ok(event)) => {
                    self.take(event, &shard);
                    self.keeper.moved(sequence(&shard), Instant::now());
                }
                Some(Err(error)) => self.complain(&error),
                None => return Err(DiscordError::Broken),
            }
        }
    }

    fn take(&mut self, mut event: Event, shard: &Shard) {
        if matches!(event, Event::Ready(_)) {
            self.give_up_the_old();
        }
        let scene_change = self.world.scene_change(&event);
        self.count_heartbeats(shard);
        self.world.update(&mut event);
        self.keeper.note(&event);
        if let Some((guild, channels)) = scene_change {
            self.scene_changed(convert::guild(guild), &channels);
        }
        // The other events were for the cache alone.
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "of Discord's hundred events these concern voice and commands"
        )]
        match event {
            Event::InteractionCreate(interaction) => self.interaction(interaction.0, shard),
            Event::VoiceStateUpdate(state) => self.voice_state(&state),
            Event::VoiceServerUpdate(server) => {
                let event = GatewayEvent::VoiceServer { endpoint: server.endpoint, token: server.token };
                self.tell(convert::guild(server.guild_id), event);
            }
            Event::GuildCreate(guild) => self.guild_create(&guild),
            Event::GuildDelete(guild) => {
                let id = convert::guild(guild.id);
                match guild.unavailable {
                    Some(true) => self.tell(id, GatewayEvent::GuildUnavailable),
                    Some(false) | None => self.refrain.guild_deleted(id),
                }
            }
            Event::ChannelDelete(channel) => {
                if let Some(guild) = channel.guild_id {
                    let event = GatewayEvent::ChannelDeleted { channel: convert::channel(channel.id) };
                    self.tell(convert::guild(guild), event);
                }
            }
            Event::Ready(ready) => {
                self.back("ready", &GatewayEvent::ShardReady);
                let guilds = ready.guilds.iter().map(|guild| convert::guild(guild.id)).collect();
                self.refrain.guilds_of_shard(&guilds, |guild| world::on_shard(guild, self.number, self.total));
            }
            Event::Resumed => self.resumed(),
            Event::GatewayReconnect => self.lost(),
            Event::GatewayInvalidateSession(resumable) => self.invalid_session(resumable),
            Event::GatewayHeartbeatAck => self.heartbeat(shard),
            _ => {}
        }
    }

    /// A command is done once: how far the shard had come is stored before anything that comes of it, so a replay does not
    /// bring it again. One that a replay brings has met no bot, and nobody waits for an answer that Discord would refuse.
    fn interaction(&mut self, interaction: Interaction, shard: &Shard) {
        if shard.state() == ShardState::Resuming && is_too_late(&interaction, session::unix_ms()) {
            tracing::info!(
                shard = self.number,
                "a command was given while the bot was away, too long ago to be answered"
            );
        } else if !self.keeper.is_replaying() {
            self.keeper.write_now(shard.session(), shard.resume_url(), Instant::now());
            self.desk.take(interaction);
        } else if self.held.len() < MOST_HELD {
            self.held.push(interaction);
        }
    }

    fn heartbeat(&mut self, shard: &Shard) {
        self.keeper.alive(Instant::now());
        self.tell_health(shard);
    }

    /// An answer is told of by its own event; here it is the ones that are missed.
    fn count_heartbeats(&mut self, shard: &Shard) {
        let latency = shard.latency();
        if self.heartbeats.observe(latency.sent(), latency.received().is_some()).is_some() {
            self.tell_health(shard);
        }
    }

    fn tell_health(&self, shard: &Shard) {
        // Before the first answer there is no round trip to tell.
        if let Some(latency) = shard.latency().recent().first() {
            let missed_heartbeats = self.heartbeats.missed();
            self.tell_all(&GatewayEvent::Health { latency: *latency, missed_heartbeats });
        }
    }

    /// What was missed is in. After a start the guilds are there now, as GUILD_CREATE would have told.
    fn resumed(&mut self) {
        let at_start = self.keeper.is_replaying();
        self.keeper.replayed();
        self.back("resumed", &GatewayEvent::ShardResumed);
        if at_start {
            for guild in self.world.known_on(self.number, self.total) {
                self.refrain.guild_available(convert::guild(guild), self.world.own_channel(guild));
            }
        }
        for interaction in std::mem::take(&mut self.held) {
            self.desk.take(interaction);
        }
    }

    fn invalid_session(&mut self, resumable: bool) {
        self.lost();
        if !resumable {
            self.session_is_over();
        }
    }

    /// Discord does not accept the session any more: twilight identifies, in its turn.
    fn session_is_over(&mut self) {
        if self.keeper.is_replaying() {
            tracing::info!(shard = self.number, "Discord no longer accepts the gateway session of before; identifying");
            self.give_up_the_old();
        }
        self.keeper.forget();
    }

    /// A new session tells of all guilds. What was known before is not told away: it may be out of date by any length.
    fn give_up_the_old(&mut self) {
        self.world.forget_shard(self.number, self.total);
        self.held.clear();
    }

    fn closed(&mut self, frame: Option<&CloseFrame<'static>>, shard: &Shard) -> Result<(), DiscordError> {
        self.lost();
        let code = frame.map(|frame| frame.code);
        if shard.state() == ShardState::FatallyClosed {
            self.keeper.forget();
            let fatal = code.and_then(DiscordError::from_close);
            return Err(fatal.unwrap_or(DiscordError::Broken));
        }
        if code.is_some_and(ends_session) {
            self.session_is_over();
            // twilight would resume it again, and be refused again. Closed by itself, it lets go of the session: this takes
            // effect as soon as it has connected.
            shard.close(CloseFrame::NORMAL);
        }
        tracing::info!(shard = self.number, close_code = ?code, "gateway connection closed; connecting again");
        Ok(())
    }

    fn voice_state(&self, state: &VoiceStateUpdate) {
        let Some(guild) = state.guild_id.filter(|_| self.world.is_bot(state.user_id)) else { return };
        let channel = state.channel_id.map(convert::channel);
        let event = GatewayEvent::VoiceState {
            channel,
            session_id: state.session_id.clone(),
            mute: state.mute,
            suppress: state.suppress,
        };
        self.tell(convert::guild(guild), event);
    }

    fn guild_create(&self, guild: &GuildCreate) {
        let id = guild.id();
        match guild {
            // More of what was missed may follow: see `resumed`.
            GuildCreate::Available(_) if self.keeper.is_replaying() => {}
            // It may have a record from before a restart, and no actor yet.
            GuildCreate::Available(_) => self.refrain.guild_available(convert::guild(id), self.world.own_channel(id)),
            GuildCreate::Unavailable(_) => self.tell(convert::guild(id), GatewayEvent::GuildUnavailable),
        }
    }

    /// Something may have changed in these channels of a guild; without any, in all of them. An actor that has another channel
    /// need not look.
    fn scene_changed(&self, guild: GuildId, channels: &[Id<ChannelMarker>]) {
        let Some(actor) = self.refrain.existing(guild) else { return };
        let has = match actor.voice() {
            VoiceSummary::Stable { channel } => Some(channel),
            VoiceSummary::Retrying { channel } => channel,
            VoiceSummary::Idle => None,
        };
        let concerned = |has| channels.is_empty() || channels.iter().any(|channel| convert::channel(*channel) == has);
        if has.is_none_or(concerned) {
            actor.channel_changed();
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

/// The cause alone: where in the JSON, or which IO error.
fn reason(error: &ReceiveMessageError) -> String {
    std::error::Error::source(error).map_or_else(|| "no reason given".into(), ToString::to_string)
}

/// Ends at a moment, or never.
async fn moment(at: Option<Instant>) {
    match at {
        Some(at) => time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn sequence(shard: &Shard) -> u64 {
    shard.session().map_or(0, twilight_gateway::Session::sequence)
}

/// Whether Discord asks for a new session after this close code.
fn ends_session(code: u16) -> bool {
    matches!(CloseCode::try_from(code), Ok(CloseCode::InvalidSequence | CloseCode::SessionTimedOut))
}
