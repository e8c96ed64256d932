//! What goes wrong with the REST API: slow answers, errors, cut connections, rate limits.
//!
//! All of them last. Each takes, beside its own fields, `route` (a pattern such as `/channels/*/messages`, `**` for
//! all, without the version), `method`, `count` (how many requests it hits), `rate` (the share of the fitting requests
//! that it hits) and `seed` (which of them).

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Outcome, Room, Target, fields_of, random::Dice};
use crate::{
    control::answer::Refusal,
    rest::{Aim, Scope, TroubleBody, What},
    state::Hub,
    world::Guild,
};

pub(super) const ROOM: Room = Room { kinds: &["rest_slow", "rest_fail", "rest_reset", "rest_rate_limit"], apply };

/// The longest that an answer may be held back, and the longest wait that a 429 may tell.
const MAX_DELAY_MS: u32 = 600_000;

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", deny_unknown_fields)]
enum Fault {
    #[serde(rename = "rest_slow")]
    Slow { delay_ms: u32 },
    #[serde(rename = "rest_fail")]
    Fail {
        #[serde(default = "bad_gateway")]
        status: u16,
        body: Option<Page>,
        #[serde(default)]
        when: When,
    },
    #[serde(rename = "rest_reset")]
    Reset {
        #[serde(default)]
        when: When,
    },
    #[serde(rename = "rest_rate_limit")]
    RateLimit {
        #[serde(default)]
        scope: Level,
        #[serde(default = "second")]
        retry_after_ms: u32,
    },
}

/// Whether the request still does what it asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum When {
    #[default]
    BeforeEffect,
    AfterEffect,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Page {
    Discord,
    Cloudflare,
    Upstream,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    #[default]
    User,
    Global,
    Shared,
    Cloudflare,
}

fn bad_gateway() -> u16 {
    502
}

fn second() -> u32 {
    1000
}

/// Which requests are meant.
#[derive(Clone, Debug, Deserialize)]
struct Meant {
    route: Option<String>,
    method: Option<String>,
    count: Option<u32>,
    rate: Option<f64>,
    #[serde(default)]
    seed: u64,
}

fn apply(hub: &Arc<Hub>, target: &Target, body: Value) -> Result<Outcome, Refusal> {
    let (aim, own) = aim(hub, target, body)?;
    let what = what(fields_of(own)?)?;
    let number = hub.troubles.add(aim, what);
    Ok(Outcome::lasting(move |hub| hub.troubles.remove(number)))
}

fn what(fault: Fault) -> Result<What, Refusal> {
    let bounded = |field: &str, ms: u32| {
        let words = format!("`{field}` may be {MAX_DELAY_MS} at most");
        if ms <= MAX_DELAY_MS { Ok(ms) } else { Err(Refusal::bad(words)) }
    };
    Ok(match fault {
        Fault::Slow { delay_ms } => What::Slow(Duration::from_millis(u64::from(bounded("delay_ms", delay_ms)?))),
        Fault::Fail { status, body, when } => {
            let status = StatusCode::from_u16(status).ok().filter(StatusCode::is_server_error);
            let status = status.ok_or_else(|| Refusal::bad("`status` is one of 500, 502, 503, 504 or another 5xx"))?;
            let body = match (body, status.as_u16()) {
                (Some(Page::Discord), _) | (None, 500) => TroubleBody::Discord,
                (Some(Page::Upstream), _) | (None, 503) => TroubleBody::Upstream,
                (Some(Page::Cloudflare), _) | (None, _) => TroubleBody::Cloudflare,
            };
            What::Fail { status, body, after: when == When::AfterEffect }
        }
        Fault::Reset { when } => What::Reset { after: when == When::AfterEffect },
        Fault::RateLimit { scope, retry_after_ms } => {
            let scope = match scope {
                Level::User => Scope::User,
                Level::Global => Scope::Global,
                Level::Shared => Scope::Shared,
                Level::Cloudflare => Scope::Address,
            };
            What::TooMany { scope, retry_after_ms: bounded("retry_after_ms", retry_after_ms)? }
        }
    })
}

/// Whom it is meant for, and the fields that are left for the kind itself.
fn aim(hub: &Hub, target: &Target, body: Value) -> Result<(Aim, Value), Refusal> {
    let Value::Object(mut own) = body else { return Err(Refusal::bad("a fault is an object with a `kind`")) };
    let mut named = Map::new();
    for name in ["route", "method", "count", "rate", "seed"] {
        if let Some(value) = own.remove(name) {
            named.insert(name.to_owned(), value);
        }
    }
    let meant: Meant = fields_of(Value::Object(named))?;
    let world = hub.world();
    let guild = target.guild.map(|_| target.guild(&world)).transpose()?.map(|guild| guild.id);
    if let Some(bot) = target.bot.filter(|bot| world.bot(*bot).is_none()) {
        return Err(Refusal::missing(format!("there is no bot {bot}")));
    }
    let rate = meant.rate.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&rate) {
        return Err(Refusal::bad("`rate` is a share: 0 to 1"));
    }
    let route = meant.route.unwrap_or_else(|| "**".into());
    if route.starts_with("/api") {
        return Err(Refusal::bad("`route` stands without `/api/v10`: /channels/*/messages is one"));
    }
    let aim = Aim { route, method: meant.method, guild, bot: target.bot, left: meant.count, rate, dice: meant.seed };
    Ok((aim, Value::Object(own)))
}

/// A REST fault by chance.
pub(super) fn random(kind: &str, _guild: &Guild, dice: &mut Dice) -> Option<Value> {
    let for_ms = dice.between(2_000, 30_000);
    match kind {
        "rest_slow" => Some(json!({ "delay_ms": dice.between(200, 5_000), "for_ms": for_ms })),
        "rest_fail" => {
            let status = dice.pick(&[500, 502, 502, 503, 504]);
            Some(json!({ "status": status, "rate": 0.5, "seed": for_ms, "for_ms": for_ms }))
        }
        "rest_reset" => {
            let when = if dice.chance(50) { "before_effect" } else { "after_effect" };
            Some(json!({ "when": when, "count": 3, "for_ms": for_ms }))
        }
        "rest_rate_limit" => Some(json!({ "retry_after_ms": dice.between(300, 3_000), "count": 3, "for_ms": for_ms })),
        _ => None,
    }
}
