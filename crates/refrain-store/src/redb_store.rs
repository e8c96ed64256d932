//! The store.

use crate::{
    changes::{Pending, Said},
    disk::{self, FilePlace, Found, MemoryPlace, Opening, Place, Refusal, Trouble},
    json,
    rows::{self, Unreadable},
    settled::Waiters,
    shared::{Inbox, Shared, StoreOptions},
    store::{Favorite, GatewaySession, Settled, Store, StoreError, StoreHealth},
    tables::{FAVORITE, GONE, GUILD, Reading, SESSION, WORLD},
    writer::Writer,
};
use redb::{ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableError};
use refrain_model::{GuildId, GuildRecord, Playhead};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, PoisonError, RwLock, mpsc},
    thread,
    time::Instant,
};
use tokio::sync::watch;

/// Why there is no store at all. Everything else that can be wrong with a file is dealt with: see [`Opening`].
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the file. Two bots on one file would undo each other's work.
    #[error(
        "{} is in use by another process: end the other Refrain that runs on this data directory, or name another one",
        path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The system gives no thread.
    #[error("starting the database's writer: {0}")]
    Thread(#[source] std::io::Error),
    /// Not even a database in memory could be made.
    #[error("{0}")]
    NoMemory(String),
}

/// A [`Store`] in one redb file. Dropping it closes it.
pub struct RedbStore {
    shared: Arc<Shared>,
    /// Ends when the writer has ended.
    writer: Mutex<mpsc::Receiver<()>>,
}

impl RedbStore {
    /// Opens the store. `path`: the file where it ends in `.redb`, else the directory that `refrain.redb` is in, which is
    /// made where there is none. Blocks for as long as the file takes to be read.
    ///
    /// # Errors
    /// When another process has the file. Whatever else is wrong ends in a store that works in memory for now; what that
    /// was is in the [`Opening`] and in [`Store::health`].
    pub fn open(path: impl AsRef<Path>, options: StoreOptions) -> Result<(Self, Opening), OpenError> {
        let place = FilePlace::new(path.as_ref());
        let path = place.path().to_owned();
        Self::at(place, options).map_err(|error| match error {
            Refused::Locked => OpenError::Locked { path },
            Refused::Memory(words) => OpenError::NoMemory(words),
            Refused::Thread(error) => OpenError::Thread(error),
        })
    }

    /// A store in memory: nothing outlives it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn in_memory() -> Result<Self, OpenError> {
        match Self::at(MemoryPlace, StoreOptions::default()) {
            Ok((store, _)) => Ok(store),
            Err(Refused::Thread(error)) => Err(OpenError::Thread(error)),
            Err(Refused::Locked) => Err(OpenError::NoMemory("memory is locked".to_owned())),
            Err(Refused::Memory(words)) => Err(OpenError::NoMemory(words)),
        }
    }

    pub(crate) fn at(place: impl Place, options: StoreOptions) -> Result<(Self, Opening), Refused> {
        let Found { db, trouble, opening } = disk::open(&place).map_err(|refusal| match refusal {
            Refusal::Locked => Refused::Locked,
            Refusal::Newer(trouble) | Refusal::Trouble(trouble) => Refused::Memory(trouble.to_string()),
        })?;
        let shared = Arc::new(Shared {
            options,
            name: place.name(),
            inbox: Mutex::new(Inbox::default()),
            wake: Condvar::new(),
            db: RwLock::new(Some(db)),
            health: watch::Sender::new(StoreHealth::Well),
            waiters: Waiters::default(),
        });
        if let Some(trouble) = &trouble {
            shared.fails(trouble);
        }
        let (done, writer) = mpsc::channel();
        let store = Self { shared: shared.clone(), writer: Mutex::new(writer) };
        let clock = shared.clone();
        spawn("store-clock", move || clock.waiters.keep_time())?;
        spawn("store-writer", move || {
            Writer::new(shared, Box::new(place), trouble).run();
            drop(done);
        })?;
        Ok((store, opening))
    }

    /// Writes what is left and lets the file go. Blocks, for [`StoreOptions::close`] at most. Nothing can be read
    /// afterwards, and nothing that is handed over is kept.
    pub fn close(&self) {
        self.shared.inbox().closing = true;
        self.shared.wake.notify_all();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.recv_timeout(self.shared.options.close) == Err(mpsc::RecvTimeoutError::Timeout) {
            tracing::error!(path = self.shared.name, "the disk takes too long: the last changes may be lost");
        }
        self.shared.waiters.close();
    }

    /// The guilds that have favorites, whether they have a record or not.
    pub(crate) fn guilds_with_favorites(&self) -> Result<BTreeSet<GuildId>, StoreError> {
        let pending: Vec<GuildId> = self.shared.pending(|pending| pending.guilds_with_favorites().collect());
        let mut guilds = self.read(
            || "listing the favorites".to_owned(),
            |transaction| {
                let table = transaction.open_table(FAVORITE)?;
                let keys = table.iter()?.map(|row| row.map(|(key, _)| GuildId::new(key.value().0)));
                Ok(keys.collect::<Result<BTreeSet<_>, _>>()?)
            },
        )?;
        guilds.extend(pending);
        Ok(guilds)
    }

    /// Reads from what is committed.
    pub(crate) fn read<T>(
        &self,
        doing: impl Fn() -> String,
        read: impl FnOnce(&ReadTransaction) -> Result<T, Unreadable>,
    ) -> Result<T, StoreError> {
        let guard = self.shared.db.read().unwrap_or_else(PoisonError::into_inner);
        let trouble = |trouble: Trouble| StoreError { doing: doing(), reason: trouble.to_string() };
        let Some(db) = &*guard else {
            return Err(StoreError { doing: doing(), reason: "the store is closed".to_owned() });
        };
        let place = format!("reading {}", self.shared.name);
        let begin_and_read = || {
            let transaction = db.begin_read().map_err(|error| trouble(Trouble::new(&place, error)))?;
            read(&transaction).map_err(|error| match error {
                Unreadable::Storage(error) => trouble(Trouble::new(&place, error)),
                Unreadable::Table(error) => trouble(Trouble::new(&place, error)),
                Unreadable::Row(reason) => StoreError { doing: doing(), reason },
            })
        };
        // A page that was damaged since the file was opened can make the database panic.
        catch_unwind(AssertUnwindSafe(begin_and_read))
            .unwrap_or_else(|payload| Err(trouble(Trouble::panic(&place, payload.as_ref()))))
    }
}

