//! Several people at once: whatever order their words arrive in, the bot is never stuck, never has two connections, and the
//! last word holds.

use crate::support::first_light;
use anyhow::{Context as _, Result, bail, ensure};
use futures_util::future::try_join_all;
use refrain_e2e::{
    harness::{
        PATIENCE, Setting, Stage,
        binaries::{Binaries, stand_in_for_yt_dlp},
        control::Control,
        listener::Listener,
        world,
    },
    media::Sound,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Crowds, each with a bot of its own, and how often people talk at the same time in each: two hundred times in all. One bot
/// would have to wait for its next minute's op 4 again and again.
const CROWDS: usize = 4;
const ROUNDS: usize = 50;
/// After so many rounds one person alone says something, which has to hold.
const LAST_WORD_EVERY: usize = 10;
/// How often a moderator drags the bot to another channel.
const MOVES: usize = 40;
/// How often the simulator is asked.
const POLL: Duration = Duration::from_millis(50);

/// A stage with both people in the voice channel, and tracks that need no looking up; the folder is to be kept as long.
async fn crowd() -> Result<(Stage, TempDir)> {
    let folder = tempfile::tempdir()?;
    let binaries = Binaries { yt_dlp: stand_in_for_yt_dlp(folder.path())?, ..Binaries::find()? };
    let sounds = vec![("tune.wav".to_owned(), Sound::Bytes(first_light().to_wav()?.into()))];
    let setting = Setting { binaries, sounds, folder: None, elsewhere: None, latency_ms: 5 };
    let stage = Stage::start(setting).await?;
    stage.sit(world::ADA, world::MUSIC).await?;
    stage.sit(world::BEN, world::MUSIC).await?;
    Ok((stage, folder))
}

/// What a person can say in a race.
#[derive(Clone, Copy, Debug)]
enum Word {
    Play,
    Disconnect,
}

/// Gives a command and waits for the final answer, whatever it is.
async fn say(control: &Control, tune: &str, user: &str, word: Word) -> Result<()> {
    let (name, options) = match word {
        Word::Play => ("play", json!({ "query": tune })),
        Word::Disconnect => ("disconnect", json!({})),
    };
    let id = control.command(world::TEXT, user, name, options).await?;
    let start = Instant::now();
    loop {
        let interaction = control.interaction(&id).await?;
        if interaction["state"] == "answered" {
            return Ok(());
        }
        ensure!(interaction["state"] != "expired", "/{name} was not acknowledged in time");
        ensure!(start.elapsed() < PATIENCE, "/{name} was not answered: {interaction}");
        tokio::time::sleep(POLL).await;
    }
}

/// The voice connections of the bot that are open.
fn connections(report: &Listener) -> usize {
    report.sessions.iter().filter(|session| session.user == world::BOT && session.closed_ms.is_none()).count()
}

/// Waits until the bot is in `channel` with one connection, or out of voice with none.
async fn settled(stage: &mut Stage, what: &str, wanted: impl Fn(Option<&str>) -> bool + Copy) -> Result<()> {
    stage
        .wait_for(what, PATIENCE, |control| async move {
            let open = connections(&control.listener().await?.unwrap_or_default());
            let seat = control.seat(world::BOT).await?;
            if open > 1 {
                bail!("there are {open} voice connections at once");
            }
            Ok((wanted(seat.as_deref()) && open == usize::from(seat.is_some())).then_some(()))
        })
        .await
}

/// The words of one round: the seed decides who says what.
fn words(seed: u64) -> Vec<(&'static str, Word)> {
    let word = |bit: u64| if seed >> bit & 1 == 0 { Word::Play } else { Word::Disconnect };
    match seed % 3 {
        0 => vec![(world::ADA, Word::Play), (world::BEN, Word::Disconnect)],
        1 => vec![(world::BEN, Word::Disconnect), (world::ADA, Word::Play), (world::BEN, word(7))],
        _ => vec![(world::ADA, word(5)), (world::BEN, word(9)), (world::ADA, word(11)), (world::BEN, Word::Play)],
    }
}

/// What to look at when a round is lost.
fn lost(round: usize, said: &[(&str, Word)], stage: &Stage) -> String {
    let log = stage.bot_log();
    let last = log.iter().skip(log.len().saturating_sub(20)).cloned().collect::<Vec<_>>().join("\n");
    format!("round {round}: {said:?}; the bot's last lines:\n{last}\n")
}

/// A number that looks like chance and is the same in each run.
const fn scrambled(number: u64) -> u64 {
    let mixed = (number.wrapping_add(0x9E37_79B9_7F4A_7C15) ^ (number << 21)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 8
}

#[tokio::test]
async fn joins_and_leaves_by_several_people_at_once_never_leave_it_stuck() -> Result<()> {
    try_join_all((0..CROWDS).map(talk_at_once)).await.map(drop)
}

async fn talk_at_once(number: usize) -> Result<()> {
    let (mut stage, _folder) = crowd().await?;
    let tune = stage.media.url("tune.wav");
    for round in 0..ROUNDS {
        let said = words(scrambled((number * ROUNDS + round) as u64));
        let control = stage.control.clone();
        let all = said.iter().map(|&(user, word)| say(&control, &tune, user, word));
        try_join_all(all).await.with_context(|| lost(round, &said, &stage))?;
        let anywhere = settled(&mut stage, "the bot to settle", |_anywhere| true).await;
        anywhere.with_context(|| lost(round, &said, &stage))?;
        if round % LAST_WORD_EVERY == LAST_WORD_EVERY - 1 {
            say(&control, &tune, world::BEN, Word::Disconnect).await?;
            settled(&mut stage, "the bot to be out of voice", |seat| seat.is_none()).await?;
            say(&control, &tune, world::ADA, Word::Play).await?;
            settled(&mut stage, "the bot to be in voice", |seat| seat == Some(world::MUSIC)).await?;
        }
    }
    stage.hear_music(2_000.0).await?;
    let report = stage.control.listener().await?.context("nobody listens")?;
    assert_eq!(report.bad_frames(), 0, "frames that nobody can decrypt");
    stage.finish().await
}

#[tokio::test]
async fn dragged_to_and_fro_it_plays_where_it_was_dragged_last() -> Result<()> {
    let (mut stage, _folder) = crowd().await?;
    let tune = stage.media.url("tune.wav");
    stage.play(&tune).await?;
    stage.hear_music(1_000.0).await?;
    for drag in 0..MOVES {
        let channel = [world::LOUNGE, world::MUSIC][drag % 2];
        stage.control.fault("move", json!({ "channel": channel })).await?;
        // Now and then it has just enough time to begin to connect.
        if drag % 4 == 3 {
            tokio::time::sleep(Duration::from_millis(scrambled(drag as u64) % 40)).await;
        }
    }
    let last = world::LOUNGE;
    stage.control.fault("move", json!({ "channel": last })).await?;
    settled(&mut stage, "the bot to be where it was dragged last", |seat| seat == Some(last)).await?;
    stage.hear_music(3_000.0).await?;
    stage.bot_is_in(Some(last)).await?;
    stage.finish().await
}

#[tokio::test]
async fn dragged_away_while_it_comes_back_it_plays_where_it_was_dragged() -> Result<()> {
    let (mut stage, _folder) = crowd().await?;
    let tune = stage.media.url("tune.wav");
    stage.play(&tune).await?;
    stage.hear_music(1_000.0).await?;
    for round in 0..5 {
        let channel = [world::LOUNGE, world::MUSIC][round % 2];
        stage.control.fault("close", json!({ "code": 4006 })).await?;
        drag(&stage.control, channel).await?;
        // Its own op 4 may have been on its way when it was dragged: then Discord has it back where it was.
        settled(&mut stage, "the bot to be in a channel", |seat| seat.is_some()).await?;
        stage.hear_music(1_500.0).await?;
        if stage.control.seat(world::BOT).await?.as_deref() != Some(channel) {
            drag(&stage.control, channel).await?;
        }
        settled(&mut stage, "the bot to be where it was dragged", |seat| seat == Some(channel)).await?;
        stage.hear_music(1_500.0).await?;
    }
    stage.finish().await
}

/// Drags the bot, as soon as it sits anywhere: on its way back it may be out for a moment.
async fn drag(control: &Control, channel: &str) -> Result<Value> {
    let start = Instant::now();
    loop {
        let body = json!({ "guild": world::GUILD, "kind": "move", "channel": channel });
        match control.post("/sim/faults", &body).await {
            Ok(fault) => return Ok(fault),
            Err(error) if start.elapsed() > PATIENCE => return Err(error),
            Err(_not_in_voice) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}
