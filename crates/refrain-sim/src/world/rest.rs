//! How the REST API behaves: its rate limits and what it demands of requests.

use serde::{Deserialize, Serialize};

/// How the REST API behaves.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rest {
    /// Whether anything is refused for coming too often. Without it there are no rate-limit headers either.
    pub rate_limits: bool,
    /// How many requests a bot may make each second; documented as 50. 0 is no limit.
    pub global_per_second: u32,
    /// How many answers of 401, 403 and 429 an address may earn in ten minutes before it is shut out; documented as
    /// 10,000. 0 is no limit.
    pub invalid_per_10_min: u32,
    /// Whether a request without a `DiscordBot (url, version)` user agent is refused. Documented as "may be".
    pub require_user_agent: bool,
    /// Figures for some routes, in place of the simulator's own. The first that fits counts.
    pub limits: Vec<RouteLimit>,
}

impl Default for Rest {
    fn default() -> Self {
        Self {
            rate_limits: true,
            global_per_second: 50,
            invalid_per_10_min: 10_000,
            require_user_agent: false,
            limits: Vec::new(),
        }
    }
}

/// How often some routes may be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteLimit {
    /// `POST` and the like; any method where it is left out.
    #[serde(default)]
    pub method: Option<String>,
    /// The path after the version, as `/channels/*/messages`: `*` is any one step, `**` at the end any rest.
    pub route: String,
    /// How many requests fit into a window. 0: this route has no limit.
    pub limit: u32,
    /// How long a window is, in milliseconds, from its first request on.
    pub per_ms: u64,
    /// Whether all bots share the window (scope `shared`) rather than having one each (scope `user`).
    #[serde(default)]
    pub shared: bool,
}
