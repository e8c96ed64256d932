//! Answering interactions: the callback, follow-ups and edits. The token in the path is the authorisation.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    error::ApiError,
    extract::{Form, Params, Search},
};
use crate::{id::Id, state::Hub};

#[derive(Debug, Default, Deserialize)]
pub(super) struct CallbackQuery {
    with_response: Option<String>,
}

pub(super) async fn callback(
    State(hub): State<Arc<Hub>>,
    Params((interaction, token)): Params<(Id, String)>,
    Search(query): Search<CallbackQuery>,
    form: Form,
) -> Result<Response, ApiError> {
    let answer = hub.callback(interaction, &token, &form.body, &form.files)?;
    let wanted = query.with_response.is_some_and(|word| matches!(word.to_lowercase().as_str(), "true" | "1"));
    Ok(if wanted { Json(answer).into_response() } else { StatusCode::NO_CONTENT.into_response() })
}

pub(super) async fn follow_up(
    State(hub): State<Arc<Hub>>,
    Params((application, token)): Params<(Id, String)>,
    form: Form,
) -> Result<Json<Value>, ApiError> {
    hub.follow_up(application, &token, &form.body, &form.files).map(Json)
}

pub(super) async fn message(
    State(hub): State<Arc<Hub>>,
    Params((application, token, message)): Params<(Id, String, String)>,
) -> Result<Json<Value>, ApiError> {
    hub.webhook_message(application, &token, &message).map(Json)
}

pub(super) async fn edit(
    State(hub): State<Arc<Hub>>,
    Params((application, token, message)): Params<(Id, String, String)>,
    form: Form,
) -> Result<Json<Value>, ApiError> {
    hub.edit_webhook(application, &token, &message, &form.body, &form.files).map(Json)
}

pub(super) async fn remove(
    State(hub): State<Arc<Hub>>,
    Params((application, token, message)): Params<(Id, String, String)>,
) -> Result<StatusCode, ApiError> {
    hub.delete_webhook(application, &token, &message).map(|()| StatusCode::NO_CONTENT)
}
