//! Favorites and gateway sessions as JSON rows. Fields may be added, with a default.

use crate::store::{Favorite, GatewaySession};
use refrain_model::UserId;
use serde::{Deserialize, Serialize};

/// The row of `favorite/1`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct FavoriteRow {
    pub(crate) queries: Vec<String>,
    pub(crate) by: Option<UserId>,
}

#[derive(Serialize, Deserialize)]
struct SessionRow {
    shards: u32,
    session_id: String,
    sequence: u64,
    #[serde(default)]
    resume_url: Option<String>,
    #[serde(default)]
    at_unix_ms: u64,
}

pub(crate) fn favorite(favorite: &Favorite) -> Vec<u8> {
    bytes(&FavoriteRow { queries: favorite.queries.clone(), by: favorite.by })
}

/// One that cannot be read is left out.
pub(crate) fn favorite_of(name: &str, row: &[u8]) -> Option<Favorite> {
    let FavoriteRow { queries, by } = serde_json::from_slice(row).ok()?;
    Some(Favorite { name: name.to_owned(), queries, by })
}

pub(crate) fn session(session: &GatewaySession) -> Vec<u8> {
    let GatewaySession { shard: _, shards, session_id, sequence, resume_url, at_unix_ms } = session.clone();
    bytes(&SessionRow { shards, session_id, sequence, resume_url, at_unix_ms })
}

/// One that cannot be read is left out: the shard begins a new one.
pub(crate) fn session_of(shard: u32, row: &[u8]) -> Option<GatewaySession> {
    let SessionRow { shards, session_id, sequence, resume_url, at_unix_ms } = serde_json::from_slice(row).ok()?;
    Some(GatewaySession { shard, shards, session_id, sequence, resume_url, at_unix_ms })
}

/// Strings and numbers always have a JSON form.
fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
