//! What Discord demands of every request: a user agent, and a content type where there is a body.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::error::{ApiError, FieldErrors};
use crate::state::Hub;

const KINDS: [&str; 3] = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];

pub(super) async fn check(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    if hub.world().rest.require_user_agent && !has_user_agent(request.headers()) {
        // Documented as a Cloudflare error; this is the page for a client that it does not like.
        return (StatusCode::FORBIDDEN, "error code: 1010").into_response();
    }
    if has_body(request.headers()) && !has_content_type(request.headers()) {
        return wrong_content_type().into_response();
    }
    next.run(request).await
}

/// `DiscordBot (url, version)`, with anything behind it.
fn has_user_agent(headers: &HeaderMap) -> bool {
    let given = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let inner = given.and_then(|agent| agent.strip_prefix("DiscordBot (")).and_then(|rest| rest.split_once(')'));
    inner
        .and_then(|(inner, _)| inner.split_once(','))
        .is_some_and(|(url, version)| !url.trim().is_empty() && !version.trim().is_empty())
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.is_some_and(|length| length != "0") || headers.contains_key(header::TRANSFER_ENCODING)
}

fn has_content_type(headers: &HeaderMap) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim();
    KINDS.iter().any(|kind| given.eq_ignore_ascii_case(kind))
}

fn wrong_content_type() -> ApiError {
    let mut errors = FieldErrors::default();
    let words = format!("Expected \"Content-Type\" header to be one of {{{}}}.", KINDS.join(", "));
    errors.add("", "CONTENT_TYPE_INVALID", words);
    errors.into_error()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_documented_user_agent_passes() {
        let cases = [
            ("DiscordBot (https://example.org, 1.0)", true),
            ("DiscordBot (https://example.org, 1.0) Python/3.11 aiohttp/3.9", true),
            ("DiscordBot (https://example.org)", false),
            ("DiscordBot", false),
            ("curl/8", false),
        ];
        for (agent, expected) in cases {
            let headers = HeaderMap::from_iter([(header::USER_AGENT, HeaderValue::from_static(agent))]);
            assert_eq!(has_user_agent(&headers), expected, "{agent}");
        }
    }
}
