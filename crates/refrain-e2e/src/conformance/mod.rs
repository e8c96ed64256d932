//! `cargo xtask conformance`: clients that others wrote are the simulator's judges.
//!
//! [`run`] starts one simulator and, each in a guild of its own and all at the same time, a small music bot for each
//! client library. A `Driver` takes each through the steps; what counts is what the guild's listener heard and where the
//! simulator saw the bot, never what the bot says of itself. Then all of them meet in one channel (`party`). What a client
//! is known not to manage stands with its reason in `conformance/known.toml`.

mod client;
pub(crate) mod drive;
pub(crate) mod ear;
pub(crate) mod ground;
mod known;
mod options;
mod party;
pub(crate) mod position;
pub(crate) mod report;
pub(crate) mod room;
mod step;
pub(crate) mod world;

pub use client::Client;
pub use options::{Options, Programs};
pub use report::{Report, Row, Verdict};
pub use step::Step;

use anyhow::{Context as _, Result};
use drive::Driver;
use futures_util::future::join_all;
use ground::Ground;
use known::Known;
use world::Place;

/// Takes all clients through all steps.
///
/// # Errors
/// When something other than a client is at fault: a program that is missing, a simulator that does not start.
pub async fn run(options: &Options) -> Result<Report> {
    let known = Known::read(&options.programs.bots.join("known.toml"))?;
    let (clients, steps) = (options.clients(), options.steps());
    let ground = Ground::prepare(&options.programs, &clients).await?;
    let mut report = Report::new();
    if steps.iter().any(|&step| step != Step::Party) {
        let alone = clients.iter().map(|&client| Driver::new(&ground, client, Place::of(client)).go_through(&steps));
        report.rows.extend(join_all(alone).await.into_iter().flatten());
    }
    if steps.contains(&Step::Party) {
        report.rows.extend(party::meet(&ground, &clients).await);
    }
    report.judge(&known);
    report.remarks = ground.remarks();
    if let Some(path) = &options.json {
        let json = serde_json::to_string_pretty(&report).context("putting the report together")?;
        std::fs::write(path, json + "\n").with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(report)
}
