//! What the tests share: a stage with two tunes, and comparing what was heard with them.

use anyhow::{Context as _, Result};
use refrain_e2e::{
    harness::{Answer, PATIENCE, Setting, Stage, binaries::Binaries, control::Message, world},
    measure::{Audio, Comparison},
    media::Sound,
    track::{Tune, compose},
};
use serde_json::Value;

/// The longest that any test listens, in seconds, with room to spare.
const TUNE_SECONDS: u32 = 60;

/// "First Light": `tune.wav`, `watch/tune`.
pub(crate) fn first_light() -> Audio {
    compose(Tune { seed: 4006, seconds: TUNE_SECONDS })
}

/// "Second Wind": `other.wav`, `watch/other`.
pub(crate) fn second_wind() -> Audio {
    compose(Tune { seed: 4014, seconds: TUNE_SECONDS })
}

/// Four seconds: `short.wav`.
pub(crate) fn short() -> Audio {
    compose(Tune { seed: 1006, seconds: 4 })
}

/// A stage with the bot logged in and Ada in the voice channel Music.
pub(crate) async fn stage() -> Result<Stage> {
    let wav =
        |name: &str, audio: &Audio| Ok::<_, anyhow::Error>((name.to_owned(), Sound::Bytes(audio.to_wav()?.into())));
    let sounds = vec![
        wav("tune.wav", &first_light())?,
        wav("other.wav", &second_wind())?,
        wav("short.wav", &short())?,
        // By its name and type it is music; it is none.
        ("noise.mp3".to_owned(), Sound::Bytes(b"This is a letter, not a song. ".repeat(2_000).into())),
    ];
    let setting = Setting { binaries: Binaries::find()?, sounds, folder: None, elsewhere: None, latency_ms: 20 };
    let stage = Stage::start(setting).await?;
    stage.sit(world::ADA, world::MUSIC).await?;
    Ok(stage)
}

/// Gives a command as Ben does, whom the guild belongs to.
pub(crate) async fn owner_asks(stage: &mut Stage, name: &str, options: Value) -> Result<Answer> {
    let id = stage.control.command(world::TEXT, world::BEN, name, options).await?;
    stage.answer(&id, name).await
}

/// Waits until the message `id` satisfies `check`.
pub(crate) async fn message_reads(
    stage: &mut Stage,
    id: &str,
    what: &str,
    check: impl Fn(&Message) -> bool + Copy,
) -> Result<Message> {
    let found = stage.wait_for(what, PATIENCE, |control| async move {
        let messages = control.messages(world::TEXT).await?;
        Ok(messages.into_iter().find(|message| message.id() == id && check(message)))
    });
    let found = found.await?;
    eprintln!("people read: {} {:?}", found.words(), labels(&found));
    Ok(found)
}

/// What is written on a message's buttons.
pub(crate) fn labels(message: &Message) -> Vec<String> {
    message.buttons().into_iter().map(|(label, _)| label).collect()
}

/// The messages of the channel that have buttons and are still there.
pub(crate) async fn panels(stage: &Stage) -> Result<Vec<Message>> {
    let mut messages = stage.control.messages(world::TEXT).await?;
    messages.retain(|message| message.raw()["deleted_ms"].is_null() && !message.buttons().is_empty());
    Ok(messages)
}

/// Presses the button of that name on the one panel there is, and waits until the bot has acknowledged it.
pub(crate) async fn press(stage: &mut Stage, user: &str, label: &'static str) -> Result<Value> {
    let panel = stage
        .wait_for(&format!("one panel with a button {label}"), PATIENCE, |control| async move {
            let mut with = control.messages(world::TEXT).await?;
            with.retain(|message| message.raw()["deleted_ms"].is_null() && !message.buttons().is_empty());
            let button = |message: &Message| message.buttons().into_iter().find(|(name, _)| name == label);
            Ok(match with.as_slice() {
                [one] => button(one).map(|(_, id)| (one.id().to_owned(), id)),
                _ => None,
            })
        })
        .await?;
    let id = stage.control.press(user, &panel.0, &panel.1).await?;
    let id = id.as_str();
    let what = format!("{label} to be acknowledged");
    let acknowledged = stage.wait_for(&what, PATIENCE, |control| async move {
        let interaction = control.interaction(id).await?;
        Ok((!interaction["acknowledged_ms"].is_null()).then_some(interaction))
    });
    acknowledged.await
}

/// What was heard so far, held against `source`.
pub(crate) async fn compare(stage: &Stage, source: Audio) -> Result<Comparison> {
    let heard = Audio::from_wav(&stage.control.recording().await?)?;
    tokio::task::spawn_blocking(move || Comparison::new(&heard, &source)).await.context("comparing the sounds")
}

/// A moment of the simulator's clock as a moment of the recording.
pub(crate) async fn of_recording(stage: &Stage, at_ms: f64) -> Result<f64> {
    let report = stage.control.listener().await?.context("nobody listens")?;
    Ok(at_ms - report.start_ms)
}

/// Asserts that one of `words` is in `text`, whatever its case.
#[track_caller]
pub(crate) fn speaks_of(text: &str, words: &[&str]) {
    // Shown when the test fails, and with --no-capture: the words are for people, so people should read them now and then.
    eprintln!("the bot says: {text}");
    let lower = text.to_lowercase();
    assert!(words.iter().any(|word| lower.contains(&word.to_lowercase())), "none of {words:?} in: {text}");
}
