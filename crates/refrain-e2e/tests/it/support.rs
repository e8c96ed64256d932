//! What the tests share: a stage with two tunes, and comparing what was heard with them.

use anyhow::{Context as _, Result};
use refrain_e2e::{
    harness::{Setting, Stage, binaries::Binaries, world},
    measure::{Audio, Comparison},
    media::Sound,
    track::{Tune, compose},
};

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
