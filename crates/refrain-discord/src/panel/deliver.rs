//! One request to Discord for a panel, and what came of it.

use super::{
    buttons,
    easel::{Job, Request},
    embed,
};
use crate::{
    convert,
    outbox::{Failure, NewMessage, Outcome, create, nonce, while_fresh},
};
use refrain::PanelFace;
use refrain_model::{GuildId, MessagePlace};
use std::{
    sync::LazyLock,
    time::{SystemTime, UNIX_EPOCH},
};
use twilight_model::{
    channel::message::AllowedMentions,
    id::{
        Id,
        marker::{ChannelMarker, MessageMarker},
    },
};

/// When this process began, in seconds since 1970: the panels of the one before it had other nonces.
static BEGIN: LazyLock<u64> =
    LazyLock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()));

/// Carries a request out.
pub(super) async fn deliver(http: &twilight_http::Client, guild: GuildId, job: &Job) -> Outcome {
    let done = match &job.request {
        Request::Create { channel, serial, face } => {
            // Zero is no snowflake: there is no such channel.
            let Some(channel) = convert::to_channel(*channel) else { return Outcome::Gone };
            let nonce = nonce(guild, "panel", BEGIN.wrapping_shl(16).wrapping_add(*serial));
            let (embeds, components) = ([embed(face)], buttons(face));
            let message = NewMessage { content: "", embeds: &embeds, components: &components, nonce };
            let made = create(http, channel, &message, &job.stale).await;
            // Whether it is of an earlier request, whose answer was lost, the easel knows.
            made.map(|made| Outcome::Created { message: made.id, as_asked: true })
        }
        Request::Edit { place, face } => match ids(*place) {
            Some(place) => edit(http, place, job, face).await,
            None => return Outcome::Gone,
        },
        Request::Retire(place) => match ids(*place) {
            Some((channel, message)) => {
                let update = http.update_message(channel, message).components(Some(&[]));
                update.await.map(|_| Outcome::Done).map_err(Failure::Http)
            }
            None => return Outcome::Gone,
        },
    };
    done.unwrap_or_else(Failure::outcome)
}

async fn edit(
    http: &twilight_http::Client,
    (channel, message): (Id<ChannelMarker>, Id<MessageMarker>),
    job: &Job,
    face: &PanelFace,
) -> Result<Outcome, Failure> {
    let (embeds, components, nobody) = ([embed(face)], buttons(face), AllowedMentions::default());
    let update = http.update_message(channel, message).embeds(Some(&embeds)).components(Some(&components));
    let update = update.allowed_mentions(Some(&nobody));
    while_fresh(IntoFuture::into_future(update), &job.stale).await.map_err(Failure::Http)?;
    Ok(Outcome::Done)
}

fn ids(place: MessagePlace) -> Option<(Id<ChannelMarker>, Id<MessageMarker>)> {
    Some((convert::to_channel(place.channel)?, convert::to_message(place.message)?))
}
