//! What a guild sets for itself is shown, counts and is kept.

use crate::support::{owner_asks, speaks_of, stage};
use anyhow::Result;
use serde_json::json;

#[tokio::test]
async fn what_is_set_is_shown_and_kept() -> Result<()> {
    let mut stage = stage().await?;
    let changes = [
        ("set-wait-after-queue-empties", json!(0), "I stay"),
        ("set-default-volume", json!(40), "40 %"),
        ("set-playlist-limit", json!(7), "7 at most"),
        ("set-default-queue-page-size", json!(3), "page of /queue\n3"),
        ("set-leave-if-no-listeners", json!(false), "When nobody listens any more\nI stay"),
        ("set-auto-announce-next-song", json!(true), "A new message says so"),
        ("set-reduce-vol-when-voice", json!(true), "goes down to 20 %"),
        ("set-reduce-vol-when-voice-target", json!(5), "goes down to 5 %"),
        ("set-auto-resume", json!("paused"), "wait, paused"),
    ];
    let mut last = String::new();
    for (name, value, words) in changes {
        let shown = owner_asks(&mut stage, &format!("config {name}"), json!({ "value": value })).await?;
        speaks_of(&shown.words, &[words]);
        last = shown.words;
    }
    speaks_of(&last, &["cannot do that yet"]);
    stage.kill_bot().await?;
    stage.restart_bot().await?;
    let shown = owner_asks(&mut stage, "config get", json!({})).await?;
    assert_eq!(shown.words, last);
    stage.play(&stage.media.url("watch/tune")).await?;
    speaks_of(&stage.ask("volume", json!({})).await?.words, &["40 %"]);
    stage.finish().await
}
