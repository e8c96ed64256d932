//! An application's own emoji.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Need,
    error::{ApiError, FieldErrors},
    extract::{Auth, Body, Params},
};
use crate::{
    id::Id,
    state::{Hub, State as Changing, json as shapes},
    world::{Bot, Person},
};

/// How many emoji an application may have.
const MAX_EMOJIS: usize = 2000;

/// The variable parts of the routes.
#[derive(Debug, Deserialize)]
pub(super) struct Place {
    application: Id,
    emoji: Option<Id>,
}

impl Place {
    fn check(&self, bot: &Bot) -> Result<Id, ApiError> {
        if self.application == bot.application_id { Ok(bot.application_id) } else { Err(ApiError::MISSING_ACCESS) }
    }

    /// The emoji, which must be the application's.
    fn emoji(&self, state: &Changing, bot: &Bot) -> Result<(Id, String), ApiError> {
        let application = self.check(bot)?;
        let id = self.emoji.ok_or(ApiError::UNKNOWN_EMOJI)?;
        let found = state.emojis.get(&id).filter(|(owner, _)| *owner == application);
        found.map(|(_, name)| (id, name.clone())).ok_or(ApiError::UNKNOWN_EMOJI)
    }
}

fn shown(bot: &Bot, id: Id, name: &str) -> Value {
    json!({
        "id": id, "name": name, "roles": [], "require_colons": true, "managed": false, "animated": false,
        "available": true, "user": shapes::user(Person { id: bot.id, name: &bot.name, bot: true }),
    })
}

fn check_name(body: &Value, errors: &mut FieldErrors) -> String {
    let name = errors.text("name", &body["name"], Need::Required, 2..=32).unwrap_or_default();
    if !name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_') {
        errors.add("name", "STRING_TYPE_REGEX", "String value did not match validation regex.");
    }
    name.to_owned()
}

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(place): Params<Place>,
) -> Result<Json<Value>, ApiError> {
    let application = place.check(&bot)?;
    let state = hub.state();
    let mine = state.emojis.iter().filter(|(_, (owner, _))| *owner == application);
    Ok(Json(json!({ "items": mine.map(|(id, (_, name))| shown(&bot, *id, name)).collect::<Value>() })))
}

pub(super) async fn one(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(place): Params<Place>,
) -> Result<Json<Value>, ApiError> {
    place.emoji(&hub.state(), &bot).map(|(id, name)| Json(shown(&bot, id, &name)))
}

pub(super) async fn create(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(place): Params<Place>,
    Body(body): Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let application = place.check(&bot)?;
    let mut errors = FieldErrors::default();
    let name = check_name(&body, &mut errors);
    let image = errors.text("image", &body["image"], Need::Required, 1..=usize::MAX).unwrap_or_default();
    if !image.starts_with("data:image/") {
        errors.add("image", "IMAGE_INVALID", "Invalid image data");
    }
    errors.or(())?;
    let mut state = hub.state();
    if state.emojis.values().filter(|(owner, _)| *owner == application).count() >= MAX_EMOJIS {
        return Err(ApiError::TOO_MANY_EMOJIS);
    }
    let id = hub.snowflake(&mut state);
    state.emojis.insert(id, (application, name.clone()));
    Ok((StatusCode::CREATED, Json(shown(&bot, id, &name))))
}

pub(super) async fn edit(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(place): Params<Place>,
    Body(body): Body,
) -> Result<Json<Value>, ApiError> {
    let mut state = hub.state();
    let (id, _) = place.emoji(&state, &bot)?;
    let mut errors = FieldErrors::default();
    let name = check_name(&body, &mut errors);
    errors.or(())?;
    state.emojis.insert(id, (bot.application_id, name.clone()));
    Ok(Json(shown(&bot, id, &name)))
}

pub(super) async fn remove(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(place): Params<Place>,
) -> Result<StatusCode, ApiError> {
    let mut state = hub.state();
    let (id, _) = place.emoji(&state, &bot)?;
    state.emojis.remove(&id);
    Ok(StatusCode::NO_CONTENT)
}
