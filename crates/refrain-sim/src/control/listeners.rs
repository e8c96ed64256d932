//! What was heard: reports, recordings, positions read from a timecode track, and pictures of them.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{PathId, Refusal, Search};
use crate::{
    id::Id,
    listener::{Heard, Mark, MarkKind, Span},
    state::Hub,
};

/// Which bot, and which part of what was heard of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    user: Option<Id>,
    from_ms: Option<f64>,
    to_ms: Option<f64>,
    /// A moment whose position is asked for.
    at_ms: Option<f64>,
    /// The tracks that should be heard, in order, with commas.
    expect: Option<String>,
}

impl Which {
    fn span(&self) -> Span {
        Span { from_ms: self.from_ms, to_ms: self.to_ms }
    }

    fn expected(&self) -> Result<Option<Vec<u8>>, Refusal> {
        let list = self.expect.as_deref().map(|list| list.split(',').map(|track| track.trim().parse()).collect());
        list.transpose()
            .map_err(|error| Refusal::bad(format!("expect: a list of track ids such as 1,2 is needed: {error}")))
    }
}

/// Only which bot.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whose {
    user: Option<Id>,
}

fn heard(hub: &Hub, guild: Id, user: Option<Id>) -> Result<Heard, Refusal> {
    super::observe::guild(&hub.world(), guild)?;
    hub.voice.listeners().heard(guild.0, user.map(|user| user.0)).ok_or_else(|| match user {
        Some(user) => Refusal::missing(format!("the bot {user} was not in voice in the guild {guild} yet")),
        None => Refusal::missing(format!("no bot was in voice in the guild {guild} yet")),
    })
}

/// As [`heard`], with samples.
fn decoded(hub: &Hub, guild: Id, user: Option<Id>) -> Result<Heard, Refusal> {
    let heard = heard(hub, guild, user)?;
    if !heard.is_decoding() {
        let words = format!("nothing is decoded in the guild {guild}: see `listener` in the world file");
        return Err(Refusal::conflict(words));
    }
    Ok(heard)
}

/// Minutes of sound are decoded: not on the threads that carry the sockets.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Refusal::conflict(format!("reading what was heard: {error}")))
}

pub(super) async fn report(
    State(hub): State<Arc<Hub>>,
    PathId(guild): PathId,
    Search(whose): Search<Whose>,
) -> Result<Json<Value>, Refusal> {
    let heard = heard(&hub, guild, whose.user)?;
    aside(move || heard.report()).await.map(Json)
}

pub(super) async fn recording(
    State(hub): State<Arc<Hub>>,
    PathId(guild): PathId,
    Search(which): Search<Which>,
) -> Result<Response, Refusal> {
    let heard = heard(&hub, guild, which.user)?;
    let wav = aside(move || heard.wav(which.span())).await?;
    let wav = wav.ok_or_else(|| Refusal::conflict("the recording could not be written: the log says why"))?;
    Ok(([(header::CONTENT_TYPE, "audio/wav")], wav).into_response())
}

pub(super) async fn timecode(
    State(hub): State<Arc<Hub>>,
    PathId(guild): PathId,
    Search(which): Search<Which>,
) -> Result<Json<Value>, Refusal> {
    let heard = decoded(&hub, guild, which.user)?;
    let expected = which.expected()?;
    let span = which.span();
    let (analysis, mut told) = aside(move || heard.timecode(span)).await?;
    if let Some(at_ms) = which.at_ms {
        let (track, position_ms) = analysis.position_at(at_ms).unzip();
        told["at"] = json!({ "at_ms": at_ms, "track": track, "position_ms": position_ms });
    }
    if let Some(tracks) = expected {
        let order: Vec<u8> = analysis.order.iter().map(|played| played.track).collect();
        let wrong: Vec<_> = analysis.order.iter().filter(|played| !tracks.contains(&played.track)).collect();
        told["expected"] = json!({ "tracks": tracks, "in_order": tracks.starts_with(&order), "wrong": wrong });
    }
    Ok(Json(told))
}

pub(super) async fn plot(
    State(hub): State<Arc<Hub>>,
    PathId(guild): PathId,
    Search(which): Search<Which>,
) -> Result<Response, Refusal> {
    let heard = decoded(&hub, guild, which.user)?;
    let marks = faults(&hub, guild).await;
    let svg = aside(move || heard.plot(which.span(), &marks)).await?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}

/// The faults that were ordered for a guild.
async fn faults(hub: &Hub, guild: Id) -> Vec<Mark> {
    let all = hub.events.after(0, Duration::ZERO).await;
    let ours = json!(guild);
    let faults = all["events"].as_array().into_iter().flatten().filter(|event| event["kind"] == "fault");
    let mark = |event: &Value| {
        let fault = &event["fault"];
        let code = fault["code"].as_u64().map(|code| format!(" {code}")).unwrap_or_default();
        let name = format!("{}{code}", fault["kind"].as_str().unwrap_or("fault"));
        Mark { at_ms: event["at_ms"].as_f64().unwrap_or(0.0), name, kind: MarkKind::Fault }
    };
    faults.filter(|event| event["guild"] == ours || event["guild"].is_null()).map(mark).collect()
}
