//! Faults that no socket tells of: nobody answers any more, and nothing says so. The music comes back by itself, at the
//! last place that the voice server is known to have got.

use crate::support::{compare, first_light, of_recording, stage};
use anyhow::{Context as _, Result};
use refrain_e2e::{
    harness::{Stage, listener::Silence, world},
    measure::FaultHeard,
};
use serde_json::{Value, json};

/// Enough for a voice server to have reported twice that the music arrives.
const REPORTED_MS: f64 = 9_000.0;
/// Reports are 5 s apart, and what came after the last one counts as unheard.
const MOST_REPEATED_MS: f64 = 7_000.0;
/// What may be lost at the edge of a silence.
const MOST_SKIPPED_MS: f64 = 400.0;

/// Lets the music play, orders a fault that silences it without a word, waits for the music to come back, and measures.
async fn fall_silent(stage: &mut Stage, kind: &str, more: Value) -> Result<FaultHeard> {
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.hear_music(REPORTED_MS).await?;
    let fault = stage.control.fault(kind, more).await?;
    let since_ms = fault.at_ms;
    let silence = stage
        .wait_for("the music to fall silent", 2 * refrain_e2e::harness::PATIENCE, |control| async move {
            let report = control.listener().await?.unwrap_or_default();
            let long = |silence: &&Silence| silence.start_ms >= since_ms - 500.0 && silence.length_ms > 1_000.0;
            Ok(report.silences.iter().find(long).copied())
        })
        .await?;
    stage.hear_music(4_000.0).await?;
    stage.bot_is_in(Some(world::MUSIC)).await?;
    let at_ms = of_recording(stage, silence.start_ms).await?;
    Ok(compare(stage, first_light()).await?.fault(at_ms - 200.0, f64::INFINITY))
}

/// Nothing was skipped, and no more was repeated than what nobody confirmed.
#[track_caller]
fn goes_on_at_the_last_proof_of_life(heard: &FaultHeard) -> Result<()> {
    let stop = heard.source_at_stop_ms.with_context(|| format!("where did it stop? {heard:?}"))?;
    let resume = heard.source_at_resume_ms.with_context(|| format!("where did it go on? {heard:?}"))?;
    eprintln!("silent for {:.0} ms, then {:.0} ms were repeated", heard.silence_ms, stop - resume);
    assert!(resume <= stop + MOST_SKIPPED_MS, "{} ms were skipped: {heard:?}", resume - stop);
    assert!(resume >= stop - MOST_REPEATED_MS, "{} ms were repeated: {heard:?}", stop - resume);
    Ok(())
}

#[tokio::test]
async fn a_voice_server_that_disappears_without_a_word_is_noticed_and_the_music_comes_back_with_it() -> Result<()> {
    let mut stage = stage().await?;
    let heard = fall_silent(&mut stage, "blackhole", json!({ "for_ms": 20_000 })).await?;
    goes_on_at_the_last_proof_of_life(&heard)?;
    stage.finish().await
}

#[tokio::test]
async fn music_that_no_longer_arrives_over_udp_comes_back_when_the_path_works_again() -> Result<()> {
    let mut stage = stage().await?;
    let heard = fall_silent(&mut stage, "blackhole", json!({ "parts": ["udp"], "for_ms": 20_000 })).await?;
    goes_on_at_the_last_proof_of_life(&heard)?;
    stage.finish().await
}

#[tokio::test]
async fn a_voice_server_that_hangs_and_forgets_is_left_for_a_new_session() -> Result<()> {
    let mut stage = stage().await?;
    let heard = fall_silent(&mut stage, "half_open", json!({})).await?;
    goes_on_at_the_last_proof_of_life(&heard)?;
    stage.finish().await
}
