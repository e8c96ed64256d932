//! Rate limits as documented: per route and top-level resource, global, and for invalid requests.

mod figures;
mod waits;
mod windows;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

pub(crate) use self::waits::Waits;
use self::windows::{Count, Windows};
use super::{error::Unrouted, route::Asked};
use crate::{log::fingerprint, state::Hub};

/// What was asked how often.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<Windows>);

impl Limits {
    fn windows(&self) -> MutexGuard<'_, Windows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The bot asked this route too often.
    User,
    /// The bot asked too often altogether.
    Global,
    /// The resource was asked too often, by whomever.
    Shared,
    /// Cloudflare shuts the address out: an answer without a scope, a bucket or JSON.
    Address,
}

impl Scope {
    fn word(self) -> Option<&'static str> {
        match self {
            Self::User => Some("user"),
            Self::Global => Some("global"),
            Self::Shared => Some("shared"),
            Self::Address => None,
        }
    }
}

/// Lets a request pass or refuses it, and adds the headers.
pub(super) async fn limit(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    let options = hub.world().rest.clone();
    if !options.rate_limits || request.uri().path().starts_with("/attachments/") {
        return next.run(request).await;
    }
    let asked = Asked::of(&hub, &request);
    let now = hub.clock.now_ms();
    let shut_out = hub.limits.windows().shut_out_ms(now, options.invalid_per_10_min);
    if let Some(rest_ms) = shut_out {
        return too_many(Scope::Address, rest_ms);
    }
    if asked.is_global() && options.global_per_second > 0 {
        let count = hub.limits.windows().global(now, asked.bot, options.global_per_second);
        if count.refused {
            hub.limits.windows().invalid(now);
            return too_many(Scope::Global, count.reset_after_ms);
        }
    }
    let Some(figures) = figures::of(&asked, &options) else {
        let response = next.run(request).await;
        count_invalid(&hub, &response);
        return response;
    };
    let bucket = bucket(&asked);
    let count = hub.limits.windows().route(now, asked.bot, &bucket, &asked.major(), figures);
    let mut response = if count.refused {
        let scope = if figures.shared { Scope::Shared } else { Scope::User };
        too_many(scope, count.reset_after_ms)
    } else {
        next.run(request).await
    };
    count_invalid(&hub, &response);
    if response.extensions().get::<Unrouted>().is_some() {
        return response;
    }
    describe(response.headers_mut(), &bucket, count, hub.clock.unix_ms());
    response
}

/// A 429 that is ordered. Where a bucket is full its answer describes the bucket, as documented.
pub(super) fn ordered(hub: &Hub, asked: &Asked, scope: Scope, retry_after_ms: u32) -> Response {
    let mut response = too_many(scope, f64::from(retry_after_ms));
    if matches!(scope, Scope::User | Scope::Shared) {
        let limit = figures::of(asked, &hub.world().rest).map_or(1, |figures| figures.limit);
        let count = Count { limit, remaining: 0, reset_after_ms: f64::from(retry_after_ms), refused: true };
        describe(response.headers_mut(), &bucket(asked), count, hub.clock.unix_ms());
    }
    response
}

/// Counts what comes, and what comes although it was told to wait.
pub(super) async fn watch(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    let asked = Asked::of(&hub, &request);
    hub.waits.comes(hub.clock.now_ms(), &asked);
    let response = next.run(request).await;
    hub.waits.answered(hub.clock.now_ms(), &asked, &response);
    response
}

/// The documented answer to a request too many.
fn too_many(scope: Scope, retry_after_ms: f64) -> Response {
    let message = match scope {
        Scope::User | Scope::Global => "You are being rate limited.",
        Scope::Shared => "The resource is being rate limited.",
        Scope::Address => return shut_out(retry_after_ms),
    };
    let seconds = (retry_after_ms / 1000.0).max(0.001);
    let global = scope == Scope::Global;
    let body = json!({ "message": message, "retry_after": (seconds * 1000.0).ceil() / 1000.0, "global": global });
    let mut response = (StatusCode::TOO_MANY_REQUESTS, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    put(headers, "retry-after", &format!("{:.0}", seconds.ceil()));
    put(headers, "x-ratelimit-scope", scope.word().unwrap_or_default());
    put(headers, "via", "1.1 google");
    if global {
        put(headers, "x-ratelimit-global", "true");
    }
    response
}

/// Cloudflare's answer to an address that was shut out: no JSON, none of Discord's headers.
fn shut_out(rest_ms: f64) -> Response {
    let mut response = (StatusCode::TOO_MANY_REQUESTS, "error code: 1015").into_response();
    put(response.headers_mut(), "retry-after", &format!("{:.0}", (rest_ms / 1000.0).ceil()));
    put(response.headers_mut(), "server", "cloudflare");
    response
}

/// 401, 403 and 429 count against the address; 429 of a shared limit does not, as documented.
fn count_invalid(hub: &Hub, response: &Response) {
    let shared =
        response.headers().get("x-ratelimit-scope").and_then(|scope| scope.to_str().ok()) == Scope::Shared.word();
    if matches!(response.status().as_u16(), 401 | 403 | 429) && !shared {
        hub.limits.windows().invalid(hub.clock.now_ms());
    }
}

fn describe(headers: &mut HeaderMap, bucket: &str, count: Count, unix_ms: u64) {
    let after = (count.reset_after_ms.ceil() / 1000.0).max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are below 2^53")]
    let reset = unix_ms as f64 / 1000.0 + after;
    put(headers, "x-ratelimit-limit", &count.limit.to_string());
    put(headers, "x-ratelimit-remaining", &count.remaining.to_string());
    put(headers, "x-ratelimit-reset", &format!("{reset:.3}"));
    put(headers, "x-ratelimit-reset-after", &format!("{after:.3}"));
    put(headers, "x-ratelimit-bucket", bucket);
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// One name a route, whatever its ids.
pub(super) fn bucket(asked: &Asked) -> String {
    fingerprint(&format!("{} {}", asked.method, asked.template())).replace("redacted:", "")
}
