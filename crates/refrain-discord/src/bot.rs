//! Logging in, running, stopping.

use crate::{
    announcer, commands, convert,
    error::DiscordError,
    interaction::Desk,
    outbox, panel,
    port::Port,
    session::{self, Keeper, Resumable, Terms},
    settings::Settings,
    shard::Reader,
    world::World,
};
use refrain::{GatewayPort, Refrain, store::Store};
use refrain_model::UserId;
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinSet, time};
use tokio_util::sync::CancellationToken;
use twilight_gateway::{Config, ConfigBuilder, Intents, MessageSender, Shard, ShardId, queue::InMemoryQueue};
use twilight_model::{
    channel::message::AllowedMentions,
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

/// How long the shards and the last answers may take once voice has been left.
const CLOSE_LIMIT: Duration = Duration::from_millis(800);

/// A bot that Discord knows, not connected to the gateway yet.
pub struct Bot {
    http: Arc<twilight_http::Client>,
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
        let http = Arc::new(client(settings));
        let (user, application, gateway) = patiently(&http).await?;
        register(&http, application.id).await;
        let (application, name, user) = (application.id, user.name, user.id);
        let world = Arc::new(World::new(user));
        let terms = Terms { bot: user, intents: INTENTS.bits(), shards: gateway.shards.max(1) };
        let shards = shards(settings, &gateway, terms, &world, store).await;
        let senders = shards.iter().map(|(shard, _)| shard.sender()).collect();
        let (announcements, panels) = (Arc::default(), Arc::default());
        Ok(Self { http, application, user, name, world, shards, senders, announcements, panels })
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
        Arc::new(Port::new(self.http.clone(), self.senders.clone(), announcements, panels, self.world.clone()))
    }

    /// Connects and serves until `stop` is cancelled; then leaves voice in every guild and closes the shards, within 5 s.
    ///
    /// # Errors
    /// When the gateway closes a shard for good. Voice is left then too, as far as that is possible.
    pub async fn run(self, refrain: Refrain, stop: CancellationToken) -> Result<(), DiscordError> {
        let world = self.world;
        let panels = self.panels;
        let desk = Desk::new(self.http.clone(), self.application, world.clone(), refrain.clone(), panels.clone());
        let closing = CancellationToken::new();
        let announcer = outbox::run(self.http.clone(), self.announcements, refrain.clone(), closing.clone());
        let mut announcer = tokio::spawn(announcer);
        let mut shower = tokio::spawn(outbox::run(self.http, panels, refrain.clone(), closing.clone()));
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

fn client(settings: &Settings) -> twilight_http::Client {
    let client = twilight_http::Client::builder()
        .token(settings.token.secret())
        .default_allowed_mentions(AllowedMentions::default());
    match &settings.api {
        Some(api) => client.proxy(api.authority(), api.is_plain()).build(),
        None => client.build(),
    }
}

type Login = (CurrentUser, Application, BotConnectionInfo);

async fn patiently(http: &twilight_http::Client) -> Result<Login, DiscordError> {
    for pause in LOGIN_PAUSES {
        match log_in_once(http).await {
            Err(error) if error.is_retryable() => {
                tracing::warn!(%error, "logging in; trying again in {pause} s");
                time::sleep(Duration::from_secs(pause)).await;
            }
            done => return done,
        }
    }
    log_in_once(http).await
}

async fn log_in_once(http: &twilight_http::Client) -> Result<Login, DiscordError> {
    let doing = "asking who the bot is";
    let user = http.current_user().await.map_err(|e| DiscordError::from_http(doing, &e))?;
    let user = user.model().await.map_err(|_| DiscordError::unreadable(doing))?;
    let doing = "asking for the application";
    let application = http.current_user_application().await.map_err(|e| DiscordError::from_http(doing, &e))?;
    let application = application.model().await.map_err(|_| DiscordError::unreadable(doing))?;
    let doing = "asking for the gateway";
    let gateway = http.gateway().authed().await.map_err(|e| DiscordError::from_http(doing, &e))?;
    let gateway = gateway.model().await.map_err(|_| DiscordError::unreadable(doing))?;
    Ok((user, application, gateway))
}

/// Without registration the commands of the last start still work, so a failure does not keep the bot from running.
async fn register(http: &twilight_http::Client, application: Id<ApplicationMarker>) {
    let definitions = commands::definitions();
    if let Err(failed) = http.interaction(application).set_global_commands(&definitions).await {
        let reason = DiscordError::from_http("registering the commands", &failed);
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
