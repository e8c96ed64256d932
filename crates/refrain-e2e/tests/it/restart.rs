//! The bot is killed, or stopped, and started again: the music comes back where people stopped hearing it, or it stays away
//! where nobody wants it. Nothing of the queue is lost.

use crate::support::{compare, first_light, of_recording, owner_asks, speaks_of, stage};
use anyhow::{Context as _, Result};
use refrain_e2e::{
    harness::{Stage, world},
    measure::FaultHeard,
};
use serde_json::json;

/// Music plays, and something waits in the queue.
async fn playing() -> Result<Stage> {
    let mut stage = stage().await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.play(&stage.media.url("watch/other")).await?;
    stage.hear_music(4_000.0).await?;
    Ok(stage)
}

/// How the end of the process was heard, once the music is back for a while.
async fn heard_after(stage: &mut Stage, ended_ms: f64) -> Result<FaultHeard> {
    stage.hear_music(5_000.0).await?;
    let at_ms = of_recording(stage, ended_ms).await?;
    let comparison = compare(stage, first_light()).await?;
    Ok(comparison.fault(at_ms, f64::INFINITY))
}

/// The moment up to which the listener has heard, on the simulator's clock.
async fn now_ms(stage: &Stage) -> Result<f64> {
    Ok(stage.control.listener().await?.context("nobody listens")?.heard_until_ms)
}

#[track_caller]
fn goes_on_where_it_stopped(heard: &FaultHeard) {
    eprintln!("{heard:?}");
    assert!(heard.came_back, "{heard:?}");
    assert!(heard.position_error_ms.is_some_and(|error| error.abs() < 1_500.0), "{heard:?}");
}

/// Asks until the answer says that the music is paused: for a moment after the bot is in its channel it still connects.
async fn is_paused(stage: &mut Stage) -> Result<()> {
    for _ in 0..50 {
        let playing = stage.ask("now-playing", json!({})).await?;
        if playing.words.contains("Paused") {
            return Ok(());
        }
        speaks_of(&playing.words, &["Connecting"]);
    }
    anyhow::bail!("it never said that it is paused")
}

async fn queue_is_kept(stage: &mut Stage) -> Result<()> {
    let queue = stage.ask("queue", json!({})).await?;
    speaks_of(&queue.words, &["First Light"]);
    speaks_of(&queue.words, &["Second Wind"]);
    Ok(())
}

#[tokio::test]
async fn killed_with_9_the_music_goes_on_where_it_stopped_and_nothing_of_the_queue_is_lost() -> Result<()> {
    let mut stage = playing().await?;
    let ended_ms = now_ms(&stage).await?;
    stage.kill_bot().await?;
    stage.restart_bot().await?;
    let heard = heard_after(&mut stage, ended_ms).await?;
    goes_on_where_it_stopped(&heard);
    stage.bot_is_in(Some(world::MUSIC)).await?;
    queue_is_kept(&mut stage).await?;
    stage.finish().await
}

#[tokio::test]
async fn killed_again_and_again_it_comes_back_again_and_again() -> Result<()> {
    let mut stage = playing().await?;
    for _ in 0..3 {
        let ended_ms = now_ms(&stage).await?;
        stage.kill_bot().await?;
        stage.restart_bot().await?;
        let heard = heard_after(&mut stage, ended_ms).await?;
        goes_on_where_it_stopped(&heard);
    }
    queue_is_kept(&mut stage).await?;
    stage.finish().await
}

#[tokio::test]
async fn stopped_in_good_order_it_leaves_voice_and_comes_back_when_it_is_started_again() -> Result<()> {
    let mut stage = playing().await?;
    let ended_ms = now_ms(&stage).await?;
    assert!(stage.terminate_bot().await?.success());
    stage.bot_is_in_while_it_is_away(None).await?;
    stage.restart_bot().await?;
    let heard = heard_after(&mut stage, ended_ms).await?;
    goes_on_where_it_stopped(&heard);
    queue_is_kept(&mut stage).await?;
    stage.finish().await
}

