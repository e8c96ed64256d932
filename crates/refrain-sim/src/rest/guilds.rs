//! Guilds, their channels, roles, members and voice states.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Need,
    error::{ApiError, FieldErrors},
    extract::{Auth, Body, Params, Search},
};
use crate::{
    id::{Id, Permissions},
    state::{Hub, json as shapes},
    world::{Bot, Guild, Member, World},
};

/// The guild, if the bot is in it.
pub(super) fn joined<'a>(world: &'a World, bot: &Bot, id: Id) -> Result<&'a Guild, ApiError> {
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

/// What a bot may change about itself in a guild: its name there. Pictures are taken and not kept.
pub(super) async fn edit_me(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
    Body(body): Body,
) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    let guild = joined(&world, &bot, id)?;
    let mut errors = FieldErrors::default();
    let nick = errors.text("nick", &body["nick"], Need::Optional, 0..=32).filter(|nick| !nick.is_empty());
    errors.text("bio", &body["bio"], Need::Optional, 0..=190);
    errors.or(())?;
    if body.get("nick").is_some() {
        if !guild.base_permissions(bot.id).contains(Permissions::CHANGE_NICKNAME) {
            return Err(ApiError::MISSING_PERMISSIONS);
        }
        let nick = nick.map(str::to_owned);
        hub.change_member(guild.id, bot.id, |member| member.nick = nick).map_err(|_| ApiError::UNKNOWN_MEMBER)?;
    }
    let world = hub.world();
    let member = joined(&world, &bot, id)?.member(bot.id);
    member.map(|member| Json(shapes::member(&world, member))).ok_or(ApiError::UNKNOWN_MEMBER)
}

pub(super) async fn leave(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
) -> Result<StatusCode, ApiError> {
    let world = hub.world();
    let guild = world.guild(id).filter(|guild| guild.member(bot.id).is_some()).ok_or(ApiError::UNKNOWN_GUILD)?;
    if guild.owner == bot.id {
        return Err(ApiError::OWNER_CANNOT_LEAVE);
    }
    hub.remove_member(id, bot.id).map(|()| StatusCode::NO_CONTENT).map_err(|_| ApiError::UNKNOWN_GUILD)
}

pub(super) async fn regions(State(hub): State<Arc<Hub>>, Auth(_): Auth) -> Json<Value> {
    let shown = |(place, name): (usize, &'static str)| json!({ "id": name, "name": name, "optimal": place == 0, "deprecated": false, "custom": false });
    Json(hub.voice.regions().into_iter().enumerate().map(shown).collect())
}
