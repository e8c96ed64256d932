//! Which requests share a rate limit, as far as their method and path tell.

use std::fmt;

/// What Discord counts a limit by, before its answer has named the bucket: the method, the path with its ids left out, and
/// the top-level resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The method and the path, each id replaced by `*`.
    pub(crate) template: String,
    pub(crate) resource: Resource,
}

/// The top-level resource of a path: each has limits of its own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Resource {
    None,
    Channel(String),
    Guild(String),
    /// A webhook, or an interaction, with its token.
    Webhook(String, String),
}

/// Without the token: who has it can speak as the bot.
impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Channel(id) => write!(f, "Channel({id})"),
            Self::Guild(id) => write!(f, "Guild({id})"),
            Self::Webhook(id, _) => write!(f, "Webhook({id})"),
        }
    }
}

impl Route {
    /// The route of a request. `path` has no leading slash and no version: `channels/5/messages?limit=3`.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let owned = |place: usize| segments.get(place).map_or_else(String::new, |segment| (*segment).to_owned());
        let (resource, secret) = match segments.first() {
            Some(&"channels") => (Resource::Channel(owned(1)), None),
            Some(&"guilds") => (Resource::Guild(owned(1)), None),
            Some(&("webhooks" | "interactions")) if segments.len() > 2 => {
                (Resource::Webhook(owned(1), owned(2)), Some(2))
            }
            _ => (Resource::None, None),
        };
        let mut template = method.to_owned();
        for (place, segment) in segments.iter().enumerate() {
            let id = segment.bytes().all(|byte| byte.is_ascii_digit()) || secret == Some(place);
            template.push('/');
            template.push_str(if id { "*" } else { segment });
        }
        Self { template, resource }
    }

    /// Whether the request answers an interaction. Discord's global limit does not count those.
    #[must_use]
    pub fn is_interaction(&self) -> bool {
        matches!(self.resource, Resource::Webhook(..))
    }

    /// The method and the path without ids and tokens, for logs: `POST/channels/*/messages`.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.template
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_its_method_its_path_without_ids_and_its_top_level_resource() {
        let route = Route::new("PATCH", "channels/5/messages/77?x=1");
        assert_eq!(route.template(), "PATCH/channels/*/messages/*");
        assert_eq!(route.resource, Resource::Channel("5".into()));
        assert_eq!(route, Route::new("PATCH", "channels/5/messages/78"));
        assert_ne!(route, Route::new("PATCH", "channels/6/messages/77"));
        assert_ne!(route, Route::new("DELETE", "channels/5/messages/77"));
        assert_eq!(Route::new("GET", "users/@me").template(), "GET/users/@me");
        assert!(!route.is_interaction());
    }

    #[test]
    fn the_token_of_an_interaction_is_told_nowhere() {
        for path in ["interactions/5/aW50ZXI/callback", "webhooks/7/aW50ZXI/messages/@original"] {
            let route = Route::new("POST", path);
            assert!(route.is_interaction());
            assert!(!format!("{route:?}").contains("aW50ZXI"), "{route:?}");
            assert_ne!(route, Route::new("POST", &path.replace("aW50ZXI", "other")));
        }
    }
}
