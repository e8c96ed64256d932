//! The client: requests that twilight-http builds, sent when the limiter says so.

use crate::{
    Attempts, Failure, Repeat, RestError, Route,
    exchange::{Http, Prepared, Received, exchange, http},
    headers::{bucket_state, limited},
    queue::{Place, Queue},
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use rand::{TryRngCore as _, rngs::OsRng};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time;
use twilight_http::request::{Request, TryIntoRequest};

/// How long one attempt may take unless the request says otherwise.
const ATTEMPT: Duration = Duration::from_secs(10);
/// Discord asks bots to name themselves like this.
const AGENT: &str = concat!("DiscordBot (https://crates.io/crates/refrain, ", env!("CARGO_PKG_VERSION"), ")");

/// Where Discord's API is and who asks.
#[derive(Clone)]
pub struct RestConfig {
    /// The bot's token, without `Bot `.
    pub token: String,
    /// Scheme and authority: `https://discord.com`.
    pub origin: String,
}

impl Default for RestConfig {
    fn default() -> Self {
        Self { token: String::new(), origin: "https://discord.com".into() }
    }
}

/// Without the token.
impl fmt::Debug for RestConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestConfig").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// How a request is sent.
#[derive(Clone, Debug)]
pub struct Delivery {
    repeat: Repeat,
    until: Option<Instant>,
    attempt: Duration,
    stale: Option<Arc<AtomicBool>>,
}

impl Delivery {
    /// One attempt; a 429 is waited out, whatever it takes.
    #[must_use]
    pub const fn once() -> Self {
        Self { repeat: Repeat::Harmful, until: None, attempt: ATTEMPT, stale: None }
    }

    /// Attempts until then, where sending the request twice does no harm.
    #[must_use]
    pub const fn harmless_until(until: Instant) -> Self {
        Self { repeat: Repeat::Harmless, until: Some(until), attempt: ATTEMPT, stale: None }
    }

    /// Attempts until then, for as long as the request has certainly not arrived.
    #[must_use]
    pub const fn not_twice_until(until: Instant) -> Self {
        Self { repeat: Repeat::Harmful, until: Some(until), attempt: ATTEMPT, stale: None }
    }

    /// An attempt without an answer is given up after this long.
    #[must_use]
    pub const fn attempt_within(mut self, limit: Duration) -> Self {
        self.attempt = limit;
        self
    }

    /// The request is not sent if this is set once its turn comes.
    #[must_use]
    pub fn unless(mut self, stale: Arc<AtomicBool>) -> Self {
        self.stale = Some(stale);
        self
    }
}

/// A good answer.
#[derive(Clone, Debug)]
pub struct Answer {
    body: Bytes,
}

impl Answer {
    /// Reads the answer as JSON.
    ///
    /// # Errors
    /// [`RestError::Unreadable`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, RestError> {
        serde_json::from_slice(&self.body).map_err(|_| RestError::Unreadable)
    }
}

/// Sends requests to Discord's REST API. Cloning it is cheap; all clones keep the same limits.
#[derive(Clone, Debug)]
pub struct RestClient {
    inner: Arc<Inner>,
}

struct Inner {
    http: Http,
    base: String,
    token: HeaderValue,
    agent: HeaderValue,
    rejected: AtomicBool,
    queue: Arc<Queue>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestClient").field("base", &self.base).finish_non_exhaustive()
    }
}

