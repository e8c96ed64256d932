//! The one message that says what plays.

use crate::support::{labels, message_reads, owner_asks, panels, press, speaks_of, stage};
use anyhow::{Context as _, Result};
use refrain_e2e::harness::{Answer, PATIENCE, Stage, control::Message, world};
use serde_json::json;

/// The message that answers a command.
fn message(answer: &Answer) -> Result<String> {
    answer.interaction["message"]["id"].as_str().map(str::to_owned).context("the answer is no message")
}

/// Music plays; the panel is the answer to the `/play`.
async fn playing() -> Result<(Stage, String)> {
    let mut stage = stage().await?;
    let answer = stage.play(&stage.media.url("watch/tune")).await?;
    let panel = message(&answer)?;
    Ok((stage, panel))
}

fn says(message: &Message, words: &str) -> bool {
    message.words().contains(words)
}

#[tokio::test]
async fn the_answer_to_play_is_the_panel_and_follows_the_music() -> Result<()> {
    let (mut stage, panel) = playing().await?;
    let playing = message_reads(&mut stage, &panel, "the panel", |panel| says(panel, "Playing")).await?;
    assert_eq!(labels(&playing), ["Back", "Pause", "Skip", "Stop"]);
    let queued = stage.play(&stage.media.url("watch/other")).await?;
    speaks_of(&queued.words, &["plays next"]);
    stage.ask("pause", json!({})).await?;
    let paused = message_reads(&mut stage, &panel, "the panel to say so", |panel| says(panel, "Paused")).await?;
    assert_eq!(labels(&paused), ["Back", "Resume", "Skip", "Stop"]);
    stage.ask("skip", json!({})).await?;
    let next = message_reads(&mut stage, &panel, "the next track", |panel| says(panel, "Second Wind")).await?;
    assert!(says(&next, "Playing"), "{}", next.words());
    stage.ask("loop", json!({})).await?;
    message_reads(&mut stage, &panel, "the loop", |panel| says(panel, "again and again")).await?;
    assert_eq!(panels(&stage).await?.len(), 1);
    stage.ask("stop", json!({})).await?;
    let over = message_reads(&mut stage, &panel, "the end", |panel| says(panel, "Nothing plays")).await?;
    assert!(labels(&over).is_empty());
    stage.finish().await
}

#[tokio::test]
async fn another_play_after_the_end_has_the_buttons_and_the_old_one_none() -> Result<()> {
    let (mut stage, first) = playing().await?;
    stage.ask("stop", json!({})).await?;
    message_reads(&mut stage, &first, "the end", |panel| says(panel, "Nothing plays")).await?;
    let answer = stage.play(&stage.media.url("watch/other")).await?;
    let second = message(&answer)?;
    message_reads(&mut stage, &first, "the old panel without buttons", |panel| labels(panel).is_empty()).await?;
    stage.ask("pause", json!({})).await?;
    message_reads(&mut stage, &second, "the new panel to go on", |panel| says(panel, "Paused")).await?;
    let left = panels(&stage).await?;
    assert_eq!(left.iter().map(Message::id).collect::<Vec<_>>(), [second.as_str()]);
    stage.finish().await
}

#[tokio::test]
async fn a_panel_that_somebody_deleted_is_there_again_when_there_is_something_to_show() -> Result<()> {
    let (mut stage, panel) = playing().await?;
    stage.delete_message(world::TEXT, &panel).await?;
    press_nothing_and_pause(&mut stage).await?;
    stage
        .wait_for("another panel", PATIENCE, |control| async move {
            let messages = control.messages(world::TEXT).await?;
            let another = |message: &&Message| {
                message.raw()["deleted_ms"].is_null() && labels(message).contains(&"Resume".to_owned())
            };
            Ok(messages.iter().find(another).map(|_| ()))
        })
        .await?;
    press(&mut stage, world::ADA, "Resume").await?;
    stage.hear_music(1_500.0).await?;
    assert_eq!(panels(&stage).await?.len(), 1);
    stage.finish().await
}

async fn press_nothing_and_pause(stage: &mut Stage) -> Result<()> {
    assert!(panels(stage).await?.is_empty());
    stage.ask("pause", json!({})).await.map(drop)
}

#[tokio::test]
async fn where_the_next_song_is_announced_it_gets_a_message_of_its_own() -> Result<()> {
    let mut stage = stage().await?;
    owner_asks(&mut stage, "config set-auto-announce-next-song", json!({ "value": true })).await?;
    let first = stage.play(&stage.media.url("watch/tune")).await?;
    let first = message(&first)?;
    let before = panels(&stage).await?;
    assert_eq!(before.iter().map(Message::id).collect::<Vec<_>>(), [first.as_str()], "one /play is one panel");
    stage.play(&stage.media.url("watch/other")).await?;
    stage.ask("skip", json!({})).await?;
    let first = first.as_str();
    stage
        .wait_for("the next song in a message of its own", PATIENCE, |control| async move {
            let mut with = control.messages(world::TEXT).await?;
            with.retain(|message| !labels(message).is_empty());
            Ok(matches!(with.as_slice(), [one] if one.id() != first && says(one, "Second Wind")).then_some(()))
        })
        .await?;
    stage.finish().await
}

#[tokio::test]
async fn a_restarted_bot_goes_on_with_the_same_panel() -> Result<()> {
    let (mut stage, panel) = playing().await?;
    stage.hear_music(2_000.0).await?;
    stage.kill_bot().await?;
    stage.restart_bot().await?;
    stage.hear_music(1_500.0).await?;
    let back = message_reads(&mut stage, &panel, "the panel to say so", |panel| says(panel, "Back after a restart"));
    speaks_of(&back.await?.words(), &["goes on at 0:0"]);
    press(&mut stage, world::ADA, "Pause").await?;
    message_reads(&mut stage, &panel, "the pause", |panel| says(panel, "Paused")).await?;
    assert_eq!(panels(&stage).await?.len(), 1);
    stage.finish().await
}
