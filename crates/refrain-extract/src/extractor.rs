//! The extractor: what others call.

use crate::{
    BadQuery, ErrorKind, ExtractError, ExtractorConfig, ProxyUrl, Query, Resolved, StartError,
    arguments::Request,
    cache::Cache,
    guard::{Guard, Pass, literal_is_refused},
    info, query,
    run::Runner,
    text::operator_line,
};
use refrain_model::TrackInfo;
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{task::spawn_blocking, time::timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

/// How long [`Extractor::shutdown`] waits for children: their grace and a little.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(4);

/// Looks tracks up with yt-dlp. Clones share everything.
#[derive(Clone, Debug)]
pub struct Extractor {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    runner: Runner,
    guard: Guard,
    /// For whoever fetches the sound itself.
    media_pass: Pass,
    cache: Mutex<Cache>,
    stop: CancellationToken,
}

impl Extractor {
    /// Checks that yt-dlp is there, makes the data directory and starts the egress guard.
    ///
    /// # Errors
    /// [`StartError`] when one of them cannot be had; it says what to do.
    pub async fn start(config: ExtractorConfig) -> Result<Self, StartError> {
        let stop = CancellationToken::new();
        let (given, token) = (config.clone(), stop.clone());
        let runner = spawn_blocking(move || Runner::prepare(&given, token))
            .await
            .map_err(|e| StartError::DataDir { path: config.data_dir.clone(), source: io::Error::other(e) })??;
        let no_guard = |source| StartError::Guard { source };
        let guard = Guard::start(config.egress, stop.clone()).await.map_err(no_guard)?;
        let media_pass = guard.issue().map_err(no_guard)?;
        let cache = Mutex::default();
        Ok(Self { inner: Arc::new(Inner { runner, guard, media_pass, cache, stop }) })
    }

    /// Looks up what a person asked for. A link brings one track (of a list, the first); a search brings up to five
    /// candidates, the best first, or none.
    ///
    /// # Errors
    /// [`ExtractError`], by its class.
    pub async fn lookup(&self, query: &Query) -> Result<Vec<TrackInfo>, ExtractError> {
        match query {
            Query::Url(url) => {
                let asked = query::clean(url.clone()).map_err(|e| bad_input(&e))?;
                let resolved = self.run_resolve(&asked).await?;
                self.cache().keep(asked.as_str(), &resolved, Instant::now());
                Ok(vec![resolved.info])
            }
            Query::Search(words) => {
                // Anyone can make a `Query`, so the words may not have been read by `Query::parse`.
                query::check(words).map_err(|e| bad_input(&e))?;
                let json = self.inner.runner.run(&self.inner.guard, Request::Search(words.clone())).await?;
                off_the_runtime(move || info::candidates(&json)).await
            }
        }
    }

    /// Finds out where the sound of a page is, now. What a [`lookup`](Self::lookup) of the same page found out a moment
    /// ago is used once.
    ///
    /// # Errors
    /// [`ExtractError`], by its class.
    pub async fn resolve(&self, page_url: &str) -> Result<Resolved, ExtractError> {
        let asked = query::web_url(page_url).map_err(|e| bad_input(&e))?;
        let kept = self.cache().take(asked.as_str(), Instant::now());
        match kept {
            Some(resolved) => Ok(resolved),
            None => self.run_resolve(&asked).await,
        }
    }

    /// The egress guard's address with a credential in it, for whoever fetches the sound: a secret.
    #[must_use]
    pub fn proxy(&self) -> ProxyUrl {
        self.inner.media_pass.proxy().clone()
    }

    /// Ends all children and the guard. Requests that are under way fail as [`ErrorKind::ShuttingDown`].
    pub async fn shutdown(&self) {
        self.inner.stop.cancel();
        if timeout(SHUTDOWN_LIMIT, self.inner.runner.drained()).await.is_err() {
            tracing::warn!("yt-dlp's children did not end in time");
        }
    }

    async fn run_resolve(&self, asked: &Url) -> Result<Resolved, ExtractError> {
        let json = self.inner.runner.run(&self.inner.guard, Request::Resolve(asked.clone())).await?;
        let asked = asked.clone();
        let resolved = off_the_runtime(move || info::resolved(&json, &asked)).await?;
        self.refuse_private(&resolved)?;
        Ok(resolved)
    }

    /// Says now what the guard would say to whoever fetches the sound.
    fn refuse_private(&self, resolved: &Resolved) -> Result<(), ExtractError> {
        let Ok(url) = Url::parse(&resolved.media.url) else { return Ok(()) };
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(80));
        if literal_is_refused(self.inner.guard.policy(), host, port) {
            let detail = format!("the sound of {} is at {host}:{port}", operator_line(&resolved.info.page_url));
            return Err(ExtractError::new(ErrorKind::PrivateAddress, detail));
        }
        Ok(())
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        // A cache is whole even where a holder panicked.
        self.inner.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    /// The guard and the children end with the last handle.
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn bad_input(why: &BadQuery) -> ExtractError {
    ExtractError::new(ErrorKind::BadInput, why.to_string())
}

/// Megabytes of JSON take longer than the runtime should be kept.
async fn off_the_runtime<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, ExtractError> + Send + 'static,
) -> Result<T, ExtractError> {
    spawn_blocking(read)
        .await
        .unwrap_or_else(|e| Err(ExtractError::new(ErrorKind::Garbled, "yt-dlp's JSON could not be read").caused_by(e)))
}
