//! The panel's buttons, pressed.

use crate::support::{labels, message_reads, panels, press, speaks_of, stage};
use anyhow::{Context as _, Result};
use refrain_e2e::harness::{PATIENCE, Stage, control::Message, listener::Listener, world};
use serde_json::Value;

/// The last second was silent.
fn is_quiet(report: &Listener) -> bool {
    report.level.len() > 10 && report.level.iter().rev().take(10).all(|&level| level < -65.0)
}

async fn playing() -> Result<Stage> {
    let mut stage = stage().await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.hear_music(1_500.0).await?;
    Ok(stage)
}

/// What the person who pressed a button, and nobody else, reads.
async fn told(stage: &mut Stage, interaction: &Value) -> Result<Message> {
    let id = interaction["interaction"].as_str().context("the interaction has no id")?;
    let told = stage.wait_for("the person to be told", PATIENCE, |control| async move {
        let interaction = control.interaction(id).await?;
        let (first, follow_ups) = (interaction["message"].clone(), interaction["followups"].as_array().cloned());
        let all = follow_ups.into_iter().flatten().chain([first]);
        Ok(all.filter(|message| message["ephemeral"] == true).map(Message::new).next())
    });
    told.await
}

#[tokio::test]
async fn pause_resume_skip_back_and_stop_are_heard() -> Result<()> {
    let mut stage = playing().await?;
    stage.play(&stage.media.url("watch/other")).await?;
    let before = stage.control.messages(world::TEXT).await?.len();
    let panel = panels(&stage).await?.first().context("there is no panel")?.id().to_owned();
    let paused = press(&mut stage, world::ADA, "Pause").await?;
    assert_eq!(paused["callback_type"], 6, "{paused}");
    stage.listen("silence in the pause", is_quiet).await?;
    press(&mut stage, world::ADA, "Resume").await?;
    stage.hear_music(1_500.0).await?;
    press(&mut stage, world::ADA, "Skip").await?;
    message_reads(&mut stage, &panel, "the next track", |panel| panel.words().contains("Second Wind")).await?;
    press(&mut stage, world::ADA, "Back").await?;
    message_reads(&mut stage, &panel, "the track before", |panel| panel.words().contains("First Light")).await?;
    stage.hear_music(1_500.0).await?;
    press(&mut stage, world::ADA, "Stop").await?;
    stage.listen("silence after the stop", is_quiet).await?;
    message_reads(&mut stage, &panel, "the end", |panel| labels(panel).is_empty()).await?;
    let after = stage.control.messages(world::TEXT).await?.len();
    assert_eq!(after, before, "a button that does something says nothing beside the panel");
    stage.finish().await
}

#[tokio::test]
async fn who_does_not_listen_is_told_so_alone_and_the_music_goes_on() -> Result<()> {
    let mut stage = playing().await?;
    let refused = press(&mut stage, world::BEN, "Stop").await?;
    let words = told(&mut stage, &refused).await?;
    speaks_of(&words.words(), &["voice channel"]);
    assert_eq!(words.raw()["ephemeral_for"], world::BEN);
    stage.sit(world::BEN, world::LOUNGE).await?;
    let refused = press(&mut stage, world::BEN, "Skip").await?;
    speaks_of(&told(&mut stage, &refused).await?.words(), &[world::MUSIC]);
    stage.hear_music(1_500.0).await?;
    stage.finish().await
}

#[tokio::test]
async fn what_a_button_cannot_do_is_told_to_whoever_pressed_it() -> Result<()> {
    let mut stage = playing().await?;
    let nothing_before = press(&mut stage, world::ADA, "Back").await?;
    assert_eq!(nothing_before["callback_type"], 6, "{nothing_before}");
    let words = told(&mut stage, &nothing_before).await?;
    speaks_of(&words.words(), &["before", "earlier"]);
    assert_eq!(words.raw()["ephemeral_for"], world::ADA);
    stage.hear_music(1_500.0).await?;
    stage.finish().await
}

#[tokio::test]
async fn after_a_kick_the_button_brings_it_back_where_the_command_would() -> Result<()> {
    let mut stage = playing().await?;
    press(&mut stage, world::ADA, "Pause").await?;
    stage.listen("silence in the pause", is_quiet).await?;
    stage.control.fault("kick", serde_json::json!({})).await?;
    stage.bot_is_in(None).await?;
    press(&mut stage, world::ADA, "Resume").await?;
    stage.bot_is_in(Some(world::MUSIC)).await?;
    stage.hear_music(1_500.0).await?;
    stage.finish().await
}
