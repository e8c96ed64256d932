//! Faults while music plays.

use crate::support::{compare, first_light, of_recording, speaks_of, stage};
use anyhow::{Context as _, Result};
use refrain_e2e::{
    harness::{Stage, world},
    measure::FaultHeard,
};
use serde_json::{Value, json};

/// A gap that people take for a hiccup at most: a few frames, on a machine that has other things to do as well, with voice
/// gateway frames that take 20 ms each.
const HICCUP_MS: f64 = 200.0;

/// Lets the music play, orders a fault, lets it play on for five seconds more, and measures.
async fn suffer(stage: &mut Stage, kind: &str, more: Value) -> Result<FaultHeard> {
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.hear_music(3_000.0).await?;
    let fault = stage.control.fault(kind, more).await?;
    stage.hear_music(6_000.0).await?;
    assert!(came_anew(stage).await?, "{kind} did nothing to the voice connection");
    let at_ms = of_recording(stage, fault.at_ms).await?;
    let comparison = compare(stage, first_light()).await?;
    assert!(comparison.audio_match() > 0.9, "after {kind} the match is {}", comparison.audio_match());
    let heard = comparison.fault(at_ms, f64::INFINITY);
    let after_ms = comparison.heard_ms(heard.resumed_ms.unwrap_or(at_ms), f64::INFINITY);
    assert!(after_ms > 3_000.0, "after {kind} the music was heard for {after_ms} ms: {heard:?}");
    Ok(heard)
}

/// Whether the bot had to connect to voice again, or to resume: without that, nothing was proved.
async fn came_anew(stage: &Stage) -> Result<bool> {
    let report = stage.control.listener().await?.unwrap_or_default();
    Ok(report.sessions.len() > 1 || report.sessions.iter().any(|session| !session.resumed_ms.is_empty()))
}

#[track_caller]
fn goes_on_where_it_stopped(heard: &FaultHeard) {
    assert!(heard.position_error_ms.is_some_and(|error| error < 500.0), "{heard:?}");
}

#[track_caller]
fn goes_on_without_a_gap(heard: &FaultHeard) {
    eprintln!("silent for {:.0} ms, off by {:?} ms", heard.silence_ms, heard.position_error_ms);
    assert!(heard.silence_ms < HICCUP_MS, "{heard:?}");
    assert!(heard.position_error_ms.is_some_and(|error| error < HICCUP_MS), "{heard:?}");
}

/// The code that the first of two voice sessions ended with.
async fn end_of_the_first_session(stage: &Stage) -> Result<Option<u16>> {
    let report = stage.control.listener().await?.unwrap_or_default();
    assert_eq!(report.sessions.len(), 2, "one connection was made, and one only: {:?}", report.sessions);
    Ok(report.sessions[0].code)
}

#[tokio::test]
async fn thrown_out_with_4006_the_music_comes_back_where_it_stopped() -> Result<()> {
    let mut stage = stage().await?;
    let heard = suffer(&mut stage, "close", json!({ "code": 4006 })).await?;
    goes_on_where_it_stopped(&heard);
    stage.bot_is_in(Some(world::MUSIC)).await?;
    stage.finish().await
}

#[tokio::test]
async fn thrown_out_twice_the_music_comes_back_twice() -> Result<()> {
    let mut stage = stage().await?;
    let first = suffer(&mut stage, "close", json!({ "code": 4006 })).await?;
    goes_on_where_it_stopped(&first);
    let again = stage.control.fault("close", json!({ "code": 4006 })).await?;
    stage.hear_music(4_000.0).await?;
    let at_ms = of_recording(&stage, again.at_ms).await?;
    let second = compare(&stage, first_light()).await?.fault(at_ms, f64::INFINITY);
    assert!(second.came_back, "{second:?}");
    goes_on_where_it_stopped(&second);
    stage.finish().await
}

#[tokio::test]
async fn a_reset_of_the_voice_socket_does_not_end_the_music() -> Result<()> {
    let mut stage = stage().await?;
    let heard = suffer(&mut stage, "reset", json!({})).await?;
    goes_on_where_it_stopped(&heard);
    stage.finish().await
}

#[tokio::test]
async fn a_new_voice_server_is_connected_to_before_the_old_connection_goes_and_nobody_hears_it() -> Result<()> {
    let mut stage = stage().await?;
    let heard = suffer(&mut stage, "server_update", json!({})).await?;
    goes_on_without_a_gap(&heard);
    // It was the new session that ended the old one, not the bot.
    assert_eq!(end_of_the_first_session(&stage).await?, Some(4006));
    stage.finish().await
}

#[tokio::test]
async fn moved_by_a_moderator_the_music_goes_on_in_the_other_channel() -> Result<()> {
    let mut stage = stage().await?;
    let heard = suffer(&mut stage, "move", json!({ "channel": world::LOUNGE })).await?;
    goes_on_without_a_gap(&heard);
    assert_eq!(end_of_the_first_session(&stage).await?, Some(4014));
    stage.bot_is_in(Some(world::LOUNGE)).await?;
    stage.finish().await
}

#[tokio::test]
async fn kicked_it_stays_out_and_says_so_until_it_is_asked_again() -> Result<()> {
    let mut stage = stage().await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.hear_music(2_000.0).await?;
    let kick = stage.control.fault("kick", json!({})).await?;
    let said = stage.said("the bot to say that it was disconnected", |words| {
        ["disconnected", "removed", "kicked"].iter().any(|word| words.contains(word))
    });
    let said = said.await?;
    speaks_of(&said, &["/play", "/resume"]);
    stage.bot_is_in(None).await?;
    assert!(!asked_for_voice_since(&stage, kick.at_ms).await?, "it tried to come back by itself");
    stage.play(&stage.media.url("watch/other")).await?;
    stage.bot_is_in(Some(world::MUSIC)).await?;
    stage.hear_music(1_500.0).await?;
    stage.finish().await
}

/// Whether the bot has asked the gateway for a voice channel since `at_ms`.
async fn asked_for_voice_since(stage: &Stage, at_ms: f64) -> Result<bool> {
    let log = stage.control.log(at_ms).await.context("reading the simulator's log")?;
    Ok(log.iter().any(|frame| frame["op"] == 4 && frame["payload"]["d"]["channel_id"].is_string()))
}
