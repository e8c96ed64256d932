//! What the tests of sources share: songs that tell which they are and where in them the music is, and a station.

use anyhow::{Context as _, Result, ensure};
use refrain_e2e::{
    harness::{
        PATIENCE, Setting, Stage,
        binaries::Binaries,
        control::Message,
        timecode::{Timecode, track_bytes},
        world,
    },
    media::{FaultRule, MediaFault, Sound, Station},
};
use serde_json::Value;
use std::time::Duration;

/// The station's track.
pub(crate) const STATION: u8 = 9;
/// How long it broadcasts: longer than any test takes.
const ON_AIR_S: u32 = 180;

/// What counts as off is more than what nobody confirmed.
pub(crate) const MOST_OFF_MS: f64 = 1_500.0;

/// Songs by number and length in seconds.
pub(crate) type Songs<'a> = &'a [(u8, u32)];

/// A stage with the bot logged in, Ada in the voice channel Music, and these songs at `song-NUMBER-SECONDS.ogg` and
/// `watch/song-NUMBER-SECONDS`. They come a little faster than they are played.
pub(crate) async fn source_stage(songs: Songs<'_>) -> Result<Stage> {
    start(songs, Vec::new()).await
}

/// The same with a station at `radio.ogg`, which nothing says is one.
pub(crate) async fn stage_with_a_station(songs: Songs<'_>) -> Result<Stage> {
    let sound = track_bytes(&Binaries::find()?.sim, STATION, ON_AIR_S).await?;
    start(songs, vec![("radio.ogg".to_owned(), Sound::Station(Station::from_ogg(&sound, false)?))]).await
}

/// A stage on which a song of 90 s has been heard for 3 s.
pub(crate) async fn playing() -> Result<Stage> {
    let mut stage = source_stage(&[(1, 90)]).await?;
    let song = page(&stage, 1, 90);
    stage.play(&song).await?;
    hear(&mut stage, 1, 0.0, 3_000.0).await?;
    Ok(stage)
}

async fn start(songs: Songs<'_>, mut sounds: Vec<(String, Sound)>) -> Result<Stage> {
    let binaries = Binaries::find()?;
    for (number, seconds) in songs {
        sounds.push((file(*number, *seconds), Sound::Bytes(track_bytes(&binaries.sim, *number, *seconds).await?)));
    }
    let setting = Setting { binaries, sounds, folder: None, elsewhere: None, latency_ms: 20 };
    let stage = Stage::start(setting).await?;
    for (number, seconds) in songs {
        stage.media.in_real_time(&file(*number, *seconds), f64::from(*seconds));
    }
    stage.sit(world::ADA, world::MUSIC).await?;
    Ok(stage)
}

fn file(number: u8, seconds: u32) -> String {
    format!("song-{number}-{seconds}.ogg")
}

/// The address of a song's page.
pub(crate) fn page(stage: &Stage, number: u8, seconds: u32) -> String {
    stage.media.url(&format!("watch/song-{number}-{seconds}"))
}

/// A status without a sound.
pub(crate) const fn status(code: u16) -> MediaFault {
    MediaFault::Status { code, retry_after_s: None }
}

/// Orders a fault that stays until it is lifted.
pub(crate) fn breaks(stage: &Stage, path: &str, fault: MediaFault) {
    stage.media.order(FaultRule::new(path, fault));
}

/// Orders a fault for the next answer, or the one on its way.
pub(crate) fn breaks_once(stage: &Stage, path: &str, fault: MediaFault) {
    stage.media.order(FaultRule::new(path, fault).for_requests(1));
}

/// Waits until so many requests for a path have come since `since`.
pub(crate) async fn asked_for(stage: &mut Stage, path: &str, since: Duration, count: usize) -> Result<()> {
    let start = std::time::Instant::now();
    while stage.media.requests_for(path, since).len() < count {
        stage.check_alive("requests for a source")?;
        ensure!(start.elapsed() < PATIENCE, "{path} was not asked for {count} times: {:?}", stage.media.requests());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Waits until what was heard satisfies `check`.
pub(crate) async fn heard(stage: &mut Stage, what: &str, check: impl Fn(&Timecode) -> bool + Copy) -> Result<Timecode> {
    let found = stage.wait_for(what, PATIENCE, |control| async move {
        let timecode = control.timecode().await?;
        Ok(check(&timecode).then_some(timecode))
    });
    found.await
}

/// Waits until a song has been heard for so long since `since_ms`.
pub(crate) async fn hear(stage: &mut Stage, track: u8, since_ms: f64, enough_ms: f64) -> Result<Timecode> {
    let what = format!("{enough_ms} ms of song {track}");
    heard(stage, &what, |timecode| timecode.heard_ms(track, since_ms) >= enough_ms).await
}

/// Now, on the simulator's clock.
pub(crate) async fn now_ms(stage: &Stage) -> Result<f64> {
    let clock = stage.control.get("/sim/clock").await?.unwrap_or_default();
    clock["now_ms"].as_f64().context("the simulator's clock tells no time")
}

/// Asserts that a song was heard from its beginning on, with nothing left out and nothing heard twice.
#[track_caller]
pub(crate) fn nothing_is_missing(timecode: &Timecode, track: u8, most_ms: f64) {
    let jumps = timecode.jumps_in(track);
    assert!(jumps.is_some_and(|jumps| jumps.error_ms() < most_ms), "{jumps:?} in {:?}", timecode.segments);
}

/// How far what is heard is behind what the station sends.
pub(crate) async fn behind_the_station(stage: &Stage) -> Result<f64> {
    let timecode = stage.control.timecode().await?;
    let last = timecode.segments.last().context("nothing was heard")?;
    assert_eq!(last.track, STATION);
    let (now_ms, on_air_ms) = (now_ms(stage).await?, stage.media.now().as_secs_f64() * 1_000.0);
    Ok(on_air_ms - (now_ms - last.end_ms()) - last.to_ms)
}

/// What the bot told members without being asked; a panel is an answer, or has buttons.
pub(crate) async fn told(stage: &Stage) -> Result<Vec<Message>> {
    let mut messages = stage.control.messages(world::TEXT).await?;
    let buttons = |value: &Value| value["components"].as_array().is_some_and(|rows| !rows.is_empty());
    messages.retain(|message| {
        let raw = message.raw();
        let edited = raw["edits"].as_array().into_iter().flatten().any(buttons);
        raw["author"]["id"] == world::BOT && raw["interaction"].is_null() && !buttons(raw) && !edited
    });
    for message in &messages {
        eprintln!("members read: {}", message.words());
    }
    Ok(messages)
}
