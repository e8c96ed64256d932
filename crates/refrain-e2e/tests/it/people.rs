//! What people read while the music is away, and what they can ask and order.

use crate::support::{owner_asks, speaks_of, stage};
use anyhow::{Context as _, Result, ensure};
use refrain_e2e::harness::{
    PATIENCE, Stage,
    control::{Control, Message},
    world,
};
use serde_json::json;

/// What the bot told people without having been asked, deleted or not.
async fn told(control: &Control) -> Result<Vec<Message>> {
    let mut messages = control.messages(world::TEXT).await?;
    messages.retain(|message| message.raw()["author"]["id"] == world::BOT && message.raw()["interaction"].is_null());
    Ok(messages)
}

/// Waits until the one message that was told satisfies `check`.
async fn reads(stage: &mut Stage, what: &str, check: impl Fn(&Message) -> bool + Copy) -> Result<Message> {
    let found = stage.wait_for(what, PATIENCE, |control| async move {
        let told = told(&control).await?;
        ensure!(told.len() <= 1, "one incident, and more than one message: {told:?}");
        Ok(told.into_iter().find(|message| check(message)))
    });
    let found = found.await?;
    eprintln!("people read: {}", found.words());
    Ok(found)
}

async fn playing() -> Result<Stage> {
    let mut stage = stage().await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.hear_music(1_500.0).await?;
    Ok(stage)
}

/// Discord takes the voice server away, until [`bring_back`].
async fn interrupt(stage: &Stage) -> Result<()> {
    stage.control.fault("server_update", json!({ "available": false })).await.map(drop)
}

async fn bring_back(stage: &mut Stage) -> Result<()> {
    stage.control.fault("server_update", json!({})).await?;
    stage.hear_music(1_000.0).await.map(drop)
}

fn is_away(message: &Message) -> bool {
    message.words().contains("The music stopped")
}

fn is_back(message: &Message) -> bool {
    message.words().contains("The music is back")
}

fn is_deleted(message: &Message) -> bool {
    !message.raw()["deleted_ms"].is_null()
}

#[tokio::test]
async fn an_interruption_is_one_message_that_changes_and_goes_when_it_is_over() -> Result<()> {
    let mut stage = playing().await?;
    owner_asks(&mut stage, "config set-incident-message", json!({ "value": "delete" })).await?;
    interrupt(&stage).await?;
    let away = reads(&mut stage, "what people read of the interruption", is_away).await?;
    speaks_of(&away.words(), &["voice server"]);
    speaks_of(&away.words(), &["<t:"]);
    bring_back(&mut stage).await?;
    let back = reads(&mut stage, "what people read when the music is back", is_back).await?;
    assert_eq!(back.id(), away.id());
    reads(&mut stage, "the message to be taken away", is_deleted).await?;
    stage.finish().await
}

#[tokio::test]
async fn what_is_over_within_three_seconds_is_not_told() -> Result<()> {
    let mut stage = playing().await?;
    stage.control.fault("close", json!({ "code": 4006 })).await?;
    stage.hear_music(5_000.0).await?;
    let told = told(&stage.control).await?;
    assert!(told.is_empty(), "{told:?}");
    stage.finish().await
}

#[tokio::test]
async fn however_discord_answers_there_is_one_message_and_its_last_word_is_true() -> Result<()> {
    let mut stage = playing().await?;
    let (messages, message) = ("/channels/*/messages", "/channels/*/messages/*");
    let lost = json!({ "route": messages, "method": "POST", "status": 502, "when": "after_effect", "count": 2 });
    stage.control.fault("rest_fail", lost).await?;
    stage.control.fault("rest_fail", json!({ "route": message, "method": "PATCH", "status": 503, "count": 1 })).await?;
    let limited = json!({ "route": message, "method": "PATCH", "retry_after_ms": 500, "count": 1 });
    stage.control.fault("rest_rate_limit", limited).await?;
    owner_asks(&mut stage, "config set-incident-message", json!({ "value": "keep" })).await?;
    interrupt(&stage).await?;
    let away = reads(&mut stage, "what people read of the interruption", is_away).await?;
    bring_back(&mut stage).await?;
    let back = reads(&mut stage, "what people read when the music is back", is_back).await?;
    assert_eq!(back.id(), away.id());
    stage.finish().await
}

#[tokio::test]
async fn stopped_in_the_middle_it_does_not_leave_word_that_it_comes_back() -> Result<()> {
    let mut stage = playing().await?;
    interrupt(&stage).await?;
    let away = reads(&mut stage, "what people read of the interruption", is_away).await?;
    assert!(stage.terminate_bot().await?.success());
    let told = told(&stage.control).await?;
    let words: Vec<_> = told.iter().map(Message::words).collect();
    assert!(told.len() == 1 && told[0].id() == away.id() && words[0].contains("left"), "{words:?}");
    stage.finish().await
}

