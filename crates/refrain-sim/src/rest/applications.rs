//! Application commands, global and of one guild.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::{
    error::ApiError,
    extract::{Auth, Body, Params},
};
use crate::{id::Id, state::Hub, world::Bot};

/// The variable parts of all command routes.
#[derive(Debug, Deserialize)]
pub(super) struct Place {
    application: Id,
    guild: Option<Id>,
    command: Option<Id>,
}

impl Place {
    /// The guild and the command, once it is clear that the bot may speak about them.
    fn of(&self, hub: &Hub, bot: &Bot) -> Result<(Option<Id>, Id), ApiError> {
        if self.application != bot.application_id {
            let known = hub.world().application(self.application).is_some();
            return Err(if known { ApiError::MISSING_ACCESS } else { ApiError::UNKNOWN_APPLICATION });
        }
        if let Some(guild) = self.guild {
            let world = hub.world();
            let guild = world.guild(guild).ok_or(ApiError::UNKNOWN_GUILD)?;
            guild.member(bot.id).ok_or(ApiError::MISSING_ACCESS)?;
        }
        Ok((self.guild, self.command.unwrap_or_default()))
    }
}

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(place): Params<Place>,
) -> Result<Json<Value>, ApiError> {
    let (guild, _) = place.of(&hub, &bot)?;
    Ok(Json(hub.commands(&bot, guild).into_iter().map(|command| command.value).collect()))
}

pub(super) async fn one(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(place): Params<Place>,
) -> Result<Json<Value>, ApiError> {
    let (guild, id) = place.of(&hub, &bot)?;
    let found = hub.commands(&bot, guild).into_iter().find(|command| command.id == id);
    found.map(|command| Json(command.value)).ok_or(ApiError::UNKNOWN_COMMAND)
}

pub(super) async fn replace(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(place): Params<Place>,
    Body(body): Body,
) -> Result<Json<Value>, ApiError> {
    let (guild, _) = place.of(&hub, &bot)?;
    let bodies = body.as_array().ok_or(ApiError::INVALID_JSON)?;
    hub.replace_commands(&bot, guild, bodies).map(Json)
}

pub(super) async fn create(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(place): Params<Place>,
    Body(body): Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (guild, _) = place.of(&hub, &bot)?;
    let (new, value) = hub.create_command(&bot, guild, &body)?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json(value)))
}

pub(super) async fn edit(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(place): Params<Place>,
    Body(body): Body,
) -> Result<Json<Value>, ApiError> {
    let (guild, id) = place.of(&hub, &bot)?;
    hub.edit_command(&bot, guild, id, &body).map(Json)
}

pub(super) async fn remove(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(place): Params<Place>,
) -> Result<StatusCode, ApiError> {
    let (guild, id) = place.of(&hub, &bot)?;
    hub.delete_command(&bot, guild, id).map(|()| StatusCode::NO_CONTENT)
}

/// Nobody has given a command other rights than its own: there is no way to in the simulator.
pub(super) async fn all_permissions(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(place): Params<Place>,
) -> Result<Json<Value>, ApiError> {
    place.of(&hub, &bot).map(|_| Json(Value::Array(Vec::new())))
}

pub(super) async fn permissions(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(place): Params<Place>,
) -> Result<Json<Value>, ApiError> {
    place.of(&hub, &bot)?;
    Err(ApiError::UNKNOWN_COMMAND_PERMISSIONS)
}

/// Only a person's token can do this, as documented.
pub(super) async fn set_permissions(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(place): Params<Place>,
) -> Result<Json<Value>, ApiError> {
    place.of(&hub, &bot)?;
    Err(ApiError::NOT_FOR_BOTS)
}
