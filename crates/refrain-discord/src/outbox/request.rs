//! Requests as both kinds of messages make them, and what their failures mean.

use super::Outcome;
use crate::error;
use refrain_model::GuildId;
use serde::Serialize;
use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use twilight_http::{
    error::{Error, ErrorType},
    request::Request as HttpRequest,
    response::ResponseFuture,
    routing::Route,
};
use twilight_model::{
    channel::message::{AllowedMentions, Component, Embed, Message, MessageFlags},
    id::{Id, marker::ChannelMarker},
};

/// Why a request brought no answer that helps.
pub(crate) enum Failure {
    Http(Error),
    Unreadable,
}

/// A new message. twilight's builder has no `enforce_nonce`, which is what makes asking twice harmless.
#[derive(Serialize)]
pub(crate) struct NewMessage<'a> {
    pub(crate) content: &'a str,
    pub(crate) embeds: &'a [Embed],
    pub(crate) components: &'a [Component],
    pub(crate) nonce: String,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    message: &'a NewMessage<'a>,
    enforce_nonce: bool,
    flags: MessageFlags,
    allowed_mentions: AllowedMentions,
}

/// Makes a message that notifies nobody.
pub(crate) async fn create(
    http: &twilight_http::Client,
    channel: Id<ChannelMarker>,
    message: &NewMessage<'_>,
    stale: &Arc<AtomicBool>,
) -> Result<Message, Failure> {
    let body = Body {
        message,
        enforce_nonce: true,
        // Nobody's telephone rings for this.
        flags: MessageFlags::SUPPRESS_NOTIFICATIONS,
        allowed_mentions: AllowedMentions::default(),
    };
    let request = HttpRequest::builder(&Route::CreateMessage { channel_id: channel.get() }).json(&body).build();
    let request = http.request::<Message>(request.map_err(Failure::Http)?);
    let answer = while_fresh(request, stale).await.map_err(Failure::Http)?;
    answer.model().await.map_err(|_| Failure::Unreadable)
}

/// A request that has waited for a rate limit, and meanwhile has nothing to say any more, is not sent.
pub(crate) fn while_fresh<T>(mut request: ResponseFuture<T>, stale: &Arc<AtomicBool>) -> ResponseFuture<T> {
    let stale = stale.clone();
    request.set_pre_flight(move || !stale.load(Ordering::Relaxed));
    request
}

/// A nonce for one message of a guild: Discord compares those of all that a bot sends, wherever it sends it.
pub(crate) fn nonce(guild: GuildId, kind: &str, number: u64) -> String {
    let mut hasher = DefaultHasher::new();
    (guild.get(), kind, number).hash(&mut hasher);
    hasher.finish().to_string()
}

impl Failure {
    pub(crate) fn outcome(self) -> Outcome {
        let doing = "telling people";
        let failed = match self {
            Self::Unreadable => return Outcome::Failed { reason: error::DiscordError::unreadable(doing).to_string() },
            Self::Http(failed) => failed,
        };
        let reason = error::DiscordError::from_http(doing, &failed).to_string();
        match (error::api_code(&failed), failed.kind()) {
            // Unknown channel, unknown message.
            (Some(10003 | 10008), _) => Outcome::Gone,
            (_, ErrorType::RequestCanceled) => Outcome::Superseded,
            (_, ErrorType::Response { status, .. }) if !status.is_server_error() => Outcome::Refused { reason },
            (_, ErrorType::Unauthorized) => Outcome::Refused { reason },
            _ => Outcome::Failed { reason },
        }
    }
}
