//! What was heard, and when, from the timecode in the songs and the frames on the wire.

use crate::harness::{control::Control, world};
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// Shorter sound is not taken for music.
const SHORTEST_MS: f64 = 60.0;

/// A stretch is told to begin up to a frame earlier than the part that was asked for.
const FRAME_MS: f64 = 20.0;

/// A stretch of music without a break. Times are on the simulator's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Segment {
    /// When it begins.
    pub(super) start_ms: f64,
    /// How long it lasts.
    pub(super) length_ms: f64,
    /// Which sound it is.
    pub(super) track: u8,
    /// The place in it at the beginning.
    pub(super) from_ms: f64,
    /// The place in it at the end.
    pub(super) to_ms: f64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Timecode {
    segments: Vec<Segment>,
}

/// What was heard since then, and until then.
pub(super) async fn segments(control: &Control, since_ms: f64, until_ms: Option<f64>) -> Result<Vec<Segment>> {
    let until = until_ms.map(|until_ms| format!("&to_ms={until_ms}")).unwrap_or_default();
    let path = format!("/sim/listeners/{}/timecode?from_ms={since_ms}{until}", world::GUILD);
    // Nobody listens before the bot has been in voice.
    let Some(read) = control.get(&path).await? else { return Ok(Vec::new()) };
    let read: Timecode = serde_json::from_value(read).context("reading the listener's timecode")?;
    Ok(read
        .segments
        .into_iter()
        .filter(|one| one.length_ms >= SHORTEST_MS && one.start_ms >= since_ms - FRAME_MS)
        .collect())
}

/// The simulator's clock.
pub(super) async fn now_ms(control: &Control) -> Result<f64> {
    let clock = control.get("/sim/clock").await?.unwrap_or_default();
    clock["now_ms"].as_f64().context("the simulator's clock tells no time")
}

/// When the main gateway accepted the bot first since then: with `READY`, or with `RESUMED`.
pub(super) async fn accepted(control: &Control, since_ms: f64) -> Result<Option<(String, f64)>> {
    let log = control.log(since_ms).await?;
    let mut greetings = log.iter().filter_map(|frame| {
        let name = frame["payload"]["t"].as_str().filter(|name| matches!(*name, "READY" | "RESUMED"))?;
        let gateway = frame["connection"].as_str().is_some_and(|name| name.starts_with("gateway"));
        frame["at_ms"].as_f64().filter(|_| gateway).map(|at_ms| (name.to_owned(), at_ms))
    });
    Ok(greetings.next())
}
