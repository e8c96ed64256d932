//! One request to Discord, and what came of it.

use super::line::{Job, Outcome, Request};
use crate::{convert, error, notice};
use refrain::AnnouncementKind;
use serde::Serialize;
use std::sync::atomic::Ordering;
use twilight_http::{
    error::{Error, ErrorType},
    request::Request as HttpRequest,
    response::ResponseFuture,
    routing::Route,
};
use twilight_model::{
    channel::message::{AllowedMentions, Message, MessageFlags},
    id::{
        Id,
        marker::{ChannelMarker, MessageMarker},
    },
};

/// Why a request brought no answer that helps.
enum Failure {
    Http(Error),
    Unreadable,
}

/// A new message. twilight's builder has no `enforce_nonce`, which is what makes asking twice harmless.
#[derive(Serialize)]
struct NewMessage<'a> {
    content: &'a str,
    nonce: String,
    enforce_nonce: bool,
    flags: MessageFlags,
    allowed_mentions: AllowedMentions,
}

/// Carries a request out.
pub(super) async fn deliver(http: &twilight_http::Client, job: &Job) -> Outcome {
    // Zero is no snowflake: there is no such channel.
    let Some(channel) = convert::to_channel(job.channel) else { return Outcome::Gone };
    let done = match &job.request {
        Request::Create(kind) => create(http, channel, job, kind).await,
        Request::Edit(message, kind) => edit(http, channel, *message, job, kind).await,
        Request::Delete(message) => {
            let deleted = http.delete_message(channel, *message).await;
            deleted.map(|_| Outcome::Done).map_err(Failure::Http)
        }
    };
    done.unwrap_or_else(Failure::outcome)
}

async fn create(
    http: &twilight_http::Client,
    channel: Id<ChannelMarker>,
    job: &Job,
    kind: &AnnouncementKind,
) -> Result<Outcome, Failure> {
    let words = notice::words(kind);
    let message = NewMessage {
        content: &words,
        nonce: job.incident.to_string(),
        enforce_nonce: true,
        // Nobody's telephone rings for this.
        flags: MessageFlags::SUPPRESS_NOTIFICATIONS,
        allowed_mentions: AllowedMentions::default(),
    };
    let request = HttpRequest::builder(&Route::CreateMessage { channel_id: channel.get() }).json(&message).build();
    let request = http.request::<Message>(request.map_err(Failure::Http)?);
    let answer = while_fresh(request, job).await.map_err(Failure::Http)?;
    let message = answer.model().await.map_err(|_| Failure::Unreadable)?;
    Ok(Outcome::Created { message: message.id, as_asked: message.content == words })
}

async fn edit(
    http: &twilight_http::Client,
    channel: Id<ChannelMarker>,
    message: Id<MessageMarker>,
    job: &Job,
    kind: &AnnouncementKind,
) -> Result<Outcome, Failure> {
    let (words, nobody) = (notice::words(kind), AllowedMentions::default());
    let update = http.update_message(channel, message).content(Some(&words)).allowed_mentions(Some(&nobody));
    while_fresh(IntoFuture::into_future(update), job).await.map_err(Failure::Http)?;
    Ok(Outcome::Done)
}

/// A request that has waited for a rate limit, and meanwhile has nothing to say any more, is not sent.
fn while_fresh<T>(mut request: ResponseFuture<T>, job: &Job) -> ResponseFuture<T> {
    let stale = job.stale.clone();
    request.set_pre_flight(move || !stale.load(Ordering::Relaxed));
    request
}

impl Failure {
    fn outcome(self) -> Outcome {
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
