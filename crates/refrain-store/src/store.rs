//! The trait, and the values that go through it.

use refrain_model::{GuildId, GuildRecord, Playhead, UserId};
use std::{collections::BTreeMap, fmt, future::Future, pin::Pin};
use tokio::sync::watch;

/// Ends when what was handed over before is on the disk, or when the disk is known not to take it for now.
pub type Settled = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where a bot keeps what must outlive it.
///
/// Whatever writes returns at once: one writer takes the latest of what was handed over, for many guilds in one commit.
/// Whatever reads blocks for as long as the disk takes to read (no longer: it never waits for the writer), so callers on a
/// runtime go through `spawn_blocking`. A read sees what was handed over before it, committed or not.
pub trait Store: Send + Sync + 'static {
    /// The guilds that have a record.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn guilds(&self) -> Result<Vec<GuildId>, StoreError>;

    /// A guild's record; `None` for one that has none.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn load(&self, guild: GuildId) -> Result<Option<GuildRecord>, StoreError>;

    /// Keeps a guild's record. It replaces the one before as a whole, playhead included.
    fn save(&self, guild: GuildId, record: GuildRecord);

    /// Keeps how far a guild's current track has been heard: cheap, for once a second. A record that is saved later
    /// replaces it.
    fn save_playhead(&self, guild: GuildId, playhead: Playhead);

    /// Forgets a guild: record, playhead, favorites, world, and since when it is gone.
    fn forget(&self, guild: GuildId);

    /// The guilds that the bot is no longer in, and since when, in milliseconds since 1970.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn gone(&self) -> Result<BTreeMap<GuildId, u64>, StoreError>;

    /// Keeps since when the bot is no longer in a guild, in milliseconds since 1970; `None`: it is in it (again).
    fn set_gone(&self, guild: GuildId, since_unix_ms: Option<u64>);

    /// See [`Settled`].
    fn settled(&self) -> Settled;

    /// Whether the disk takes what it is given.
    fn health(&self) -> watch::Receiver<StoreHealth>;

    /// The gateway sessions of the last run, by shard.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn sessions(&self) -> Result<Vec<GatewaySession>, StoreError>;

    /// Keeps a shard's session. Like a playhead it may wait half a second to be committed with others: a session that is
    /// a little old is resumed all the same, and Discord tells what came since.
    fn save_session(&self, session: GatewaySession);

    /// Forgets a shard's session: it was closed, or Discord no longer accepts it.
    fn forget_session(&self, shard: u32);

    /// What was last kept of a guild's channels, roles and voice states, as its keeper wrote it.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn world(&self, guild: GuildId) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps what the keeper needs to know of a guild when a resumed gateway session does not tell it again. It is never
    /// older on the disk than a session that was handed over after it.
    fn save_world(&self, guild: GuildId, bytes: Vec<u8>);

    /// A guild's favorites, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn favorites(&self, guild: GuildId) -> Result<Vec<Favorite>, StoreError>;

    /// Keeps a favorite; one of the same name is replaced.
    fn save_favorite(&self, guild: GuildId, favorite: Favorite);

    /// Forgets a favorite.
    fn remove_favorite(&self, guild: GuildId, name: &str);
}

/// Something a guild plays often, under a name: one query, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Favorite {
    /// What people call it.
    pub name: String,
    /// Links or words to search for, in order.
    pub queries: Vec<String>,
    /// Who made it; `None` when it was imported.
    pub by: Option<UserId>,
}

/// A session of the main gateway, to be resumed. Its `Debug` leaves out the session id.
#[derive(Clone, PartialEq, Eq)]
pub struct GatewaySession {
    /// The shard.
    pub shard: u32,
    /// Of how many. A session is of no use to another number of shards.
    pub shards: u32,
    /// From READY.
    pub session_id: String,
    /// The last sequence number that was dealt with.
    pub sequence: u64,
    /// Where to resume, from READY.
    pub resume_url: Option<String>,
    /// When this was kept, in milliseconds since 1970.
    pub at_unix_ms: u64,
}

impl fmt::Debug for GatewaySession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewaySession")
            .field("shard", &self.shard)
            .field("shards", &self.shards)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

/// Whether the disk takes what it is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StoreHealth {
    /// It does.
    #[default]
    Well,
    /// It does not for now: everything goes on in memory, and is written when the disk is back.
    Failing {
        /// What was wrong, where, and what to do, for the operator.
        reason: String,
        /// Since when, in milliseconds since 1970.
        since_unix_ms: u64,
    },
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{doing}: {reason}")]
pub struct StoreError {
    /// What was being done.
    pub doing: String,
    /// What was wrong, and what to do.
    pub reason: String,
}
