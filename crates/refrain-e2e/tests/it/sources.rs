//! Sources that break while music plays, or before it does: no song is lost, and the music goes on where it was heard last.

use crate::{
    source_stage::{
        STATION, asked_for, behind_the_station, breaks, breaks_once, hear, heard, nothing_is_missing, now_ms, page,
        source_stage, stage_with_a_station, status, told,
    },
    support::speaks_of,
};
use anyhow::{Context as _, Result};
use refrain_e2e::{
    harness::{PATIENCE, Stage},
    media::{Cut, MediaFault, Page},
};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Off by less is as if it had not been.
const EXACT_MS: f64 = 1_000.0;
/// After a kill the place may be that of a second before.
const AFTER_A_KILL_MS: f64 = 1_500.0;
/// How far behind the station a listener may be: its burst of two seconds, the five seconds that joining may take, and
/// what is under way.
const AT_THE_PRESENT_MS: f64 = 8_000.0;

/// A station is on again within five seconds.
const ON_WITHIN_MS: f64 = 5_000.0;

const fn cut(by: Cut) -> MediaFault {
    MediaFault::Cut { after: 0, by }
}

async fn queue_holds(stage: &mut Stage, titles: &[&str]) -> Result<()> {
    let queue = stage.ask("queue", json!({})).await?;
    for title in titles {
        assert!(queue.words.contains(title), "{title} is not in: {}", queue.words);
    }
    Ok(())
}

/// Row 1.
#[tokio::test]
async fn an_outage_of_a_site_that_meets_a_restart_loses_no_song() -> Result<()> {
    let mut stage = source_stage(&[(1, 60)]).await?;
    for number in [1, 2, 3] {
        let url = page(&stage, number, 60);
        stage.play(&url).await?;
    }
    hear(&mut stage, 1, 0.0, 3_000.0).await?;
    stage.kill_bot().await?;
    breaks(&stage, "site/*", status(503));
    let since = stage.media.now();
    stage.restart_bot().await?;
    asked_for(&mut stage, "site/*", since, 3).await?;
    queue_holds(&mut stage, &["Song 1", "Song 2", "Song 3"]).await?;
    let back_ms = now_ms(&stage).await?;
    stage.media.lift_all();
    let timecode = hear(&mut stage, 1, back_ms, 3_000.0).await?;
    nothing_is_missing(&timecode, 1, AFTER_A_KILL_MS);
    assert!(told(&stage).await?.len() <= 1);
    stage.finish().await
}

/// Row 1.
#[tokio::test]
async fn a_media_host_that_is_too_busy_is_asked_again_and_costs_no_song() -> Result<()> {
    let mut stage = source_stage(&[(1, 60)]).await?;
    breaks(&stage, "song-*", status(503));
    for number in [1, 2, 3] {
        let url = page(&stage, number, 60);
        stage.play(&url).await?;
    }
    asked_for(&mut stage, "song-*", std::time::Duration::ZERO, 3).await?;
    queue_holds(&mut stage, &["Song 1", "Song 2", "Song 3"]).await?;
    stage.media.lift_all();
    let timecode = hear(&mut stage, 1, 0.0, 3_000.0).await?;
    nothing_is_missing(&timecode, 1, EXACT_MS);
    assert!(told(&stage).await?.len() <= 1);
    stage.finish().await
}

/// Row 1: a fault of this machine is never the track's.
#[tokio::test]
async fn a_machine_that_cannot_start_a_look_up_costs_no_song() -> Result<()> {
    let mut stage = source_stage(&[(1, 60), (2, 60)]).await?;
    for number in [1, 2, 3] {
        let url = page(&stage, number, 60);
        stage.play(&url).await?;
    }
    hear(&mut stage, 1, 0.0, 2_000.0).await?;
    // What was looked up before is remembered for a while; a bot that was started again remembers nothing.
    stage.kill_bot().await?;
    stage.restart_bot().await?;
    let back_ms = now_ms(&stage).await?;
    hear(&mut stage, 1, back_ms, 1_000.0).await?;
    let runs = find_folder(&stage.folder().join("data"), "runs")?;
    fs::rename(&runs, runs.with_extension("away"))?;
    fs::write(&runs, "in the way")?;
    stage.expect_error("director");
    stage
        .control
        .command(refrain_e2e::harness::world::TEXT, refrain_e2e::harness::world::ADA, "skip", json!({}))
        .await?;
    stage.logs("private directory of a run could not be made").await?;
    queue_holds(&mut stage, &["Song 2", "Song 3"]).await?;
    fs::remove_file(&runs)?;
    fs::rename(runs.with_extension("away"), &runs)?;
    let timecode = hear(&mut stage, 2, 0.0, 2_000.0).await?;
    nothing_is_missing(&timecode, 2, EXACT_MS);
    queue_holds(&mut stage, &["Song 2", "Song 3"]).await?;
    stage.finish().await
}

