//! The bot leaves by itself when nobody needs it any more.

use crate::support::{speaks_of, stage};
use anyhow::Result;
use refrain_e2e::harness::{PATIENCE, world};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn when_the_queue_has_run_out_it_waits_as_long_as_the_guild_has_set_and_leaves() -> Result<()> {
    let mut stage = stage().await?;
    let options = json!({ "value": 2 });
    let id = stage.control.command(world::TEXT, world::BEN, "config set-wait-after-queue-empties", options).await?;
    stage.answer(&id, "config set-wait-after-queue-empties").await?;
    stage.play(&stage.media.url("short.wav")).await?;
    stage.bot_is_in(Some(world::MUSIC)).await?;
    stage.hear_music(2_000.0).await?;
    stage.bot_is_in(None).await?;
    stage.finish().await
}

#[tokio::test]
async fn when_nobody_has_listened_for_a_minute_it_leaves_and_keeps_the_queue() -> Result<()> {
    let mut stage = stage().await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    // The first one is over by then.
    stage.play(&stage.media.url("watch/other")).await?;
    stage.hear_music(1_500.0).await?;
    stage.control.sit(world::ADA, None).await?;
    let gone = |seat: Option<String>| seat.is_none().then_some(());
    stage
        .wait_for("the bot to leave an empty channel", PATIENCE + Duration::from_secs(60), |control| async move {
            Ok(gone(control.seat(world::BOT).await?))
        })
        .await?;
    stage.sit(world::ADA, world::MUSIC).await?;
    let queue = stage.ask("queue", json!({})).await?;
    speaks_of(&queue.words, &["Second Wind"]);
    stage.ask("resume", json!({})).await?;
    stage.hear_music(1_500.0).await?;
    stage.finish().await
}