#[tokio::test]
async fn a_message_that_somebody_deletes_stays_deleted() -> Result<()> {
    let mut stage = playing().await?;
    interrupt(&stage).await?;
    let away = reads(&mut stage, "what people read of the interruption", is_away).await?;
    stage.delete_message(world::TEXT, away.id()).await?;
    bring_back(&mut stage).await?;
    // The edit that finds it gone has been answered by then.
    stage.hear_music(2_000.0).await?;
    let told = told(&stage.control).await?;
    assert!(told.iter().all(is_deleted) && told.len() == 1, "{told:?}");
    stage.finish().await
}

#[tokio::test]
async fn voice_status_tells_one_person_how_things_are_and_what_happened() -> Result<()> {
    let mut stage = playing().await?;
    stage.control.fault("close", json!({ "code": 4006 })).await?;
    stage.hear_music(2_000.0).await?;
    let status = stage.ask("voice-status", json!({})).await?;
    eprintln!("people read: {}", status.words);
    let place = format!("<#{}>", world::MUSIC);
    for wanted in ["Connected", place.as_str(), "Last sign of life", "Cooldown", "4006", "**new session**"] {
        assert!(status.words.contains(wanted), "{wanted} is missing in: {}", status.words);
    }
    assert_eq!(status.interaction["message"]["ephemeral"], true, "others see it too");
    stage.finish().await
}

#[tokio::test]
async fn recover_brings_a_kicked_bot_back_for_those_who_may_and_for_nobody_else() -> Result<()> {
    let mut stage = playing().await?;
    stage.control.fault("kick", json!({})).await?;
    let kicked = reads(&mut stage, "the bot to say that it was disconnected", |message| {
        message.words().contains("disconnected")
    });
    let kicked = kicked.await?;
    let refused = stage.ask("recover", json!({})).await?;
    speaks_of(&refused.words, &["Move Members"]);
    stage.bot_is_in(None).await?;
    let done = owner_asks(&mut stage, "recover", json!({})).await?;
    speaks_of(&done.words, &[world::MUSIC]);
    stage.bot_is_in(Some(world::MUSIC)).await?;
    stage.hear_music(1_500.0).await?;
    let back = reads(&mut stage, "the message to say that the music is back", is_back).await?;
    assert_eq!(back.id(), kicked.id());
    stage.finish().await
}

#[tokio::test]
async fn recover_does_not_wait_for_a_voice_server_that_is_not_named() -> Result<()> {
    let mut stage = playing().await?;
    interrupt(&stage).await?;
    reads(&mut stage, "what people read of the interruption", is_away).await?;
    owner_asks(&mut stage, "recover", json!({})).await?;
    stage.hear_music(1_500.0).await?;
    stage.finish().await
}

#[tokio::test]
async fn recover_makes_a_connection_anew_that_seems_to_stand() -> Result<()> {
    let mut stage = playing().await?;
    let done = owner_asks(&mut stage, "recover", json!({})).await?;
    speaks_of(&done.words, &["again"]);
    let anew = stage.listen("another voice session", |report| report.sessions.len() > 1).await?;
    assert_eq!(anew.sessions.len(), 2);
    stage.hear_music(1_500.0).await?;
    stage.bot_is_in(Some(world::MUSIC)).await?;
    stage.finish().await
}

#[tokio::test]
async fn where_it_may_not_write_the_log_says_so_once_and_the_music_comes_back() -> Result<()> {
    let mut stage = playing().await?;
    let silenced = json!({ "channel": world::TEXT, "permissions": ["SEND_MESSAGES"] });
    stage.control.fault("permission_lost", silenced).await?;
    interrupt(&stage).await?;
    let complaints = |stage: &Stage| stage.bot_log().iter().filter(|line| line.contains("could not be posted")).count();
    stage.logs("could not be posted").await?;
    bring_back(&mut stage).await?;
    stage.hear_music(1_000.0).await?;
    assert_eq!(complaints(&stage), 1);
    assert!(told(&stage.control).await?.is_empty());
    stage.finish().await
}

#[tokio::test]
async fn a_guild_that_wants_it_back_after_a_kick_gets_it_back() -> Result<()> {
    let mut stage = playing().await?;
    let set = owner_asks(&mut stage, "config set-auto-rejoin", json!({ "value": "also-after-kick" })).await?;
    speaks_of(&set.words, &["also after"]);
    let shown = owner_asks(&mut stage, "config get", json!({})).await?;
    assert_eq!(shown.words, set.words);
    stage.control.fault("kick", json!({})).await?;
    stage.bot_is_in(Some(world::MUSIC)).await?;
    stage.hear_music(1_500.0).await?;
    stage.finish().await
}

#[tokio::test]
async fn settings_are_for_those_who_manage_the_server() -> Result<()> {
    let mut stage = stage().await?;
    let shown = stage.control.command(world::TEXT, world::ADA, "config get", json!({})).await;
    // Discord does not even show the command to others.
    let refused = shown.err().context("Ada may use /config")?;
    assert!(format!("{refused:#}").contains("rights"), "{refused:#}");
    let shown = owner_asks(&mut stage, "config get", json!({})).await?;
    speaks_of(&shown.words, &["after faults"]);
    stage.finish().await
}
