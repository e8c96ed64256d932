//! Reactions and pins.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    channels::allowed,
    error::ApiError,
    extract::{Auth, Params, Search},
    messages::{author, limit},
};
use crate::{
    clock::iso8601,
    id::{Id, Permissions},
    state::{Hub, json as shapes, messages::Emoji},
    world::Bot,
};

/// The emoji that the path means.
fn emoji(hub: &Hub, text: &str) -> Result<Emoji, ApiError> {
    let state = hub.state();
    Emoji::read(text, |id| state.emojis.contains_key(&id))
}

pub(super) async fn react(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, message, text)): Params<(Id, Id, String)>,
) -> Result<StatusCode, ApiError> {
    let world = hub.world();
    let emoji = emoji(&hub, &text)?;
    allowed(&world, &bot, id, Permissions::READ_MESSAGE_HISTORY)?;
    let mut state = hub.state();
    author(&state, id, message)?;
    // The right is needed for the first of a kind only.
    if state.messages.get(&message).is_some_and(|one| one.reacted(&emoji).is_empty()) {
        allowed(&world, &bot, id, Permissions::ADD_REACTIONS)?;
    }
    hub.react(&mut state, message, bot.id, &emoji).map(|()| StatusCode::NO_CONTENT)
}

pub(super) async fn unreact_own(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, message, text)): Params<(Id, Id, String)>,
) -> Result<StatusCode, ApiError> {
    take_back(&hub, &bot, (id, message), &text, bot.id)
}

/// Takes back another's reaction, as a moderator.
pub(super) async fn unreact(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, message, text, user)): Params<(Id, Id, String, Id)>,
) -> Result<StatusCode, ApiError> {
    take_back(&hub, &bot, (id, message), &text, user)
}

fn take_back(hub: &Hub, bot: &Bot, (id, message): (Id, Id), text: &str, user: Id) -> Result<StatusCode, ApiError> {
    let world = hub.world();
    let emoji = emoji(hub, text)?;
    let needed = if user == bot.id { Permissions::default() } else { Permissions::MANAGE_MESSAGES };
    allowed(&world, bot, id, needed)?;
    let mut state = hub.state();
    author(&state, id, message)?;
    hub.unreact(&mut state, message, user, &emoji).map(|()| StatusCode::NO_CONTENT)
}

pub(super) async fn clear(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, message)): Params<(Id, Id)>,
) -> Result<StatusCode, ApiError> {
    let world = hub.world();
    allowed(&world, &bot, id, Permissions::MANAGE_MESSAGES)?;
    let mut state = hub.state();
    author(&state, id, message)?;
    hub.clear_reactions(&mut state, message, None).map(|()| StatusCode::NO_CONTENT)
}

pub(super) async fn clear_kind(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, message, text)): Params<(Id, Id, String)>,
) -> Result<StatusCode, ApiError> {
    let world = hub.world();
    let emoji = emoji(&hub, &text)?;
    allowed(&world, &bot, id, Permissions::MANAGE_MESSAGES)?;
    let mut state = hub.state();
    author(&state, id, message)?;
    hub.clear_reactions(&mut state, message, Some(&emoji)).map(|()| StatusCode::NO_CONTENT)
}

/// A page of who reacted.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Page {
    limit: Option<String>,
    after: Option<Id>,
}

pub(super) async fn who(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, message, text)): Params<(Id, Id, String)>,
    Search(page): Search<Page>,
) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    let emoji = emoji(&hub, &text)?;
    let limit = limit(page.limit.as_deref(), 25, 100)?;
    allowed(&world, &bot, id, Permissions::VIEW_CHANNEL)?;
    let state = hub.state();
    author(&state, id, message)?;
    let mut users: Vec<Id> = state.messages.get(&message).map(|one| one.reacted(&emoji).to_vec()).unwrap_or_default();
    users.sort_unstable();
    let users = users.into_iter().filter(|user| Some(*user) > page.after).take(limit);
    Ok(Json(users.filter_map(|user| world.person(user)).map(shapes::user).collect()))
}

/// Pinned messages of a channel, last pinned first, with the times.
fn pinned(hub: &Hub, channel: Id) -> Vec<(u64, Value)> {
    let state = hub.state();
    let here = state.messages.iter().filter(|(_, one)| one.channel == channel && one.is_public());
    let mut found: Vec<(u64, Id)> = here.filter_map(|(id, one)| Some((one.pinned_unix?, *id))).collect();
    found.sort_unstable_by(|one, other| other.cmp(one));
    found.into_iter().filter_map(|(at, id)| Some((at, hub.message(&state, id).ok()?))).collect()
}

/// A page of pins.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Pins {
    limit: Option<String>,
    before: Option<String>,
}

pub(super) async fn pins(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
    Search(page): Search<Pins>,
) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    let limit = limit(page.limit.as_deref(), 50, 50)?;
    let (guild, channel) = allowed(&world, &bot, id, Permissions::VIEW_CHANNEL)?;
    let readable = guild.may(channel, bot.id, Permissions::READ_MESSAGE_HISTORY);
    let all = if readable { pinned(&hub, id) } else { Vec::new() };
    let all = all.into_iter().map(|(at, message)| (iso8601(at), message));
    // Times of one form compare as they stand.
    let mut rest = all.filter(|(at, _)| page.before.as_ref().is_none_or(|before| at.as_str() < before.as_str()));
    let items: Vec<Value> =
        rest.by_ref().take(limit).map(|(at, message)| json!({ "pinned_at": at, "message": message })).collect();
    Ok(Json(json!({ "items": items, "has_more": rest.next().is_some() })))
}

/// The older form of the same: the messages alone.
pub(super) async fn old_pins(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    allowed(&world, &bot, id, Permissions::VIEW_CHANNEL)?;
    Ok(Json(pinned(&hub, id).into_iter().take(50).map(|(_, message)| message).collect()))
}

pub(super) async fn pin(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, message)): Params<(Id, Id)>,
) -> Result<StatusCode, ApiError> {
    set_pin(&hub, &bot, id, message, true)
}

pub(super) async fn unpin(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, message)): Params<(Id, Id)>,
) -> Result<StatusCode, ApiError> {
    set_pin(&hub, &bot, id, message, false)
}

fn set_pin(hub: &Hub, bot: &Bot, id: Id, message: Id, pinned: bool) -> Result<StatusCode, ApiError> {
    let world = hub.world();
    allowed(&world, bot, id, Permissions::PIN_MESSAGES)?;
    let mut state = hub.state();
    author(&state, id, message)?;
    hub.pin(&mut state, message, pinned).map(|()| StatusCode::NO_CONTENT)
}
