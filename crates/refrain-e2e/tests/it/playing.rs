//! Music that is asked for is heard.

use crate::support::{compare, first_light, second_wind, short, speaks_of, stage};
use anyhow::Result;
use refrain_e2e::harness::world;
use serde_json::json;

#[tokio::test]
async fn plays_the_file_at_an_address_from_its_beginning() -> Result<()> {
    let mut stage = stage().await?;
    let answer = stage.play(&stage.media.url("tune.wav")).await?;
    speaks_of(&answer.words, &["tune"]);
    stage.hear_music(4_000.0).await?;
    stage.bot_is_in(Some(world::MUSIC)).await?;
    let comparison = compare(&stage, first_light()).await?;
    assert!(comparison.audio_match() > 0.9, "{}", comparison.audio_match());
    let first = comparison.windows()[0];
    assert!(first.source_ms.is_some_and(|at_ms| at_ms < 200.0), "it begins at {:?}", first.source_ms);
    stage.finish().await
}

#[tokio::test]
async fn plays_the_page_of_a_site_under_its_title() -> Result<()> {
    let mut stage = stage().await?;
    let answer = stage.play(&stage.media.url("watch/tune")).await?;
    speaks_of(&answer.words, &["First Light"]);
    stage.hear_music(3_000.0).await?;
    assert!(compare(&stage, first_light()).await?.audio_match() > 0.9);
    stage.finish().await
}

#[tokio::test]
async fn plays_what_a_search_finds_first() -> Result<()> {
    let mut stage = stage().await?;
    let answer = stage.play("second wind").await?;
    speaks_of(&answer.words, &["Second Wind"]);
    stage.hear_music(3_000.0).await?;
    assert!(compare(&stage, second_wind()).await?.audio_match() > 0.9);
    stage.finish().await
}

#[tokio::test]
async fn the_next_track_follows_when_one_ends() -> Result<()> {
    let mut stage = stage().await?;
    stage.play(&stage.media.url("short.wav")).await?;
    let answer = stage.play(&stage.media.url("watch/tune")).await?;
    speaks_of(&answer.words, &["First Light"]);
    stage.hear_music(8_000.0).await?;
    let (one, two) = (compare(&stage, short()).await?, compare(&stage, first_light()).await?);
    assert!(one.heard_ms(0.0, f64::INFINITY) > 3_000.0, "the first was cut short");
    assert!(two.heard_ms(0.0, f64::INFINITY) > 3_000.0, "the second was not heard");
    stage.finish().await
}

#[tokio::test]
async fn tells_what_plays_and_what_waits() -> Result<()> {
    let mut stage = stage().await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.hear_music(500.0).await?;
    stage.play(&stage.media.url("watch/other")).await?;
    let playing = stage.ask("now-playing", json!({})).await?;
    speaks_of(&playing.words, &["First Light"]);
    let queue = stage.ask("queue", json!({})).await?;
    speaks_of(&queue.words, &["Second Wind"]);
    stage.finish().await
}
