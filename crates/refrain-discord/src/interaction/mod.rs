//! One interaction: checked, deferred at once, carried out, answered.

mod answer;
mod execute;
mod press;
mod submission;
mod suggest;

use crate::{
    access::{self, Facts},
    commands::{self, Ask},
    convert, embed,
    error::DiscordError,
    panel::{Board, Button, UnknownButton},
    rest::{self, Rest},
    world::World,
};
use answer::Answer;
use refrain::{CommandError, Refrain, VoiceSummary};
use refrain_model::ChannelId;
use std::{sync::Arc, time::Instant};
use submission::{SubmissionOrder, SubmissionPlace};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use twilight_model::{
    application::interaction::{Interaction, InteractionData, InteractionType, application_command::CommandData},
    channel::message::{AllowedMentions, MessageFlags},
    http::interaction::{InteractionResponse, InteractionResponseData, InteractionResponseType},
    id::{
        Id,
        marker::{ApplicationMarker, GuildMarker, InteractionMarker, UserMarker},
    },
};

/// Commands carried out at a time in all guilds together. A `/play` may take most of a minute.
const AT_A_TIME: usize = 1024;

/// Discord's JSON error codes: the interaction is not known any more, or is acknowledged already.
const UNKNOWN_INTERACTION: u64 = 10062;
const ALREADY_ACKNOWLEDGED: u64 = 40060;

/// Said when something broke that should not have.
const BROKEN: &str = "Something went wrong on my side. Try again; if it stays, tell whoever runs me.";

/// Carries out interactions, each in a task of its own: one guild's trouble never stops another.
#[derive(Clone)]
pub(crate) struct Desk {
    rest: Rest,
    application: Id<ApplicationMarker>,
    world: Arc<World>,
    refrain: Refrain,
    panels: Arc<Board>,
    tasks: TaskTracker,
    places: Arc<Semaphore>,
    order: Arc<SubmissionOrder>,
}

/// What is needed to answer an interaction.
#[derive(Clone)]
struct Slip {
    id: Id<InteractionMarker>,
    /// A secret for the fifteen minutes that it lives.
    token: String,
    guild: Id<GuildMarker>,
    /// When it came.
    came: Instant,
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
    /// Whether the person manages the server.
    manages: bool,
}

impl Desk {
    pub(crate) fn new(
        rest: Rest,
        application: Id<ApplicationMarker>,
        world: Arc<World>,
        refrain: Refrain,
        panels: Arc<Board>,
    ) -> Self {
        let places = Arc::new(Semaphore::new(AT_A_TIME));
        let order = Arc::new(SubmissionOrder::new());
        Self { rest, application, world, refrain, panels, tasks: TaskTracker::new(), places, order }
    }

