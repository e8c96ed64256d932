//! What the handlers take from a request, with Discord's errors where it is not there.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{header, request::Parts},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{error::ApiError, route::bot_of};
use crate::{state::Hub, world::Bot};

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

/// The body: JSON, or the `payload_json` of a multipart form (whose files are dropped).
pub(super) struct Body(pub(super) Value);

impl FromRequest<Arc<Hub>> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, hub: &Arc<Hub>) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let boundary = kind.and_then(boundary).map(str::to_owned);
        let bytes = Bytes::from_request(request, hub).await.map_err(|_| ApiError::TOO_LARGE)?;
        let text = match &boundary {
            Some(boundary) => payload_json(&bytes, boundary).ok_or(ApiError::INVALID_JSON)?,
            None => &bytes,
        };
        if text.is_empty() {
            return Ok(Self(json!({})));
        }
        serde_json::from_slice(text).map(Self).map_err(|_| ApiError::INVALID_JSON)
    }
}

fn boundary(content_type: &str) -> Option<&str> {
    let rest = content_type.strip_prefix("multipart/form-data")?;
    let boundary = rest.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?;
    Some(boundary.trim_matches('"')).filter(|boundary| !boundary.is_empty())
}

/// The part of a multipart form that is called `payload_json`.
fn payload_json<'a>(body: &'a [u8], boundary: &str) -> Option<&'a [u8]> {
    let mark = format!("--{boundary}");
    let mut rest = body;
    while let Some(start) = find(rest, mark.as_bytes()) {
        rest = &rest[start + mark.len()..];
        let part = &rest[..find(rest, mark.as_bytes())?];
        let blank = find(part, b"\r\n\r\n")?;
        let (head, content) = (String::from_utf8_lossy(&part[..blank]), &part[blank + 4..]);
        if head.contains("name=\"payload_json\"") || head.contains("name=payload_json") {
            return Some(content.strip_suffix(b"\r\n").unwrap_or(content));
        }
    }
    None
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_json_of_a_multipart_form_is_found() {
        let kind = boundary("multipart/form-data; boundary=abc").unwrap();
        let body = "--abc\r\nContent-Disposition: form-data; name=\"files[0]\"; filename=\"a\"\r\n\r\nbytes\r\n\
            --abc\r\nContent-Disposition: form-data; name=\"payload_json\"\r\nContent-Type: application/json\r\n\r\n\
            {\"content\":\"x\"}\r\n--abc--\r\n";
        assert_eq!(payload_json(body.as_bytes(), kind), Some(&b"{\"content\":\"x\"}"[..]));
        assert_eq!(payload_json(b"--abc\r\nnothing", kind), None);
        assert_eq!(boundary("application/json"), None);
    }

    proptest! {
        #[test]
        fn no_body_makes_the_form_reader_panic(body: Vec<u8>, mark in "[a-c]{1,2}") {
            let _ = payload_json(&body, &mark);
        }
    }
}
