//! A bot whose process stands still for a while, as on a machine that sleeps or swaps: music neither skips nor repeats.

use crate::source_stage::{MOST_OFF_MS, hear, nothing_is_missing, now_ms, playing};
use anyhow::{Context as _, Result};
use refrain_e2e::harness::Stage;
use rustix::process::{Pid, Signal, kill_process};
use std::time::Duration;

async fn stands_still(stage: &Stage, time: Duration) -> Result<()> {
    let pid = stage.bot_id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)).context("the bot runs")?;
    kill_process(pid, Signal::STOP)?;
    // How long the process stands still is what is tested: nothing announces it.
    tokio::time::sleep(time).await;
    kill_process(pid, Signal::CONT)?;
    Ok(())
}

/// Row 4.
#[tokio::test]
async fn a_process_that_stumbles_again_and_again_plays_on() -> Result<()> {
    let mut stage = playing().await?;
    for stumble in 0..30 {
        stands_still(&stage, Duration::from_millis(150 + 10 * stumble)).await?;
        let since_ms = now_ms(&stage).await?;
        hear(&mut stage, 1, since_ms, 300.0).await?;
    }
    let report = stage.control.listener().await?.context("nobody listens")?;
    let longest = report.silences.iter().map(|silence| silence.length_ms).fold(0.0, f64::max);
    assert!(longest < MOST_OFF_MS, "{:?}", report.silences);
    stage.finish().await
}

/// Row 4.
#[tokio::test]
async fn a_process_that_stood_still_for_a_while_neither_skips_nor_repeats() -> Result<()> {
    let mut stage = playing().await?;
    for seconds in [3, 8] {
        stands_still(&stage, Duration::from_secs(seconds)).await?;
        let since_ms = now_ms(&stage).await?;
        let timecode = hear(&mut stage, 1, since_ms, 6_000.0).await?;
        nothing_is_missing(&timecode, 1, MOST_OFF_MS);
    }
    stage.finish().await
}
