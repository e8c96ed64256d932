//! What the handlers take from a request, with Discord's errors where it is not there.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{header, request::Parts},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{
    error::ApiError,
    multipart::{self, Part},
    route::bot_of,
};
use crate::{
    state::{Hub, messages::NewFile},
    world::Bot,
};

/// The bot whose token the request carries.
pub(super) struct Auth(pub(super) Bot);

impl FromRequestParts<Arc<Hub>> for Auth {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, ApiError> {
        let world = hub.world();
        bot_of(&world, &parts.headers).cloned().map(Auth).ok_or(ApiError::UNAUTHORIZED)
    }
}

/// The variable parts of the path. What is no id is no route.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Hub>> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, ApiError> {
        let Path(params) = Path::from_request_parts(parts, hub).await.map_err(|_| ApiError::NO_ROUTE)?;
        Ok(Self(params))
    }
}

/// The query. What cannot be read counts as not given.
pub(super) struct Search<T>(pub(super) T);

impl<T: DeserializeOwned + Default> FromRequestParts<Arc<Hub>> for Search<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, ApiError> {
        let query = Query::from_request_parts(parts, hub).await;
        Ok(Self(query.map(|Query(query)| query).unwrap_or_default()))
    }
}

/// The body: JSON, or a form's fields. Files that come with it are not looked at.
pub(super) struct Body(pub(super) Value);

impl FromRequest<Arc<Hub>> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, hub: &Arc<Hub>) -> Result<Self, ApiError> {
        Form::from_request(request, hub).await.map(|form| Self(form.body))
    }
}

/// The body and the files that came with it.
pub(super) struct Form {
    pub(super) body: Value,
    pub(super) files: Vec<NewFile>,
}

impl FromRequest<Arc<Hub>> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, hub: &Arc<Hub>) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        let bytes = Bytes::from_request(request, hub).await.map_err(|_| ApiError::TOO_LARGE)?;
        if let Some(boundary) = multipart::boundary(&kind) {
            return multipart::parts(&bytes, boundary).ok_or(ApiError::INVALID_JSON).and_then(of_parts);
        }
        if bytes.is_empty() {
            return Ok(Self { body: json!({}), files: Vec::new() });
        }
        if kind.trim().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
            let pairs = url::form_urlencoded::parse(&bytes);
            let fields: Map<String, Value> = pairs.map(|(name, value)| (name.into_owned(), plain(&value))).collect();
            return Ok(Self { body: Value::Object(fields), files: Vec::new() });
        }
        let body = serde_json::from_slice(&bytes).map_err(|_| ApiError::INVALID_JSON)?;
        Ok(Self { body, files: Vec::new() })
    }
}

/// The parts of a multipart form: `payload_json` is the body, `files[n]` are files, anything else is a field.
fn of_parts(parts: Vec<Part>) -> Result<Form, ApiError> {
    let (mut body, mut fields, mut files) = (json!({}), Map::new(), Vec::new());
    for part in parts {
        if part.name == "payload_json" {
            body = serde_json::from_slice(&part.content).map_err(|_| ApiError::INVALID_JSON)?;
        } else if let Some(name) = part.filename {
            let number = part.name.strip_prefix("files[").and_then(|rest| rest.strip_suffix(']'));
            files.push(NewFile {
                number: number.unwrap_or(&part.name).to_owned(),
                name,
                kind: part.kind.unwrap_or_else(|| "application/octet-stream".into()),
                bytes: part.content,
            });
        } else {
            fields.insert(part.name, plain(&String::from_utf8_lossy(&part.content)));
        }
    }
    if let Some(body) = body.as_object_mut() {
        for (name, value) in fields {
            body.entry(name).or_insert(value);
        }
    }
    Ok(Form { body, files })
}

/// A field that is not JSON: true and false are what they say, the rest is text.
fn plain(text: &str) -> Value {
    match text {
        "true" => json!(true),
        "false" => json!(false),
        text => json!(text),
    }
}
