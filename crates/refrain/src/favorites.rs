//! What a guild plays often, under a name.

use crate::{CommandError, GuildHandle, PlayRequest, PlayedAll};
use refrain_extract::Query;
use refrain_model::UserId;
use refrain_store::{Favorite, Store, StoreError};
use std::sync::Arc;

/// Favorites that a guild can have.
const MOST: usize = 100;
/// Characters of a name.
const LONGEST_NAME: usize = 80;

impl GuildHandle {
    /// The guild's favorites, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn favorites(&self) -> Result<Vec<Favorite>, CommandError> {
        let guild = self.guild;
        self.read(move |store| store.favorites(guild)).await.map_err(|error| CommandError::Store(error.to_string()))
    }

    /// Keeps `query` under `name`; a favorite of that name is replaced.
    ///
    /// # Errors
    /// When the query is neither a link nor a search, or the guild has as many favorites as it may.
    pub async fn keep_favorite(&self, name: &str, query: &str, by: UserId) -> Result<Favorite, CommandError> {
        Query::parse(query).map_err(|bad| CommandError::Source(bad.failure()))?;
        let name: String = name.trim().chars().take(LONGEST_NAME).collect();
        let others = self.favorites().await?.iter().filter(|favorite| favorite.name != name).count();
        if others >= MOST {
            return Err(CommandError::TooManyFavorites { max: MOST });
        }
        let favorite = Favorite { name, queries: vec![query.to_owned()], by: Some(by) };
        self.store.save_favorite(self.guild, favorite.clone());
        self.store.settled().await;
        Ok(favorite)
    }

    /// Forgets a favorite.
    ///
    /// # Errors
    /// When there is none of that name.
    pub async fn drop_favorite(&self, name: &str) -> Result<Favorite, CommandError> {
        let favorite = self.favorite(name).await?;
        self.store.remove_favorite(self.guild, &favorite.name);
        self.store.settled().await;
        Ok(favorite)
    }

    /// Finds everything that a favorite holds, as far as the guild's limit allows, and plays it or puts it in the queue.
    /// What cannot be found is left out.
    ///
    /// # Errors
    /// When there is none of that name, nothing of it can be found, or the queue takes no more.
    pub async fn play_favorite(&self, name: &str, request: PlayRequest) -> Result<PlayedAll, CommandError> {
        let favorite = self.favorite(name).await?;
        self.play_all(favorite.queries, request).await
    }

    async fn favorite(&self, name: &str) -> Result<Favorite, CommandError> {
        let wanted = name.trim().to_lowercase();
        let found = self.favorites().await?.into_iter().find(|favorite| favorite.name.to_lowercase() == wanted);
        found.ok_or_else(|| CommandError::NoSuchFavorite { name: name.trim().chars().take(LONGEST_NAME).collect() })
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store: Arc<dyn Store> = self.store.clone();
        let done = tokio::task::spawn_blocking(move || work(store.as_ref())).await;
        done.unwrap_or_else(|_| {
            Err(StoreError { doing: "reading".into(), reason: "the runtime is shutting down".into() })
        })
    }
}
