//! Commands at awkward moments: while a look-up is under way, while the bot is alone, while nothing plays.

use crate::{
    source_stage::{asked_for, breaks, hear, heard, now_ms, page, source_stage},
    support::{owner_asks, speaks_of},
};
use anyhow::{Context as _, Result};
use refrain_e2e::{
    harness::{PATIENCE, Stage, control::Message, world},
    media::MediaFault,
};
use serde_json::json;
use std::time::Duration;

/// Gives a command as Ada does, and does not wait for its answer; the interaction's id.
async fn say(stage: &Stage, name: &str, options: serde_json::Value) -> Result<String> {
    stage.control.command(world::TEXT, world::ADA, name, options).await
}

/// Asks for a song whose look-up takes so long, and waits until the look-up is under way.
async fn ask_slowly(stage: &mut Stage, number: u8, ms: u64) -> Result<String> {
    let path = format!("site/song-{number}-60");
    breaks(stage, &path, MediaFault::Late { ms });
    let (since, query) = (stage.media.now(), page(stage, number, 60));
    let asked = say(stage, "play", json!({ "query": query })).await?;
    asked_for(stage, &path, since, 1).await?;
    Ok(asked)
}

/// Where in its words something is; all of them have to be there, in this order.
#[track_caller]
fn in_this_order(text: &str, titles: &[&str]) {
    let places: Vec<_> = titles.iter().map(|title| text.find(title)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{titles:?} are at {places:?} in: {text}");
}

/// Row 3.
#[tokio::test]
async fn asked_from_another_channel_while_it_is_alone_it_comes_to_the_asker() -> Result<()> {
    let mut stage = source_stage(&[(1, 60), (2, 60)]).await?;
    let (first, second) = (page(&stage, 1, 60), page(&stage, 2, 60));
    stage.play(&first).await?;
    hear(&mut stage, 1, 0.0, 1_500.0).await?;
    stage.sit(world::ADA, world::LOUNGE).await?;
    stage.play(&second).await?;
    stage.bot_is_in(Some(world::LOUNGE)).await?;
    stage.hear_music(1_500.0).await?;
    stage.finish().await
}

/// Row 11.
#[tokio::test]
async fn songs_that_are_asked_for_at_once_queue_in_the_order_in_which_they_were_asked_for() -> Result<()> {
    let mut stage = source_stage(&[(9, 60)]).await?;
    let playing = page(&stage, 9, 60);
    stage.play(&playing).await?;
    hear(&mut stage, 9, 0.0, 500.0).await?;
    let mut asked = Vec::new();
    for (number, late_ms) in [(1, 3_000), (2, 1_500), (3, 0), (4, 0)] {
        breaks(&stage, &format!("site/song-{number}-60"), MediaFault::Late { ms: late_ms });
        let query = page(&stage, number, 60);
        asked.push(say(&stage, "play", json!({ "query": query })).await?);
    }
    for id in asked {
        stage.answer(&id, "play").await?;
    }
    let queue = stage.ask("queue", json!({})).await?;
    in_this_order(&queue.words, &["Song 1", "Song 2", "Song 3", "Song 4"]);
    stage.finish().await
}

/// Row 20.
#[tokio::test]
async fn sent_away_during_a_look_up_the_bot_does_not_come_back_for_it() -> Result<()> {
    let mut stage = ended_during_a_look_up("disconnect").await?;
    stage.bot_is_in(None).await?;
    stage.finish().await
}

/// Row 20.
#[tokio::test]
async fn told_to_stop_during_a_look_up_the_bot_plays_nothing() -> Result<()> {
    ended_during_a_look_up("stop").await?.finish().await
}

/// Gives a command while a look-up is under way, and watches until long after the site has answered.
async fn ended_during_a_look_up(command: &str) -> Result<Stage> {
    let mut stage = source_stage(&[(1, 60), (2, 60)]).await?;
    let playing = page(&stage, 1, 60);
    stage.play(&playing).await?;
    hear(&mut stage, 1, 0.0, 500.0).await?;
    let asked = ask_slowly(&mut stage, 2, 3_000).await?;
    stage.ask(command, json!({})).await?;
    // It has a second to leave; the site answers after three.
    let (stays, settled) = (command == "stop", stage.media.now() + Duration::from_secs(1));
    let over = settled + Duration::from_secs(4);
    while stage.media.now() < over {
        let seat = stage.control.seat(world::BOT).await?;
        assert!(stays || seat.is_none() || stage.media.now() < settled, "it is back in voice");
        assert!(stage.control.timecode().await?.heard_ms(2, 0.0) < 1.0, "the song is heard");
        stage.check_alive("silence")?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let answer = stage.answer(&asked, "play").await?;
    speaks_of(&answer.words, &["stop", "disconnect", "ended", "cancel", "no longer"]);
    let nothing = stage.ask("now-playing", json!({})).await?;
    speaks_of(&nothing.words, &["nothing"]);
    Ok(stage)
}

/// Row 21.
#[tokio::test]
async fn an_asker_who_moves_during_the_look_up_is_joined_where_they_are_by_then() -> Result<()> {
    let mut stage = source_stage(&[(1, 60)]).await?;
    let asked = ask_slowly(&mut stage, 1, 2_500).await?;
    stage.sit(world::ADA, world::LOUNGE).await?;
    stage.answer(&asked, "play").await?;
    hear(&mut stage, 1, 0.0, 1_000.0).await?;
    stage.bot_is_in(Some(world::LOUNGE)).await?;
    let log = stage.control.log(-1.0).await?;
    let asked_for_music =
        log.iter().any(|frame| frame["op"] == 4 && frame["payload"]["d"]["channel_id"] == world::MUSIC);
    assert!(!asked_for_music, "it joined the old channel first");
    stage.finish().await
}

/// Row 21.
#[tokio::test]
async fn an_asker_who_leaves_during_the_look_up_is_told_why_nothing_plays() -> Result<()> {
    let mut stage = source_stage(&[(1, 60)]).await?;
    let asked = ask_slowly(&mut stage, 1, 2_500).await?;
    stage.control.sit(world::ADA, None).await?;
    let answer = stage.answer(&asked, "play").await?;
    speaks_of(&answer.words, &["voice channel"]);
    stage.bot_is_in(None).await?;
    let log = stage.control.log(-1.0).await?;
    let joined = log.iter().any(|frame| frame["op"] == 4 && frame["payload"]["d"]["channel_id"].is_string());
    assert!(!joined, "it joined a channel that nobody asked from any more");
    stage.finish().await
}

/// Row 23.
#[tokio::test]
async fn a_loop_does_not_outlive_a_stop() -> Result<()> {
    let mut stage = source_stage(&[(1, 5), (2, 60)]).await?;
    let (short, long) = (page(&stage, 1, 5), page(&stage, 2, 60));
    stage.play(&short).await?;
    stage.ask("loop", json!({})).await?;
    stage.ask("stop", json!({})).await?;
    stage.play(&short).await?;
    stage.play(&long).await?;
    heard(&mut stage, "the song after the short one", |timecode| timecode.heard_ms(2, 0.0) > 1_000.0).await?;
    stage.finish().await
}

/// A bot that stayed away after a restart, with a queue of two songs and 3 s of the first one heard.
async fn stayed_away() -> Result<Stage> {
    let mut stage = source_stage(&[(1, 60), (2, 60)]).await?;
    let (first, second) = (page(&stage, 1, 60), page(&stage, 2, 60));
    stage.play(&first).await?;
    stage.play(&second).await?;
    owner_asks(&mut stage, "config set-auto-resume", json!({ "value": "stay-away" })).await?;
    hear(&mut stage, 1, 0.0, 3_000.0).await?;
    Ok(stage)
}

/// Row 13.
#[tokio::test]
async fn where_nothing_plays_a_seek_says_so_or_holds_for_when_the_music_comes_back() -> Result<()> {
    let mut stage = stayed_away().await?;
    stage.kill_bot().await?;
    stage.restart_bot().await?;
    stage.bot_is_in(None).await?;
    let answer = stage.ask("seek", json!({ "time": "40" })).await?;
    eprintln!("the bot says: {}", answer.words);
    let lower = answer.words.to_lowercase();
    let refused = ["nothing", "not playing", "not connected", "no music"].iter().any(|words| lower.contains(words));
    let since_ms = now_ms(&stage).await?;
    stage.ask("resume", json!({})).await?;
    let timecode = hear(&mut stage, 1, since_ms, 1_500.0).await?;
    let first = timecode.segments.iter().find(|one| one.end_ms() > since_ms).context("nothing was heard")?;
    let sought = (38_000.0..42_000.0).contains(&first.from_ms);
    assert!(refused != sought, "the answer was \"{}\", and it went on at {} ms", answer.words, first.from_ms);
    stage.finish().await
}

/// Another text channel.
const SIDE: &str = "1216000000000000011";

/// Song 1 plays, and its panel is in a text channel beside the usual one, where song 2 was asked for last.
async fn panel_beside() -> Result<Stage> {
    let mut stage = source_stage(&[(1, 60), (2, 60)]).await?;
    let (first, second) = (page(&stage, 1, 60), page(&stage, 2, 60));
    let path = format!("/sim/guilds/{}/channels", world::GUILD);
    stage.control.post(&path, &json!({ "id": SIDE, "name": "side", "type": "text" })).await?;
    let asked = stage.control.command(SIDE, world::ADA, "play", json!({ "query": first })).await?;
    stage.answer(&asked, "play").await?;
    hear(&mut stage, 1, 0.0, 1_000.0).await?;
    let mut panels = stage.control.messages(SIDE).await?;
    panels.retain(|message| message.raw()["deleted_ms"].is_null() && !message.buttons().is_empty());
    assert_eq!(panels.len(), 1);
    stage.play(&second).await?;
    Ok(stage)
}

/// Waits for the panel in the usual text channel.
async fn panel_moves(mut stage: Stage) -> Result<()> {
    stage.ask("skip", json!({})).await?;
    let moved = stage.wait_for("the panel where music was asked for last", PATIENCE, |control| async move {
        let messages = control.messages(world::TEXT).await?;
        let panel = |message: &Message| message.raw()["deleted_ms"].is_null() && !message.buttons().is_empty();
        Ok(messages.into_iter().find(panel))
    });
    speaks_of(&moved.await?.words(), &["Song 2"]);
    stage.finish().await
}

/// Row 22.
#[tokio::test]
async fn a_panel_whose_channel_is_deleted_moves_to_where_music_was_asked_for_last() -> Result<()> {
    let stage = panel_beside().await?;
    stage.control.fault("channel_delete", json!({ "channel": SIDE })).await?;
    panel_moves(stage).await
}

/// Row 22.
#[tokio::test]
async fn a_panel_whose_channel_is_closed_to_the_bot_moves_to_where_music_was_asked_for_last() -> Result<()> {
    let stage = panel_beside().await?;
    let path = format!("/sim/guilds/{}/channels/{SIDE}", world::GUILD);
    let closed =
        json!([{ "id": world::BOT, "type": "member", "allow": [], "deny": ["VIEW_CHANNEL", "SEND_MESSAGES"] }]);
    stage.control.patch(&path, &json!({ "overwrites": closed })).await?;
    panel_moves(stage).await
}
