//! What becomes of a bot whose file cannot be had, or cannot be read.

use crate::support::{speaks_of, stage};
use anyhow::{Context as _, Result};
use refrain_e2e::harness::world;
use serde_json::json;
use std::fs;

#[tokio::test]
async fn a_second_bot_on_the_same_data_says_so_in_one_line_and_exits_with_64() -> Result<()> {
    let mut stage = stage().await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    let (code, lines) = stage.start_another_bot().await?;
    assert_eq!(code, Some(64), "{lines:?}");
    let last = lines.last().context("it said nothing")?;
    for wanted in ["refrain.redb", "in use by another process", "data directory"] {
        assert!(last.contains(wanted), "{wanted} is missing in: {last}");
    }
    stage.hear_music(1_500.0).await?;
    stage.finish().await
}

#[tokio::test]
async fn a_damaged_file_is_set_aside_and_the_bot_begins_anew() -> Result<()> {
    let mut stage = stage().await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.hear_music(1_000.0).await?;
    stage.kill_bot().await?;
    let data = stage.folder().join("data");
    let damaged = b"this was a database once".repeat(500);
    fs::write(data.join("refrain.redb"), &damaged)?;
    stage.expect_error("it is kept as");
    stage.restart_bot().await?;
    let nothing = stage.ask("now-playing", json!({})).await?;
    speaks_of(&nothing.words, &["nothing"]);
    stage.play(&stage.media.url("watch/other")).await?;
    stage.hear_music(1_500.0).await?;
    stage.bot_is_in(Some(world::MUSIC)).await?;
    let names = fs::read_dir(&data)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let aside: Vec<_> = names.filter(|name| name.starts_with("refrain.redb.broken-")).collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert_eq!(fs::read(data.join(&aside[0]))?, damaged, "what could not be read is kept as it was");
    stage.finish().await
}

#[tokio::test]
async fn while_the_file_cannot_be_had_the_music_plays_and_everything_is_written_once_it_can() -> Result<()> {
    let mut stage = stage().await?;
    assert!(stage.terminate_bot().await?.success());
    let file = stage.folder().join("data").join("refrain.redb");
    // As root, no permission is missing: something else stands in its place.
    fs::remove_file(&file)?;
    fs::create_dir(&file)?;
    stage.expect_error("the database fails");
    stage.restart_bot().await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.hear_music(1_500.0).await?;
    assert!(file.is_dir());
    fs::remove_dir(&file)?;
    stage.logs("everything is written").await?;
    stage.kill_bot().await?;
    stage.restart_bot().await?;
    stage.hear_music(1_500.0).await?;
    stage.finish().await
}

#[tokio::test]
async fn what_is_stored_can_be_looked_over_taken_out_and_brought_to_another_place() -> Result<()> {
    let mut stage = stage().await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.play(&stage.media.url("watch/other")).await?;
    let (code, lines) = stage.run_bot(["store", "check"]).await?;
    assert_eq!(code, Some(64), "a running bot has it: {lines:?}");
    assert!(stage.terminate_bot().await?.success());
    let (code, lines) = stage.run_bot(["store", "check"]).await?;
    assert_eq!(code, Some(0), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("no problems were found")), "{lines:?}");
    let (code, lines) = stage.run_bot(["store", "export", "backup.jsonl"]).await?;
    assert_eq!(code, Some(0), "{lines:?}");
    let exported = fs::read_to_string(stage.folder().join("backup.jsonl"))?;
    for wanted in ["First Light", "Second Wind", world::GUILD] {
        assert!(exported.contains(wanted), "{wanted} is missing in: {exported}");
    }
    assert!(!exported.contains("session_id"), "secrets stay where they are: {exported}");
    fs::rename(stage.folder().join("data"), stage.folder().join("old-data"))?;
    let (code, lines) = stage.run_bot(["store", "export"]).await?;
    assert_eq!(code, Some(64), "there is no store: {lines:?}");
    let (code, lines) = stage.run_bot(["store", "import", "backup.jsonl"]).await?;
    assert_eq!(code, Some(0), "{lines:?}");
    stage.restart_bot().await?;
    stage.hear_music(1_000.0).await?;
    let queue = stage.ask("queue", json!({})).await?;
    speaks_of(&queue.words, &["Second Wind"]);
    stage.finish().await
}
