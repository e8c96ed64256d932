//! `cargo xtask bench recovery`: how long the music stays away after each fault, with Refrain and with others' libraries.
//!
//! [`run`] starts, for each round, one simulator and in it one bot of each client library, each in a guild and at a voice
//! server of its own; they are the bots of [`crate::conformance`]. Row by row all of them play, then each is struck (a
//! little apart, so that they do not fight for the processor), watched until its music is back, and brought to rest.
//! `heard` makes figures of what the listener heard, [`Table`] medians and comparisons of them, `chart` a picture.

mod behind;
mod chart;
mod compare;
mod date;
mod earlier;
mod heard;
mod lane;
mod options;
mod plan;
mod row;
mod table;

pub use heard::{Heard, Tries};
pub use options::Options;
pub use row::{Goal, Kind, Row};
pub use table::{Cell, Table};

use crate::conformance::{Client, Programs, ground::Ground};
use anyhow::{Context as _, Result, ensure};
use behind::Behind;
use futures_util::future::{join_all, try_join_all};
use lane::Lane;
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// How far apart in time two bots are struck.
const APART: Duration = Duration::from_millis(350);

/// One measurement.
type Sample = (Row, Client, Heard);

/// Does everything to everybody, and writes what was asked for.
///
/// # Errors
/// When the run itself fails: a program is missing, a simulator or a bot does not start, a file cannot be written.
pub async fn run(options: &Options) -> Result<Table> {
    let behind = Behind::read(&options.programs.bots.join("behind.toml"))?;
    let (start, rounds) = (Instant::now(), options.rounds.get());
    let mut samples = Vec::new();
    let numbers: Vec<usize> = (1..=rounds).collect();
    for some in numbers.chunks(options.at_once.get()) {
        samples.extend(some_rounds(options, some, start).await?);
    }
    ensure!(!samples.is_empty(), "nothing could be measured: the logs are in {}", options.programs.out.display());
    if let Some(path) = &options.keep {
        let kept = earlier::read(path)?;
        samples.extend(kept.into_iter().filter(|(row, _, _)| !options.rows().contains(row)));
    }
    let table = Table::new(options, &samples, &behind);
    if let Some(path) = &options.json {
        let json = serde_json::to_string_pretty(&table).context("putting the figures together")?;
        write(path, &(json + "\n"))?;
    }
    if let Some(path) = &options.svg {
        write(path, &chart::draw(&table))?;
    }
    Ok(table)
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// These rounds, at the same time.
async fn some_rounds(options: &Options, numbers: &[usize], start: Instant) -> Result<Vec<Sample>> {
    let clients = options.clients();
    let mut grounds = Vec::new();
    for number in numbers {
        let out = options.programs.out.join(format!("round-{number}"));
        let programs = Programs { out, ..options.programs.clone() };
        grounds.push(Ground::prepare(&programs, &clients).await?);
    }
    let everybody = grounds.iter().flat_map(|ground| clients.iter().map(move |&client| Lane::start(ground, client)));
    let mut lanes = try_join_all(everybody).await?;
    let (rows, mut samples) = (options.rows(), Vec::new());
    for (at, &row) in rows.iter().enumerate() {
        say(start, &format!("{}/{}: {}", at + 1, rows.len(), row.title()));
        let heard = one_row(&mut lanes, row, Duration::from_secs(options.watch)).await;
        tell(start, row, &clients, &heard);
        samples.extend(heard.into_iter().map(|(client, heard)| (row, client, heard)));
    }
    join_all(lanes.iter_mut().map(Lane::end)).await;
    for remark in grounds.iter().flat_map(Ground::remarks) {
        say(start, &remark);
    }
    Ok(samples)
}

/// One row with all bots.
async fn one_row(lanes: &mut [Lane<'_>], row: Row, watch: Duration) -> Vec<(Client, Heard)> {
    let playing = join_all(lanes.iter_mut().map(|lane| lane.play(row))).await;
    let turns = lanes.iter().zip(playing).zip(0u32..).map(|((lane, playing), turn)| async move {
        playing?;
        tokio::time::sleep(APART * turn).await;
        lane.suffer(row, watch).await
    });
    let outcomes = join_all(turns).await;
    let mut heard = Vec::new();
    for (lane, outcome) in lanes.iter().zip(&outcomes) {
        match outcome {
            Ok(one) => heard.push((lane.client(), *one)),
            Err(error) => eprintln!("bench: {}: {}: not measured: {error:#}", lane.client().name(), row.name()),
        }
    }
    let resting = lanes.iter_mut().zip(&outcomes).map(|(lane, outcome)| {
        let got_over_it = outcome.as_ref().is_ok_and(|heard| heard.silence_ms.is_some());
        lane.rest(got_over_it)
    });
    for (at, rest) in join_all(resting).await.into_iter().enumerate() {
        if let Err(error) = rest {
            // It gets another chance before the next row.
            eprintln!("bench: {}: after {}: {error:#}", lanes[at].client().name(), row.name());
        }
    }
    heard
}

/// What came of a row, for people.
fn tell(start: Instant, row: Row, clients: &[Client], heard: &[(Client, Heard)]) {
    let of = |client: Client| heard.iter().filter(move |(whose, _)| *whose == client).map(|(_, heard)| *heard);
    let words = clients.iter().map(|&client| {
        let own: Vec<Heard> = of(client).collect();
        let words = if own.is_empty() { "not measured".to_owned() } else { Cell::of(client, &own).words(row) };
        format!("{} {words}", client.name())
    });
    say(start, &format!("      {}", words.collect::<Vec<_>>().join("; ")));
}

/// Progress, for people.
fn say(start: Instant, words: &str) {
    let seconds = start.elapsed().as_secs();
    eprintln!("bench: {:>2}:{:02} {words}", seconds / 60, seconds % 60);
}
