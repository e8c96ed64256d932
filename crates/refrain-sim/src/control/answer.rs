//! Requests read and errors answered with words that help.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::{
    id::Id,
    state::{Hub, guilds::Wrong},
};

/// Why a call was refused: `{"error": words}`.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    words: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, words: impl Into<String>) -> Self {
        Self { status, words: words.into() }
    }

    /// The same, and where in the request the reason lies.
    pub(crate) fn at(self, place: &str) -> Self {
        Self { words: format!("`{place}`: {}", self.words), ..self }
    }

    /// What it says.
    pub(crate) fn words(self) -> String {
        self.words
    }

    /// As a script notes it.
    pub(crate) fn told(&self) -> serde_json::Value {
        json!({ "status": self.status.as_u16(), "error": self.words })
    }

    /// The request makes no sense.
    pub(crate) fn bad(words: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, words)
    }

    /// What it speaks of is not there.
    pub(crate) fn missing(words: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, words)
    }

    /// It makes sense, but not now.
    pub(crate) fn conflict(words: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, words)
    }

    /// A person on Discord could not do it.
    pub(crate) fn forbidden(words: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, words)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, axum::Json(json!({ "error": self.words }))).into_response()
    }
}

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Missing(words) => Self::missing(words),
            Wrong::Bad(words) => Self::bad(words),
        }
    }
}

/// A JSON body; an error names the field.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Hub>> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, hub: &Arc<Hub>) -> Result<Self, Refusal> {
        let bytes = Bytes::from_request(request, hub).await.map_err(|error| Refusal::bad(error.to_string()))?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let read = serde_path_to_error::deserialize(&mut reader);
        read.map(Self).map_err(|error| Refusal::bad(format!("the body, at `{}`: {}", error.path(), error.inner())))
    }
}

/// The query; an error names what is wrong.
pub(super) struct Search<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Hub>> for Search<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Refusal> {
        let query = Query::from_request_parts(parts, hub).await;
        query.map(|Query(query)| Self(query)).map_err(|error| Refusal::bad(format!("the query: {error}")))
    }
}

/// The id in the path.
pub(super) struct PathId(pub(super) Id);

impl FromRequestParts<Arc<Hub>> for PathId {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Refusal> {
        let path = Path::<String>::from_request_parts(parts, hub).await;
        let Path(text) = path.map_err(|error| Refusal::bad(format!("the path: {error}")))?;
        text.parse().map(Self).map_err(Refusal::bad)
    }
}
