//! How often each route may be asked.
//!
//! Discord documents the headers, the scopes and the global limit, and says of the rest that it changes and must be
//! read from the headers. The figures here are therefore assumptions, of the size that bots meet; a world may set others.

use crate::{
    rest::route::{Asked, fits},
    world::{Rest, RouteLimit},
};

/// A window's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) limit: u32,
    pub(super) per_ms: u64,
    pub(super) shared: bool,
}

/// Method, pattern, requests, milliseconds, whether shared by all bots. The first that fits counts.
const ASSUMED: &[(&str, &str, u32, u64, bool)] = &[
    ("POST", "/channels/*/messages", 5, 5000, false),
    ("PATCH", "/channels/*/messages/*", 5, 5000, false),
    ("DELETE", "/channels/*/messages/*", 5, 1000, false),
    ("POST", "/channels/*/messages/bulk-delete", 1, 1000, false),
    ("POST", "/channels/*/typing", 5, 5000, false),
    ("PUT", "/channels/*/messages/*/reactions/*/@me", 1, 250, false),
    ("DELETE", "/channels/*/messages/*/reactions/**", 1, 250, false),
    // One status a channel, whoever sets it.
    ("PUT", "/channels/*/voice-status", 5, 5000, true),
    ("POST", "/webhooks/*/*", 5, 2000, false),
    ("PATCH", "/webhooks/*/*/messages/*", 5, 2000, false),
    ("DELETE", "/webhooks/*/*/messages/*", 5, 2000, false),
    ("PATCH", "/guilds/*/members/*", 10, 10_000, false),
    ("PUT", "/applications/**", 20, 20_000, false),
    ("POST", "/applications/**", 20, 20_000, false),
    ("GET", "**", 50, 1000, false),
];

/// What is not in the table.
const OTHERWISE: Figures = Figures { limit: 10, per_ms: 5000, shared: false };

/// The limit of a request's route; `None` where it has none.
pub(super) fn of(asked: &Asked, options: &Rest) -> Option<Figures> {
    let set = |one: &&RouteLimit| {
        let method = one.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&asked.method));
        method && fits(&one.route, &asked.path)
    };
    if let Some(one) = options.limits.iter().find(set) {
        let figures = Figures { limit: one.limit, per_ms: one.per_ms.max(1), shared: one.shared };
        return (one.limit > 0).then_some(figures);
    }
    // A callback can be sent once; it is bound by its interaction, not by a window.
    if fits("/interactions/*/*/callback", &asked.path) {
        return None;
    }
    let assumed = ASSUMED.iter().find(|(method, route, ..)| *method == asked.method && fits(route, &asked.path));
    Some(assumed.map_or(OTHERWISE, |&(_, _, limit, per_ms, shared)| Figures { limit, per_ms, shared }))
}
