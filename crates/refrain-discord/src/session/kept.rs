//! What is kept of a guild, and of a shard, as bytes.
//!
//! JSON, with a version in `v`. A reader that does not know the version, or cannot read the rest, takes the bytes for missing,
//! and then the shard identifies: there is nothing to migrate.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use twilight_model::{
    channel::{ChannelType, permission_overwrite::PermissionOverwrite},
    guild::Permissions,
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, RoleMarker, UserMarker},
    },
    util::Timestamp,
};

/// The version of what is written here. Raise it with every change of the structs below.
const VERSION: u32 = 1;

/// More than this is not kept of a guild; its shard then identifies. 500 voice channels, as many as a guild can have, with 20
/// overwrites each take 0.7 MB.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// What the checks need to know of a guild.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptGuild {
    pub(crate) name: String,
    pub(crate) owner: Id<UserMarker>,
    /// With what they allow in the whole guild.
    pub(crate) roles: Vec<(Id<RoleMarker>, Permissions)>,
    /// Voice and stage channels: nothing is asked about the others.
    pub(crate) channels: Vec<KeptChannel>,
    /// The bot itself.
    pub(crate) member: Option<KeptMember>,
    /// Who is in which voice channel, and whether they are a bot.
    pub(crate) voice: Vec<(Id<UserMarker>, Id<ChannelMarker>, bool)>,
}

/// A voice channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptChannel {
    pub(crate) id: Id<ChannelMarker>,
    #[serde(rename = "type")]
    pub(crate) kind: ChannelType,
    /// Those of roles, and the bot's own.
    pub(crate) overwrites: Vec<PermissionOverwrite>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<Id<ChannelMarker>>,
}

/// The bot as a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptMember {
    pub(crate) roles: Vec<Id<RoleMarker>>,
    /// Until when it is timed out, and may only look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timed_out_until: Option<Timestamp>,
}

/// What is kept of a shard: whose session it is, with which intents, and which guilds are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Index {
    pub(crate) bot: Id<UserMarker>,
    pub(crate) intents: u64,
    /// Those that the session has told of. The others are told when they come.
    pub(crate) guilds: Vec<Id<GuildMarker>>,
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    v: u32,
    #[serde(flatten)]
    what: T,
}

#[derive(Deserialize)]
struct VersionOnly {
    v: u32,
}

/// As it is stored.
pub(super) fn write<T: Serialize>(what: T) -> Vec<u8> {
    // Structs of numbers, texts and lists: there is nothing that JSON could refuse.
    serde_json::to_vec(&Versioned { v: VERSION, what }).unwrap_or_default()
}

/// What was stored; `None` when that cannot be read, or is of another version.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let VersionOnly { v } = serde_json::from_slice(bytes).ok()?;
    if v != VERSION {
        return None;
    }
    serde_json::from_slice::<Versioned<T>>(bytes).ok().map(|versioned| versioned.what)
}
