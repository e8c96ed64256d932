//! A small music bot with serenity and songbird: `/play` brings it into the person's voice channel and plays a prepared
//! Ogg Opus file, `/stop` sends it away. It reconnects as songbird does by itself, as its guide leaves it.
//!
//! The environment says everything: `BOT_TOKEN`, `BOT_REST` (the base, without a path; Discord's own where it is missing),
//! `BOT_TRACK` (the file), `SSL_CERT_FILE` (the CA to trust). The gateway's address comes from REST, as on Discord.

use anyhow::{Context as _, Result};
use serenity::{
    all::{
        ChannelId, Client, Command, CommandInteraction, Context, CreateCommand, EditInteractionResponse, EventHandler,
        GatewayIntents, GuildId, HttpBuilder, Interaction, Ready,
    },
    async_trait,
};
use songbird::{Event, EventContext, EventHandler as VoiceEventHandler, SerenityInit as _, TrackEvent, input::File};
use std::{env, path::PathBuf, sync::Arc};

struct Bot {
    track: PathBuf,
}

#[async_trait]
impl EventHandler for Bot {
    async fn ready(&self, context: Context, ready: Ready) {
        println!("logged in as {}", ready.user.name);
        let commands = vec![
            CreateCommand::new("play").description("Plays the track in your voice channel"),
            CreateCommand::new("stop").description("Stops and leaves"),
        ];
        match Command::set_global_commands(&context.http, commands).await {
            Ok(commands) => println!("registered {} commands", commands.len()),
            Err(error) => eprintln!("registering the commands failed: {error}"),
        }
    }

    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        let Interaction::Command(command) = interaction else { return };
        if let Err(error) = self.answer(&context, &command).await {
            eprintln!("/{} failed: {error:#}", command.data.name);
            let sorry = EditInteractionResponse::new().content(format!("That did not work: {error}"));
            if let Err(error) = command.edit_response(&context.http, sorry).await {
                eprintln!("saying so failed as well: {error}");
            }
        }
    }
}

impl Bot {
    async fn answer(&self, context: &Context, command: &CommandInteraction) -> Result<()> {
        command.defer(&context.http).await.context("deferring the answer")?;
        let guild = command.guild_id.context("this works in a guild only")?;
        let words = match command.data.name.as_str() {
            "play" => self.play(context, command, guild).await?,
            "stop" => stop(context, guild).await?,
            other => format!("There is no /{other}."),
        };
        let answer = EditInteractionResponse::new().content(words);
        command.edit_response(&context.http, answer).await.context("editing the answer")?;
        Ok(())
    }

    async fn play(&self, context: &Context, command: &CommandInteraction, guild: GuildId) -> Result<String> {
        let Some(channel) = channel_of(context, command, guild) else {
            return Ok("Join a voice channel first.".to_owned());
        };
        let manager = songbird::get(context).await.context("songbird is not set up")?;
        let call = manager.join(guild, channel).await.context("joining the voice channel")?;
        let mut call = call.lock().await;
        let track = call.play_only_input(File::new(self.track.clone()).into());
        track.add_event(Event::Track(TrackEvent::Error), TrackTrouble).context("watching the track")?;
        Ok(format!("Playing in <#{channel}>."))
    }
}

async fn stop(context: &Context, guild: GuildId) -> Result<String> {
    let manager = songbird::get(context).await.context("songbird is not set up")?;
    if manager.get(guild).is_none() {
        return Ok("Nothing is playing.".to_owned());
    }
    manager.remove(guild).await.context("leaving the voice channel")?;
    Ok("Stopped.".to_owned())
}

/// Where the person sits, by the cache that the gateway's events fill.
fn channel_of(context: &Context, command: &CommandInteraction, guild: GuildId) -> Option<ChannelId> {
    context.cache.guild(guild)?.voice_states.get(&command.user.id)?.channel_id
}

struct TrackTrouble;

#[async_trait]
impl VoiceEventHandler for TrackTrouble {
    async fn act(&self, context: &EventContext<'_>) -> Option<Event> {
        if let EventContext::Track(tracks) = context {
            for (state, _) in *tracks {
                eprintln!("the track broke: {:?}", state.playing);
            }
        }
        None
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    // Two providers may be compiled in by the dependencies; one must be chosen. It fails only where one is chosen already.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let token = env::var("BOT_TOKEN").context("BOT_TOKEN holds no token")?;
    let track = PathBuf::from(env::var_os("BOT_TRACK").context("BOT_TRACK names no file")?);
    let mut http = HttpBuilder::new(token);
    if let Ok(base) = env::var("BOT_REST") {
        http = http.proxy(base).ratelimiter_disabled(true);
    }
    let intents = GatewayIntents::GUILDS | GatewayIntents::GUILD_VOICE_STATES;
    let mut client = serenity::client::ClientBuilder::new_with_http(http.build(), intents)
        .event_handler(Bot { track })
        .register_songbird()
        .await
        .context("setting the client up")?;
    let shards = Arc::clone(&client.shard_manager);
    tokio::spawn(async move {
        terminated().await;
        shards.shutdown_all().await;
    });
    run(&mut client).await
}

async fn run(client: &mut Client) -> Result<()> {
    client.start().await.context("running the client")
}

/// Returns at the first SIGINT or SIGTERM; never where they cannot be awaited.
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