/// The folder of that name somewhere in `within`.
fn find_folder(within: &Path, name: &str) -> Result<PathBuf> {
    let mut folders = vec![within.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)?.flatten().filter(|entry| entry.path().is_dir()) {
            if entry.file_name() == name {
                return Ok(entry.path());
            }
            folders.push(entry.path());
        }
    }
    Err(anyhow::anyhow!("there is no folder {name} in {}", within.display()))
}

/// Row 1.
#[tokio::test]
async fn one_look_up_that_fails_does_not_end_a_looped_song() -> Result<()> {
    let mut stage = source_stage(&[(1, 5)]).await?;
    let url = page(&stage, 1, 5);
    stage.play(&url).await?;
    stage.ask("loop", json!({})).await?;
    let since = stage.media.now();
    breaks_once(&stage, "site/*", status(503));
    asked_for(&mut stage, "site/*", since, 2).await?;
    heard(&mut stage, "the song a second time", |timecode| timecode.heard_ms(1, 0.0) > 6_500.0).await?;
    stage.finish().await
}

/// Row 5.
#[tokio::test]
async fn a_station_that_closes_in_good_order_is_asked_for_again_however_often_it_does() -> Result<()> {
    let mut stage = stage_with_a_station(&[]).await?;
    let (radio, next) = (stage.media.url("radio.ogg"), page(&stage, 2, 60));
    stage.play(&radio).await?;
    stage.play(&next).await?;
    hear(&mut stage, STATION, 0.0, 2_000.0).await?;
    for _ in 0..4 {
        let since = stage.media.now();
        breaks_once(&stage, "radio.ogg", cut(Cut::End));
        asked_for(&mut stage, "radio.ogg", since, 1).await?;
        let since_ms = now_ms(&stage).await?;
        hear(&mut stage, STATION, since_ms, 1_000.0).await?;
    }
    assert!(behind_the_station(&stage).await? < AT_THE_PRESENT_MS);
    queue_holds(&mut stage, &["Song 2"]).await?;
    stage.finish().await
}

/// Row 16.
#[tokio::test]
async fn a_station_that_resets_and_accepts_again_at_once_is_heard_again_at_its_present() -> Result<()> {
    let mut stage = stage_with_a_station(&[]).await?;
    let radio = stage.media.url("radio.ogg");
    stage.play(&radio).await?;
    hear(&mut stage, STATION, 0.0, 3_000.0).await?;
    for by in [Cut::Reset, Cut::Close] {
        let since = stage.media.now();
        breaks_once(&stage, "radio.ogg", cut(by));
        asked_for(&mut stage, "radio.ogg", since, 1).await?;
        let since_ms = now_ms(&stage).await?;
        hear(&mut stage, STATION, since_ms, 3_000.0).await?;
        let behind_ms = behind_the_station(&stage).await?;
        assert!(behind_ms < AT_THE_PRESENT_MS, "{behind_ms} ms behind the station");
    }
    let playing = stage.ask("now-playing", json!({})).await?;
    speaks_of(&playing.words, &["radio"]);
    stage.finish().await
}

