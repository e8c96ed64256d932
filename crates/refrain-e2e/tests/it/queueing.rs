//! The queue, as people use it.

use crate::support::{compare, first_light, of_recording, second_wind, speaks_of, stage};
use anyhow::{Context as _, Result};
use refrain_e2e::{
    harness::{Answer, Stage, listener::Listener},
    measure::Audio,
};
use serde_json::json;

async fn playing() -> Result<Stage> {
    let mut stage = stage().await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.hear_music(1_500.0).await?;
    Ok(stage)
}

/// Where in `source` the music was at the end of the recording.
async fn position_ms(stage: &Stage, source: Audio) -> Result<f64> {
    let comparison = compare(stage, source).await?;
    let last = comparison.windows().iter().rev().find_map(|window| window.is_trusted().then_some(window.source_ms)?);
    last.context("nothing of it was heard")
}

/// The titles of the upcoming tracks, in order.
fn upcoming(queue: &Answer) -> Vec<&'static str> {
    let titles = ["First Light", "Second Wind", "short"];
    let title = |line: &str| titles.into_iter().find(|title| line.contains(title));
    queue.words.lines().filter(|line| line.starts_with('`')).filter_map(title).collect()
}

#[tokio::test]
async fn what_comes_is_put_in_order_removed_and_brought_back() -> Result<()> {
    let mut stage = playing().await?;
    let (other, short) = (stage.media.url("watch/other"), stage.media.url("short.wav"));
    stage.play(&other).await?;
    let next = stage.ask("play", json!({ "query": short, "immediate": true })).await?;
    speaks_of(&next.words, &["plays next"]);
    stage.play(&stage.media.url("watch/tune")).await?;
    let queue = stage.ask("queue", json!({})).await?;
    assert_eq!(upcoming(&queue), ["short", "Second Wind", "First Light"], "{}", queue.words);
    stage.ask("move", json!({ "from": 3, "to": 1 })).await?;
    stage.ask("remove", json!({ "position": 2, "range": 2 })).await?;
    assert_eq!(upcoming(&stage.ask("queue", json!({})).await?), ["First Light"]);
    stage.ask("undo", json!({})).await?;
    let queue = stage.ask("queue", json!({ "page-size": 2 })).await?;
    assert_eq!(upcoming(&queue), ["First Light", "short"], "{}", queue.words);
    speaks_of(&queue.words, &["page 1 of 2"]);
    stage.ask("clear", json!({})).await?;
    assert!(upcoming(&stage.ask("queue", json!({})).await?).is_empty());
    stage.ask("undo", json!({})).await?;
    stage.ask("skipto", json!({ "position": 3 })).await?;
    stage.hear_music(2_000.0).await?;
    let history = stage.ask("history", json!({})).await?;
    speaks_of(&history.words, &["First Light"]);
    let wrong = stage.ask("remove", json!({ "position": 9 })).await?;
    speaks_of(&wrong.words, &["position", "place"]);
    stage.finish().await
}

#[tokio::test]
async fn play_with_skip_is_heard_at_once_and_back_goes_back() -> Result<()> {
    let mut stage = playing().await?;
    let now = stage.ask("play", json!({ "query": stage.media.url("watch/other"), "skip": true })).await?;
    stage.hear_music(2_500.0).await?;
    let at_ms = of_recording(&stage, now.delivered_ms().context("it was never delivered")?).await?;
    assert!(compare(&stage, second_wind()).await?.heard_ms(at_ms, f64::INFINITY) > 1_500.0);
    let back = stage.ask("back", json!({})).await?;
    speaks_of(&back.words, &["First Light"]);
    stage.hear_music(2_500.0).await?;
    let at_ms = of_recording(&stage, back.delivered_ms().context("it was never delivered")?).await?;
    assert!(compare(&stage, first_light()).await?.heard_ms(at_ms, f64::INFINITY) > 1_500.0);
    stage.finish().await
}

