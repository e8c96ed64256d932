//! What outlives the process: guild records, gateway sessions and favorites, in one redb file.

mod store;

pub use store::{Favorite, GatewaySession, Settled, Store, StoreError, StoreHealth};
