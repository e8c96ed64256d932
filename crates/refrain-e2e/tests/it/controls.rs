//! Skip, pause, resume, stop, disconnect.

use crate::support::{compare, first_light, of_recording, second_wind, stage};
use anyhow::{Context as _, Result};
use refrain_e2e::harness::{Stage, listener::Listener};
use serde_json::json;

/// The last second was silent.
fn is_quiet(report: &Listener) -> bool {
    report.level.len() > 10 && report.level.iter().rev().take(10).all(|&level| level < -65.0)
}

async fn playing() -> Result<Stage> {
    let mut stage = stage().await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.hear_music(2_000.0).await?;
    Ok(stage)
}

#[tokio::test]
async fn skip_goes_on_with_the_next_track() -> Result<()> {
    let mut stage = playing().await?;
    stage.play(&stage.media.url("watch/other")).await?;
    let skip = stage.ask("skip", json!({})).await?;
    stage.hear_music(3_500.0).await?;
    let skipped_ms = of_recording(&stage, skip.delivered_ms().context("the skip was never delivered")?).await?;
    let (old, new) = (compare(&stage, first_light()).await?, compare(&stage, second_wind()).await?);
    assert!(new.heard_ms(skipped_ms, f64::INFINITY) > 2_000.0, "the next track was not heard");
    assert!(old.heard_ms(skipped_ms + 1_500.0, f64::INFINITY) < 500.0, "the skipped track went on");
    stage.finish().await
}

#[tokio::test]
async fn skip_of_the_last_track_leaves_silence() -> Result<()> {
    let mut stage = playing().await?;
    stage.ask("skip", json!({})).await?;
    stage.listen("silence after the last track", is_quiet).await?;
    stage.finish().await
}

#[tokio::test]
async fn pause_is_silent_and_resume_goes_on_at_the_same_place() -> Result<()> {
    let mut stage = playing().await?;
    let pause = stage.ask("pause", json!({})).await?;
    stage.listen("silence in the pause", is_quiet).await?;
    stage.ask("resume", json!({})).await?;
    stage.hear_music(3_000.0).await?;
    let paused_ms = of_recording(&stage, pause.delivered_ms().context("the pause was never delivered")?).await?;
    let heard = compare(&stage, first_light()).await?.fault(paused_ms, f64::INFINITY);
    assert!(heard.silence_ms > 900.0, "{heard:?}");
    assert!(heard.position_error_ms.is_some_and(|error| error < 300.0), "{heard:?}");
    stage.finish().await
}

#[tokio::test]
async fn stop_is_silent_and_play_starts_anew() -> Result<()> {
    let mut stage = playing().await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.ask("stop", json!({})).await?;
    let silent = stage.listen("silence after the stop", is_quiet).await?;
    stage.play(&stage.media.url("watch/other")).await?;
    stage.hear_music(2_500.0).await?;
    let after_ms = silent.level.len() as f64 * 100.0;
    let new = compare(&stage, second_wind()).await?;
    assert!(new.heard_ms(after_ms, f64::INFINITY) > 1_500.0, "what was asked for after the stop was not heard");
    stage.finish().await
}

#[tokio::test]
async fn disconnect_leaves_the_voice_channel() -> Result<()> {
    let mut stage = playing().await?;
    stage.ask("disconnect", json!({})).await?;
    stage.bot_is_in(None).await?;
    stage.finish().await
}