#[tokio::test]
async fn seek_forward_back_and_replay_are_heard() -> Result<()> {
    let mut stage = playing().await?;
    stage.ask("seek", json!({ "time": "0:30" })).await?;
    stage.hear_music(2_500.0).await?;
    let sought = position_ms(&stage, first_light()).await?;
    assert!((29_500.0..40_000.0).contains(&sought), "{sought}");
    stage.ask("rewind", json!({ "time": "20s" })).await?;
    stage.hear_music(2_500.0).await?;
    let rewound = position_ms(&stage, first_light()).await?;
    assert!(rewound < sought - 5_000.0, "{rewound} after {sought}");
    stage.ask("fseek", json!({ "time": "15" })).await?;
    stage.hear_music(2_500.0).await?;
    let forward = position_ms(&stage, first_light()).await?;
    assert!(forward > rewound + 10_000.0, "{forward} after {rewound}");
    stage.ask("replay", json!({})).await?;
    stage.hear_music(2_500.0).await?;
    let again = position_ms(&stage, first_light()).await?;
    assert!(again < 9_000.0, "{again}");
    for (time, words) in [("soon", "1:30"), ("59:00", "1:00")] {
        speaks_of(&stage.ask("seek", json!({ "time": time })).await?.words, &[words]);
    }
    stage.finish().await
}

/// The mean of the last second and a half, in dB.
fn loudness(report: &Listener) -> f32 {
    let last: Vec<_> = report.level.iter().rev().take(15).copied().collect();
    last.iter().sum::<f32>() / last.len().max(1) as f32
}

#[tokio::test]
async fn the_volume_is_heard() -> Result<()> {
    let mut stage = playing().await?;
    let loud = loudness(&stage.hear_music(2_000.0).await?);
    let set = stage.ask("volume", json!({ "level": 10 })).await?;
    speaks_of(&set.words, &["10 %"]);
    stage.hear_music(1_500.0).await?;
    let quiet = loudness(&stage.hear_music(2_000.0).await?);
    // A tenth of the amplitude is 20 dB less; the music itself is louder and quieter by a few.
    assert!((10.0..30.0).contains(&(loud - quiet)), "{loud} dB, then {quiet} dB");
    speaks_of(&stage.ask("now-playing", json!({})).await?.words, &["volume 10 %"]);
    stage.ask("volume", json!({ "level": 100 })).await?;
    stage.hear_music(1_500.0).await?;
    let again = loudness(&stage.hear_music(2_000.0).await?);
    assert!(again - quiet > 10.0, "{quiet} dB, then {again} dB");
    stage.finish().await
}

#[tokio::test]
async fn a_loop_repeats_a_track_until_it_is_ended_and_the_queue_in_its_order() -> Result<()> {
    let mut stage = stage().await?;
    stage.play(&stage.media.url("short.wav")).await?;
    let looped = stage.ask("loop", json!({})).await?;
    speaks_of(&looped.words, &["again and again"]);
    // It lasts four seconds.
    stage.hear_music(9_000.0).await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.ask("loop-queue", json!({})).await?;
    stage.ask("skip", json!({})).await?;
    let queue = stage.ask("queue", json!({})).await?;
    speaks_of(&queue.words, &["the queue again and again"]);
    assert_eq!(upcoming(&queue), ["short"], "what was skipped comes again: {}", queue.words);
    let ended = stage.ask("loop-queue", json!({})).await?;
    speaks_of(&ended.words, &["any more"]);
    stage.finish().await
}

#[tokio::test]
async fn shuffle_is_taken_back() -> Result<()> {
    let mut stage = playing().await?;
    let urls = ["watch/other", "short.wav", "watch/tune", "watch/other"];
    for path in urls {
        stage.play(&stage.media.url(path)).await?;
    }
    let before = upcoming(&stage.ask("queue", json!({})).await?);
    stage.ask("shuffle", json!({})).await?;
    let shuffled = stage.ask("queue", json!({})).await?;
    speaks_of(&shuffled.words, &["shuffled"]);
    assert_eq!(upcoming(&shuffled).len(), before.len());
    stage.ask("shuffle", json!({ "on": false })).await?;
    assert_eq!(upcoming(&stage.ask("queue", json!({})).await?), before);
    stage.finish().await
}
