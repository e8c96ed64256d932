//! One request to Discord for a panel, and what came of it.

use super::{
    buttons,
    easel::{Job, Request},
    embed,
};
use crate::{
    convert,
    outbox::{NewMessage, Outcome, create, nonce, outcome_of},
    rest::Rest,
};
use refrain::PanelFace;
use refrain_model::{GuildId, MessagePlace};
use refrain_rest::{Delivery, RestError};
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
pub(super) async fn deliver(rest: &Rest, guild: GuildId, job: &Job) -> Outcome {
    let done = match &job.request {
        Request::Create { channel, serial, face } => {
            // Zero is no snowflake: there is no such channel.
            let Some(channel) = convert::to_channel(*channel) else { return Outcome::Gone };
            let nonce = nonce(guild, "panel", BEGIN.wrapping_shl(16).wrapping_add(*serial));
            let (embeds, components) = ([embed(face)], buttons(face));
            let message = NewMessage { content: "", embeds: &embeds, components: &components, nonce };
            let made = create(rest, channel, &message, &job.stale).await;
            // Whether it is of an earlier request, whose answer was lost, the easel knows.
            made.map(|made| Outcome::Created { message: made.id, as_asked: true })
        }
        Request::Edit { place, face } => match ids(*place) {
            Some(place) => edit(rest, place, job, face).await,
            None => return Outcome::Gone,
        },
        Request::Retire(place) => match ids(*place) {
            Some((channel, message)) => {
                let update = rest.build().update_message(channel, message).components(Some(&[]));
                rest.send(update, Delivery::once()).await.map(|_| Outcome::Done)
            }
            None => return Outcome::Gone,
        },
    };
    done.unwrap_or_else(|failed| outcome_of(&failed))
}

async fn edit(
    rest: &Rest,
    (channel, message): (Id<ChannelMarker>, Id<MessageMarker>),
    job: &Job,
    face: &PanelFace,
) -> Result<Outcome, RestError> {
    let (embeds, components, nobody) = ([embed(face)], buttons(face), AllowedMentions::default());
    let update = rest.build().update_message(channel, message).embeds(Some(&embeds)).components(Some(&components));
    let update = update.allowed_mentions(Some(&nobody));
    rest.send(update, Delivery::once().unless(job.stale.clone())).await.map(|_| Outcome::Done)
}

fn ids(place: MessagePlace) -> Option<(Id<ChannelMarker>, Id<MessageMarker>)> {
    Some((convert::to_channel(place.channel)?, convert::to_message(place.message)?))
}
