//! What outlives the process: guild records, gateway sessions and favorites, in one redb file.
//!
//! [`Store`] is what the bot knows of; [`RedbStore`] is the one there is. Whoever hands something over goes on at once: one
//! writer takes the latest of everything and commits it, and waiting for it is [`Store::settled`]. `docs/storage.md` has
//! the layout of the file, and what happens when the disk fails.

mod changes;
mod check;
mod commit;
mod disk;
mod import;
mod json;
mod lines;
mod redb_store;
mod report;
mod rows;
mod settled;
mod shared;
mod store;
mod tables;
#[cfg(test)]
mod tests;
mod whole;
mod writer;

pub use check::{CheckError, CheckReport, check};
pub use disk::Opening;
pub use lines::ExportError;
pub use redb_store::{OpenError, RedbStore};
pub use report::{ImportError, ImportReport};
pub use shared::StoreOptions;
pub use store::{Favorite, GatewaySession, Settled, Store, StoreError, StoreHealth};