/// Row 15.
#[tokio::test]
async fn a_station_that_nothing_marks_as_live_goes_on_at_its_present_after_volume_and_after_a_restart() -> Result<()> {
    let mut stage = stage_with_a_station(&[]).await?;
    let radio = stage.media.url("radio.ogg");
    stage.play(&radio).await?;
    hear(&mut stage, STATION, 0.0, 10_000.0).await?;
    let (since, since_ms) = (stage.media.now(), now_ms(&stage).await?);
    stage.ask("volume", json!({ "level": 60 })).await?;
    asked_for(&mut stage, "radio.ogg", since, 1).await?;
    let new_ms = now_ms(&stage).await?;
    hear(&mut stage, STATION, new_ms, 3_000.0).await?;
    assert!(behind_the_station(&stage).await? < AT_THE_PRESENT_MS);
    // Skipping what was heard so far takes as long as hearing it did: a station sends no faster.
    let silences = stage.control.listener().await?.context("nobody listens")?.silences;
    let longest = silences.iter().filter(|silence| silence.start_ms > since_ms).map(|silence| silence.length_ms);
    assert!(longest.fold(0.0, f64::max) < ON_WITHIN_MS, "{silences:?}");
    stage.kill_bot().await?;
    stage.restart_bot().await?;
    let since_ms = now_ms(&stage).await?;
    hear(&mut stage, STATION, since_ms, 2_000.0).await?;
    let behind_ms = behind_the_station(&stage).await?;
    assert!(behind_ms < AT_THE_PRESENT_MS, "{behind_ms} ms behind the station");
    stage.finish().await
}

/// Row 17.
#[tokio::test]
async fn a_body_that_closes_well_before_the_length_that_the_page_tells_is_opened_again_there() -> Result<()> {
    ends_early(MediaFault::Unframed, Cut::End).await
}

/// Row 17.
#[tokio::test]
async fn a_body_in_chunks_without_the_last_one_is_opened_again_where_it_ended() -> Result<()> {
    ends_early(MediaFault::Chunked, Cut::Close).await
}

async fn ends_early(framing: MediaFault, by: Cut) -> Result<()> {
    let mut stage = source_stage(&[(1, 60), (2, 60)]).await?;
    breaks_once(&stage, "song-1-60.ogg", framing);
    for number in [1, 2] {
        let url = page(&stage, number, 60);
        stage.play(&url).await?;
    }
    hear(&mut stage, 1, 0.0, 2_000.0).await?;
    let since = stage.media.now();
    breaks_once(&stage, "song-1-60.ogg", cut(by));
    asked_for(&mut stage, "song-1-60.ogg", since, 1).await?;
    let since_ms = now_ms(&stage).await?;
    let timecode = hear(&mut stage, 1, since_ms, 5_000.0).await?;
    assert_eq!(timecode.order(), [1]);
    nothing_is_missing(&timecode, 1, EXACT_MS);
    stage.finish().await
}

/// Row 18.
#[tokio::test]
async fn a_link_that_leads_to_an_expiring_address_stays_the_link_that_was_given() -> Result<()> {
    let mut stage = source_stage(&[(1, 60)]).await?;
    let link = stage.media.url("go/song-1-60.ogg");
    let answer = stage.play(&link).await?;
    hear(&mut stage, 1, 0.0, 1_500.0).await?;
    let panel = answer.interaction["message"].to_string();
    assert!(panel.contains("/go/") && !panel.contains("/once/"), "{panel}");
    // The address is good no more; whoever asks at the link again gets another, with a cookie of its own.
    stage.media.expire_links();
    stage.ask("seek", json!({ "time": "30" })).await?;
    let timecode = heard(&mut stage, "the place that was asked for", |timecode| {
        timecode.segments.iter().any(|one| one.from_ms > 28_000.0 && one.length_ms > 1_000.0)
    });
    timecode.await?;
    stage.kill_bot().await?;
    stage.media.expire_links();
    stage.restart_bot().await?;
    let since_ms = now_ms(&stage).await?;
    hear(&mut stage, 1, since_ms, 1_500.0).await?;
    stage.finish().await
}

