//! Gateway sessions that outlive the process: a bot that was killed goes on with its session instead of identifying.
//!
//! A session that is resumed brings no READY and no GUILD_CREATE, only what was missed. So two things are kept in the store
//! while a shard runs, by its [`Keeper`]: what the checks need to know of each guild ([`KeptGuild`]), and how far the session
//! had come when that was known. At the start [`load`] reads them back; the guilds go into the cache, Discord replays what
//! came after, and the shard goes on where the one before ended.
//!
//! **Invariant: a stored sequence number is never ahead of the guilds that were stored.** What was known of the guilds is
//! handed to the store before the number is, and the store commits in that order or all at once. Guilds may be ahead of the
//! number: events that are replayed onto them end in the same state.
//!
//! What is kept of a shard besides its guilds is its [`Index`]: which guilds are kept, and whose session it is. It is stored
//! as the world of the guild whose id is the shard's number. Such small numbers are no snowflakes, so no guild has one.

mod keeper;
mod kept;
mod load;

#[cfg(test)]
mod tests;

pub(crate) use keeper::Keeper;
pub(crate) use kept::{KeptChannel, KeptGuild, KeptMember};
pub(crate) use load::{Resumable, load};

use kept::Index;
use refrain_model::GuildId;
use std::{
    hash::{DefaultHasher, Hasher as _},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use twilight_model::id::{Id, marker::UserMarker};

/// A session older than this is not tried: Discord gives up sessions that have no connection after a few minutes, and a
/// resume that is refused costs a connection and a moment.
pub(crate) const MOST_AGE: Duration = Duration::from_secs(10 * 60);

/// What a session was made with. To a process that differs in any of this it is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Whose it is: the data directory may have served another bot before.
    pub(crate) bot: Id<UserMarker>,
    /// What Discord sends: a resumed session goes on with the intents that it was identified with.
    pub(crate) intents: u64,
    /// Over how many shards the guilds are spread.
    pub(crate) shards: u32,
}

/// Where the index of a shard is kept.
fn index_key(shard: u32) -> GuildId {
    GuildId::new(u64::from(shard))
}

/// Tells whether something has changed since it was stored.
fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// Milliseconds since 1970.
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
