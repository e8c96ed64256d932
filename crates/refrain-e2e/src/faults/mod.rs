//! `cargo xtask faults`: everything that the simulator can do to a voice connection, done to the real bot.
//!
//! A [`Case`] is a fault (or several), what the bot should decide about it, and what people should hear: data, in
//! `catalogue/`, written from what is known of Discord and never from what the bot happens to do. Each case has a *stage*
//! of its own (simulator, bot, media server), so nothing of one reaches another; a handful play at the same time. What
//! was decided is read from the bot's log, what was heard from the guild's listener, what was told from the channel.
//! What the driver is known not to manage stands with its reason in `known.toml`.

mod case;
mod codes;
mod given;
pub(crate) mod ground;
mod heard;
mod judge;
mod known;
mod options;
mod pattern;
mod perform;
mod report;
#[cfg(test)]
mod tests;

pub use case::Case;
pub use options::{Driver, Options};
pub use report::{Report, Row, Verdict};

use anyhow::{Context as _, Result, bail};
use case::catalogue;
use futures_util::{StreamExt as _, stream};
use ground::Ground;
use known::Known;
use std::time::Instant;

/// Takes the bot through the cases that were chosen.
///
/// # Errors
/// When something other than the bot is at fault: a program that is missing, a fault that no case has, a simulator that
/// does not start.
pub async fn run(options: &Options) -> Result<Report> {
    let known = Known::read(options.driver)?;
    let all = catalogue()?;
    known.check(&all)?;
    let chosen = options.choose(&all)?;
    let ground = Ground::prepare(options).await?;
    ground.check_that_all_kinds_are_there(&all).await?;
    let (count, begun) = (chosen.len(), Instant::now());
    eprintln!("faults: {count} cases, {} at a time", options.at_once);
    let running = chosen.into_iter().enumerate().map(|(number, case)| {
        let ground = &ground;
        async move {
            let row = perform::perform(ground, &case).await;
            (number, row)
        }
    });
    let mut running = stream::iter(running).buffer_unordered(options.at_once.max(1));
    let mut rows = Vec::with_capacity(count);
    while let Some((number, mut row)) = running.next().await {
        known.judge(&mut row);
        eprintln!("faults: [{}/{count}] {}", rows.len() + 1, row.line());
        rows.push((number, row));
    }
    rows.sort_by_key(|(number, _)| *number);
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    let report = Report { driver: options.driver, seconds: begun.elapsed().as_secs(), rows };
    if let Some(path) = &options.json {
        let json = serde_json::to_string_pretty(&report).context("putting the report together")?;
        std::fs::write(path, json + "\n").with_context(|| format!("writing {}", path.display()))?;
    }
    if count == 0 {
        bail!("no case was chosen");
    }
    Ok(report)
}

/// The names of the cases that would be run.
///
/// # Errors
/// When something is named that no case has.
pub fn names(options: &Options) -> Result<Vec<String>> {
    Ok(options.choose(&catalogue()?)?.into_iter().map(|case| case.name).collect())
}
