//! Logging in, running, stopping.

use crate::{
    announcer, commands, convert,
    error::DiscordError,
    interaction::Desk,
    outbox, panel,
    port::Port,
    rest::Rest,
    session::{self, Keeper, Resumable, Terms},
    settings::Settings,
    shard::Reader,
    world::World,
};
use refrain::{GatewayPort, Refrain, store::Store};
use refrain_model::UserId;
use refrain_rest::Delivery;
use serde::de::DeserializeOwned;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time};
use tokio_util::sync::CancellationToken;
use twilight_gateway::{Config, ConfigBuilder, Intents, MessageSender, Shard, ShardId, queue::InMemoryQueue};
use twilight_http::request::TryIntoRequest;
use twilight_model::{
    gateway::connection_info::BotConnectionInfo,
    guild::Permissions,
    id::{
        Id,
        marker::{ApplicationMarker, UserMarker},
    },
    oauth::Application,
    user::CurrentUser,
};

/// Neither is privileged: commands come as interactions, so no message is ever read.
const INTENTS: Intents = Intents::GUILDS.union(Intents::GUILD_VOICE_STATES);

/// What the bot asks for where it is invited.
const INVITE: Permissions = Permissions::VIEW_CHANNEL
    .union(Permissions::SEND_MESSAGES)
    .union(Permissions::EMBED_LINKS)
    .union(Permissions::CONNECT)
    .union(Permissions::SPEAK);

/// Pauses between attempts to log in while Discord cannot be reached, in seconds.
const LOGIN_PAUSES: [u64; 5] = [1, 2, 4, 8, 16];

/// How long one request may take while logging in.
const LOGIN_ATTEMPT: Duration = Duration::from_secs(10);

/// How long the registration of the commands is tried.
const REGISTERED_WITHIN: Duration = Duration::from_secs(600);

/// How long the shards and the last answers may take once voice has been left.
const CLOSE_LIMIT: Duration = Duration::from_millis(800);

/// A bot that Discord knows, not connected to the gateway yet.
pub struct Bot {
    rest: Rest,
    application: Id<ApplicationMarker>,
    user: Id<UserMarker>,
    name: String,
    world: Arc<World>,
    shards: Vec<(Shard, Keeper)>,
    senders: Vec<MessageSender>,
    announcements: Arc<announcer::Board>,
    panels: Arc<panel::Board>,
}

impl Bot {
    /// Asks Discord who the token belongs to and how to connect, and registers the commands. While Discord cannot be
    /// reached it tries again for about half a minute. `store` is where the gateway sessions of a process that was killed
    /// are, to go on with, and where this one's are kept.
    ///
    /// A rustls crypto provider must have been installed; must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the token is rejected, Discord cannot be reached, or it refuses.
    pub async fn log_in(settings: &Settings, store: Arc<dyn Store>) -> Result<Self, DiscordError> {
        let rest = Rest::new(settings).map_err(|e| DiscordError::NoClient { reason: e.to_string() })?;
        let (user, application, gateway) = patiently(&rest).await?;
        // The commands of an earlier start work meanwhile.
        tokio::spawn(register(rest.clone(), application.id));
        let (application, name, user) = (application.id, user.name, user.id);
        let world = Arc::new(World::new(user));
        let terms = Terms { bot: user, intents: INTENTS.bits(), shards: gateway.shards.max(1) };
        let shards = shards(settings, &gateway, terms, &world, store).await;
        let senders = shards.iter().map(|(shard, _)| shard.sender()).collect();
        let (announcements, panels) = (Arc::default(), Arc::default());
        Ok(Self { rest, application, user, name, world, shards, senders, announcements, panels })
    }

    /// The bot's own user.
    #[must_use]
    pub fn user(&self) -> UserId {
        convert::user(self.user)
    }

    /// The bot's name, for the log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address at which somebody who manages a guild adds the bot to it.
    #[must_use]
    pub fn invite_link(&self) -> String {
        let (id, permissions) = (self.application, INVITE.bits());
        format!(
            "https://discord.com/oauth2/authorize?client_id={id}&permissions={permissions}\
             &scope=bot%20applications.commands"
        )
    }

    /// The way out to Discord, for [`Refrain::start`].
    #[must_use]
    pub fn port(&self) -> Arc<dyn GatewayPort> {
        let (announcements, panels) = (self.announcements.clone(), self.panels.clone());
        Arc::new(Port::new(self.rest.clone(), self.senders.clone(), announcements, panels, self.world.clone()))
    }

