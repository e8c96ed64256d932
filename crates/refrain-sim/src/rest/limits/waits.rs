//! What comes although a 429 told it to wait: what a bot does wrong that Discord answers with a ban.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::{http::HeaderMap, response::Response};
use serde_json::{Value, json};

use super::bucket;
use crate::rest::route::Asked;

/// A request that left before its bot could know of the wait does nothing wrong.
const ON_ITS_WAY_MS: f64 = 1_000.0;
/// How many too early requests are told in full.
const TOLD: usize = 100;

/// What has to wait.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Everything,
    /// All that the global limit counts.
    Counted,
    /// A bucket and a top-level resource.
    Bucket(String, String),
}

#[derive(Clone, Copy, Debug)]
struct Wait {
    told_ms: f64,
    until_ms: f64,
}

#[derive(Debug, Default)]
struct Inner {
    waits: BTreeMap<What, Wait>,
    requests: u64,
    limited: BTreeMap<&'static str, u64>,
    early: u64,
    examples: Vec<Value>,
    /// When the requests of the latest second came that the global limit counts, and the most that came within one.
    second: VecDeque<f64>,
    busiest: usize,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Waits(Mutex<Inner>);

impl Waits {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request comes.
    pub(super) fn comes(&self, now_ms: f64, asked: &Asked) {
        let mut inner = self.lock();
        inner.requests += 1;
        let own = What::Bucket(bucket(asked), asked.major());
        let counted = asked.is_global();
        if counted {
            inner.second.retain(|at| now_ms - at < 1000.0);
            inner.second.push_back(now_ms);
            inner.busiest = inner.busiest.max(inner.second.len());
        }
        inner.waits.retain(|_, wait| now_ms < wait.until_ms);
        let holds = |what: &What| match what {
            What::Everything => true,
            What::Counted => counted,
            What::Bucket(..) => *what == own,
        };
        let early = inner.waits.iter().find(|(what, wait)| holds(what) && now_ms > wait.told_ms + ON_ITS_WAY_MS);
        let Some((what, wait)) = early else { return };
        let told = json!({
            "method": asked.method, "route": asked.template(), "too_early_by_ms": wait.until_ms - now_ms,
            "waits": match what {
                What::Everything => "everything",
                What::Counted => "all that the global limit counts",
                What::Bucket(..) => "its bucket",
            },
        });
        inner.early += 1;
        if inner.examples.len() < TOLD {
            inner.examples.push(told);
        }
    }

    /// A request was answered: a 429 tells it to wait.
    pub(super) fn answered(&self, now_ms: f64, asked: &Asked, response: &Response) {
        if response.status().as_u16() != 429 {
            return;
        }
        let headers = response.headers();
        let (scope, what) = match text(headers, "x-ratelimit-scope") {
            None => ("address", What::Everything),
            Some("global") => ("global", What::Counted),
            Some("shared") => ("shared", What::Bucket(bucket(asked), asked.major())),
            Some(_) => ("user", What::Bucket(bucket(asked), asked.major())),
        };
        // The body has more digits; the header, rounded up, is what every client can read.
        let Some(seconds) = text(headers, "x-ratelimit-reset-after")
            .or_else(|| text(headers, "retry-after"))
            .and_then(|value| value.parse::<f64>().ok())
        else {
            return;
        };
        let mut inner = self.lock();
        *inner.limited.entry(scope).or_default() += 1;
        let until_ms = now_ms + seconds * 1000.0;
        let wait = inner.waits.entry(what).or_insert(Wait { told_ms: now_ms, until_ms });
        wait.until_ms = wait.until_ms.max(until_ms);
    }

    /// What was counted.
    pub(crate) fn report(&self) -> Value {
        let inner = self.lock();
        json!({
            "requests": inner.requests, "limited": inner.limited, "too_early": inner.early,
            "examples": inner.examples, "busiest_second": inner.busiest,
        })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{http::StatusCode, response::IntoResponse as _};

    fn asked(path: &str) -> Asked {
        Asked { method: "POST".into(), path: path.into(), bot: None }
    }

    fn told(headers: &[(&'static str, &'static str)]) -> Response {
        let mut response = StatusCode::TOO_MANY_REQUESTS.into_response();
        for (name, value) in headers {
            super::super::put(response.headers_mut(), name, value);
        }
        response
    }

    /// Which of these come too early 1.9 s after the first one was told to wait for two.
    fn early(headers: &[(&'static str, &'static str)]) -> Vec<bool> {
        let paths = ["/channels/1/messages", "/channels/2/messages", "/users/@me", "/interactions/1/t/callback"];
        let alone = |path: &&str| {
            let waits = Waits::default();
            waits.comes(0.0, &asked(paths[0]));
            waits.answered(0.0, &asked(paths[0]), &told(headers));
            waits.comes(ON_ITS_WAY_MS, &asked(path));
            assert_eq!(waits.report()["too_early"], 0, "it was on its way");
            waits.comes(1900.0, &asked(path));
            let early = waits.report()["too_early"] == 1;
            waits.comes(2000.0, &asked(path));
            assert_eq!(waits.report()["too_early"] == 1, early, "the wait is over");
            early
        };
        paths.iter().map(alone).collect()
    }

    #[test]
    fn each_scope_holds_back_what_it_is_about() {
        let wait = ("retry-after", "2");
        assert_eq!(early(&[wait, ("x-ratelimit-scope", "user")]), [true, false, false, false]);
        assert_eq!(early(&[wait, ("x-ratelimit-scope", "shared")]), [true, false, false, false]);
        assert_eq!(early(&[wait, ("x-ratelimit-scope", "global")]), [true, true, true, false]);
        assert_eq!(early(&[wait]), [true, true, true, true]);
    }

    #[test]
    fn the_busiest_second_counts_what_the_global_limit_counts() {
        let waits = Waits::default();
        for at in [0.0, 400.0, 900.0, 1100.0, 1300.0, 5000.0] {
            waits.comes(at, &asked("/users/@me"));
            waits.comes(at, &asked("/interactions/1/t/callback"));
        }
        assert_eq!(waits.report()["busiest_second"], 4);
        assert_eq!(waits.report()["requests"], 12);
    }
}
