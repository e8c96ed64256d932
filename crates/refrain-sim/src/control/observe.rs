//! What can be seen, and people who walk between voice channels.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Body, PathId, Refusal, Search};
use crate::{
    id::Id,
    state::Hub,
    world::{Bot, Guild, World},
};

/// The longest that a call waits for an event.
const LONGEST_POLL: Duration = Duration::from_secs(60);

pub(super) fn guild(world: &World, id: Id) -> Result<&Guild, Refusal> {
    world.guild(id).ok_or_else(|| Refusal::missing(format!("there is no guild {id}")))
}

pub(super) async fn interaction(State(hub): State<Arc<Hub>>, PathId(id): PathId) -> Result<Json<Value>, Refusal> {
    let report = hub.interaction_report(id);
    report.map(Json).ok_or_else(|| Refusal::missing(format!("there is no interaction {id}")))
}

/// Which messages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    channel: Option<Id>,
    /// The newest so many.
    limit: Option<usize>,
    /// Whether each message's past is told too.
    #[serde(default = "yes")]
    edits: bool,
}

fn yes() -> bool {
    true
}

pub(super) async fn messages(
    State(hub): State<Arc<Hub>>,
    Search(which): Search<Which>,
) -> Result<Json<Value>, Refusal> {
    if let Some(channel) = which.channel {
        hub.world().channel(channel).ok_or_else(|| Refusal::missing(format!("there is no channel {channel}")))?;
    }
    let (state, world) = (hub.state(), hub.world());
    let newest_first = state.messages.iter().rev();
    let here = newest_first.filter(|(_, one)| which.channel.is_none_or(|channel| one.channel == channel));
    let mut told: Vec<Value> =
        here.take(which.limit.unwrap_or(usize::MAX)).map(|(id, one)| one.report(&world, *id, which.edits)).collect();
    told.reverse();
    Ok(Json(Value::Array(told)))
}

/// Where a person goes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    guild: Id,
    channel: Option<Id>,
}

pub(super) async fn place_user(
    State(hub): State<Arc<Hub>>,
    PathId(user): PathId,
    Body(place): Body<Place>,
) -> Result<Json<Value>, Refusal> {
    hub.place_user(place.guild, user, place.channel).map_err(Refusal::bad)?;
    let at_ms = hub.clock.now_ms();
    Ok(Json(json!({ "user": user, "guild": place.guild, "channel": place.channel, "at_ms": at_ms })))
}

/// From when on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    /// Milliseconds since the simulator's start.
    since: Option<f64>,
    /// An entry's number.
    after: Option<u64>,
}

pub(super) async fn log(State(hub): State<Arc<Hub>>, Search(from): Search<Since>) -> Response {
    let lines = hub.log.lines(from.since.unwrap_or(-1.0), from.after.unwrap_or(0));
    ([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response()
}

pub(super) async fn commands(State(hub): State<Arc<Hub>>) -> Json<Value> {
    let state = hub.state();
    let all = state.commands.iter().map(|((application, guild), commands)| {
        let values: Vec<&Value> = commands.iter().map(|command| &command.value).collect();
        json!({ "application": application, "guild": guild, "commands": values })
    });
    Json(all.collect())
}

pub(super) async fn bots(State(hub): State<Arc<Hub>>) -> Json<Value> {
    let (state, world) = (hub.state(), hub.world());
    let report = |bot: &Bot| {
        let mine: Vec<_> = state.sessions.values().filter(|session| session.bot == bot.id).collect();
        let ready =
            |guild: &&Guild| mine.iter().any(|one| one.covers(guild) && one.socket().is_some() && one.is_drained());
        let guilds: Vec<Id> = world.guilds.iter().filter(ready).map(|guild| guild.id).collect();
        let sessions: Vec<Value> = mine
            .iter()
            .map(|one| {
                json!({
                    "shard": [one.shard.0, one.shard.1], "connected": one.socket().is_some(), "intents": one.intents,
                    "presence": one.presence,
                })
            })
            .collect();
        json!({
            "id": bot.id, "application_id": bot.application_id, "name": bot.name,
            "connected": mine.iter().any(|one| one.socket().is_some()), "guilds_ready": guilds, "sessions": sessions,
            "commands": state.command_count(bot),
        })
    };
    Json(world.bots.iter().map(report).collect())
}

/// Which guild.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfGuild {
    guild: Id,
}

pub(super) async fn voice(State(hub): State<Arc<Hub>>, Search(which): Search<OfGuild>) -> Result<Json<Value>, Refusal> {
    guild(&hub.world(), which.guild).map(|guild| Json(hub.voice_report(guild)))
}

/// From which event on, and how long to wait for one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Poll {
    since: Option<u64>,
    timeout_ms: Option<u64>,
}

pub(super) async fn events(State(hub): State<Arc<Hub>>, Search(poll): Search<Poll>) -> Json<Value> {
    let patience = Duration::from_millis(poll.timeout_ms.unwrap_or(0)).min(LONGEST_POLL);
    Json(hub.events.after(poll.since.unwrap_or(0), patience).await)
}

pub(super) async fn clock(State(hub): State<Arc<Hub>>) -> Json<Value> {
    Json(json!({ "now_ms": hub.clock.now_ms(), "unix_ms": hub.clock.unix_ms() }))
}

/// Requests to the REST API: how many came, how many were limited, and which came although they had been told to wait.
pub(super) async fn rest(State(hub): State<Arc<Hub>>) -> Json<Value> {
    Json(hub.waits.report())
}

/// All that no bot may write into its log: its own token, and those of interactions and voice servers that it was given.
pub(super) async fn secrets(State(hub): State<Arc<Hub>>) -> Json<Value> {
    let world = hub.world();
    let own = world.bots.iter().map(|bot| bot.token.clone());
    let given = hub.state().given_out.clone();
    Json(own.chain(given).map(Value::String).collect())
}
