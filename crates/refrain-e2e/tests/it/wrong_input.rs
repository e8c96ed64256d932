//! What cannot be played is answered in words that help, and the bot lives on.

use crate::support::{speaks_of, stage};
use anyhow::Result;
use refrain_e2e::harness::{Stage, world};

/// A valid `/play` is heard.
async fn still_plays(stage: &mut Stage) -> Result<()> {
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.hear_music(1_500.0).await?;
    Ok(())
}

#[tokio::test]
async fn an_address_that_is_no_web_address_is_refused_with_what_would_do() -> Result<()> {
    let mut stage = stage().await?;
    for query in ["ftp://example.com/song.mp3", "file:///etc/passwd"] {
        let answer = stage.play(query).await?;
        speaks_of(&answer.words, &["http"]);
    }
    still_plays(&mut stage).await?;
    stage.finish().await
}

#[tokio::test]
async fn a_link_to_nothing_is_answered_in_words_that_help() -> Result<()> {
    let mut stage = stage().await?;
    let dead = stage.play("http://nowhere.invalid/song.mp3").await?;
    speaks_of(&dead.words, &["reach", "connect", "find", "address"]);
    let missing = stage.play(&stage.media.url("nothing.mp3")).await?;
    speaks_of(&missing.words, &["not there", "gone", "no longer", "not found", "removed", "404"]);
    let busy = stage.play(&stage.media.url("broken")).await?;
    speaks_of(&busy.words, &["later", "again"]);
    still_plays(&mut stage).await?;
    stage.finish().await
}

#[tokio::test]
async fn a_link_to_what_is_no_music_is_answered_in_words_that_help() -> Result<()> {
    let mut stage = stage().await?;
    for path in ["page.html", "picture.png", "archive.zip"] {
        let answer = stage.play(&stage.media.url(path)).await?;
        speaks_of(
            &answer.words,
            &["no music", "no audio", "no sound", "nothing to play", "cannot be played", "can't play"],
        );
    }
    still_plays(&mut stage).await?;
    stage.finish().await
}

#[tokio::test]
async fn a_file_that_only_looks_like_music_is_said_to_be_none() -> Result<()> {
    let mut stage = stage().await?;
    let answer = stage.play(&stage.media.url("noise.mp3")).await?;
    speaks_of(&answer.words, &["no audio", "no sound", "no music", "damaged"]);
    speaks_of(&answer.words, &["cannot", "can't", "could not"]);
    still_plays(&mut stage).await?;
    stage.finish().await
}

#[tokio::test]
async fn an_address_in_a_private_network_is_not_fetched() -> Result<()> {
    let mut stage = stage().await?;
    for query in ["http://10.20.30.40/a.mp3".to_owned(), stage.media.url("private")] {
        let answer = stage.play(&query).await?;
        speaks_of(&answer.words, &["private", "not allowed", "public"]);
    }
    still_plays(&mut stage).await?;
    stage.finish().await
}

#[tokio::test]
async fn somebody_in_no_voice_channel_is_told_to_join_one() -> Result<()> {
    let mut stage = stage().await?;
    stage.control.sit(world::ADA, None).await?;
    let answer = stage.play(&stage.media.url("watch/tune")).await?;
    speaks_of(&answer.words, &["voice channel"]);
    stage.bot_is_in(None).await?;
    stage.sit(world::ADA, world::MUSIC).await?;
    still_plays(&mut stage).await?;
    stage.finish().await
}

#[tokio::test]
async fn a_channel_that_the_bot_may_not_join_is_named_with_the_missing_permission() -> Result<()> {
    let mut stage = stage().await?;
    stage.sit(world::ADA, world::LOCKED).await?;
    let answer = stage.play(&stage.media.url("watch/tune")).await?;
    speaks_of(&answer.words, &["connect"]);
    stage.bot_is_in(None).await?;
    stage.sit(world::ADA, world::MUSIC).await?;
    still_plays(&mut stage).await?;
    stage.finish().await
}

#[tokio::test]
async fn a_search_without_results_is_said_to_have_none() -> Result<()> {
    let mut stage = stage().await?;
    let answer = stage.play("nothing at all").await?;
    speaks_of(&answer.words, &["nothing", "no results", "not find", "found no"]);
    still_plays(&mut stage).await?;
    stage.finish().await
}
