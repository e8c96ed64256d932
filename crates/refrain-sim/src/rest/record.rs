//! Around every REST request: the log and the limit of the body.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::error::ApiError;
use crate::{
    log::{Direction, fingerprint},
    state::Hub,
};

/// Discord's limit is 25 MiB with files; this simulator keeps no files.
const MAX_BODY: usize = 25 << 20;

pub(super) async fn record(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_BODY).await else { return ApiError::TOO_LARGE.into_response() };
    let path = without_tokens(parts.uri.path());
    let body = readable(&bytes);
    let seen = json!({ "method": parts.method.as_str(), "path": path, "query": parts.uri.query(), "body": body });
    hub.log.record("rest", Direction::FromClient, None, seen);
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_BODY).await else { return ApiError::TOO_LARGE.into_response() };
    let seen = json!({ "status": parts.status.as_u16(), "path": path, "body": readable(&bytes) });
    hub.log.record("rest", Direction::ToClient, None, seen);
    Response::from_parts(parts, Body::from(bytes))
}

fn readable(bytes: &[u8]) -> Value {
    match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(_) if bytes.is_empty() => Value::Null,
        Err(_) => json!({ "bytes": bytes.len() }),
    }
}

/// The path with the tokens of interaction and webhook routes made unreadable.
fn without_tokens(path: &str) -> String {
    let mut steps: Vec<String> = path.split('/').map(str::to_owned).collect();
    let place = steps.iter().position(|step| step == "interactions" || step == "webhooks");
    if let Some(token) = place.and_then(|place| steps.get_mut(place + 2)) {
        *token = fingerprint(token);
    }
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_in_paths_are_not_logged() {
        for path in ["/api/v10/interactions/5/secret/callback", "/api/v10/webhooks/5/secret/messages/@original"] {
            assert!(!without_tokens(path).contains("secret"), "{path}");
        }
        assert_eq!(without_tokens("/api/v10/channels/5/messages"), "/api/v10/channels/5/messages");
    }
}
