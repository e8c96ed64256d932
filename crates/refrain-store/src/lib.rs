//! What outlives the process: guild records, gateway sessions and favorites, in one redb file.
//!
//! [`Store`] is what the bot knows of; [`RedbStore`] is the one there is. Whoever hands something over goes on at once: one
//! writer takes the latest of everything and commits it, and waiting for it is [`Store::settled`]. `docs/storage.md` has
//! the layout of the file, and what happens when the disk fails.

mod changes;
mod commit;
mod disk;
mod json;
mod redb_store;
mod rows;
mod settled;
mod shared;
mod store;
mod tables;
mod whole;
mod writer;

pub use disk::Opening;
pub use redb_store::{OpenError, RedbStore};
pub use shared::StoreOptions;
pub use store::{Favorite, GatewaySession, Settled, Store, StoreError, StoreHealth};