    /// The tasks under way, to be waited for when the bot stops.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Takes an interaction on. Returns at once. Guilds are asked in the order of the calls.
    pub(crate) fn take(&self, interaction: Interaction) {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            tracing::warn!("a command was dropped: {AT_A_TIME} are under way");
            return;
        };
        let (desk, came) = (self.clone(), Instant::now());
        let turn = self.order.next();
        self.tasks.spawn(async move {
            // On the heap: an interaction is kilobytes, and so is all that is asked and answered about it.
            Box::pin(desk.handle(interaction, turn, came)).await;
            drop(place);
        });
    }

    async fn handle(&self, mut interaction: Interaction, turn: SubmissionPlace, came: Instant) {
        let Some(guild) = interaction.guild_id else {
            tracing::debug!("an interaction outside of a guild, for which nothing is registered");
            return turn.pass().await;
        };
        let slip = Slip { id: interaction.id, token: interaction.token.clone(), guild, came };
        match (interaction.kind, interaction.data.take()) {
            (InteractionType::ApplicationCommand, Some(InteractionData::ApplicationCommand(data))) => {
                self.command(&slip, &interaction, &data, turn).await;
            }
            (InteractionType::ApplicationCommandAutocomplete, Some(InteractionData::ApplicationCommand(data))) => {
                tokio::join!(turn.pass(), self.suggest(&slip, &data));
            }
            (InteractionType::MessageComponent, Some(InteractionData::MessageComponent(data))) => {
                self.press(&slip, &interaction, &data, turn).await;
            }
            (kind, _) => {
                tracing::debug!(guild_id = %guild, ?kind, "an interaction of no use");
                turn.pass().await;
            }
        }
    }

    async fn command(&self, slip: &Slip, interaction: &Interaction, data: &CommandData, turn: SubmissionPlace) {
        let guild = slip.guild;
        let admitted = commands::parse(data).map_err(|bad| {
            if bad.is_foreign() {
                tracing::warn!(guild_id = %guild, %bad, "a command that this version does not have");
            }
            bad.user_message()
        });
        match admitted.and_then(|ask| self.admit(ask, interaction, guild)) {
            Ok(order) => {
                tracing::info!(guild_id = %guild, user_id = %order.user, ask = order.ask.name(), "command");
                self.carry_out(slip, order, turn).await;
            }
            Err(why) => {
                tracing::info!(guild_id = %guild, %why, "command refused");
                tokio::join!(turn.pass(), self.refuse(slip, &why));
            }
        }
    }

    /// Checks, without any IO. The error is for the person.
    fn admit(&self, ask: Ask, interaction: &Interaction, guild: Id<GuildMarker>) -> Result<Order, String> {
        let (Some(user), Some(channel)) = (interaction.author_id(), interaction.channel.as_ref()) else {
            return Err(BROKEN.into());
        };
        let asked_in = convert::channel(channel.id);
        let rights = interaction.member.as_ref().and_then(|member| member.permissions);
        if !self.world.knows(guild) {
            return Err(CommandError::Unavailable.user_message());
        }
        let facts = Facts { rights, ..self.world.facts(guild, user, self.voice_channel(guild)) };
        let voice = access::check(&ask, &facts).map_err(|refusal| refusal.user_message())?;
        Ok(Order { ask, guild, user, asked_in, voice, manages: access::is_manager(rights) })
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
    async fn carry_out(&self, slip: &Slip, order: Order, turn: SubmissionPlace) {
        // In a task of its own, so that a panic in it becomes an answer.
        let guild = self.refrain.guild(convert::guild(order.guild));
        let private = order.ask.is_private();
        let awaiting = order.ask.may_become_panel().then(|| self.panels.await_answer(convert::guild(order.guild)));
        let work = tokio::spawn(turn.begin(execute::execute(guild.clone(), order)));
        let (deferred, done) = tokio::join!(self.defer(slip, private), work);
        let answer = done.unwrap_or_else(|failed| {
            tracing::error!(guild_id = %slip.guild, panicked = failed.is_panic(), "a command's task failed");
            Answer::failure(BROKEN)
        });
        if deferred {
            self.answer(slip, &answer, &guild).await;
        } else {
            answer.is_lost(&guild);
        }
        drop(awaiting);
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

    /// Sends the first answer to an interaction. Whether Discord has it.
    async fn respond(&self, slip: &Slip, response: InteractionResponse) -> bool {
        let client = self.rest.interaction(self.application);
        let request = client.create_response(slip.id, &slip.token, &response);
        let Err(failed) = self.rest.send(request, rest::acknowledgement(slip.came)).await else { return true };
        match failed.code() {
            // An attempt whose answer was lost had arrived.
            Some(ALREADY_ACKNOWLEDGED) if failed.is_repeated() => return true,
            Some(ALREADY_ACKNOWLEDGED) => tracing::warn!(
                guild_id = %slip.guild,
                "a command was acknowledged by another process: does this bot run twice with the same token?"
            ),
            Some(UNKNOWN_INTERACTION) => {
                tracing::warn!(guild_id = %slip.guild, "a command was acknowledged too late (over 3 s)");
            }
            Some(_) | None => {
                let reason = DiscordError::from_rest("answering a command", &failed);
                tracing::warn!(guild_id = %slip.guild, %reason, "a command could not be acknowledged");
            }
        }
        false
    }
}
