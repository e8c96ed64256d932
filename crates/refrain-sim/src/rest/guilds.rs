//! Guilds, their channels, roles, members and voice states.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::Value;

use super::{
    error::ApiError,
    extract::{Auth, Params, Search},
};
use crate::{
    id::Id,
    state::{Hub, json as shapes},
    world::{Bot, Guild, Member, World},
};

/// The guild, if the bot is in it.
fn joined<'a>(world: &'a World, bot: &Bot, id: Id) -> Result<&'a Guild, ApiError> {
    let guild = world.guild(id).ok_or(ApiError::UNKNOWN_GUILD)?;
    guild.member(bot.id).map(|_| guild).ok_or(ApiError::MISSING_ACCESS)
}

pub(super) async fn guild(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
) -> Result<Json<Value>, ApiError> {
    joined(&hub.world(), &bot, id).map(|guild| Json(shapes::guild(guild)))
}

pub(super) async fn channels(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    let guild = joined(&world, &bot, id)?;
    Ok(Json(guild.channels.iter().map(|channel| shapes::channel(channel, guild)).collect()))
}

pub(super) async fn roles(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    let guild = joined(&world, &bot, id)?;
    Ok(Json(guild.roles.iter().map(|role| shapes::role(role, guild)).collect()))
}

/// A page of the member list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Page {
    limit: Option<usize>,
    after: Option<Id>,
}

pub(super) async fn members(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
    Search(page): Search<Page>,
) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    let guild = joined(&world, &bot, id)?;
    let mut found: Vec<&Member> = guild.members.iter().filter(|one| Some(one.user) > page.after).collect();
    found.sort_by_key(|one| one.user);
    let limit = page.limit.unwrap_or(1).clamp(1, 1000);
    Ok(Json(found.into_iter().take(limit).map(|one| shapes::member(&world, one)).collect()))
}

pub(super) async fn member(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, user)): Params<(Id, Id)>,
) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    let guild = joined(&world, &bot, id)?;
    let known = guild.member(user).map(|one| Json(shapes::member(&world, one)));
    known.ok_or(if world.person(user).is_some() { ApiError::UNKNOWN_MEMBER } else { ApiError::UNKNOWN_USER })
}

pub(super) async fn my_voice_state(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
) -> Result<Json<Value>, ApiError> {
    find_voice_state(&hub, &bot, id, bot.id)
}

pub(super) async fn voice_state(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, user)): Params<(Id, Id)>,
) -> Result<Json<Value>, ApiError> {
    find_voice_state(&hub, &bot, id, user)
}

fn find_voice_state(hub: &Hub, bot: &Bot, id: Id, user: Id) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    let guild = joined(&world, bot, id)?;
    let state = hub.state();
    let found = state.voice_states.get(&(guild.id, user)).ok_or(ApiError::UNKNOWN_VOICE_STATE)?;
    Ok(Json(shapes::voice_state(&world, guild, user, Some(found))))
}
