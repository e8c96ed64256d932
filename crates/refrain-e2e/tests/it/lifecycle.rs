//! Start and end.

use crate::support::stage;
use anyhow::Result;
use refrain_e2e::harness::{
    PATIENCE,
    binaries::Binaries,
    process::{Launch, Process, plain_environment},
};

#[tokio::test]
async fn told_to_end_it_leaves_voice_and_exits_with_0() -> Result<()> {
    let mut stage = stage().await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.hear_music(1_000.0).await?;
    let status = stage.terminate_bot().await?;
    assert_eq!(status.code(), Some(0));
    let seat = stage.control.seat(refrain_e2e::harness::world::BOT).await?;
    assert_eq!(seat, None, "the bot still sits in a voice channel");
    stage.finish().await
}

#[tokio::test]
async fn started_again_it_plays_again() -> Result<()> {
    let mut stage = stage().await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.hear_music(1_000.0).await?;
    assert!(stage.terminate_bot().await?.success());
    stage.restart_bot().await?;
    stage.play(&stage.media.url("watch/other")).await?;
    stage.hear_music(1_500.0).await?;
    stage.finish().await
}

#[tokio::test]
async fn without_a_token_one_line_says_what_is_missing_and_it_exits_with_64() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut bot = Process::start(&Launch {
        name: "the bot",
        program: Binaries::find()?.bot,
        arguments: Vec::new(),
        environment: plain_environment(folder.path()),
        folder: folder.path().into(),
        log_file: folder.path().join("bot.log"),
    })?;
    assert_eq!(bot.wait(PATIENCE).await?.code(), Some(64));
    let lines = bot.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    for wanted in ["DISCORD_TOKEN", "https://discord.com/developers/applications", "cargo xtask demo"] {
        assert!(lines[0].contains(wanted), "{wanted} is missing in: {}", lines[0]);
    }
    Ok(())
}
