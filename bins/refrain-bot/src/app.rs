//! The parts, put together.

use crate::{config::Config, exit};
use refrain::{Extractor, ExtractorConfig, Limits, PipelineConfig, Refrain, Settings};
use refrain_discord::{Bot, DiscordError};
use std::io::Write as _;
use tokio_util::sync::CancellationToken;

/// Why the bot ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    #[error("looking tracks up cannot start: {0}")]
    Extractor(String),
    #[error(transparent)]
    Discord(#[from] DiscordError),
}

impl AppError {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Extractor(_) => exit::CONFIGURATION,
            Self::Discord(error) if error.is_configuration() => exit::CONFIGURATION,
            Self::Discord(DiscordError::Broken) => exit::SOFTWARE,
            Self::Discord(_) => exit::UNAVAILABLE,
        }
    }
}

/// Runs until `stop` is cancelled.
pub(crate) async fn run(config: Config, stop: CancellationToken) -> Result<(), AppError> {
    let extractor = Extractor::start(extractor(&config)).await.map_err(|e| AppError::Extractor(e.to_string()))?;
    let outcome = serve(&config, &extractor, stop).await;
    // A second time after a run: it only finds nothing left to end.
    extractor.shutdown().await;
    outcome
}

async fn serve(config: &Config, extractor: &Extractor, stop: CancellationToken) -> Result<(), AppError> {
    let bot = tokio::select! {
        bot = Bot::log_in(&config.discord) => bot?,
        () = stop.cancelled() => return Ok(()),
    };
    tracing::info!(name = bot.name(), user_id = %bot.user(), version = env!("CARGO_PKG_VERSION"), "logged in");
    invite(&bot.invite_link());
    let refrain = Refrain::new(settings(config, &bot, extractor), extractor.clone(), bot.port());
    bot.run(refrain, stop).await?;
    tracing::info!("stopped");
    Ok(())
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

fn settings(config: &Config, bot: &Bot, extractor: &Extractor) -> Settings {
    let pipeline = PipelineConfig {
        ffmpeg: config.audio.ffmpeg.clone(),
        proxy: Some(extractor.proxy().as_str().to_owned()),
        bitrate: config.audio.bitrate,
        ..PipelineConfig::default()
    };
    let limits = Limits { max_tracks: config.max_tracks, ..Limits::default() };
    Settings {
        bot_user: bot.user(),
        recovery: config.recovery.clone(),
        governor: config.governor.clone(),
        pipeline,
        limits,
    }
}
