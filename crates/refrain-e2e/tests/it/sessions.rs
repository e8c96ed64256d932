//! The gateway session over a restart: a bot that was killed goes on with it, one that was stopped begins another.

use crate::support::{speaks_of, stage};
use anyhow::{Context as _, Result};
use refrain_e2e::harness::{Answer, Stage, world};
use serde_json::json;

/// The opcodes of the main gateway with which a bot comes in.
const IDENTIFY: i64 = 2;
const RESUME: i64 = 6;

/// Music plays for Ada in one channel, and Ben sits in another. It plays for longer than Discord wants between two identifies
/// (5 s): a bot that is back sooner and cannot resume is sent away once, and must wait for its turn.
async fn playing() -> Result<Stage> {
    let mut stage = stage().await?;
    stage.sit(world::BEN, world::LOUNGE).await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.hear_music(5_000.0).await?;
    Ok(stage)
}

async fn ben_asks(stage: &mut Stage, name: &str) -> Result<Answer> {
    let id = stage.control.command(world::TEXT, world::BEN, name, json!({})).await?;
    stage.answer(&id, name).await
}

/// Now, on the simulator's clock.
async fn now_ms(stage: &Stage) -> Result<f64> {
    let frames = stage.control.log(-1.0).await?;
    frames.last().and_then(|frame| frame["at_ms"].as_f64()).context("the simulator's log is empty")
}

/// How the bot came in since then.
async fn logins(stage: &Stage, since_ms: f64) -> Result<Vec<i64>> {
    let frames = stage.control.log(since_ms).await?;
    let of_bot = frames.iter().filter(|frame| {
        let main_gateway = frame["connection"].as_str().is_some_and(|name| name.starts_with("gateway-"));
        main_gateway && frame["direction"] == "from_client"
    });
    Ok(of_bot.filter_map(|frame| frame["op"].as_i64()).filter(|op| [IDENTIFY, RESUME].contains(op)).collect())
}

async fn music_is_back(stage: &mut Stage) -> Result<()> {
    stage.bot_is_in(Some(world::MUSIC)).await?;
    stage.hear_music(3_000.0).await.map(drop)
}

#[tokio::test]
async fn killed_with_9_it_goes_on_with_the_session_and_knows_at_once_who_is_where() -> Result<()> {
    let mut stage = playing().await?;
    stage.kill_bot().await?;
    let killed_ms = now_ms(&stage).await?;
    stage.restart_bot().await?;
    // Nobody has told the new process where Ada and Ben are, or what the bot may do there.
    let refused = ben_asks(&mut stage, "skip").await?;
    speaks_of(&refused.words, &["for others"]);
    music_is_back(&mut stage).await?;
    assert_eq!(logins(&stage, killed_ms).await?, [RESUME]);
    stage.finish().await
}

#[tokio::test]
async fn who_came_and_went_while_it_was_away_is_told_again() -> Result<()> {
    let mut stage = playing().await?;
    stage.kill_bot().await?;
    let killed_ms = now_ms(&stage).await?;
    stage.sit(world::BEN, world::LOCKED).await?;
    stage.restart_bot().await?;
    music_is_back(&mut stage).await?;
    stage.sit(world::ADA, world::LOCKED).await?;
    let refused = stage.play(&stage.media.url("watch/other")).await?;
    speaks_of(&refused.words, &["Connect"]);
    assert_eq!(logins(&stage, killed_ms).await?, [RESUME]);
    stage.finish().await
}

#[tokio::test]
async fn a_command_that_was_carried_out_is_not_carried_out_again() -> Result<()> {
    let mut stage = playing().await?;
    stage.play(&stage.media.url("watch/other")).await?;
    stage.kill_bot().await?;
    let killed_ms = now_ms(&stage).await?;
    stage.restart_bot().await?;
    music_is_back(&mut stage).await?;
    let queue = stage.ask("queue", json!({})).await?;
    assert_eq!(queue.words.matches("Second Wind").count(), 1, "{}", queue.words);
    assert_eq!(logins(&stage, killed_ms).await?, [RESUME]);
    stage.finish().await
}

#[tokio::test]
async fn killed_again_and_again_it_still_goes_on_with_the_session() -> Result<()> {
    let mut stage = playing().await?;
    let started_ms = now_ms(&stage).await?;
    for _ in 0..3 {
        stage.kill_bot().await?;
        stage.restart_bot().await?;
        music_is_back(&mut stage).await?;
    }
    assert_eq!(logins(&stage, started_ms).await?, [RESUME; 3]);
    stage.finish().await
}

/// Kills the bot while Discord refuses to resume, starts it again, and looks how it came in and that the music is back.
async fn refused(how: serde_json::Value) -> Result<Vec<i64>> {
    let mut stage = playing().await?;
    let mut refuse = json!({ "on": "resume" });
    for (key, value) in how.as_object().context("the refusal is no object")? {
        refuse[key] = value.clone();
    }
    stage.control.fault("gateway_refuse", refuse).await?;
    stage.kill_bot().await?;
    let killed_ms = now_ms(&stage).await?;
    stage.restart_bot().await?;
    music_is_back(&mut stage).await?;
    let logins = logins(&stage, killed_ms).await?;
    stage.finish().await?;
    Ok(logins)
}

#[tokio::test]
async fn where_discord_no_longer_knows_the_session_it_identifies_and_the_music_comes_back_all_the_same() -> Result<()> {
    assert_eq!(refused(json!({ "how": "invalid_session" })).await?, [RESUME, IDENTIFY]);
    Ok(())
}

#[tokio::test]
async fn a_session_that_is_refused_with_a_close_code_is_not_tried_again_and_again() -> Result<()> {
    for code in [4007, 4009] {
        assert_eq!(refused(json!({ "code": code })).await?, [RESUME, IDENTIFY], "{code}");
    }
    Ok(())
}

#[tokio::test]
async fn stopped_in_good_order_it_begins_another_session() -> Result<()> {
    let mut stage = playing().await?;
    assert!(stage.terminate_bot().await?.success());
    let stopped_ms = now_ms(&stage).await?;
    stage.restart_bot().await?;
    music_is_back(&mut stage).await?;
    assert_eq!(logins(&stage, stopped_ms).await?, [IDENTIFY]);
    stage.finish().await
}