/// Brings what the file says to what was handed over.
fn update<K: Ord, V>(there: &mut BTreeMap<K, V>, pending: BTreeMap<K, Option<V>>) {
    for (key, value) in pending {
        match value {
            Some(value) => drop(there.insert(key, value)),
            None => drop(there.remove(&key)),
        }
    }
}

/// Why a place gave no store.
#[derive(Debug)]
pub(crate) enum Refused {
    Locked,
    Memory(String),
    Thread(std::io::Error),
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Refused> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop).map_err(Refused::Thread)
}

impl Drop for RedbStore {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStore").field("name", &self.shared.name).finish_non_exhaustive()
    }
}

impl Store for RedbStore {
    fn guilds(&self) -> Result<Vec<GuildId>, StoreError> {
        // What is pending is asked first, here and below: what is no longer pending when the file is read is in it.
        let pending: Vec<_> = self.shared.pending(|pending| {
            let guilds: BTreeSet<GuildId> = pending.guilds().collect();
            guilds.into_iter().map(|guild| (guild, pending.guild(guild))).collect()
        });
        let mut guilds: BTreeSet<GuildId> = self.read(
            || "listing the guilds".to_owned(),
            |transaction| {
                let table = transaction.open_table(GUILD)?;
                let keys = table.iter()?.map(|row| row.map(|(guild, _)| GuildId::new(guild.value())));
                Ok(keys.collect::<Result<_, _>>()?)
            },
        )?;
        for (guild, change) in pending {
            match change.record {
                Some(_) => drop(guilds.insert(guild)),
                None if change.forgotten => drop(guilds.remove(&guild)),
                None => {}
            }
        }
        Ok(guilds.into_iter().collect())
    }

    fn load(&self, guild: GuildId) -> Result<Option<GuildRecord>, StoreError> {
        loop {
            let (change, committed) = {
                let inbox = self.shared.inbox();
                (inbox.pending.guild(guild), inbox.committed)
            };
            if change.record.is_some() || change.forgotten {
                return Ok(change.whole());
            }
            let record = self.read(
                || format!("reading the record of guild {guild}"),
                |transaction| rows::read(&Reading::of(transaction)?, guild),
            )?;
            // A playhead that is pending belongs to the record that was in the file then.
            if change.playhead.is_none() || self.shared.inbox().committed == committed {
                return Ok(record.map(|record| GuildRecord { playhead: change.playhead.or(record.playhead), ..record }));
            }
        }
    }

    fn save(&self, guild: GuildId, record: GuildRecord) {
        self.shared.hand_over(true, |changes| changes.save(guild, record));
    }

    fn save_playhead(&self, guild: GuildId, playhead: Playhead) {
        self.shared.hand_over(false, |changes| changes.save_playhead(guild, playhead));
    }

    fn forget(&self, guild: GuildId) {
        self.shared.hand_over(true, |changes| changes.forget(guild));
    }

