//! The documented JSON shapes of what the world is made of.

use serde_json::{Value, json};

use super::{
    State,
    sessions::{GUILD_PRESENCES, Session},
    voice::VoiceState,
};
use crate::{
    clock::iso8601,
    id::{DISCORD_EPOCH_MS, Id},
    world::{Bot, Channel, ChannelKind, Guild, Member, OverwriteKind, Person, Role, World},
};

/// From here on GUILD_CREATE names few members, whatever the intents.
const VERY_LARGE: usize = 75_000;

pub(crate) fn user(person: Person<'_>) -> Value {
    json!({
        "id": person.id, "username": person.name, "discriminator": "0", "global_name": null, "avatar": null,
        "bot": person.bot, "system": false, "banner": null, "accent_color": null, "public_flags": 0, "flags": 0,
        "avatar_decoration_data": null, "collectibles": null, "primary_guild": null,
    })
}

/// The user a bot is told that it is.
pub(crate) fn current_user(bot: &Bot) -> Value {
    let mut value = user(Person { id: bot.id, name: &bot.name, bot: true });
    value["mfa_enabled"] = json!(false);
    value["verified"] = json!(true);
    value["email"] = Value::Null;
    value["locale"] = json!("en-US");
    value
}

pub(crate) fn application(bot: &Bot, guilds: usize) -> Value {
    let person = user(Person { id: bot.id, name: &bot.name, bot: true });
    json!({
        "id": bot.application_id, "name": bot.name, "icon": null, "description": "", "summary": "", "type": null,
        "bot": person, "bot_public": bot.public, "bot_require_code_grant": false, "rpc_origins": [],
        "verify_key": "0".repeat(64), "owner": person, "team": null, "flags": 0, "redirect_uris": [], "tags": [],
        "interactions_endpoint_url": null, "role_connections_verification_url": null,
        "approximate_guild_count": guilds, "approximate_user_install_count": 0, "hook": true,
        "integration_types_config": { "0": {} }, "flags_new": "0", "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0, "eligible_oauth2_scopes": ["bot", "applications.commands"],
    })
}

/// A member without its user.
pub(crate) fn partial_member(member: &Member) -> Value {
    json!({
        "roles": member.roles, "nick": member.nick, "avatar": null, "banner": null, "premium_since": null,
        "joined_at": iso8601(DISCORD_EPOCH_MS), "deaf": member.deaf, "mute": member.mute, "flags": 0, "pending": false,
        "communication_disabled_until": null, "avatar_decoration_data": null, "collectibles": null,
    })
}

pub(crate) fn member(world: &World, member: &Member) -> Value {
    let mut value = partial_member(member);
    value["user"] = world.person(member.user).map_or(Value::Null, user);
    value
}

pub(crate) fn role(role: &Role, guild: &Guild) -> Value {
    let place = guild.roles.iter().position(|one| one.id == role.id).unwrap_or(0);
    json!({
        "id": role.id, "name": role.name, "permissions": role.permissions, "color": 0, "hoist": false, "icon": null,
        "colors": { "primary_color": 0, "secondary_color": null, "tertiary_color": null }, "unicode_emoji": null,
        "position": if role.id == guild.id { 0 } else { place.max(1) }, "managed": false, "mentionable": false, "flags": 0,
    })
}

pub(crate) fn channel(channel: &Channel, guild: &Guild) -> Value {
    let place = guild.channels.iter().position(|one| one.id == channel.id);
    let overwrite = |one: &crate::world::Overwrite| {
        let kind = match one.kind {
            OverwriteKind::Role => 0,
            OverwriteKind::Member => 1,
        };
        json!({ "id": one.id, "type": kind, "allow": one.allow, "deny": one.deny })
    };
    let overwrites: Vec<Value> = channel.overwrites.iter().map(overwrite).collect();
    let mut value = json!({
        "id": channel.id, "type": channel.kind.number(), "guild_id": guild.id, "name": channel.name, "position": place,
        "permission_overwrites": overwrites, "parent_id": null, "nsfw": false, "rate_limit_per_user": 0,
        "last_message_id": null, "flags": 0,
    });
    match channel.kind {
        ChannelKind::Text => value["topic"] = Value::Null,
        ChannelKind::Voice | ChannelKind::Stage => {
            value["bitrate"] = json!(64_000);
            value["user_limit"] = json!(channel.user_limit);
            value["rtc_region"] = json!(channel.rtc_region);
            value["video_quality_mode"] = json!(1);
        }
    }
    value
}