    /// Connects and serves until `stop` is cancelled; then leaves voice in every guild and closes the shards, within 5 s.
    ///
    /// # Errors
    /// When the gateway closes a shard for good. Voice is left then too, as far as that is possible.
    pub async fn run(self, refrain: Refrain, stop: CancellationToken) -> Result<(), DiscordError> {
        let world = self.world;
        let panels = self.panels;
        let desk = Desk::new(self.rest.clone(), self.application, world.clone(), refrain.clone(), panels.clone());
        let closing = CancellationToken::new();
        let announcer = outbox::run(self.rest.clone(), self.announcements, refrain.clone(), closing.clone());
        let mut announcer = tokio::spawn(announcer);
        let mut shower = tokio::spawn(outbox::run(self.rest, panels, refrain.clone(), closing.clone()));
        let mut readers = JoinSet::new();
        for (shard, keeper) in self.shards {
            let reader = Reader::new(world.clone(), refrain.clone(), desk.clone(), closing.clone(), keeper);
            readers.spawn(reader.run(shard));
        }
        let outcome = tokio::select! {
            () = stop.cancelled() => Ok(()),
            Some(ended) = readers.join_next() => ended.unwrap_or(Err(DiscordError::Broken)),
        };
        // The shards go on reading meanwhile: leaving voice is confirmed through them.
        refrain.shutdown().await;
        closing.cancel();
        desk.tasks().close();
        // What was said of an interruption that ends here does not stay as it is.
        let readers = async { while readers.join_next().await.is_some() {} };
        let rest = async { tokio::join!(desk.tasks().wait(), readers, &mut announcer, &mut shower) };
        if time::timeout(CLOSE_LIMIT, rest).await.is_err() {
            tracing::debug!("some connections were still open at the end");
        }
        announcer.abort();
        shower.abort();
        outcome
    }
}

type Login = (CurrentUser, Application, BotConnectionInfo);

async fn patiently(rest: &Rest) -> Result<Login, DiscordError> {
    for pause in LOGIN_PAUSES {
        match log_in_once(rest).await {
            Err(error) if error.is_retryable() => {
                tracing::warn!(%error, "logging in; trying again in {pause} s");
                time::sleep(Duration::from_secs(pause)).await;
            }
            done => return done,
        }
    }
    log_in_once(rest).await
}

async fn log_in_once(rest: &Rest) -> Result<Login, DiscordError> {
    let user = ask(rest, rest.build().current_user(), "asking who the bot is").await?;
    let application = rest.build().current_user_application();
    let application = ask(rest, application, "asking for the application").await?;
    let gateway = ask(rest, rest.build().gateway().authed(), "asking for the gateway").await?;
    Ok((user, application, gateway))
}

async fn ask<T: DeserializeOwned>(
    rest: &Rest,
    request: impl TryIntoRequest,
    doing: &'static str,
) -> Result<T, DiscordError> {
    let answer = rest.send(request, Delivery::once().attempt_within(LOGIN_ATTEMPT)).await;
    answer.and_then(|answer| answer.json()).map_err(|e| DiscordError::from_rest(doing, &e))
}

/// Without registration the commands of the last start still work, so a failure does not keep the bot from running.
async fn register(rest: Rest, application: Id<ApplicationMarker>) {
    let definitions = commands::definitions();
    let client = rest.interaction(application);
    let delivery = Delivery::harmless_until(Instant::now() + REGISTERED_WITHIN);
    if let Err(failed) = rest.send(client.set_global_commands(&definitions), delivery).await {
        let reason = DiscordError::from_rest("registering the commands", &failed);
        tracing::error!(%reason, "the commands could not be registered; those of an earlier start still work");
    }
}

/// As many shards as Discord recommends, started at the pace it allows. Those that have a session of before go on with it,
/// which costs none of the day's starts, and their guilds are known at once.
async fn shards(
    settings: &Settings,
    gateway: &BotConnectionInfo,
    terms: Terms,
    world: &Arc<World>,
    store: Arc<dyn Store>,
) -> Vec<(Shard, Keeper)> {
    let config = config(settings, gateway);
    let mut resumable = session::load(store.clone(), terms, session::unix_ms()).await;
    let mut make = |number| {
        let keeper = Keeper::new(store.clone(), world.clone(), terms, number);
        let id = ShardId::new(number, terms.shards);
        match resumable.iter().position(|one| one.shard == number).map(|place| resumable.swap_remove(place)) {
            Some(one) => resume(settings, config.clone(), id, one, keeper, world),
            None => (Shard::with_config(id, config.clone()), keeper),
        }
    };
    (0..terms.shards).map(&mut make).collect()
}

fn config(settings: &Settings, gateway: &BotConnectionInfo) -> Config {
    let limit = &gateway.session_start_limit;
    let reset = Duration::from_millis(limit.reset_after);
    // The queue insists on a total that is no smaller than what remains.
    let queue = InMemoryQueue::new(limit.max_concurrency, limit.remaining, reset, limit.total.max(limit.remaining));
    let config = ConfigBuilder::new(settings.token.secret(), INTENTS).queue(queue);
    match &settings.gateway {
        Some(base) => config.proxy_url(base.url()).build(),
        None => config.build(),
    }
}

fn resume(
    settings: &Settings,
    config: Config,
    id: ShardId,
    from: Resumable,
    keeper: Keeper,
    world: &World,
) -> (Shard, Keeper) {
    tracing::info!(shard = id.number(), guilds = from.guilds.len(), "going on with the gateway session of before");
    let keeper = keeper.resuming(&from);
    let mut config = ConfigBuilder::from(config).session(from.session);
    // Without one it is resumed at the gateway's own address.
    if let Some(url) = from.resume_url.and_then(|url| settings.resume_url(&url)) {
        config = config.resume_url(url);
    }
    for guild in from.guilds {
        world.revive(guild.id, guild.kept);
    }
    (Shard::with_config(id, config.build()), keeper)
}
