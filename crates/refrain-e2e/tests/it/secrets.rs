//! What may stand in a log, whatever the operator asks for.

use crate::support::{first_light, panels, second_wind};
use anyhow::{Context as _, Result};
use refrain_e2e::{
    harness::{Setting, Stage, binaries::Binaries, world},
    media::Sound,
};
use serde_json::json;

#[tokio::test]
async fn at_the_loudest_level_every_line_is_json_and_none_holds_a_token() -> Result<()> {
    let sounds = vec![
        ("tune.wav".to_owned(), Sound::Bytes(first_light().to_wav()?.into())),
        ("other.wav".to_owned(), Sound::Bytes(second_wind().to_wav()?.into())),
    ];
    let setting = Setting { binaries: Binaries::find()?, sounds, folder: None, elsewhere: None, latency_ms: 0 };
    // What an operator may ask for who looks for a fault.
    let loud =
        "trace,songbird=trace,twilight_gateway=trace,twilight_http=trace,hyper_util=trace,tokio_websockets=trace";
    let mut stage = Stage::start_with(setting, [("REFRAIN_LOG".to_owned(), loud.to_owned())]).await?;
    stage.sit(world::ADA, world::MUSIC).await?;
    stage.play(&stage.media.url("watch/tune")).await?;
    stage.play(&stage.media.url("watch/other")).await?;
    stage.hear_music(1_000.0).await?;
    let panel = panels(&stage).await?.pop().context("there is no panel")?;
    let (_, skip) = panel.buttons().into_iter().find(|(label, _)| label == "Skip").context("the panel has no Skip")?;
    stage.control.press(world::ADA, panel.id(), &skip).await?;
    stage.control.fault("close", json!({ "code": 4006 })).await?;
    // Refused: the answers of requests that fail are told in the log too.
    stage.control.fault("rest_fail", json!({ "status": 503, "count": 3 })).await?;
    stage.ask("queue", json!({})).await?;
    stage.hear_music(1_000.0).await?;
    stage.finish().await
}
