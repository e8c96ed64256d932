//! The parts, put together.

use crate::{config::Config, exit};
use refrain::{
    Extractor, ExtractorConfig, Limits, PipelineConfig, Refrain, Settings, SourcePolicy, StartError,
    store::{OpenError, Opening, RedbStore, Store, StoreError, StoreOptions},
};
use refrain_discord::{Bot, DiscordError};
use std::{io::Write as _, path::PathBuf, sync::Arc};
use tokio_util::sync::CancellationToken;

/// Why the bot ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    #[error("looking tracks up cannot start: {0}")]
    Extractor(String),
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Stored(#[from] StoreError),
    #[error(transparent)]
    Discord(#[from] DiscordError),
}

impl AppError {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Extractor(_) | Self::Store(_) => exit::CONFIGURATION,
            Self::Start(StartError::Recordings { .. }) => exit::CONFIGURATION,
            Self::Start(StartError::Store(_)) | Self::Stored(_) => exit::UNAVAILABLE,
            Self::Discord(error) if error.is_configuration() => exit::CONFIGURATION,
            Self::Discord(DiscordError::Broken) => exit::SOFTWARE,
            Self::Discord(_) => exit::UNAVAILABLE,
        }
    }
}

/// Runs until `stop` is cancelled.
pub(crate) async fn run(config: Config, stop: CancellationToken) -> Result<(), AppError> {
    let store = open_store(config.data_dir.clone()).await?;
    let extractor = Extractor::start(extractor(&config)).await.map_err(|e| AppError::Extractor(e.to_string()))?;
    let outcome = serve(&config, &extractor, store.clone(), stop).await;
    // A second time after a run: it only finds nothing left to end.
    extractor.shutdown().await;
    store.settled().await;
    outcome
}

async fn serve(
    config: &Config,
    extractor: &Extractor,
    store: Arc<dyn Store>,
    stop: CancellationToken,
) -> Result<(), AppError> {
    let bot = tokio::select! {
        bot = Bot::log_in(&config.discord, store.clone()) => bot?,
        () = stop.cancelled() => return Ok(()),
    };
    tracing::info!(name = bot.name(), user_id = %bot.user(), version = env!("CARGO_PKG_VERSION"), "logged in");
    invite(&bot.invite_link());
    let refrain = Refrain::start(settings(config, &bot), extractor.clone(), bot.port(), store).await?;
    bot.run(refrain, stop).await?;
    tracing::info!("stopped");
    Ok(())
}

/// Opens what outlives the bot. Where the disk does not let it, everything goes on in memory until it does.
async fn open_store(data_dir: PathBuf) -> Result<Arc<dyn Store>, AppError> {
    let opened = tokio::task::spawn_blocking(move || RedbStore::open(&data_dir, StoreOptions::default())).await;
    let (store, opening) = opened.map_err(|_| StoreError {
        doing: "opening the store".into(),
        reason: "the runtime is shutting down".into(),
    })??;
    tell(&opening);
    Ok(Arc::new(store))
}

/// What became of opening: most of it is no news, but a file that was set aside is.
fn tell(opening: &Opening) {
    match opening {
        Opening::Opened | Opening::Created => tracing::info!("{opening}"),
        Opening::Migrated { .. } => tracing::warn!("{opening}"),
        Opening::SetAside { .. } => tracing::error!("{opening}"),
        // The store's health says it, and goes on saying it.
        Opening::InMemory { .. } => {}
    }
}

/// For whoever set the bot up, and for scripts: the one line on stdout.
fn invite(link: &str) {
    // Nobody may be reading stdout, which is no reason to stop.
    let _ = writeln!(std::io::stdout(), "Invite the bot: {link}");
}

fn extractor(config: &Config) -> ExtractorConfig {
    let yt_dlp = &config.yt_dlp;
    ExtractorConfig {
        time_limit: yt_dlp.time_limit,
        concurrency: yt_dlp.concurrency,
        plugin_dirs: yt_dlp.plugin_dirs.clone(),
        egress: config.egress.clone(),
        cookies: yt_dlp.cookies.clone(),
        ..ExtractorConfig::new(&yt_dlp.path, &config.data_dir)
    }
}

fn settings(config: &Config, bot: &Bot) -> Settings {
    let pipeline = PipelineConfig {
        ffmpeg: config.audio.ffmpeg.clone(),
        bitrate: config.audio.bitrate,
        ..PipelineConfig::default()
    };
    let limits = Limits { max_tracks: config.max_tracks, ..Limits::default() };
    Settings {
        bot_user: bot.user(),
        recovery: config.recovery.clone(),
        sources: SourcePolicy::default(),
        governor: config.governor.clone(),
        pipeline,
        limits,
        auto_resume: config.auto_resume,
        goodbye: config.goodbye,
        recording: config.recording.clone(),
    }
}
