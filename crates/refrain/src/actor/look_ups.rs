//! The look-ups of a guild that are under way.

use super::{caught::caught, message::Finding, sources::bug};
use crate::registry::Shared;
use refrain_extract::{Extractor, Query, nothing_found};
use refrain_guild::{LookUpId, SourceFailure};
use refrain_model::{GuildId, TrackInfo, UserId};
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// See the module. Dropping it ends them all.
#[derive(Default)]
pub(super) struct LookUps(BTreeMap<LookUpId, (UserId, AbortOnDropHandle<()>)>);

impl LookUps {
    /// Begins one. The result arrives as a [`Finding`].
    pub(super) fn begin(
        &mut self,
        guild: GuildId,
        shared: &Arc<Shared>,
        (id, query, asker): (LookUpId, String, UserId),
        findings: mpsc::UnboundedSender<Finding>,
    ) {
        let extractor = shared.extractor.clone();
        let task = tokio::spawn(async move {
            let result = caught(look_up(guild, &extractor, &query)).await.unwrap_or_else(|panicked| {
                tracing::error!(guild_id = %guild, panic = panicked.0, "a look-up panicked: this is a bug, please report it");
                Err(bug())
            });
            // An error says that the actor has ended.
            let _ = findings.send(Finding::LookedUp { id, result });
        });
        self.0.insert(id, (asker, AbortOnDropHandle::new(task)));
    }

    /// Ends one.
    pub(super) fn cancel(&mut self, id: LookUpId) {
        self.0.remove(&id);
    }

    /// One is over. Gives the member who asked; `None` where it was cancelled meanwhile.
    pub(super) fn over(&mut self, id: LookUpId) -> Option<UserId> {
        self.0.remove(&id).map(|(asker, _)| asker)
    }
}

/// What a query finds first.
async fn look_up(guild: GuildId, extractor: &Extractor, query: &str) -> Result<TrackInfo, SourceFailure> {
    let query = Query::parse(query).map_err(|bad| bad.failure())?;
    let found = extractor.lookup(&query, guild).await.map_err(|error| {
        tracing::info!(guild_id = %guild, %error, "a look-up failed");
        error.failure()
    })?;
    found.into_iter().next().ok_or_else(nothing_found)
}
