//! At the start: which shards can go on with the session of before, and what they knew.

use super::{Index, KeptGuild, MOST_AGE, Terms, digest, index_key, kept};
use crate::convert;
use refrain::store::{GatewaySession, Store, StoreError};
use std::{sync::Arc, time::Duration};
use twilight_gateway::Session;
use twilight_model::id::{Id, marker::GuildMarker};

/// A session that can be resumed, with all that was known when it had come this far.
#[derive(Debug)]
pub(crate) struct Resumable {
    pub(crate) shard: u32,
    pub(crate) session: Session,
    pub(crate) resume_url: Option<String>,
    pub(crate) guilds: Vec<LoadedGuild>,
}

/// A guild as it was stored.
#[derive(Debug)]
pub(crate) struct LoadedGuild {
    pub(crate) id: Id<GuildMarker>,
    pub(crate) kept: KeptGuild,
    pub(super) digest: u64,
}

/// Why a session is not resumed.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("the number of shards has changed")]
    Shards,
    #[error("it is older than {} minutes", MOST_AGE.as_secs() / 60)]
    Age,
    #[error("it belongs to another bot, or has other intents")]
    Terms,
    #[error("what was known of its guilds was not kept, or cannot be read")]
    Guilds,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads what can be resumed at `now_unix_ms`. What cannot be is forgotten: those shards identify.
pub(crate) async fn load(store: Arc<dyn Store>, terms: Terms, now_unix_ms: u64) -> Vec<Resumable> {
    let read = tokio::task::spawn_blocking(move || read(store.as_ref(), terms, now_unix_ms)).await;
    // An error says that the runtime is shutting down.
    read.unwrap_or_default()
}

fn read(store: &dyn Store, terms: Terms, now_unix_ms: u64) -> Vec<Resumable> {
    let sessions = store.sessions().unwrap_or_else(|error| {
        tracing::warn!(%error, "the gateway sessions of before cannot be read; identifying");
        Vec::new()
    });
    let mut resumable = Vec::new();
    for session in sessions {
        let shard = session.shard;
        match usable(store, terms, session, now_unix_ms) {
            Ok(one) => resumable.push(one),
            Err(reason) => {
                tracing::info!(shard, %reason, "the gateway session of before is not resumed");
                store.forget_session(shard);
            }
        }
    }
    resumable
}

fn usable(store: &dyn Store, terms: Terms, session: GatewaySession, now_unix_ms: u64) -> Result<Resumable, Unusable> {
    if session.shards != terms.shards || session.shard >= terms.shards {
        return Err(Unusable::Shards);
    }
    // A clock that was set back makes it younger than it is; Discord has the last word anyway.
    if Duration::from_millis(now_unix_ms.saturating_sub(session.at_unix_ms)) > MOST_AGE {
        return Err(Unusable::Age);
    }
    let index = store.world(index_key(session.shard))?.ok_or(Unusable::Guilds)?;
    let index: Index = kept::read(&index).ok_or(Unusable::Guilds)?;
    if (index.bot, index.intents) != (terms.bot, terms.intents) {
        return Err(Unusable::Terms);
    }
    let guilds = index.guilds.into_iter().map(|guild| load_guild(store, guild)).collect::<Result<_, _>>()?;
    let GatewaySession { shard, session_id, sequence, resume_url, .. } = session;
    Ok(Resumable { shard, session: Session::new(sequence, session_id), resume_url, guilds })
}

fn load_guild(store: &dyn Store, id: Id<GuildMarker>) -> Result<LoadedGuild, Unusable> {
    let bytes = store.world(convert::guild(id))?.ok_or(Unusable::Guilds)?;
    let kept = kept::read(&bytes).ok_or(Unusable::Guilds)?;
    Ok(LoadedGuild { id, kept, digest: digest(&bytes) })
}
