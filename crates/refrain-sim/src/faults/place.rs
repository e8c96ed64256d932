//! What becomes of channels and guilds under a bot.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Room, Target, fields_of, random::Dice};
use crate::{
    control::answer::Refusal,
    id::{Id, Permissions},
    state::{
        Hub,
        effects::{Effect, Scope},
    },
    world::{Channel, Guild, Overwrite, OverwriteKind},
};

pub(super) const ROOM: Room =
    Room { kinds: &["channel_delete", "channel_full", "permission_lost", "guild_unavailable", "guild_delete"], apply };

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Fault {
    ChannelDelete {
        /// The channel; without it, the one that the bot is in.
        channel: Option<Id>,
    },
    ChannelFull {
        channel: Option<Id>,
        /// The limit that is shown; without it, as many as are in the channel.
        user_limit: Option<u32>,
    },
    PermissionLost {
        channel: Option<Id>,
        /// None means CONNECT.
        #[serde(default)]
        permissions: Permissions,
        /// Whether the bot is thrown out of voice as well.
        #[serde(default)]
        disconnects: bool,
    },
    GuildUnavailable {},
    GuildDelete {},
}

fn apply(hub: &Arc<Hub>, target: &Target, body: Value) -> Result<Outcome, Refusal> {
    let world = hub.world();
    let guild = target.guild(&world)?;
    let fault: Fault = fields_of(body)?;
    match fault {
        Fault::ChannelDelete { channel } => {
            let channel = channel_of(hub, target, guild, channel)?.id;
            hub.delete_channel(guild.id, channel)?;
            Ok(Outcome::Once)
        }
        Fault::ChannelFull { channel, user_limit } => {
            let channel = channel_of(hub, target, guild, channel)?;
            fill(hub, guild.id, channel, user_limit)
        }
        Fault::PermissionLost { channel, permissions, disconnects } => {
            let channel = channel_of(hub, target, guild, channel)?;
            let bot = target.member_bot(&world, guild)?.id;
            let none = permissions == Permissions::default();
            let rights = if none { Permissions::CONNECT } else { permissions };
            let outcome = deny(hub, guild.id, channel, bot, rights)?;
            if disconnects {
                // Who is not in voice cannot be thrown out of it.
                let _ = hub.kick_bot(guild, bot, None);
            }
            Ok(outcome)
        }
        Fault::GuildUnavailable {} => {
            let id = guild.id;
            hub.set_unavailable(guild, true);
            Ok(Outcome::lasting(move |hub| {
                let over = !hub.state().has_fault(id, "guild_unavailable");
                if let Some(guild) = hub.world().guild(id).filter(|_| over) {
                    hub.set_unavailable(guild, false);
                }
            }))
        }
        Fault::GuildDelete {} => {
            hub.remove_member(guild.id, target.member_bot(&world, guild)?.id)?;
            Ok(Outcome::Once)
        }
    }
}

/// The voice channel that is named, or the one that the bot is in.
fn channel_of<'a>(hub: &Hub, target: &Target, guild: &'a Guild, named: Option<Id>) -> Result<&'a Channel, Refusal> {
    let id = match named {
        Some(id) => id,
        None => {
            let bot = target.voice_bot(hub, guild)?;
            let place = hub.state().voice_states.get(&(guild.id, bot)).and_then(|place| place.channel);
            place.ok_or_else(|| Refusal::conflict("the bot is in no channel: name one with `channel`"))?
        }
    };
    let found = guild.channel(id);
    found.ok_or_else(|| Refusal::missing(format!("the guild {} has no channel {id}", guild.id)))
}

/// The channel has no room for anybody who may not move members. Those who are in it stay.
fn fill(hub: &Arc<Hub>, guild: Id, channel: &Channel, limit: Option<u32>) -> Result<Outcome, Refusal> {
    if !channel.kind.is_voice() {
        return Err(Refusal::bad(format!("the channel {} is no voice channel", channel.id)));
    }
    let (id, before) = (channel.id, channel.user_limit);
    let inside = u32::try_from(hub.state().in_channel(guild, id).count()).unwrap_or(u32::MAX);
    let limit = limit.unwrap_or(inside).clamp(1, 99);
    let full = hub.effects.add(Scope { guild: Some(guild), bot: None }, Effect::Full(id));
    hub.change_channel(guild, id, |channel| channel.user_limit = limit)?;
    Ok(Outcome::lasting(move |hub| {
        hub.effects.remove(full);
        // Refused only when the channel is gone meanwhile.
        let _ = hub.change_channel(guild, id, |channel| channel.user_limit = before);
    }))
}

/// An overwrite takes these rights from the bot. A voice connection that is there is left alone.
fn deny(hub: &Arc<Hub>, guild: Id, channel: &Channel, bot: Id, rights: Permissions) -> Result<Outcome, Refusal> {
    let (id, before) = (channel.id, channel.overwrites.clone());
    hub.change_channel(guild, id, |channel| {
        let own = |one: &&mut Overwrite| one.kind == OverwriteKind::Member && one.id == bot;
        match channel.overwrites.iter_mut().find(own) {
            Some(own) => {
                own.deny = own.deny | rights;
                own.allow = Permissions(own.allow.0 & !rights.0);
            }
            None => channel.overwrites.push(Overwrite {
                id: bot,
                kind: OverwriteKind::Member,
                allow: Permissions::default(),
                deny: rights,
            }),
        }
    })?;
    Ok(Outcome::lasting(move |hub| {
        // Refused only when the channel is gone meanwhile.
        let _ = hub.change_channel(guild, id, |channel| channel.overwrites = before);
    }))
}

/// What happens to channels and guilds by chance: nothing that would not be undone. A channel is the one that the bot is
/// in.
pub(super) fn random(kind: &str, _guild: &Guild, dice: &mut Dice) -> Option<Value> {
    let for_ms = dice.between(1_000, 30_000);
    match kind {
        "channel_full" | "guild_unavailable" => Some(json!({ "for_ms": for_ms })),
        "permission_lost" => Some(json!({ "disconnects": dice.chance(50), "for_ms": for_ms })),
        _ => None,
    }
}
