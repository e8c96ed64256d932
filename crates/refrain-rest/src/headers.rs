//! What Discord's answers tell of rate limits.

use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use std::time::Duration;

/// How long to wait after a 429 that does not say it.
const UNTOLD: Duration = Duration::from_secs(60);
/// The longest that is believed: Discord's invalid-request limit shuts an address out for less.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The limit of a bucket, as an answer describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketState {
    /// Discord's name for the bucket: routes with the same name share a limit.
    pub name: Option<String>,
    /// Requests that a window holds.
    pub limit: u32,
    /// Requests that are left in this window.
    pub remaining: u32,
    /// Until the window ends.
    pub reset_after: Duration,
}

/// A request that came too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// What has to wait.
    pub scope: Scope,
    /// For how long.
    pub retry_after: Duration,
}

/// What a 429 is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The bot asked this route too often.
    User,
    /// All bots together asked for this resource too often.
    Shared,
    /// The bot asked too often altogether.
    Global,
    /// The address is shut out: Cloudflare's answer, which names no scope. Everything has to wait.
    Address,
}

/// Reads the headers of a bucket; `None` where a route has no limit.
#[must_use]
pub fn bucket_state(headers: &HeaderMap) -> Option<BucketState> {
    Some(BucketState {
        name: text(headers, "x-ratelimit-bucket").map(str::to_owned),
        limit: text(headers, "x-ratelimit-limit")?.parse().ok()?,
        remaining: text(headers, "x-ratelimit-remaining")?.parse().ok()?,
        reset_after: seconds(text(headers, "x-ratelimit-reset-after")?.parse().ok()?)?,
    })
}

#[derive(Deserialize)]
struct Body {
    retry_after: f64,
    #[serde(default)]
    global: bool,
}

/// What a 429 says; `None` for every other answer. The longer one counts of what the header and the body tell: the header
/// has whole seconds, the body more digits.
#[must_use]
pub fn limited(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Limited> {
    if status != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let body = serde_json::from_slice::<Body>(body).ok();
    let in_header = text(headers, "retry-after").and_then(|value| seconds(value.trim().parse().ok()?));
    let in_body = body.as_ref().and_then(|body| seconds(body.retry_after));
    let global = body.as_ref().is_some_and(|body| body.global) || headers.contains_key("x-ratelimit-global");
    let scope = match text(headers, "x-ratelimit-scope") {
        _ if global => Scope::Global,
        Some("global") => Scope::Global,
        Some("user") => Scope::User,
        Some("shared") => Scope::Shared,
        // Discord's own, of a scope that this version does not know.
        Some(_) => Scope::User,
        None if body.is_some() && headers.contains_key("x-ratelimit-bucket") => Scope::User,
        None => Scope::Address,
    };
    Some(Limited { scope, retry_after: in_header.max(in_body).unwrap_or(UNTOLD) })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().map(|length| length.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    fn too_many(all: &[(&'static str, &'static str)], body: &str) -> Limited {
        limited(StatusCode::TOO_MANY_REQUESTS, &headers(all), body.as_bytes()).unwrap()
    }

    #[test]
    fn each_scope_is_told_by_its_header_and_cloudflares_by_having_none() {
        let json = r#"{"message":"You are being rate limited.","retry_after":1.337,"global":false}"#;
        let scope = |scope| too_many(&[("x-ratelimit-scope", scope), ("retry-after", "2")], json).scope;
        assert_eq!((scope("user"), scope("shared"), scope("global")), (Scope::User, Scope::Shared, Scope::Global));
        assert_eq!(too_many(&[("x-ratelimit-global", "true")], json).scope, Scope::Global);
        assert_eq!(too_many(&[], r#"{"retry_after":5,"global":true}"#).scope, Scope::Global);
        assert_eq!(too_many(&[("x-ratelimit-bucket", "b")], json).scope, Scope::User);
        assert_eq!(too_many(&[], "error code: 1015").scope, Scope::Address);
        assert_eq!(limited(StatusCode::OK, &HeaderMap::new(), json.as_bytes()), None);
    }

    #[test]
    fn the_longer_of_both_times_counts_and_an_untold_one_is_a_minute() {
        let wait = |header: &'static str, body| too_many(&[("retry-after", header)], body).retry_after;
        assert_eq!(wait("2", r#"{"retry_after":1.337}"#), Duration::from_secs(2));
        assert_eq!(wait("1", r#"{"retry_after":1.337}"#), Duration::from_millis(1337));
        assert_eq!(wait("7", "<html>"), Duration::from_secs(7));
        assert_eq!(too_many(&[], "<html>").retry_after, UNTOLD);
        for odd in ["-1", "nan", "1e300", "soon", ""] {
            assert_eq!(wait(odd, "<html>"), UNTOLD, "{odd}");
        }
        assert_eq!(wait("9e9", "<html>"), LONGEST);
    }

    #[test]
    fn a_bucket_is_read_whole_or_not_at_all() {
        let all = [
            ("x-ratelimit-bucket", "abc"),
            ("x-ratelimit-limit", "5"),
            ("x-ratelimit-remaining", "4"),
            ("x-ratelimit-reset-after", "1.250"),
        ];
        let state = bucket_state(&headers(&all)).unwrap();
        let reset_after = Duration::from_millis(1250);
        assert_eq!(state, BucketState { name: Some("abc".into()), limit: 5, remaining: 4, reset_after });
        assert_eq!(bucket_state(&headers(&all[..3])), None);
    }
}
