//! The messages of a channel.

use std::{collections::BTreeSet, sync::Arc};

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Need,
    channels::allowed,
    error::{ApiError, FieldErrors},
    extract::{Auth, Body, Form, Params, Search},
};
use crate::{
    id::{DISCORD_EPOCH_MS, Id, Permissions},
    state::{Hub, State as Changing, messages::Draft},
    world::Bot,
};

/// Older than this, a message cannot be deleted with others: two weeks.
const BULK_AGE_MS: u64 = 14 * 24 * 60 * 60 * 1000;

/// The author of a message that is in this channel and not for one person's eyes only.
pub(super) fn author(state: &Changing, channel: Id, message: Id) -> Result<Id, ApiError> {
    let found = state.messages.get(&message).filter(|one| one.channel == channel && one.is_public());
    found.map(|found| found.author).ok_or(ApiError::UNKNOWN_MESSAGE)
}

/// Where in the channel's history to look.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Window {
    limit: Option<String>,
    before: Option<String>,
    after: Option<String>,
    around: Option<String>,
}

/// A page's size as the query has it.
pub(super) fn limit(given: Option<&str>, usual: usize, most: usize) -> Result<usize, ApiError> {
    let Some(given) = given else { return Ok(usual) };
    let number = given.parse::<i64>().map_or_else(|_| json!(given), |number| json!(number));
    let mut errors = FieldErrors::default();
    let number = errors.whole("limit", &number, Need::Required, 1..=i64::try_from(most).unwrap_or(100));
    errors.or(())?;
    Ok(number.and_then(|number| usize::try_from(number).ok()).unwrap_or(usual))
}

/// An id as the query has it.
fn cursor(name: &str, given: Option<&String>) -> Result<Option<Id>, ApiError> {
    let Some(given) = given else { return Ok(None) };
    let mut errors = FieldErrors::default();
    errors.snowflake(name, &json!(given), Need::Required);
    errors.or(given.parse::<u64>().ok().map(Id))
}

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
    Search(window): Search<Window>,
) -> Result<Json<Value>, ApiError> {
    let limit = limit(window.limit.as_deref(), 50, 100)?;
    let (before, after) = (cursor("before", window.before.as_ref())?, cursor("after", window.after.as_ref())?);
    let around = cursor("around", window.around.as_ref())?;
    let world = hub.world();
    let (guild, channel) = allowed(&world, &bot, id, Permissions::VIEW_CHANNEL)?;
    if !guild.may(channel, bot.id, Permissions::READ_MESSAGE_HISTORY) {
        // As documented: who may not read the history is told that there is none.
        return Ok(Json(json!([])));
    }
    let state = hub.state();
    let here = |message: &Id| author(&state, id, *message).is_ok();
    let ids = state.messages.keys().copied().filter(here);
    let mut found: Vec<Id> = match (after, around) {
        (Some(after), _) => ids.filter(|id| *id > after).take(limit).collect(),
        (None, Some(around)) => {
            let mut near: Vec<Id> = ids.collect();
            near.sort_by_key(|id| id.0.abs_diff(around.0));
            near.truncate(limit);
            near.sort_unstable();
            near
        }
        (None, None) => {
            let before = before.unwrap_or(Id(u64::MAX));
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
    form: Form,
) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    let Form { mut body, files } = form;
    let mut needed = Permissions::SEND_MESSAGES;
    if body["tts"] == json!(true) {
        needed = needed | Permissions::SEND_TTS_MESSAGES;
    }
    if !files.is_empty() {
        needed = needed | Permissions::ATTACH_FILES;
    }
    let (guild, channel) = allowed(&world, &bot, id, needed)?;
    if body["message_reference"].is_object() && !guild.may(channel, bot.id, Permissions::READ_MESSAGE_HISTORY) {
        return Err(ApiError::CANNOT_REPLY);
    }
    if !guild.may(channel, bot.id, Permissions::EMBED_LINKS)
        && body["content"].as_str().is_some_and(|text| !text.is_empty())
    {
        // As on Discord: without the right the text is shown and the embeds are not.
        body["embeds"] = json!([]);
    }
    let draft = Draft { guild: guild.id, channel: channel.id, author: bot.id, origin: None };
    let mut state = hub.state();
    hub.create_message(&mut state, draft, &body, &files).map(|(_, value)| Json(value))
}

pub(super) async fn message(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, message)): Params<(Id, Id)>,
) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    allowed(&world, &bot, id, Permissions::READ_MESSAGE_HISTORY)?;
    let state = hub.state();
    author(&state, id, message)?;
    hub.message(&state, message).map(Json)
}

pub(super) async fn edit(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, message)): Params<(Id, Id)>,
    form: Form,
) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    allowed(&world, &bot, id, Permissions::default())?;
    let mut state = hub.state();
    if author(&state, id, message)? != bot.id {
        // Others may change the flags only, and only moderators.
        let flags_only = form.files.is_empty() && form.body.as_object().is_some_and(|body| body.keys().eq(["flags"]));
        if !flags_only {
            return Err(ApiError::NOT_AUTHOR);
        }
        allowed(&world, &bot, id, Permissions::MANAGE_MESSAGES)?;
    }
    hub.edit_message(&mut state, message, &form.body, &form.files).map(Json)
}

pub(super) async fn remove(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, message)): Params<(Id, Id)>,
) -> Result<StatusCode, ApiError> {
    let world = hub.world();
    allowed(&world, &bot, id, Permissions::default())?;
    let mut state = hub.state();
    if author(&state, id, message)? != bot.id {
        allowed(&world, &bot, id, Permissions::MANAGE_MESSAGES)?;
    }
    hub.delete_message(&mut state, message).map(|()| StatusCode::NO_CONTENT)
}

pub(super) async fn bulk_remove(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
    Body(body): Body,
) -> Result<StatusCode, ApiError> {
    let world = hub.world();
    allowed(&world, &bot, id, Permissions::MANAGE_MESSAGES)?;
    let mut errors = FieldErrors::default();
    let given = errors.list("messages", &body["messages"], Need::Required, 0..=usize::MAX);
    for (index, one) in given.iter().enumerate().take(101) {
        errors.snowflake(&format!("messages.{index}"), one, Need::Required);
    }
    let ids: Vec<Id> = given.iter().filter_map(|one| one.as_str()?.parse().ok()).collect();
    if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
        errors.add("messages", "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains the value.");
    }
    errors.or(())?;
    if !(2..=100).contains(&given.len()) {
        return Err(ApiError::BULK_COUNT);
    }
    let oldest = hub.clock.unix_ms().saturating_sub(BULK_AGE_MS).saturating_sub(DISCORD_EPOCH_MS);
    if ids.iter().any(|id| id.0 >> 22 < oldest) {
        return Err(ApiError::TOO_OLD_FOR_BULK);
    }
    hub.delete_messages(&mut hub.state(), id, &ids);
    Ok(StatusCode::NO_CONTENT)
}

/// Publishing is for announcement channels, which a world has none of.
pub(super) async fn crosspost(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, message)): Params<(Id, Id)>,
) -> Result<Json<Value>, ApiError> {
    known_message(&hub, &bot, id, message)?;
    Err(ApiError::WRONG_CHANNEL_TYPE)
}

fn known_message(hub: &Hub, bot: &Bot, id: Id, message: Id) -> Result<(), ApiError> {
    let world = hub.world();
    allowed(&world, bot, id, Permissions::SEND_MESSAGES)?;
    author(&hub.state(), id, message).map(|_| ())
}
