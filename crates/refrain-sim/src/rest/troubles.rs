//! Ordered trouble with REST: what `faults/rest.rs` puts in force, done to the requests it is meant for.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    limits::{Scope, ordered},
    route::{Asked, fits},
    serve::Line,
};
use crate::{id::Id, state::Hub};

/// What is done to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The answer comes so much later.
    Slow(Duration),
    /// An answer that is none of the handler's; `after` its effect or in its place.
    Fail { status: StatusCode, body: Body, after: bool },
    /// The connection is reset, `after` the effect or in its place.
    Reset { after: bool },
    /// The request is told that it came too often.
    TooMany { scope: Scope, retry_after_ms: u32 },
}

/// Whose error page it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Discord's JSON.
    Discord,
    /// Cloudflare's HTML.
    Cloudflare,
    /// The plain text of the proxy behind it.
    Upstream,
}

/// Which requests are meant.
#[derive(Clone, Debug)]
pub(crate) struct Aim {
    /// A pattern of paths without their version.
    pub(crate) route: String,
    pub(crate) method: Option<String>,
    pub(crate) guild: Option<Id>,
    pub(crate) bot: Option<Id>,
    /// How many requests it still hits; `None` for all.
    pub(crate) left: Option<u32>,
    /// The share of the fitting requests that it hits, 0 to 1.
    pub(crate) rate: f64,
    /// Where the dice stand; the seed at first.
    pub(crate) dice: u64,
}

/// The last number that was given, and what is in force under its number.
type Numbered = (u64, Vec<(u64, Aim, What)>);

/// All that is in force.
#[derive(Debug, Default)]
pub(crate) struct Troubles(Mutex<Numbered>);

impl Troubles {
    fn all(&self) -> MutexGuard<'_, Numbered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts something in force; the number takes it back.
    pub(crate) fn add(&self, aim: Aim, what: What) -> u64 {
        let mut all = self.all();
        all.0 += 1;
        let number = all.0;
        all.1.push((number, aim, what));
        number
    }

    pub(crate) fn remove(&self, number: u64) {
        self.all().1.retain(|(one, ..)| *one != number);
    }

    fn is_empty(&self) -> bool {
        self.all().1.is_empty()
    }

    /// What a request suffers, in the order it was put in force.
    fn hits(&self, asked: &Asked, guild: Option<Id>) -> Vec<What> {
        let mut all = self.all();
        let hit = all.1.iter_mut().filter_map(|(_, aim, what)| aim.hits(asked, guild).then_some(*what));
        hit.collect()
    }
}

impl Aim {
    fn hits(&mut self, asked: &Asked, guild: Option<Id>) -> bool {
        let meant = fits(&self.route, &asked.path)
            && self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&asked.method))
            && self.bot.is_none_or(|bot| asked.bot.is_none_or(|asking| asking == bot))
            && self.guild.is_none_or(|wanted| guild == Some(wanted));
        if !meant || self.left == Some(0) || self.throw() >= self.rate {
            return false;
        }
        self.left = self.left.map(|left| left - 1);
        true
    }

    /// The next number of the sequence that the seed stands for, 0 to 1 (splitmix64).
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit into an f64")]
    fn throw(&mut self) -> f64 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.dice;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Does to a request what is in force for it.
pub(super) async fn suffer(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    if hub.troubles.is_empty() {
        return next.run(request).await;
    }
    let asked = Asked::of(&hub, &request);
    let hits = hub.troubles.hits(&asked, asked.guild(&hub));
    let line = request.extensions().get::<ConnectInfo<Line>>().map(|ConnectInfo(line)| line.clone());
    for what in &hits {
        match *what {
            What::Slow(delay) => tokio::time::sleep(delay).await,
            What::Fail { status, body, after: false } => return broken(status, body),
            What::Reset { after: false } => return reset(line.as_ref()),
            What::TooMany { scope, retry_after_ms } => return ordered(&hub, &asked, scope, retry_after_ms),
            What::Fail { after: true, .. } | What::Reset { after: true } => {}
        }
    }
    let answer = next.run(request).await;
    for what in hits {
        match what {
            What::Fail { status, body, after: true } => return broken(status, body),
            What::Reset { after: true } => return reset(line.as_ref()),
            What::Slow(_) | What::TooMany { .. } | What::Fail { .. } | What::Reset { .. } => {}
        }
    }
    answer
}

/// The answer of a server that cannot serve.
fn broken(status: StatusCode, body: Body) -> Response {
    let reason = status.canonical_reason().unwrap_or("Error");
    let number = status.as_u16();
    let mut response = match body {
        Body::Discord => {
            let body = json!({ "message": format!("{number}: {reason}"), "code": 0 });
            (status, axum::Json(body)).into_response()
        }
        Body::Cloudflare => {
            let page = format!(
                "<html>\r\n<head><title>{number} {reason}</title></head>\r\n<body>\r\n\
                 <center><h1>{number} {reason}</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
            );
            (status, [(header::CONTENT_TYPE, "text/html")], page).into_response()
        }
        Body::Upstream => {
            let words = "upstream connect error or disconnect/reset before headers. reset reason: overflow";
            (status, [(header::CONTENT_TYPE, "text/plain")], words).into_response()
        }
    };
    response.headers_mut().insert(header::SERVER, HeaderValue::from_static("cloudflare"));
    response
}

/// Cuts the connection. The answer is what the server tries to write, and cannot.
fn reset(line: Option<&Line>) -> Response {
    if let Some(line) = line {
        line.cut();
    }
    StatusCode::BAD_GATEWAY.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aim(left: Option<u32>, rate: f64) -> Aim {
        Aim { route: "/channels/**".into(), method: Some("post".into()), guild: None, bot: None, left, rate, dice: 7 }
    }

    fn asked(method: &str, path: &str) -> Asked {
        Asked { method: method.into(), path: path.into(), bot: Some(Id(1)) }
    }

    #[test]
    fn only_what_is_meant_is_hit_and_only_as_often_as_told() {
        let mut twice = aim(Some(2), 1.0);
        let hits: Vec<bool> = [
            ("GET", "/channels/5"),
            ("POST", "/users/5"),
            ("POST", "/channels/5"),
            ("POST", "/channels/6"),
            ("POST", "/channels/7"),
        ]
        .into_iter()
        .map(|(method, path)| twice.hits(&asked(method, path), None))
        .collect();
        assert_eq!(hits, [false, false, true, true, false]);
        let mut of_guild = Aim { guild: Some(Id(9)), ..aim(None, 1.0) };
        assert!(!of_guild.hits(&asked("POST", "/channels/5"), None));
        assert!(of_guild.hits(&asked("POST", "/channels/5"), Some(Id(9))));
        let mut of_another = Aim { bot: Some(Id(2)), ..aim(None, 1.0) };
        assert!(!of_another.hits(&asked("POST", "/channels/5"), None));
    }

    #[test]
    fn a_rate_hits_about_that_share_and_the_same_requests_for_the_same_seed() {
        let run = || -> Vec<bool> {
            let mut third = aim(None, 0.3);
            (0..1000).map(|_| third.hits(&asked("POST", "/channels/5"), None)).collect()
        };
        let hits = run().into_iter().filter(|hit| *hit).count();
        assert!((250..350).contains(&hits), "{hits}");
        assert_eq!(run(), run());
    }
}
