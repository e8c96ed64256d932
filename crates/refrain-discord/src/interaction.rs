//! One interaction: checked, deferred at once, carried out, answered.

use crate::{
    access::{self, Facts},
    commands::{self, Ask},
    convert, embed,
    error::{self, DiscordError},
    status_embed,
    world::World,
};
use refrain::{CommandError, GuildHandle, PlayRequest, Refrain, VoiceSummary};
use refrain_model::ChannelId;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use twilight_model::{
    application::interaction::{Interaction, InteractionData, InteractionType},
    channel::message::{AllowedMentions, Embed, MessageFlags},
    http::interaction::{InteractionResponse, InteractionResponseData, InteractionResponseType},
    id::{
        Id,
        marker::{ApplicationMarker, GuildMarker, InteractionMarker, UserMarker},
    },
};

/// Commands carried out at a time in all guilds together. A `/play` may take most of a minute.
const AT_A_TIME: usize = 1024;

/// Said when something broke that should not have.
const BROKEN: &str = "Something went wrong on my side. Try again; if it stays, tell whoever runs me.";

/// Carries out interactions, each in a task of its own: one guild's trouble never stops another.
#[derive(Clone)]
pub(crate) struct Desk {
    http: Arc<twilight_http::Client>,
    application: Id<ApplicationMarker>,
    world: Arc<World>,
    refrain: Refrain,
    tasks: TaskTracker,
    places: Arc<Semaphore>,
}

/// What is needed to answer an interaction.
#[derive(Clone)]
struct Slip {
    id: Id<InteractionMarker>,
    /// A secret for the fifteen minutes that it lives.
    token: String,
    guild: Id<GuildMarker>,
}

/// A command that passed the checks.
struct Order {
    ask: Ask,
    guild: Id<GuildMarker>,
    user: Id<UserMarker>,
    /// The text channel it was given in.
    asked_in: ChannelId,
    /// The voice channel of the person, where the command needs one.
    voice: Option<ChannelId>,
}

impl Desk {
    pub(crate) fn new(
        http: Arc<twilight_http::Client>,
        application: Id<ApplicationMarker>,
        world: Arc<World>,
        refrain: Refrain,
    ) -> Self {
        let places = Arc::new(Semaphore::new(AT_A_TIME));
        Self { http, application, world, refrain, tasks: TaskTracker::new(), places }
    }

    /// The tasks under way, to be waited for when the bot stops.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Takes an interaction on. Returns at once.
    pub(crate) fn take(&self, interaction: Interaction) {
        if interaction.kind != InteractionType::ApplicationCommand {
            return;
        }
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            tracing::warn!("a command was dropped: {AT_A_TIME} are under way");
            return;
        };
        let desk = self.clone();
        self.tasks.spawn(async move {
            desk.handle(interaction).await;
            drop(place);
        });
    }

    async fn handle(&self, interaction: Interaction) {
        let Some(guild) = interaction.guild_id else {
            tracing::debug!("a command outside of a guild, which none is registered for");
            return;
        };
        let slip = Slip { id: interaction.id, token: interaction.token.clone(), guild };
        match self.admit(interaction, guild) {
            Ok(order) => {
                tracing::info!(guild_id = %guild, user_id = %order.user, ask = name(&order.ask), "command");
                self.carry_out(slip, order).await;
            }
            Err(why) => {
                tracing::info!(guild_id = %guild, %why, "command refused");
                self.refuse(&slip, &why).await;
            }
        }
    }

    /// Parses and checks, without any IO. The error is for the person.
    fn admit(&self, interaction: Interaction, guild: Id<GuildMarker>) -> Result<Order, String> {
        let (Some(user), Some(channel)) = (interaction.author_id(), interaction.channel.as_ref()) else {
            return Err(BROKEN.into());
        };
        let asked_in = convert::channel(channel.id);
        let rights = interaction.member.as_ref().and_then(|member| member.permissions);
        let Some(InteractionData::ApplicationCommand(data)) = interaction.data else {
            return Err(BROKEN.into());
        };
        let ask = commands::parse(&data).map_err(|bad| {
            tracing::warn!(guild_id = %guild, %bad, "a command that this version does not have");
            bad.user_message()
        })?;
        if !self.world.knows(guild) {
            return Err(CommandError::Unavailable.user_message());
        }
        let facts = Facts { rights, ..self.world.facts(guild, user, self.voice_channel(guild)) };
        let voice = access::check(&ask, &facts).map_err(|refusal| refusal.user_message())?;
        Ok(Order { ask, guild, user, asked_in, voice })
    }

    /// Where the music plays, or will again once the connection is back.
    fn voice_channel(&self, guild: Id<GuildMarker>) -> Option<ChannelId> {
        match self.refrain.existing(convert::guild(guild))?.voice() {
            VoiceSummary::Idle => None,
            VoiceSummary::Retrying { channel } => channel,
            VoiceSummary::Stable { channel } => Some(channel),
        }
    }

    /// Defers and works at the same time: the person's wait is not made longer by Discord's round trip.
    async fn carry_out(&self, slip: Slip, order: Order) {
        // In a task of its own, so that a panic in it becomes an answer.
        let guild = self.refrain.guild(convert::guild(order.guild));
        let private = is_private(&order.ask);
        let work = tokio::spawn(execute(guild, order));
        let (deferred, done) = tokio::join!(self.defer(&slip, private), work);
        let embeds = done.unwrap_or_else(|failed| {
            tracing::error!(guild_id = %slip.guild, panicked = failed.is_panic(), "a command's task failed");
            vec![embed::failure(BROKEN)]
        });
        if deferred {
            self.answer(&slip, &embeds).await;
        }
    }

    async fn defer(&self, slip: &Slip, private: bool) -> bool {
        let kind = InteractionResponseType::DeferredChannelMessageWithSource;
        let flags = private.then_some(MessageFlags::EPHEMERAL);
        let data =
            flags.map(|flags| InteractionResponseData { flags: Some(flags), ..InteractionResponseData::default() });
        self.respond(slip, InteractionResponse { kind, data }).await
    }

    /// A refusal concerns nobody but the person who asked.
    async fn refuse(&self, slip: &Slip, why: &str) {
        let data = InteractionResponseData {
            allowed_mentions: Some(AllowedMentions::default()),
            embeds: Some(vec![embed::failure(why)]),
            flags: Some(MessageFlags::EPHEMERAL),
            ..InteractionResponseData::default()
        };
        let kind = InteractionResponseType::ChannelMessageWithSource;
        self.respond(slip, InteractionResponse { kind, data: Some(data) }).await;
    }

    async fn respond(&self, slip: &Slip, response: InteractionResponse) -> bool {
        let client = self.http.interaction(self.application);
        let Err(failed) = client.create_response(slip.id, &slip.token, &response).await else { return true };
        let reason = DiscordError::from_http("answering a command", &failed);
        match error::api_code(&failed) {
            Some(10062) => tracing::warn!(guild_id = %slip.guild, "a command was acknowledged too late (over 3 s)"),
            Some(40060) => tracing::warn!(
                guild_id = %slip.guild,
                "a command was acknowledged by somebody else: does this bot run twice with the same token?"
            ),
            _ => tracing::warn!(guild_id = %slip.guild, %reason, "a command could not be acknowledged"),
        }
        false
    }

    async fn answer(&self, slip: &Slip, embeds: &[Embed]) {
        let client = self.http.interaction(self.application);
        let nobody = AllowedMentions::default();
        let update = client.update_response(&slip.token).embeds(Some(embeds)).allowed_mentions(Some(&nobody));
        if let Err(failed) = update.await {
            let reason = DiscordError::from_http("answering a command", &failed);
            tracing::warn!(guild_id = %slip.guild, %reason, "a command's answer could not be shown");
        }
    }
}

