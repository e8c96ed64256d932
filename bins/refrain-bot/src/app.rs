//! The parts, put together.

use crate::{config::Config, exit};
use refrain::{Extractor, ExtractorConfig, Limits, PipelineConfig, Refrain, Settings};
use refrain_discord::{Bot, DiscordError};
use std::{io::Write as _, time::Duration};
use tokio_util::sync::CancellationToken;

/// What yt-dlp may say about one track.
const MAX_EXTRACTOR_OUTPUT: usize = 8 << 20;

/// Why the bot ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    #[error("the data directory {dir} cannot be made or written to ({reason}); set DATA_DIR to one that can")]
    DataDir { dir: String, reason: String },
    #[error("looking tracks up cannot start: {0}")]
    Extractor(String),
    #[error(transparent)]
    Discord(#[from] DiscordError),
}

impl AppError {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::DataDir { .. } | Self::Extractor(_) => exit::CONFIGURATION,
            Self::Discord(error) if error.is_configuration() => exit::CONFIGURATION,
            Self::Discord(DiscordError::Broken) => exit::SOFTWARE,
            Self::Discord(_) => exit::UNAVAILABLE,
        }
    }
}

/// Runs until `stop` is cancelled.
pub(crate) async fn run(config: Config, stop: CancellationToken) -> Result<(), AppError> {
    tokio::fs::create_dir_all(&config.data_dir).await.map_err(|error| AppError::DataDir {
        dir: config.data_dir.display().to_string(),
        reason: error.to_string(),
    })?;
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
        yt_dlp: yt_dlp.path.clone(),
        data_dir: config.data_dir.clone(),
        time_limit: yt_dlp.time_limit,
        max_output: MAX_EXTRACTOR_OUTPUT,
        concurrency: yt_dlp.concurrency,
        plugin_dirs: yt_dlp.plugin_dirs.clone(),
        egress: config.egress.clone(),
        cookies: yt_dlp.cookies.clone(),
    }
}

fn settings(config: &Config, bot: &Bot, extractor: &Extractor) -> Settings {
    let pipeline = PipelineConfig {
        ffmpeg: config.audio.ffmpeg.clone(),
        proxy: Some(extractor.proxy().as_str().to_owned()),
        bitrate: config.audio.bitrate,
        lead: Duration::from_secs(5),
        rewind: Duration::from_secs(10),
        open_timeout: Duration::from_secs(15),
    };
    let limits = Limits { max_tracks: config.max_tracks, ..Limits::default() };
    Settings { bot_user: bot.user(), recovery: config.recovery.clone(), pipeline, limits }
}
