//! All clients in one channel: everybody is heard, also while one of them leaves and comes back.

use super::{
    client::Client,
    drive::{Driver, what_was_wrong},
    ear,
    ground::Ground,
    report::{Failure, Observed, Row},
    step::Step,
    world::Place,
};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::join_all;

/// How much is heard of each while all are there, in milliseconds.
const TOGETHER_MS: f64 = 10_000.0;
/// How much of the others while one is gone, and of that one when it is back.
const APART_MS: f64 = 4_000.0;

/// Somebody who was invited.
struct Guest<'a> {
    driver: Driver<'a>,
    /// What has been heard so far, or what went wrong.
    outcome: Result<Observed, Failure>,
}

/// Brings them together.
pub(super) async fn meet(ground: &Ground, clients: &[Client]) -> Vec<Row> {
    let mut guests = Vec::new();
    // One after the other: each who comes finds those before it playing.
    for &client in clients {
        let mut driver = Driver::new(ground, client, Place::party());
        let outcome = arrive(&mut driver).await;
        eprintln!(
            "conformance: party: {} {}",
            client.name(),
            if outcome.is_ok() { "has come" } else { "has not come" }
        );
        guests.push(Guest { driver, outcome });
    }
    listen(&mut guests, None, TOGETHER_MS, "while all are there").await;
    // The first to come leaves, the others play on, it comes back.
    if guests.first().is_some_and(|guest| guest.outcome.is_ok()) {
        let left = guests[0].driver.leave().await;
        listen(&mut guests, Some(0), APART_MS, "while one was gone").await;
        let back = match left {
            Ok(_) => arrive(&mut guests[0].driver).await,
            Err(failure) => Err(failure),
        };
        if let Err(failure) = back {
            guests[0].outcome = Err(Failure { error: failure.error.context("leaving and coming back"), ..failure });
        }
        listen(&mut guests, None, APART_MS, "when it was back").await;
    }
    let mut rows = Vec::new();
    for guest in guests {
        rows.push(guest.judged().await);
    }
    rows
}

/// Logs in where it has not yet, joins, plays, and is heard.
async fn arrive(driver: &mut Driver<'_>) -> Result<Observed, Failure> {
    if !driver.is_running() {
        driver.login().await?;
        driver.commands().await?;
    }
    let begun_ms = driver.now().await?;
    driver.interaction().await?;
    driver.music(begun_ms, 1_000.0).await.context("after joining")?;
    Ok(Observed { heard_ms: Some(0.0), silence_ms: Some(0.0), note: String::new() })
}

/// Listens to all who are there but `absent`, at the same time.
async fn listen(guests: &mut [Guest<'_>], absent: Option<usize>, enough_ms: f64, when: &str) {
    let there = guests.iter_mut().enumerate().filter(|(at, guest)| Some(*at) != absent && guest.outcome.is_ok());
    join_all(there.map(|(_, guest)| guest.listen(enough_ms, when))).await;
}

impl Guest<'_> {
    async fn listen(&mut self, enough_ms: f64, when: &str) {
        let Ok(seen) = &mut self.outcome else { return };
        let heard = async {
            let since_ms = self.driver.now().await?;
            let report = self.driver.music(since_ms, enough_ms).await?;
            anyhow::Ok((ear::music_since(&report, since_ms), ear::silence_since(&report, since_ms)))
        };
        match heard.await {
            Ok((heard_ms, silence_ms)) => {
                seen.heard_ms = seen.heard_ms.map(|sum| sum + heard_ms);
                seen.silence_ms = seen.silence_ms.map(|sum| sum + silence_ms);
            }
            Err(error) => {
                let seen = std::mem::take(seen);
                self.outcome = Err(Failure { error: error.context(format!("listening {when}")), seen });
            }
        }
    }

    /// The last word: nothing of what it sent may have been beyond the others' understanding.
    async fn judged(mut self) -> Row {
        if let Ok(mut seen) = self.outcome {
            let all_well = async {
                let report = self.driver.report().await?;
                seen.note = what_was_wrong(&report);
                ensure!(report.bad_frames() == 0, "{} frames that could not be decrypted", report.bad_frames());
                self.driver.is_own_track(0.0).await
            };
            self.outcome = match all_well.await {
                Ok(()) => Ok(seen),
                Err(error) => Err(Failure { error, seen }),
            };
        }
        self.driver.keep_plot().await;
        self.driver.end().await;
        let row = Row::new(self.driver.client(), Step::Party, self.outcome);
        eprintln!("conformance: party: {}: {:?} {}", row.client.name(), row.verdict, row.note);
        row
    }
}
