//! What `refrain-soak` can be told.

use clap::Parser;
use std::path::PathBuf;

/// Plays in many guilds while random faults happen, and accounts for every second of silence.
#[derive(Clone, Debug, Parser)]
#[command(name = "refrain-soak", version)]
pub struct Options {
    /// The bot's binary, `refrain`.
    #[arg(long)]
    pub bot: PathBuf,
    /// The simulator's binary, `refrain-sim`.
    #[arg(long)]
    pub sim: PathBuf,
    /// Where the logs and the report go.
    #[arg(long)]
    pub out: PathBuf,
    /// How long the faults go on, in minutes.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub minutes: u64,
    /// How many guilds play.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub guilds: u16,
    /// How many faults there are.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(1..=5000))]
    pub faults: u16,
    /// What the faults are drawn from.
    #[arg(long, default_value_t = 11)]
    pub seed: u64,
    /// Also writes the report there.
    #[arg(long)]
    pub json: Option<PathBuf>,
}