/// Asks the guild's actor and puts its answer into an embed.
async fn execute(guild: GuildHandle, order: Order) -> Vec<Embed> {
    let name = name(&order.ask);
    let guild_id = order.guild;
    let done = ask(guild, order).await;
    done.unwrap_or_else(|failed| {
        // A dead link is everyday business; the operator finds it here when somebody complains.
        tracing::info!(%guild_id, ask = name, error = %failed, "command not carried out");
        vec![embed::failure(&failed.user_message())]
    })
}

/// Whether the answer is for the person alone: it would be noise to everybody else.
fn is_private(ask: &Ask) -> bool {
    match ask {
        Ask::VoiceStatus { .. } | Ask::Recover | Ask::Config | Ask::Configure(_) => true,
        Ask::Play { .. }
        | Ask::Skip { .. }
        | Ask::Pause
        | Ask::Resume
        | Ask::Stop
        | Ask::Disconnect
        | Ask::Queue { .. }
        | Ask::NowPlaying => false,
    }
}

async fn ask(guild: GuildHandle, order: Order) -> Result<Vec<Embed>, CommandError> {
    let embed = match order.ask {
        Ask::Play { query } => {
            // The check has found the person's channel.
            let voice_channel = order.voice.ok_or(CommandError::NotConnected)?;
            let requested_by = convert::user(order.user);
            let request = PlayRequest {
                query,
                voice_channel,
                requested_by,
                requested_in: order.asked_in,
                place: refrain::Place::End,
            };
            embed::played(&guild.play(request).await?)
        }
        Ask::Skip { count } => embed::skipped(&guild.skip(count).await?),
        Ask::Pause => embed::now_playing(&guild.pause().await?),
        Ask::Resume => embed::now_playing(&guild.resume(order.voice).await?),
        Ask::Stop => embed::stopped(guild.stop().await?),
        Ask::Disconnect => {
            guild.disconnect().await?;
            embed::sentence("Stopped, cleared the queue and left the voice channel.")
        }
        Ask::Queue { page } => embed::queue(&guild.queue(page, None).await?),
        Ask::NowPlaying => embed::now_playing(&guild.now_playing().await?),
        Ask::VoiceStatus { page } => return Ok(status_embed::voice_status(&guild.voice_status(page).await?)),
        Ask::Recover => status_embed::recovering(guild.recover(order.voice).await?),
        Ask::Config => status_embed::settings(guild.settings().await?),
        Ask::Configure(change) => status_embed::settings(guild.configure(change).await?),
    };
    Ok(vec![embed])
}

/// The command's name, for the log.
fn name(ask: &Ask) -> &'static str {
    match ask {
        Ask::Play { .. } => "play",
        Ask::Skip { .. } => "skip",
        Ask::Pause => "pause",
        Ask::Resume => "resume",
        Ask::Stop => "stop",
        Ask::Disconnect => "disconnect",
        Ask::Queue { .. } => "queue",
        Ask::NowPlaying => "now-playing",
        Ask::VoiceStatus { .. } => "voice-status",
        Ask::Recover => "recover",
        Ask::Config => "config get",
        Ask::Configure(_) => "config set",
    }
}