/// A guild as `GET guilds/{id}` answers it.
pub(crate) fn guild(guild: &Guild) -> Value {
    let roles: Vec<Value> = guild.roles.iter().map(|one| role(one, guild)).collect();
    json!({
        "id": guild.id, "name": guild.name, "owner_id": guild.owner, "icon": null, "splash": null, "roles": roles,
        "discovery_splash": null, "afk_channel_id": null, "afk_timeout": 300, "verification_level": 0,
        "default_message_notifications": 1, "explicit_content_filter": 0, "emojis": [], "features": [], "mfa_level": 0,
        "application_id": null, "system_channel_id": null, "system_channel_flags": 0, "rules_channel_id": null,
        "vanity_url_code": null, "description": null, "banner": null, "premium_tier": 0,
        "premium_subscription_count": 0, "preferred_locale": "en-US", "public_updates_channel_id": null,
        "safety_alerts_channel_id": null, "nsfw_level": 0, "nsfw": false, "premium_progress_bar_enabled": false,
        "stickers": [], "max_members": 500_000, "max_presences": null, "max_video_channel_users": 25,
        "max_stage_video_channel_users": 50, "widget_enabled": false, "widget_channel_id": null, "region": "deprecated",
        "home_header": null, "incidents_data": null,
    })
}

/// GUILD_CREATE, with what it has beyond the guild. Which members it names is as documented: without the presence intent,
/// or in very large guilds, the bot itself and the people in voice; in large guilds those with a role or a nickname as
/// well; otherwise all.
pub(crate) fn guild_create(world: &World, state: &State, of: &Guild, session: &Session) -> Value {
    let in_voice = |user: Id| state.voice_states.contains_key(&(of.id, user));
    let large = of.members.len() > session.large_threshold;
    let few = session.intents & GUILD_PRESENCES == 0 || of.members.len() > VERY_LARGE;
    let named = |one: &&Member| {
        let standing_out = !one.roles.is_empty() || one.nick.is_some();
        one.user == session.bot || in_voice(one.user) || !few && (!large || standing_out)
    };
    let members = of.members.iter().filter(named);
    let states = state.voice_states.range((of.id, Id(0))..=(of.id, Id(u64::MAX)));
    let states = states.map(|((_, user), one)| {
        let mut value = voice_state(world, of, *user, Some(one));
        if let Some(fields) = value.as_object_mut() {
            fields.remove("guild_id");
            fields.remove("member");
        }
        value
    });
    let mut value = guild(of);
    value["joined_at"] = json!(iso8601(DISCORD_EPOCH_MS));
    value["large"] = json!(large);
    value["unavailable"] = json!(false);
    value["member_count"] = json!(of.members.len());
    value["voice_states"] = states.collect();
    value["members"] = members.map(|one| member(world, one)).collect();
    value["channels"] = of.channels.iter().map(|one| channel(one, of)).collect();
    for empty in ["threads", "presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds"] {
        value[empty] = json!([]);
    }
    value
}

/// A voice state; `None` is somebody who just left, whose last session is then empty.
pub(crate) fn voice_state(world: &World, guild: &Guild, user: Id, state: Option<&VoiceState>) -> Value {
    let known = guild.member(user);
    json!({
        "guild_id": guild.id, "user_id": user, "channel_id": state.and_then(|state| state.channel),
        "member": known.map(|one| member(world, one)),
        "session_id": state.map_or("", |state| &state.session_id),
        "deaf": known.is_some_and(|one| one.deaf), "mute": known.is_some_and(|one| one.mute), "self_video": false,
        "suppress": state.is_some_and(|state| state.suppress),
        "request_to_speak_timestamp": state.and_then(|state| state.request_to_speak.as_deref()),
        "self_deaf": state.is_some_and(|state| state.self_deaf), "self_mute": state.is_some_and(|state| state.self_mute),
    })
}