#[tokio::test]
async fn a_guild_that_wants_it_paused_gets_it_paused_and_resume_goes_on() -> Result<()> {
    let mut stage = playing().await?;
    owner_asks(&mut stage, "config set-auto-resume", json!({ "value": "paused" })).await?;
    let ended_ms = now_ms(&stage).await?;
    stage.kill_bot().await?;
    stage.restart_bot().await?;
    stage.bot_is_in(Some(world::MUSIC)).await?;
    is_paused(&mut stage).await?;
    // What was heard before the end may still be a moment ago; after that nothing is.
    stage.listen("silence at the listener", |report| !report.is_music_heard()).await?;
    is_paused(&mut stage).await?;
    let before = stage.control.listener().await?.context("nobody listens")?;
    assert!(!before.is_music_heard());
    stage.ask("resume", json!({})).await?;
    let heard = heard_after(&mut stage, ended_ms).await?;
    goes_on_where_it_stopped(&heard);
    stage.finish().await
}

#[tokio::test]
async fn a_guild_that_wants_it_to_stay_away_keeps_its_queue_and_resume_brings_it_back() -> Result<()> {
    let mut stage = playing().await?;
    owner_asks(&mut stage, "config set-auto-resume", json!({ "value": "stay-away" })).await?;
    let ended_ms = now_ms(&stage).await?;
    stage.kill_bot().await?;
    stage.restart_bot().await?;
    stage.bot_is_in(None).await?;
    queue_is_kept(&mut stage).await?;
    stage.ask("resume", json!({})).await?;
    stage.bot_is_in(Some(world::MUSIC)).await?;
    let heard = heard_after(&mut stage, ended_ms).await?;
    goes_on_where_it_stopped(&heard);
    stage.finish().await
}

#[tokio::test]
async fn where_nobody_is_left_it_stays_away_and_says_nothing() -> Result<()> {
    let mut stage = playing().await?;
    stage.kill_bot().await?;
    stage.control.sit(world::ADA, None).await?;
    let before = stage.control.messages(world::TEXT).await?.len();
    stage.restart_bot().await?;
    stage.bot_is_in(None).await?;
    stage.logs("staying away").await?;
    queue_is_kept(&mut stage).await?;
    let after = stage.control.messages(world::TEXT).await?.len();
    // The answer to /queue, and nothing else.
    assert_eq!(after, before + 1);
    stage.finish().await
}

#[tokio::test]
async fn told_to_leave_it_does_not_come_back() -> Result<()> {
    let mut stage = playing().await?;
    stage.ask("disconnect", json!({})).await?;
    stage.bot_is_in(None).await?;
    stage.kill_bot().await?;
    stage.restart_bot().await?;
    let nothing = stage.ask("now-playing", json!({})).await?;
    speaks_of(&nothing.words, &["nothing"]);
    stage.bot_is_in(None).await?;
    stage.finish().await
}

#[tokio::test]
async fn paused_by_a_person_it_is_still_paused() -> Result<()> {
    let mut stage = playing().await?;
    stage.ask("pause", json!({})).await?;
    stage.kill_bot().await?;
    stage.restart_bot().await?;
    stage.bot_is_in(Some(world::MUSIC)).await?;
    is_paused(&mut stage).await?;
    stage.ask("resume", json!({})).await?;
    stage.hear_music(1_500.0).await?;
    stage.finish().await
}

#[tokio::test]
async fn an_interruption_that_went_on_when_it_was_killed_does_not_stand_there_for_ever() -> Result<()> {
    killed_while_people_read_of_an_interruption(playing().await?).await
}

/// The message is there, and the process is killed before it learns where.
#[tokio::test]
async fn nor_does_one_whose_message_was_on_its_way_to_people() -> Result<()> {
    let stage = playing().await?;
    let lost = json!({ "route": "/channels/*/messages", "method": "POST", "count": 1, "when": "after_effect" });
    stage.control.fault("rest_fail", lost).await?;
    killed_while_people_read_of_an_interruption(stage).await
}

async fn killed_while_people_read_of_an_interruption(mut stage: Stage) -> Result<()> {
    stage.control.fault("server_update", json!({ "available": false })).await?;
    let away = stage.said("what people read of the interruption", |words| words.contains("the music stopped")).await?;
    speaks_of(&away, &["voice server"]);
    stage.kill_bot().await?;
    stage.control.fault("server_update", json!({})).await.ok();
    stage.restart_bot().await?;
    stage.hear_music(1_500.0).await?;
    stage
        .wait_for("the old message to be brought to an end", refrain_e2e::harness::PATIENCE, |control| async move {
            let messages = control.messages(world::TEXT).await?;
            let stands = |words: String| words.contains("The music stopped");
            Ok((!messages.iter().any(|message| stands(message.words()))).then_some(()))
        })
        .await?;
    stage.finish().await
}