    fn gone(&self) -> Result<BTreeMap<GuildId, u64>, StoreError> {
        let pending = self.shared.pending(Pending::gone);
        let mut gone = self.read(
            || "listing the guilds that are gone".to_owned(),
            |transaction| {
                let table = match transaction.open_table(GONE) {
                    Ok(table) => table,
                    // An earlier version wrote the file, and nothing has been written since.
                    Err(TableError::TableDoesNotExist(_)) => return Ok(BTreeMap::new()),
                    Err(error) => return Err(error.into()),
                };
                let rows =
                    table.iter()?.map(|row| row.map(|(guild, since)| (GuildId::new(guild.value()), since.value())));
                Ok(rows.collect::<Result<_, _>>()?)
            },
        )?;
        update(&mut gone, pending);
        Ok(gone)
    }

    fn set_gone(&self, guild: GuildId, since_unix_ms: Option<u64>) {
        self.shared.hand_over(true, |changes| {
            changes.gone.insert(guild, since_unix_ms);
        });
    }

    fn settled(&self) -> Settled {
        let mut inbox = self.shared.inbox();
        if inbox.committed == inbox.handed || self.shared.is_failing() || inbox.closing {
            return Box::pin(std::future::ready(()));
        }
        // Whoever waits does not want to wait for company.
        inbox.urgent |= inbox.since.is_some();
        let over = self.shared.waiters.add(inbox.handed, Instant::now() + self.shared.options.settle);
        drop(inbox);
        self.shared.wake.notify_all();
        Box::pin(async {
            let _ended = over.await;
        })
    }

    fn health(&self) -> watch::Receiver<StoreHealth> {
        self.shared.health.subscribe()
    }

    fn sessions(&self) -> Result<Vec<GatewaySession>, StoreError> {
        let pending = self.shared.pending(Pending::sessions);
        let mut sessions = self.read(
            || "reading the gateway sessions".to_owned(),
            |transaction| {
                let mut sessions = BTreeMap::new();
                for row in transaction.open_table(SESSION)?.iter()? {
                    let (shard, row) = row?;
                    if let Some(session) = json::session_of(shard.value(), row.value()) {
                        sessions.insert(shard.value(), session);
                    }
                }
                Ok(sessions)
            },
        )?;
        update(&mut sessions, pending);
        Ok(sessions.into_values().collect())
    }

    fn save_session(&self, session: GatewaySession) {
        self.shared.hand_over(false, |changes| drop(changes.sessions.insert(session.shard, Some(session))));
    }

    fn forget_session(&self, shard: u32) {
        self.shared.hand_over(true, |changes| drop(changes.sessions.insert(shard, None)));
    }

    fn world(&self, guild: GuildId) -> Result<Option<Vec<u8>>, StoreError> {
        match self.shared.pending(|pending| pending.world(guild)) {
            Said::This(bytes) => return Ok(Some(bytes)),
            Said::Gone => return Ok(None),
            Said::Nothing => {}
        }
        self.read(
            || format!("reading the world of guild {guild}"),
            |transaction| Ok(transaction.open_table(WORLD)?.get(guild.get())?.map(|bytes| bytes.value().to_vec())),
        )
    }

    fn save_world(&self, guild: GuildId, bytes: Vec<u8>) {
        self.shared.hand_over(false, |changes| drop(changes.worlds.insert(guild, bytes)));
    }

    fn favorites(&self, guild: GuildId) -> Result<Vec<Favorite>, StoreError> {
        let (forgotten, pending) = self.shared.pending(|changes| changes.favorites(guild));
        let mut favorites = self.read(
            || format!("reading the favorites of guild {guild}"),
            |transaction| {
                let table = transaction.open_table(FAVORITE)?;
                let mut favorites = BTreeMap::new();
                for row in table.range((guild.get(), "")..)? {
                    let (key, row) = row?;
                    let (of, name) = key.value();
                    if of != guild.get() {
                        break;
                    }
                    if let Some(favorite) = json::favorite_of(name, row.value()) {
                        favorites.insert(name.to_owned(), favorite);
                    }
                }
                Ok(favorites)
            },
        )?;
        if forgotten {
            favorites.clear();
        }
        update(&mut favorites, pending);
        Ok(favorites.into_values().collect())
    }

    fn save_favorite(&self, guild: GuildId, favorite: Favorite) {
        let key = (guild, favorite.name.clone());
        self.shared.hand_over(true, |changes| drop(changes.favorites.insert(key, Some(favorite))));
    }

    fn remove_favorite(&self, guild: GuildId, name: &str) {
        let key = (guild, name.to_owned());
        self.shared.hand_over(true, |changes| drop(changes.favorites.insert(key, None)));
    }
}
