//! One request to Discord, and what came of it.

use super::line::{Job, Request};
use crate::{
    convert, notice,
    outbox::{Failure, NewMessage, Outcome, create, nonce, while_fresh},
};
use refrain_model::GuildId;
use twilight_model::{
    channel::message::AllowedMentions,
    id::{
        Id,
        marker::{ChannelMarker, MessageMarker},
    },
};

/// Carries a request out.
pub(super) async fn deliver(http: &twilight_http::Client, guild: GuildId, job: &Job) -> Outcome {
    // Zero is no snowflake: there is no such channel.
    let Some(channel) = convert::to_channel(job.channel) else { return Outcome::Gone };
    let done = match &job.request {
        Request::Create(kind) => make(http, guild, channel, job, &notice::words(kind)).await,
        Request::FindLeftover => make(http, guild, channel, job, notice::LEFTOVER).await,
        Request::Edit(message, kind) => edit(http, channel, *message, job, &notice::words(kind)).await,
        Request::Leftover(message) => edit(http, channel, *message, job, notice::LEFTOVER).await,
        Request::Delete(message) => {
            let deleted = http.delete_message(channel, *message).await;
            deleted.map(|_| Outcome::Done).map_err(Failure::Http)
        }
    };
    done.unwrap_or_else(Failure::outcome)
}

/// Makes the message of an incident, or finds the one that Discord has made for it before.
async fn make(
    http: &twilight_http::Client,
    guild: GuildId,
    channel: Id<ChannelMarker>,
    job: &Job,
    words: &str,
) -> Result<Outcome, Failure> {
    let nonce = nonce(guild, "incident", job.incident);
    let message = NewMessage { content: words, embeds: &[], components: &[], nonce };
    let made = create(http, channel, &message, &job.stale).await?;
    Ok(Outcome::Created { message: made.id, as_asked: made.content == words })
}

async fn edit(
    http: &twilight_http::Client,
    channel: Id<ChannelMarker>,
    message: Id<MessageMarker>,
    job: &Job,
    words: &str,
) -> Result<Outcome, Failure> {
    let nobody = AllowedMentions::default();
    let update = http.update_message(channel, message).content(Some(words)).allowed_mentions(Some(&nobody));
    while_fresh(IntoFuture::into_future(update), &job.stale).await.map_err(Failure::Http)?;
    Ok(Outcome::Done)
}
