//! Around every REST request: the log, the rate-limit headers, the limit of the body.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, Method},
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
    let bucket = bucket(&parts.method, parts.uri.path());
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_BODY).await else { return ApiError::TOO_LARGE.into_response() };
    let seen = json!({ "status": parts.status.as_u16(), "path": path, "body": readable(&bytes) });
    hub.log.record("rest", Direction::ToClient, None, seen);
    let reset = format!("{}.000", hub.clock.unix_ms() / 1000 + 1);
    let headers = [
        ("x-ratelimit-limit", "50"),
        ("x-ratelimit-remaining", "49"),
        ("x-ratelimit-reset", reset.as_str()),
        ("x-ratelimit-reset-after", "1.000"),
        ("x-ratelimit-bucket", bucket.as_str()),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            parts.headers.insert(name, value);
        }
    }
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

/// One name a route: the method and the path, ids aside.
fn bucket(method: &Method, path: &str) -> String {
    let shape = |step: &str| {
        if step.len() > 16 || step.bytes().all(|one| one.is_ascii_digit()) { "#" } else { step }.to_owned()
    };
    let route: Vec<String> = path.split('/').map(shape).collect();
    fingerprint(&format!("{method} {}", route.join("/"))).replace("redacted:", "")
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

    #[test]
    fn a_route_has_one_bucket_whatever_its_ids() {
        let get = Method::GET;
        assert_eq!(bucket(&get, "/api/v10/channels/5/messages"), bucket(&get, "/api/v10/channels/67/messages"));
        assert_ne!(bucket(&get, "/api/v10/channels/5"), bucket(&get, "/api/v10/guilds/5"));
        assert_ne!(bucket(&get, "/api/v10/channels/5"), bucket(&Method::POST, "/api/v10/channels/5"));
    }
}
