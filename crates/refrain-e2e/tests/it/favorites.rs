//! What a guild plays often, under a name.

use crate::support::{compare, first_light, owner_asks, speaks_of, stage};
use anyhow::Result;
use refrain_e2e::harness::world;
use serde_json::json;

#[tokio::test]
async fn a_favorite_is_kept_offered_played_and_belongs_to_whoever_made_it() -> Result<()> {
    let mut stage = stage().await?;
    let tune = stage.media.url("watch/tune");
    stage.ask("favorites create", json!({ "name": "Morning", "query": tune })).await?;
    owner_asks(&mut stage, "favorites create", json!({ "name": "evening", "query": "second wind" })).await?;
    let listed = stage.ask("favorites list", json!({})).await?;
    speaks_of(&listed.words, &["morning"]);
    speaks_of(&listed.words, &["evening"]);
    let typing = json!({ "guild": world::GUILD, "channel": world::TEXT, "user": world::ADA, "name": "favorites use",
        "options": { "name": "mor" }, "focused": "name" });
    let offered = stage.control.post("/sim/autocomplete", &typing).await?;
    assert_eq!(offered["choices"].as_array().map(Vec::len), Some(1), "{offered}");
    assert_eq!(offered["choices"][0]["value"], "Morning");
    let played = stage.ask("favorites use", json!({ "name": "morning" })).await?;
    speaks_of(&played.words, &["First Light"]);
    stage.hear_music(2_500.0).await?;
    assert!(compare(&stage, first_light()).await?.audio_match() > 0.9);
    let queued = stage.ask("favorites use", json!({ "name": "evening", "immediate": true })).await?;
    speaks_of(&queued.words, &["plays next"]);
    let others = stage.ask("favorites remove", json!({ "name": "evening" })).await?;
    speaks_of(&others.words, &["Manage Server"]);
    let over = stage.ask("favorites create", json!({ "name": "EVENING", "query": "first light" })).await?;
    speaks_of(&over.words, &["Manage Server"]);
    owner_asks(&mut stage, "favorites remove", json!({ "name": "Morning" })).await?;
    let unknown = stage.ask("favorites use", json!({ "name": "morning" })).await?;
    speaks_of(&unknown.words, &["no favorite"]);
    stage.finish().await
}

#[tokio::test]
async fn there_are_a_hundred_favorites_and_no_more_and_they_outlive_the_bot() -> Result<()> {
    let mut stage = stage().await?;
    for number in 0..100 {
        let kept =
            stage.ask("favorites create", json!({ "name": format!("song {number}"), "query": "a song" })).await?;
        speaks_of(&kept.words, &["Kept"]);
    }
    let refused = stage.ask("favorites create", json!({ "name": "one more", "query": "a song" })).await?;
    speaks_of(&refused.words, &["100"]);
    let changed = stage.ask("favorites create", json!({ "name": "song 7", "query": "another song" })).await?;
    speaks_of(&changed.words, &["Changed"]);
    let nonsense = stage.ask("favorites create", json!({ "name": "song 8", "query": "file:///etc/passwd" })).await?;
    speaks_of(&nonsense.words, &["http"]);
    stage.kill_bot().await?;
    stage.restart_bot().await?;
    let listed = stage.ask("favorites list", json!({})).await?;
    speaks_of(&listed.words, &["another song"]);
    stage.finish().await
}
