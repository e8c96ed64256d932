//! What `refrain-crash` can be told.

use clap::Parser;
use std::path::PathBuf;

/// Kills the bot again and again, starts it again, and compares what it knows with what people were told.
#[derive(Clone, Debug, Parser)]
#[command(name = "refrain-crash", version)]
pub struct Options {
    /// The bot's binary, `refrain`.
    #[arg(long)]
    pub bot: PathBuf,
    /// The simulator's binary, `refrain-sim`.
    #[arg(long)]
    pub sim: PathBuf,
    /// yt-dlp.
    #[arg(long)]
    pub yt_dlp: PathBuf,
    /// Where the logs of rounds that failed go.
    #[arg(long)]
    pub out: PathBuf,
    /// How often the bot is killed.
    #[arg(long, default_value_t = 100)]
    pub rounds: u32,
    /// The same seed gives the same commands; when they arrive, and what the kill meets, differs all the same.
    #[arg(long, default_value_t = 9)]
    pub seed: u64,
    /// How many stages there are, each with a bot of its own that is killed.
    #[arg(long, default_value_t = 1)]
    pub at_once: u32,
    /// Kills the bot once while it plays in so many guilds, instead of rounds in one.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub guilds: Option<u16>,
    /// With `--guilds`: how many seconds each look-up takes after the kill.
    #[arg(long, default_value_t = 3)]
    pub look_up_s: u64,
    /// With `--guilds`: in how many of them what is heard is decoded, too.
    #[arg(long, default_value_t = 20)]
    pub decoded: u16,
    /// Also writes everything as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}
