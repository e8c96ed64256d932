//! What the bot may not do, and when members cannot hear it: permissions that go and come back, and a server mute.

use crate::{
    source_stage::{MOST_OFF_MS, hear, nothing_is_missing, now_ms, playing, told},
    support::{owner_asks, speaks_of},
};
use anyhow::Result;
use refrain_e2e::harness::{PATIENCE, Stage, control::Fault, world};
use serde_json::json;

async fn loses_connect(stage: &Stage) -> Result<Fault> {
    let lost = json!({ "channel": world::MUSIC, "permissions": ["CONNECT"] });
    stage.control.fault("permission_lost", lost).await
}

async fn gets_it_back(stage: &Stage, fault: &Fault) -> Result<()> {
    let id = fault.id.as_str().map_or_else(|| fault.id.to_string(), str::to_owned);
    stage.control.end_fault(&id).await
}

/// Waits until the one message that members read says all of `words`.
async fn members_read(stage: &mut Stage, words: &[&str]) -> Result<()> {
    let what = format!("a message that says {words:?}");
    let found = stage.wait_for(&what, PATIENCE, |control| async move {
        let mut all = control.messages(world::TEXT).await?;
        all.retain(|message| message.raw()["interaction"].is_null() && message.buttons().is_empty());
        Ok(all.into_iter().find(|message| words.iter().all(|word| message.words().contains(word))))
    });
    eprintln!("members read: {}", found.await?.words());
    Ok(())
}

/// Row 7.
#[tokio::test]
async fn recover_without_the_permission_to_connect_says_so_and_the_music_plays_on() -> Result<()> {
    let mut stage = playing().await?;
    loses_connect(&stage).await?;
    let answer = owner_asks(&mut stage, "recover", json!({})).await?;
    speaks_of(&answer.words, &["connect"]);
    speaks_of(&answer.words, &[world::MUSIC]);
    let since_ms = now_ms(&stage).await?;
    let timecode = hear(&mut stage, 1, since_ms, 3_000.0).await?;
    nothing_is_missing(&timecode, 1, MOST_OFF_MS);
    stage.bot_is_in(Some(world::MUSIC)).await?;
    stage.finish().await
}

/// Row 8.
#[tokio::test]
async fn thrown_out_without_the_permission_to_connect_it_names_it_and_comes_back_with_it() -> Result<()> {
    let mut stage = playing().await?;
    let fault = loses_connect(&stage).await?;
    stage.control.fault("close", json!({ "code": 4006 })).await?;
    members_read(&mut stage, &["**Connect**", world::MUSIC]).await?;
    let since_ms = now_ms(&stage).await?;
    gets_it_back(&stage, &fault).await?;
    let timecode = hear(&mut stage, 1, since_ms, 3_000.0).await?;
    nothing_is_missing(&timecode, 1, MOST_OFF_MS);
    assert_eq!(told(&stage).await?.len(), 1, "one incident, one message");
    stage.finish().await
}

/// Row 12.
#[tokio::test]
async fn muted_by_a_moderator_the_music_waits_says_so_and_goes_on_where_it_was_heard() -> Result<()> {
    let mut stage = playing().await?;
    let me = format!("/sim/guilds/{}/members/{}", world::GUILD, world::BOT);
    stage.control.patch(&me, &json!({ "mute": true })).await?;
    members_read(&mut stage, &["muted"]).await?;
    let since_ms = now_ms(&stage).await?;
    stage.control.patch(&me, &json!({ "mute": false })).await?;
    let timecode = hear(&mut stage, 1, since_ms, 3_000.0).await?;
    nothing_is_missing(&timecode, 1, MOST_OFF_MS);
    stage.finish().await
}
