//! Channels and their messages.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    error::ApiError,
    extract::{Auth, Body, Params, Search},
};
use crate::{
    id::{Id, Permissions},
    state::{Hub, State as Changing, json as shapes, messages::Draft},
    world::{Bot, Channel, Guild, World},
};

/// The channel, if the bot sees it and may do all of `needed` there.
fn allowed<'a>(world: &'a World, bot: &Bot, id: Id, needed: Permissions) -> Result<(&'a Guild, &'a Channel), ApiError> {
    let (guild, channel) = world.channel(id).ok_or(ApiError::UNKNOWN_CHANNEL)?;
    let rights = guild.permissions_in(channel, bot.id);
    if !rights.contains(Permissions::VIEW_CHANNEL) {
        return Err(ApiError::MISSING_ACCESS);
    }
    if rights.contains(needed) { Ok((guild, channel)) } else { Err(ApiError::MISSING_PERMISSIONS) }
}

/// A message that is in this channel and not for one person's eyes only.
fn in_channel(state: &Changing, channel: Id, message: Id) -> Result<Id, ApiError> {
    let found = state.messages.get(&message);
    let found = found.filter(|one| one.channel == channel && one.only_for.is_none() && one.deleted_ms.is_none());
    found.map(|found| found.author).ok_or(ApiError::UNKNOWN_MESSAGE)
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

/// Where in the channel's history to look.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Window {
    limit: Option<usize>,
    before: Option<Id>,
    after: Option<Id>,
    around: Option<Id>,
}

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
    Search(window): Search<Window>,
) -> Result<Json<Value>, ApiError> {
    allowed(&hub.world(), &bot, id, Permissions::READ_MESSAGE_HISTORY)?;
    let limit = window.limit.unwrap_or(50).clamp(1, 100);
    let state = hub.state();
    let here = |message: &Id| in_channel(&state, id, *message).is_ok();
    let ids = state.messages.keys().copied().filter(here);
    let mut found: Vec<Id> = match (window.after, window.around) {
        (Some(after), _) => ids.filter(|id| *id > after).take(limit).collect(),
        (None, Some(around)) => {
            let mut near: Vec<Id> = ids.collect();
            near.sort_by_key(|id| id.0.abs_diff(around.0));
            near.truncate(limit);
            near.sort_unstable();
            near
        }
        (None, None) => {
            let before = window.before.unwrap_or(Id(u64::MAX));
            let mut newest: Vec<Id> = ids.rev().filter(|id| *id < before).take(limit).collect();
            newest.reverse();
            newest
        }
    };
    found.reverse();
    Ok(Json(found.into_iter().filter_map(|id| hub.message(&state, id).ok()).collect()))
}

pub(super) async fn create(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
    Body(mut body): Body,
) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    let (guild, channel) = allowed(&world, &bot, id, Permissions::SEND_MESSAGES)?;
    if !guild.may(channel, bot.id, Permissions::EMBED_LINKS)
        && body["content"].as_str().is_some_and(|text| !text.is_empty())
    {
        // As on Discord: without the right the text is shown and the embeds are not.
        body["embeds"] = json!([]);
    }
    let draft = Draft { guild: guild.id, channel: channel.id, author: bot.id, origin: None };
    let mut state = hub.state();
    hub.create_message(&mut state, draft, &body).map(|(_, value)| Json(value))
}

pub(super) async fn message(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, message)): Params<(Id, Id)>,
) -> Result<Json<Value>, ApiError> {
    allowed(&hub.world(), &bot, id, Permissions::READ_MESSAGE_HISTORY)?;
    let state = hub.state();
    in_channel(&state, id, message)?;
    hub.message(&state, message).map(Json)
}

pub(super) async fn edit(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, message)): Params<(Id, Id)>,
    Body(body): Body,
) -> Result<Json<Value>, ApiError> {
    allowed(&hub.world(), &bot, id, Permissions::default())?;
    let mut state = hub.state();
    if in_channel(&state, id, message)? != bot.id {
        return Err(ApiError::NOT_AUTHOR);
    }
    hub.edit_message(&mut state, message, &body).map(Json)
}

pub(super) async fn remove(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, message)): Params<(Id, Id)>,
) -> Result<StatusCode, ApiError> {
    allowed(&hub.world(), &bot, id, Permissions::default())?;
    let mut state = hub.state();
    if in_channel(&state, id, message)? != bot.id {
        allowed(&hub.world(), &bot, id, Permissions::MANAGE_MESSAGES)?;
    }
    hub.delete_message(&mut state, message).map(|()| StatusCode::NO_CONTENT)
}

pub(super) async fn typing(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
) -> Result<StatusCode, ApiError> {
    allowed(&hub.world(), &bot, id, Permissions::SEND_MESSAGES).map(|_| StatusCode::NO_CONTENT)
}
