//! How the main gateway treats those who log in.

use serde::{Deserialize, Serialize};

/// Limits of logging in. The defaults are those of a small bot on Discord.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gateway {
    /// The number of shards that `GET gateway/bot` recommends.
    pub shards: u64,
    /// The number of shards must be a multiple of this (4010); more than 1 for bots that Discord has moved to large bot
    /// sharding.
    pub shard_multiple: u64,
    /// The most guilds that one shard may have (4011).
    pub max_guilds_per_shard: usize,
    /// How many identifies each window allows, one for each remainder of the shard's number.
    pub max_concurrency: u64,
    /// The length of that window in milliseconds; 0 allows any number.
    pub identify_window_ms: u64,
    /// How many identifies a day allows a bot.
    pub session_starts: u64,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            shards: 1,
            shard_multiple: 1,
            max_guilds_per_shard: 2500,
            max_concurrency: 1,
            identify_window_ms: 5000,
            session_starts: 1000,
        }
    }
}

/// An intent that must be granted to an application before its bot may ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PrivilegedIntent {
    /// The member list.
    GuildMembers,
    /// Who is online.
    GuildPresences,
    /// What people write.
    MessageContent,
}

impl PrivilegedIntent {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::GuildMembers, Self::GuildPresences, Self::MessageContent];

    /// The intent's bit.
    #[must_use]
    pub fn bit(self) -> u64 {
        match self {
            Self::GuildMembers => 1 << 1,
            Self::GuildPresences => 1 << 8,
            Self::MessageContent => 1 << 15,
        }
    }
}