impl RestClient {
    /// Makes a client. A rustls crypto provider must have been installed; must be called within a tokio runtime.
    ///
    /// # Errors
    /// The system's certificates cannot be read, or the token holds what no header may.
    pub fn new(config: &RestConfig) -> io::Result<Self> {
        let token = config.token.trim().trim_start_matches("Bot ");
        let mut token = HeaderValue::try_from(format!("Bot {token}")).map_err(io::Error::other)?;
        token.set_sensitive(true);
        let inner = Inner {
            http: http()?,
            base: format!("{}/api/v10", config.origin.trim_end_matches('/')),
            token,
            agent: HeaderValue::from_static(AGENT),
            rejected: AtomicBool::new(false),
            queue: Queue::start(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Sends what one of twilight-http's builders has built.
    ///
    /// # Errors
    /// [`RestError`].
    pub async fn send(&self, request: impl TryIntoRequest, delivery: Delivery) -> Result<Answer, RestError> {
        let request = request.try_into_request();
        // twilight's errors of building name a field and its length, never a value.
        self.send_raw(request.map_err(|e| RestError::Invalid { reason: e.to_string() })?, delivery).await
    }

    /// Sends a request of twilight-http's general kind.
    ///
    /// # Errors
    /// [`RestError`].
    pub async fn send_raw(&self, request: Request, delivery: Delivery) -> Result<Answer, RestError> {
        let Inner { base, token, agent, queue, .. } = &*self.inner;
        let route = Route::new(request.method().name(), request.path());
        let (authorized, template) = (request.use_authorization_token(), route.template().to_owned());
        if authorized && self.inner.rejected.load(Ordering::Relaxed) {
            return Err(RestError::TokenRejected);
        }
        let counted = !route.is_interaction();
        let request = Prepared::new(base, token, agent, request)?;
        let mut attempts = Attempts::new(delivery.repeat, delivery.until.map(|until| queue.moment(until)));
        let mut place = Place::take(queue, route, counted)?;
        loop {
            wait(&mut place, delivery.until).await?;
            if delivery.stale.as_ref().is_some_and(|stale| stale.load(Ordering::Relaxed)) {
                return Err(RestError::Superseded);
            }
            let (failure, error) = match self.attempt(&request, &mut place, &delivery, &attempts).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            tracing::debug!(route = template, reason = %error, "a request to Discord failed");
            if authorized && error == RestError::TokenRejected {
                self.inner.rejected.store(true, Ordering::Relaxed);
            }
            let again = failure.and_then(|failure| attempts.failed(failure, queue.now(), jitter()));
            place.again(again.ok_or(error)?);
        }
    }

    /// Sends a request once. The error says whether that is the last word.
    async fn attempt(
        &self,
        request: &Prepared,
        place: &mut Place,
        delivery: &Delivery,
        attempts: &Attempts,
    ) -> Result<Answer, (Option<Failure>, RestError)> {
        let left = delivery.until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()));
        let received = exchange(&self.inner.http, request, delivery.attempt.min(left)).await;
        let received = received.map_err(|(failure, error)| {
            place.answered(None, None);
            (Some(failure), error)
        })?;
        let limited = limited(received.status, &received.headers, &received.body);
        place.answered(bucket_state(&received.headers).as_ref(), limited);
        if let Some(limited) = limited {
            tracing::info!(scope = ?limited.scope, retry_after = ?limited.retry_after, "Discord limits requests");
            let error = RestError::RateLimited { retry_after: limited.retry_after };
            return Err((Some(Failure::Limited(limited.retry_after)), error));
        }
        if received.status.is_server_error() {
            return Err((Some(Failure::ServerError), RestError::Unavailable { status: received.status.as_u16() }));
        }
        read(received, attempts.is_uncertain(), request.is_authorized()).map_err(|error| (None, error))
    }
}

/// Between 0 and 1. Without randomness from the system there is none: requests then come back together.
fn jitter() -> f64 {
    OsRng.try_next_u32().map_or(0.0, |random| f64::from(random) / f64::from(u32::MAX))
}

async fn wait(place: &mut Place, until: Option<Instant>) -> Result<(), RestError> {
    match until {
        Some(until) => time::timeout_at(until.into(), place.turn()).await.map_err(|_| RestError::TimedOut),
        None => {
            place.turn().await;
            Ok(())
        }
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct ErrorBody {
    code: u64,
    message: String,
}

impl Default for ErrorBody {
    fn default() -> Self {
        Self { code: 0, message: String::from("no reason given") }
    }
}

/// What an answer that is no 429 and no 5xx means.
fn read(received: Received, repeated: bool, authorized: bool) -> Result<Answer, RestError> {
    let Received { status, body, .. } = received;
    if status.is_success() {
        return Ok(Answer { body });
    }
    // Without authorization it is about the token of an interaction.
    if status == StatusCode::UNAUTHORIZED && authorized {
        return Err(RestError::TokenRejected);
    }
    let ErrorBody { code, message } = serde_json::from_slice(&body).unwrap_or_default();
    Err(RestError::Refused { status: status.as_u16(), code, message, repeated })
}
