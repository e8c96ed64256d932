//! The extractor: what others call.

use crate::{
    BadQuery, ErrorKind, ExtractError, ExtractorConfig, ProxyUrl, Purpose, Query, Resolved, StartError,
    arguments::Request,
    cache::Cache,
    guard::{Guard, MediaPass, Pass, literal_is_refused},
    info,
    operator::Operator,
    query,
    run::{Runner, unprepared},
    text::operator_line,
};
use refrain_model::{GuildId, TrackInfo};
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
    operator: Operator,
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
        let (cache, operator) = (Mutex::default(), Operator::default());
        Ok(Self { inner: Arc::new(Inner { runner, guard, media_pass, cache, operator, stop }) })
    }

    /// Looks up what a member of a guild asked for. A link brings one track (of a list, the first); a search brings up to
    /// five candidates, the best first, or none.
    ///
    /// Waits for a place behind the tracks that are to play, in turn with other guilds' look-ups, for as long as it takes.
    /// Dropping the future ends the wait or the run.
    ///
    /// # Errors
    /// [`ExtractError`], by its class. [`ErrorKind::Busy`] when 64 look-ups of the guild wait already.
    pub async fn lookup(&self, query: &Query, guild: GuildId) -> Result<Vec<TrackInfo>, ExtractError> {
        let found = self.find(query, guild).await;
        found.map_err(|error| self.failed(error, guild, Purpose::LookUp))
    }

    /// Finds out where the sound of a page is, now, so that a guild can play it. What a [`lookup`](Self::lookup) of the
    /// same page found out a moment ago is used once.
    ///
    /// Waits for a place before the look-ups, in turn with other guilds' tracks, for as long as it takes. Dropping the
    /// future ends the wait or the run.
    ///
    /// # Errors
    /// [`ExtractError`], by its class. [`ErrorKind::Busy`] when 16 resolves of the guild wait already.
    pub async fn resolve(&self, page_url: &str, guild: GuildId) -> Result<Resolved, ExtractError> {
        let found = self.locate(page_url, guild).await;
        found.map_err(|error| self.failed(error, guild, Purpose::Play))
    }

    /// The egress guard's address with a credential in it, for whoever fetches the sound: a secret.
    #[must_use]
    pub fn proxy(&self) -> ProxyUrl {
        self.inner.media_pass.proxy().clone()
    }

    /// A pass for the egress guard of its own, for the reader of one source. It has to live as long as the reader.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn media_pass(&self) -> Result<MediaPass, ExtractError> {
        let pass = self.inner.guard.issue();
        pass.map(MediaPass::new).map_err(|e| unprepared("a pass for the guard could not be made", e))
    }

    /// Ends all children and the guard. Requests that are under way fail as [`ErrorKind::ShuttingDown`].
    pub async fn shutdown(&self) {
        self.inner.stop.cancel();
        if timeout(SHUTDOWN_LIMIT, self.inner.runner.drained()).await.is_err() {
            tracing::warn!("yt-dlp's children did not end in time");
        }
    }

    async fn find(&self, query: &Query, guild: GuildId) -> Result<Vec<TrackInfo>, ExtractError> {
        match query {
            Query::Url(url) => {
                let asked = query::clean(url.clone()).map_err(|e| bad_input(&e))?;
                let resolved = self.run_resolve(&asked, guild, Purpose::LookUp).await?;
                self.cache().keep(asked.as_str(), &resolved, Instant::now());
                Ok(vec![resolved.info])
            }
            Query::Search(words) => {
                // Anyone can make a `Query`, so the words may not have been read by `Query::parse`.
                query::check(words).map_err(|e| bad_input(&e))?;
                let request = Request::Search(words.clone());
                let ran = self.inner.runner.run(&self.inner.guard, request, guild, Purpose::LookUp).await?;
                off_the_runtime(move || info::candidates(&ran.json)).await
            }
        }
    }

    async fn locate(&self, page_url: &str, guild: GuildId) -> Result<Resolved, ExtractError> {
        let asked = query::web_url(page_url).map_err(|e| bad_input(&e))?;
        let kept = self.cache().take(asked.as_str(), Instant::now());
        match kept {
            Some(resolved) => Ok(resolved),
            None => self.run_resolve(&asked, guild, Purpose::Play).await,
        }
    }

    async fn run_resolve(&self, asked: &Url, guild: GuildId, purpose: Purpose) -> Result<Resolved, ExtractError> {
        let ran = self.inner.runner.run(&self.inner.guard, Request::Resolve(asked.clone()), guild, purpose).await?;
        let asked = asked.clone();
        let resolved = off_the_runtime(move || info::resolved(&ran.json, &asked, &ran.noted.endless)).await?;
        self.refuse_private(&resolved)?;
        Ok(resolved)
    }

    fn failed(&self, error: ExtractError, guild: GuildId, purpose: Purpose) -> ExtractError {
        let error = error.when(purpose);
        self.inner.operator.tell(guild, &error, Instant::now());
        error
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
