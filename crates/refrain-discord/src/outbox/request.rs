//! Requests as both kinds of messages make them, and what their failures mean.

use super::Outcome;
use crate::{error::DiscordError, rest::Rest};
use refrain_model::GuildId;
use refrain_rest::{Delivery, RestError};
use serde::Serialize;
use std::sync::{Arc, atomic::AtomicBool};
use twilight_http::{request::Request, routing::Route};
use twilight_model::{
    channel::message::{AllowedMentions, Component, Embed, Message, MessageFlags},
    id::{Id, marker::ChannelMarker},
};

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
    rest: &Rest,
    channel: Id<ChannelMarker>,
    message: &NewMessage<'_>,
    stale: &Arc<AtomicBool>,
) -> Result<Message, RestError> {
    let body = Body {
        message,
        enforce_nonce: true,
        // Nobody's telephone rings for this.
        flags: MessageFlags::SUPPRESS_NOTIFICATIONS,
        allowed_mentions: AllowedMentions::default(),
    };
    let request = Request::builder(&Route::CreateMessage { channel_id: channel.get() }).json(&body).build();
    let request = request.map_err(|e| RestError::Invalid { reason: e.to_string() })?;
    rest.send_raw(request, Delivery::once().unless(stale.clone())).await?.json()
}

/// A nonce for one message of a guild: Discord compares those of all that a bot sends, wherever it sends it. The same in
/// every build, for a message that was asked for before a restart is asked for again under it. FNV-1a, 64 bits.
pub(crate) fn nonce(guild: GuildId, kind: &str, number: u64) -> String {
    let bytes = guild.get().to_le_bytes().into_iter().chain(kind.bytes()).chain(number.to_le_bytes());
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    hash.to_string()
}

/// What a failure means for the message.
pub(crate) fn outcome_of(failed: &RestError) -> Outcome {
    let reason = DiscordError::from_rest("telling members", failed).to_string();
    // Unknown channel, unknown message.
    if matches!(failed.code(), Some(10003 | 10008)) {
        return Outcome::Gone;
    }
    if *failed == RestError::Superseded {
        return Outcome::Superseded;
    }
    let for_good = matches!(failed, RestError::Refused { .. } | RestError::TokenRejected | RestError::Invalid { .. });
    if for_good { Outcome::Refused { reason } } else { Outcome::Failed { reason } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_the_same_in_every_build_and_another_one_for_every_message() {
        let of = |guild, kind, number| nonce(GuildId::new(guild), kind, number);
        assert_eq!(of(5, "panel", 7), "7418384176657084553");
        assert!(of(u64::MAX, "incident", u64::MAX).len() <= 25, "Discord takes 25 characters");
        let all = [of(5, "panel", 7), of(5, "panel", 8), of(6, "panel", 7), of(5, "incident", 7)];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