/// Row 24.
#[tokio::test]
async fn on_a_server_without_ranges_a_restart_loses_no_song() -> Result<()> {
    let mut stage = source_stage(&[(1, 60)]).await?;
    breaks(&stage, "song-1-60.ogg", MediaFault::Unranged);
    let url = page(&stage, 1, 60);
    stage.play(&url).await?;
    hear(&mut stage, 1, 0.0, 4_000.0).await?;
    stage.kill_bot().await?;
    stage.restart_bot().await?;
    let since_ms = now_ms(&stage).await?;
    let timecode = hear(&mut stage, 1, since_ms, 2_000.0).await?;
    let stopped = timecode.segments.iter().rfind(|one| one.end_ms() < since_ms).context("it was not heard before")?;
    let went_on = timecode.segments.iter().find(|one| one.end_ms() > since_ms).context("it was not heard after")?;
    let begun_again = went_on.from_ms < EXACT_MS;
    let went_on_there = (went_on.from_ms - stopped.to_ms).abs() < AFTER_A_KILL_MS;
    assert!(went_on_there || begun_again, "{:?}", timecode.segments);
    if begun_again {
        let said = stage.said("members to read that it begins again", |words| {
            ["beginning", "start", "again"].iter().any(|word| words.contains(word))
        });
        said.await?;
    }
    stage.finish().await
}

/// Row 19.
#[tokio::test]
async fn when_the_song_of_before_a_restart_is_gone_nothing_says_that_the_music_is_back() -> Result<()> {
    let mut stage = source_stage(&[(1, 60), (2, 60)]).await?;
    for number in [1, 2] {
        let url = page(&stage, number, 60);
        stage.play(&url).await?;
    }
    hear(&mut stage, 1, 0.0, 2_000.0).await?;
    stage.kill_bot().await?;
    breaks(&stage, "site/song-1-60", MediaFault::Unavailable { words: "Video unavailable".to_owned() });
    stage.restart_bot().await?;
    hear(&mut stage, 2, 0.0, 2_000.0).await?;
    let claims: Vec<_> = stage.bot_log().into_iter().filter(|line| line.contains("the music is back")).collect();
    assert!(claims.is_empty(), "{claims:?}");
    let said = stage.said("members to read that the song is gone", |words| words.contains("song 1"));
    speaks_of(&said.await?, &["not there", "gone", "no longer", "unavailable", "not found", "removed"]);
    stage.finish().await
}

/// Row 23.
#[tokio::test]
async fn a_live_show_that_was_paused_goes_on_at_its_present() -> Result<()> {
    let mut stage = stage_with_a_station(&[]).await?;
    stage.media.set_page("radio", Page::opus("The Radio", None, "radio.ogg").live());
    let show = stage.media.url("watch/radio");
    stage.play(&show).await?;
    hear(&mut stage, STATION, 0.0, 2_000.0).await?;
    stage.ask("pause", json!({})).await?;
    let paused = stage.media.now();
    let long = async |stage: &mut Stage| {
        while stage.media.now() < paused + std::time::Duration::from_secs(12) {
            stage.check_alive("a long pause")?;
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        Ok::<_, anyhow::Error>(())
    };
    long(&mut stage).await?;
    stage.ask("resume", json!({})).await?;
    let since_ms = now_ms(&stage).await?;
    hear(&mut stage, STATION, since_ms, 3_000.0).await?;
    let behind_ms = behind_the_station(&stage).await?;
    assert!(behind_ms < AT_THE_PRESENT_MS, "{behind_ms} ms behind the station");
    stage.finish().await
}

/// Row 6.
#[tokio::test]
async fn after_a_kick_the_source_is_let_go() -> Result<()> {
    // It comes as slowly as it is played, and is longer than the test is patient: it cannot simply have come to its end.
    let mut stage = source_stage(&[(1, 180)]).await?;
    let url = page(&stage, 1, 180);
    stage.play(&url).await?;
    hear(&mut stage, 1, 0.0, 1_500.0).await?;
    assert!(stage.media.open_bodies("song-1-180.ogg") > 0);
    stage.control.fault("kick", json!({})).await?;
    stage.bot_is_in(None).await?;
    let start = std::time::Instant::now();
    while stage.media.open_bodies("song-1-180.ogg") > 0 {
        stage.check_alive("the source to be let go")?;
        assert!(start.elapsed() < PATIENCE, "the source is still being read");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    queue_holds(&mut stage, &["Song 1"]).await?;
    stage.finish().await
}
