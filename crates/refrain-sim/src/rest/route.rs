//! What a request asks for, as far as limits and faults care: the path without its version, patterns of paths.

use axum::{
    extract::Request,
    http::{HeaderMap, header},
};

use crate::{
    id::Id,
    state::Hub,
    world::{Bot, World},
};

/// A request's address and author.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    /// As `/channels/5/messages`.
    pub(super) path: String,
    /// The bot whose token the request carries.
    pub(super) bot: Option<Id>,
}

impl Asked {
    pub(super) fn of(hub: &Hub, request: &Request) -> Self {
        Self {
            method: request.method().as_str().to_owned(),
            path: without_version(request.uri().path()).to_owned(),
            bot: bot_of(&hub.world(), request.headers()).map(|bot| bot.id),
        }
    }

    fn steps(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').skip(1)
    }

    /// The route that limits are told apart by: the path with its ids, tokens and emoji left open.
    pub(super) fn template(&self) -> String {
        let mut steps: Vec<&str> = self.steps().collect();
        let opaque = match steps.first() {
            Some(&("interactions" | "webhooks")) => Some(2),
            _ => steps.iter().position(|step| *step == "reactions").map(|place| place + 1),
        };
        for (place, step) in steps.iter_mut().enumerate() {
            let id = step.bytes().all(|one| one.is_ascii_digit());
            if id || Some(place) == opaque || *step == "@original" {
                *step = "{}";
            }
        }
        steps.join("/")
    }

    /// The top-level resource that its limit is counted for, as documented: a channel, a guild, a webhook with its
    /// token. Empty where there is none.
    pub(super) fn major(&self) -> String {
        let steps: Vec<&str> = self.steps().collect();
        match steps.as_slice() {
            [first @ ("channels" | "guilds"), id, ..] => format!("{first}/{id}"),
            ["webhooks", id, token, ..] => format!("webhooks/{id}/{token}"),
            _ => String::new(),
        }
    }

    /// Whether the global limit counts it: the endpoints of interactions are exempt, as documented.
    pub(super) fn is_global(&self) -> bool {
        !matches!(self.steps().next(), Some("interactions" | "webhooks"))
    }

    /// The guild it is about, where that can be told.
    pub(super) fn guild(&self, hub: &Hub) -> Option<Id> {
        let steps: Vec<&str> = self.steps().collect();
        match steps.as_slice() {
            ["guilds", id, ..] | ["applications", _, "guilds", id, ..] => id.parse().ok(),
            ["users", "@me", "guilds", id, ..] => id.parse().ok(),
            ["channels", id, ..] => hub.world().channel(id.parse().ok()?).map(|(guild, _)| guild.id),
            ["interactions", id, ..] => hub.state().interactions.get(&id.parse().ok()?).map(|one| one.guild),
            ["webhooks", _, token, ..] => hub.state().interaction_with(token).map(|one| one.guild),
            _ => None,
        }
    }
}

/// The bot that a request's token belongs to.
pub(super) fn bot_of<'a>(world: &'a World, headers: &HeaderMap) -> Option<&'a Bot> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = given.and_then(|value| value.strip_prefix("Bot "))?;
    world.bots.iter().find(|bot| bot.token == token)
}

/// `/channels/5` of `/api/v10/channels/5`, `/api/v9/channels/5` or `/api/channels/5`.
fn without_version(path: &str) -> &str {
    let rest = path.strip_prefix("/api").unwrap_or(path);
    rest.strip_prefix("/v10").or_else(|| rest.strip_prefix("/v9")).unwrap_or(rest)
}

/// Whether a path fits a pattern: `*` and `{word}` are any one step, `**` at the end is any rest.
pub(super) fn fits(pattern: &str, path: &str) -> bool {
    let mut steps = path.trim_matches('/').split('/');
    for wanted in pattern.trim_matches('/').split('/') {
        if wanted == "**" {
            return true;
        }
        let any = wanted == "*" || wanted.starts_with('{') && wanted.ends_with('}');
        match steps.next() {
            Some(step) if any || step == wanted => {}
            Some(_) | None => return false,
        }
    }
    steps.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_say() {
        let cases = [
            ("/channels/*/messages", "/channels/5/messages", true),
            ("channels/{channel}/messages/", "/channels/5/messages", true),
            ("/channels/*/messages", "/channels/5/messages/6", false),
            ("/channels/**", "/channels/5/messages/6", true),
            ("**", "/users/@me", true),
            ("/users/@me", "/users/5", false),
            ("/channels/5/*", "/channels/6/typing", false),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_route_is_the_same_whatever_its_ids() {
        let template = |path: &str| Asked { method: "GET".into(), path: path.into(), bot: None }.template();
        assert_eq!(template("/channels/5/messages"), template("/channels/67/messages"));
        assert_eq!(template("/webhooks/5/a/messages/@original"), template("/webhooks/6/b/messages/7"));
        assert_eq!(
            template("/channels/5/messages/6/reactions/x/@me"),
            template("/channels/5/messages/6/reactions/y/@me")
        );
        assert_ne!(template("/channels/5"), template("/guilds/5"));
    }

    #[test]
    fn the_version_is_no_part_of_the_route() {
        for path in ["/api/v10/users/@me", "/api/v9/users/@me", "/api/users/@me", "/users/@me"] {
            assert_eq!(without_version(path), "/users/@me");
        }
    }
}
