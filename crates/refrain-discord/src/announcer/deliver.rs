//! One request to Discord, and what came of it.

use super::line::{Job, Request};
use crate::{
    convert, notice,
    outbox::{NewMessage, Outcome, create, nonce, outcome_of},
    rest::Rest,
};
use refrain_model::GuildId;
use refrain_rest::{Delivery, RestError};
use twilight_model::{
    channel::message::AllowedMentions,
    id::{
        Id,
        marker::{ChannelMarker, MessageMarker},
    },
};

/// Carries a request out.
pub(super) async fn deliver(rest: &Rest, guild: GuildId, job: &Job) -> Outcome {
    // Zero is no snowflake: there is no such channel.
    let Some(channel) = convert::to_channel(job.channel) else { return Outcome::Gone };
    let done = match &job.request {
        Request::Create(kind) => make(rest, guild, channel, job, &notice::words(kind)).await,
        Request::FindLeftover => make(rest, guild, channel, job, notice::LEFTOVER).await,
        Request::Edit(message, kind) => edit(rest, channel, *message, job, &notice::words(kind)).await,
        Request::Leftover(message) => edit(rest, channel, *message, job, notice::LEFTOVER).await,
        Request::Delete(message) => {
            let delete = rest.build().delete_message(channel, *message);
            rest.send(delete, Delivery::once()).await.map(|_| Outcome::Done)
        }
    };
    done.unwrap_or_else(|failed| outcome_of(&failed))
}

/// Makes the message of an incident, or finds the one that Discord has made for it before.
async fn make(
    rest: &Rest,
    guild: GuildId,
    channel: Id<ChannelMarker>,
    job: &Job,
    words: &str,
) -> Result<Outcome, RestError> {
    let nonce = nonce(guild, "incident", job.incident);
    let message = NewMessage { content: words, embeds: &[], components: &[], nonce };
    let made = create(rest, channel, &message, &job.stale).await?;
    Ok(Outcome::Created { message: made.id, as_asked: made.content == words })
}

async fn edit(
    rest: &Rest,
    channel: Id<ChannelMarker>,
    message: Id<MessageMarker>,
    job: &Job,
    words: &str,
) -> Result<Outcome, RestError> {
    let nobody = AllowedMentions::default();
    let update = rest.build().update_message(channel, message).content(Some(words)).allowed_mentions(Some(&nobody));
    rest.send(update, Delivery::once().unless(job.stale.clone())).await.map(|_| Outcome::Done)
}
