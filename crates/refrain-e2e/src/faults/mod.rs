//! `cargo xtask faults`: everything that the simulator can do to a voice connection, that a media server can do to a source,
//! and that can happen to a request to Discord, done to the real bot.
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
mod requests;
mod sources;
#[cfg(test)]
mod tests;

pub use case::Case;
pub use options::{Driver, Options};
pub use report::{Report, Row, Section, Verdict};

use anyhow::{Context as _, Result, bail};
use case::catalogue;
use futures_util::{StreamExt as _, stream};
use ground::Ground;
use known::Known;
use requests::case::RequestCase;
use sources::case::SourceCase;
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
    let all_sources = sources::case::catalogue()?;
    let all_requests = requests::case::catalogue()?;
    let (chosen, chosen_sources, chosen_requests) = options.choose(&all, &all_sources, &all_requests)?;
    let ground = Ground::prepare(options).await?;
    ground.check_that_all_kinds_are_there(&all).await?;
    let source_ground = if chosen_sources.is_empty() { None } else { Some(ground.prepare_sources(options).await?) };
    let count = chosen.len() + chosen_sources.len() + chosen_requests.len();
    let begun = Instant::now();
    eprintln!("faults: {count} cases, {} at a time", options.at_once);
    let voice = chosen.into_iter().map(Chosen::Voice);
    let requests = chosen_requests.into_iter().map(Chosen::Request);
    let all = voice.chain(requests).chain(chosen_sources.into_iter().map(Chosen::Source));
    let running = all.enumerate().map(|(number, case)| {
        let (ground, source_ground) = (&ground, &source_ground);
        async move {
            let row = match (case, source_ground) {
                (Chosen::Voice(case), _) => Some(perform::perform(ground, &case).await),
                (Chosen::Request(case), _) => Some(requests::perform::perform(ground, &case).await),
                (Chosen::Source(case), Some(sources)) => {
                    Some(sources::perform::perform(sources, &ground.folder_of(&case.name), &case).await)
                }
                (Chosen::Source(_), None) => None,
            };
            row.map(|row| (number, row))
        }
    });
    let mut running = stream::iter(running).buffer_unordered(options.at_once.max(1));
    let mut rows = Vec::with_capacity(count);
    while let Some(finished) = running.next().await {
        let Some((number, mut row)) = finished else { continue };
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

/// A case that was chosen.
enum Chosen {
    Voice(Case),
    Source(SourceCase),
    Request(RequestCase),
}

/// The names of the cases that would be run.
///
/// # Errors
/// When something is named that no case has.
pub fn names(options: &Options) -> Result<Vec<String>> {
    let (voice, sources, requests) =
        options.choose(&catalogue()?, &sources::case::catalogue()?, &requests::case::catalogue()?)?;
    let sources = sources.into_iter().map(|case| case.name);
    let requests = requests.into_iter().map(|case| case.name);
    Ok(voice.into_iter().map(|case| case.name).chain(requests).chain(sources).collect())
}
