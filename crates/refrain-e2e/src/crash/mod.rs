//! `cargo xtask crash`: the real bot is killed with -9 at any moment, started again, and compared with a model.
//!
//! A round is a `script` drawn from a seed: commands that people give, and the `Moment` at which the bot's process
//! group gets a SIGKILL. The `model` is kept outside the bot and knows what a guild must be like: what was answered is
//! done, what was not answered is done as a whole or not at all. It is compared with what the dead bot has left on the
//! disk (`stored`), with what the restarted one answers, and with what is heard (`heard`, `position`). One stage
//! serves all rounds, so what is lost in one is missed in the next.

mod ground;
mod guilds;
mod heard;
mod lane;
mod model;
mod options;
mod orphans;
mod position;
mod report;
mod round;
mod row;
mod script;
mod stored;
mod talk;

pub use guilds::{GuildsReport, Outcome, run_guilds};
pub use options::Options;
pub use report::{Figure, Report};
pub use row::Row;
pub use script::Moment;

use anyhow::{Context as _, Result};
use ground::Ground;
use std::time::Instant;

/// Kills the bot as often as was asked for.
///
/// # Errors
/// When something other than the bot is at fault: a program that is missing, a simulator that does not start.
pub async fn run(options: &Options) -> Result<Report> {
    let begun = Instant::now();
    let ground = Ground::prepare(options).await?;
    let stages = options.at_once.clamp(1, options.rounds.max(1));
    let running = (0..stages).map(|stage| lane::run(&ground, options, stage, stages));
    let mut rows = futures_util::future::try_join_all(running).await?.concat();
    rows.sort_by_key(|row| row.round);
    let report = Report::new(options.seed, begun.elapsed().as_secs(), rows);
    if let Some(path) = &options.json {
        let json = serde_json::to_string_pretty(&report).context("putting the report together")?;
        std::fs::write(path, json + "\n").with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(report)
}
