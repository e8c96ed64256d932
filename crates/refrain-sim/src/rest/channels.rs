//! Channels: themselves, typing, a voice channel's status.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use super::{
    Need,
    error::{ApiError, FieldErrors},
    extract::{Auth, Body, Params},
};
use crate::{
    id::{Id, Permissions},
    state::{Hub, json as shapes, sessions::GUILDS},
    world::{Bot, Channel, Guild, World},
};

/// The channel, if the bot sees it and may do all of `needed` there. In a voice channel's chat only those may do
/// anything who may connect, as documented.
pub(super) fn allowed<'a>(
    world: &'a World,
    bot: &Bot,
    id: Id,
    needed: Permissions,
) -> Result<(&'a Guild, &'a Channel), ApiError> {
    let (guild, channel) = world.channel(id).ok_or(ApiError::UNKNOWN_CHANNEL)?;
    let rights = guild.permissions_in(channel, bot.id);
    let voice = channel.kind.is_voice() && needed != Permissions::default();
    if !rights.contains(Permissions::VIEW_CHANNEL) || voice && !rights.contains(Permissions::CONNECT) {
        return Err(ApiError::MISSING_ACCESS);
    }
    if rights.contains(needed) { Ok((guild, channel)) } else { Err(ApiError::MISSING_PERMISSIONS) }
}

pub(super) async fn channel(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    let (guild, channel) = allowed(&world, &bot, id, Permissions::default())?;
    Ok(Json(shapes::channel(channel, guild)))
}

pub(super) async fn typing(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
) -> Result<StatusCode, ApiError> {
    let world = hub.world();
    allowed(&world, &bot, id, Permissions::SEND_MESSAGES).map(|_| StatusCode::NO_CONTENT)
}

/// Sets what stands under a voice channel's name.
pub(super) async fn voice_status(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
    Body(body): Body,
) -> Result<StatusCode, ApiError> {
    let world = hub.world();
    let (guild, channel) = allowed(&world, &bot, id, Permissions::default())?;
    if !channel.kind.is_voice() {
        return Err(ApiError::WRONG_CHANNEL_TYPE);
    }
    let mut errors = FieldErrors::default();
    let status = errors.text("status", &body["status"], Need::Optional, 0..=500).filter(|status| !status.is_empty());
    errors.or(())?;
    let mut state = hub.state();
    let inside = state.in_channel(guild.id, id).any(|user| user == bot.id);
    let status_right = Permissions::SET_VOICE_CHANNEL_STATUS;
    let needed = if inside { status_right } else { status_right | Permissions::MANAGE_CHANNELS };
    allowed(&world, &bot, id, needed)?;
    let data = json!({ "id": id, "guild_id": guild.id, "status": status });
    state.broadcast(guild, GUILDS, "VOICE_CHANNEL_STATUS_UPDATE", &data);
    hub.events.publish("voice_channel_status", json!({ "channel": id, "status": status }));
    Ok(StatusCode::NO_CONTENT)
}
