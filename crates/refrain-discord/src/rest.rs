//! Discord's REST API as the bot uses it: twilight-http builds the requests, refrain-rest sends them.

use crate::settings::Settings;
use refrain_rest::{Answer, Delivery, RestClient, RestConfig, RestError};
use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};
use twilight_http::{
    client::InteractionClient,
    request::{Request, TryIntoRequest},
};
use twilight_model::{
    channel::message::AllowedMentions,
    id::{Id, marker::ApplicationMarker},
};

/// Discord drops an interaction that is not acknowledged within 3 s; a little of that is gone before the bot sees it.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_millis(2_800);
/// An attempt to acknowledge that takes longer is made once more, beside the first.
const ACKNOWLEDGING: Duration = Duration::from_millis(900);
/// The token of an interaction lives for 15 minutes.
const ANSWERED_WITHIN: Duration = Duration::from_secs(14 * 60 + 30);

/// One for the whole process; cloning it is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Rest {
    client: RestClient,
    /// Only builds: what it would send goes past the rate limits.
    builder: Arc<twilight_http::Client>,
}

impl Rest {
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The system's certificates cannot be read.
    pub(crate) fn new(settings: &Settings) -> io::Result<Self> {
        let config = RestConfig { token: settings.token.secret(), ..RestConfig::default() };
        let config = match &settings.api {
            Some(api) => RestConfig { origin: api.origin(), ..config },
            None => config,
        };
        let builder = twilight_http::Client::builder().ratelimiter(None);
        let builder = builder.default_allowed_mentions(AllowedMentions::default()).build();
        Ok(Self { client: RestClient::new(&config)?, builder: Arc::new(builder) })
    }

    /// Builders of requests, for [`send`](Self::send).
    pub(crate) fn build(&self) -> &twilight_http::Client {
        &self.builder
    }

    /// Builders of requests about interactions.
    pub(crate) fn interaction(&self, application: Id<ApplicationMarker>) -> InteractionClient<'_> {
        self.builder.interaction(application)
    }

    /// Sends what a builder has built.
    pub(crate) async fn send(&self, request: impl TryIntoRequest, delivery: Delivery) -> Result<Answer, RestError> {
        self.client.send(request, delivery).await
    }

    /// Sends what twilight-http has no builder for.
    pub(crate) async fn send_raw(&self, request: Request, delivery: Delivery) -> Result<Answer, RestError> {
        self.client.send_raw(request, delivery).await
    }
}

/// How an interaction that came just now is acknowledged: a second acknowledgement does nothing.
pub(crate) fn acknowledgement(came: Instant) -> Delivery {
    Delivery::harmless_until(came + ACKNOWLEDGED_WITHIN).attempt_within(ACKNOWLEDGING)
}

/// How the answer to an interaction is edited in.
pub(crate) fn final_answer(came: Instant) -> Delivery {
    Delivery::harmless_until(came + ANSWERED_WITHIN)
}

/// How another message is added to an interaction: each one that is sent is shown.
pub(crate) fn follow_up(came: Instant) -> Delivery {
    Delivery::not_twice_until(came + ANSWERED_WITHIN)
}
