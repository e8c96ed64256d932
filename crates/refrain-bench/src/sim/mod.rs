//! What the simulator costs while it serves many guilds that play.
//!
//! The load is this process: bots on the main gateway, each in a part of the guilds, a voice connection a guild
//! (version 8, AES-GCM, DAVE off), and one thread that sends a frame to each guild every 20 ms, spread over the 20 ms.
//! What is measured is the simulator's process alone. Beside it the *floor* is measured: a process that does nothing
//! but receive the same packets on one socket and decrypt them.

pub(crate) mod floor;
mod gateway;
mod load;
mod pace;
mod server;
mod voice;
mod world;

use crate::{process::Reading, table};
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde::Serialize;
use std::{fs, path::PathBuf, time::Duration};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The simulator's binary
    #[arg(long)]
    sim: PathBuf,
    /// Guilds that play while the listeners decode nothing (0 leaves the case out)
    #[arg(long, default_value_t = 200)]
    guilds: usize,
    /// Guilds that play while the listeners decode all of it (0 leaves the case out)
    #[arg(long, default_value_t = 50)]
    decoded_guilds: usize,
    /// How long each run is measured, in seconds
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// How many runs the medians are taken of
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Also write the figures as JSON to this file
    #[arg(long)]
    json: Option<PathBuf>,
}

/// One measured run.
#[derive(Clone, Copy, Debug, Serialize)]
struct Run {
    /// Per cent of one core.
    cpu_percent: f64,
    /// MiB.
    resident_mib: f64,
    /// Of what was sent, the share that the listeners counted.
    heard: f64,
    /// Packets a second.
    packets_per_second: f64,
}

/// One case: its runs, and the floor under it.
#[derive(Debug, Serialize)]
struct Case {
    name: &'static str,
    guilds: usize,
    decoding: bool,
    runs: Vec<Run>,
    floor_percent: f64,
}

/// Runs both cases and prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    ensure!(options.runs > 0 && options.seconds > 0, "--runs and --seconds must be 1 at least");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.context("starting the runtime")?;
    let mut cases = Vec::new();
    for (name, guilds, decoding) in
        [("playing, not decoded", options.guilds, false), ("playing, decoded", options.decoded_guilds, true)]
    {
        if guilds == 0 {
            continue;
        }
        let mut runs = Vec::new();
        for number in 1..=options.runs {
            eprintln!("bench sim: {name}, {guilds} guilds, run {number} of {} ...", options.runs);
            runs.push(runtime.block_on(measure(options, guilds, decoding))?);
        }
        let floor_percent = runtime.block_on(floor::measure(guilds, Duration::from_secs(options.seconds)))?;
        cases.push(Case { name, guilds, decoding, runs, floor_percent });
    }
    println_table(&cases);
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&cases).context("writing the figures as JSON")?;
        fs::write(path, text + "\n").with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

async fn measure(options: &Options, guilds: usize, decoding: bool) -> Result<Run> {
    let server = server::Server::start(&options.sim, guilds, decoding).await?;
    let load = load::Load::start(&server, guilds).await?;
    let length = Duration::from_secs(options.seconds);
    // The first second is not measured: sockets and buffers grow in it.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (before, sent_before) = (Reading::take(server.id()?)?, load.sent());
    tokio::time::sleep(length).await;
    let (after, sent_after) = (Reading::take(server.id()?)?, load.sent());
    let resident_mib = crate::process::resident_mib(server.id()?)?;
    let sent = load.stop().await;
    let heard = server.packets(guilds).await? as f64 / (sent as f64).max(1.0);
    ensure!(
        heard > 0.97,
        "the listeners counted {:.1} % of the {sent} packets sent: the load was not carried, nothing is measured",
        heard * 100.0
    );
    server.stop().await?;
    Ok(Run {
        cpu_percent: after.percent_since(&before),
        resident_mib,
        heard,
        packets_per_second: (sent_after - sent_before) as f64 / length.as_secs_f64(),
    })
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.get(values.len() / 2) {
        Some(upper) if values.len() % 2 == 1 => *upper,
        Some(upper) => f64::midpoint(*upper, values.get(values.len() / 2 - 1).copied().unwrap_or(*upper)),
        None => f64::NAN,
    }
}

#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
fn println_table(cases: &[Case]) {
    let heading = [
        "the simulator",
        "guilds",
        "% of a core",
        "lowest",
        "highest",
        "floor %",
        "ratio",
        "MiB",
        "packets/s",
        "heard %",
    ];
    let rows = cases.iter().map(|case| {
        let cpu = || case.runs.iter().map(|run| run.cpu_percent);
        let middle = median(cpu());
        vec![
            case.name.to_owned(),
            case.guilds.to_string(),
            format!("{middle:.1}"),
            format!("{:.1}", cpu().fold(f64::INFINITY, f64::min)),
            format!("{:.1}", cpu().fold(0.0, f64::max)),
            format!("{:.1}", case.floor_percent),
            format!("{:.1}", middle / case.floor_percent.max(0.01)),
            format!("{:.1}", median(case.runs.iter().map(|run| run.resident_mib))),
            format!("{:.0}", median(case.runs.iter().map(|run| run.packets_per_second))),
            format!("{:.1}", 100.0 * median(case.runs.iter().map(|run| run.heard))),
        ]
    });
    println!("{}", table::render(&heading, &rows.collect::<Vec<_>>()));
    println!("Medians over the runs. The floor is a process that only receives the same packets and decrypts them.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert!((median([4.0, 1.0, 3.0].into_iter()) - 3.0).abs() < 1e-9);
        assert!((median([4.0, 1.0, 3.0, 2.0].into_iter()) - 2.5).abs() < 1e-9);
        assert!(median(std::iter::empty()).is_nan());
    }
}
