//! The cache as commands meet it, fed with the gateway's own JSON.

use super::*;
use serde_json::{Value, json};
use twilight_gateway::{EventTypeFlags, parse};

const GUILD: Id<GuildMarker> = Id::new(100);
const BOT: Id<UserMarker> = Id::new(1);
const ANN: Id<UserMarker> = Id::new(2);
const BEN: Id<UserMarker> = Id::new(3);
const OTHER_BOT: Id<UserMarker> = Id::new(4);
/// A channel where the bot may do everything, one where it may not connect, and a small one.
const OPEN: u64 = 201;
const LOCKED: u64 = 202;
const SMALL: u64 = 203;

fn user(id: Id<UserMarker>) -> Value {
    let bot = id == BOT || id == OTHER_BOT;
    json!({"id": id, "username": format!("u{id}"), "discriminator": "0", "avatar": null, "bot": bot, "global_name": null})
}

fn member(id: Id<UserMarker>) -> Value {
    json!({"user": user(id), "roles": [], "joined_at": "2024-01-01T00:00:00+00:00", "deaf": false, "mute": false,
        "flags": 0, "nick": null, "communication_disabled_until": null})
}

fn voice_state(user: Id<UserMarker>, channel: Option<u64>) -> Value {
    json!({"user_id": user, "channel_id": channel.map(|id| id.to_string()), "session_id": "s", "deaf": false,
        "mute": false, "self_deaf": false, "self_mute": false, "self_video": false, "suppress": false,
        "request_to_speak_timestamp": null})
}

fn guild_create(states: &[Value]) -> Event {
    let channel = |id: u64, limit: u32, overwrites: Value| {
        json!({"id": id.to_string(), "type": 2, "name": "voice", "position": 0, "bitrate": 64000, "user_limit": limit,
            "permission_overwrites": overwrites})
    };
    // 1 << 20 is Connect; 3146752 is View Channel, Connect and Speak.
    let no_connect = json!([{"id": "100", "type": 0, "allow": "0", "deny": "1048576"}]);
    let everyone = json!({"id": "100", "name": "@everyone", "permissions": "3146752", "color": 0, "hoist": false,
        "managed": false, "mentionable": false, "position": 0, "flags": 0,
        "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null}});
    event(
        "GUILD_CREATE",
        json!({
            "id": GUILD, "name": "guild", "owner_id": "999", "unavailable": false, "large": false, "member_count": 4,
            "roles": [everyone], "emojis": [], "features": [], "presences": [], "threads": [], "stickers": [],
            "stage_instances": [], "guild_scheduled_events": [],
            "channels": [channel(OPEN, 0, json!([])), channel(LOCKED, 0, no_connect), channel(SMALL, 2, json!([]))],
            "members": [member(BOT), member(ANN), member(OTHER_BOT)], "voice_states": states,
            "afk_channel_id": null, "afk_timeout": 300, "application_id": null, "banner": null, "description": null,
            "default_message_notifications": 0, "discovery_splash": null, "explicit_content_filter": 0, "icon": null,
            "mfa_level": 0, "nsfw_level": 0, "preferred_locale": "en-US", "premium_progress_bar_enabled": false,
            "premium_tier": 0, "public_updates_channel_id": null, "rules_channel_id": null, "splash": null,
            "system_channel_flags": 0, "system_channel_id": null, "vanity_url_code": null, "verification_level": 0,
        }),
    )
}

fn moves(user: Id<UserMarker>, channel: Option<u64>) -> Event {
    let mut state = voice_state(user, channel);
    state["guild_id"] = json!(GUILD);
    state["member"] = member(user);
    event("VOICE_STATE_UPDATE", state)
}

fn event(kind: &str, data: Value) -> Event {
    let text = json!({"op": 0, "s": 1, "t": kind, "d": data}).to_string();
    match parse(text, EventTypeFlags::all()) {
        Ok(event) => event.expect("an event that is wanted").into(),
        Err(error) => panic!("{:?}", error.into_source()),
    }
}

fn world(states: &[Value]) -> World {
    let world = World::new(BOT);
    world.update(&mut guild_create(states));
    world
}

fn at(channel: u64) -> Option<ChannelId> {
    Some(ChannelId::new(channel))
}

#[test]
fn a_guild_is_known_once_its_channels_have_come_and_not_during_an_outage() {
    let world = World::new(BOT);
    assert!(!world.knows(GUILD));
    world.update(&mut guild_create(&[]));
    assert!(world.knows(GUILD));
    world.update(&mut event("GUILD_DELETE", json!({"id": GUILD, "unavailable": true})));
    assert!(!world.knows(GUILD));
}

#[test]
fn people_are_found_in_their_channel_with_what_the_bot_may_do_there() {
    let world = world(&[voice_state(ANN, Some(OPEN)), voice_state(BEN, Some(LOCKED))]);
    let open = world.facts(GUILD, ANN, None).asker.unwrap();
    assert_eq!((Some(open.channel), open.occupants, open.limit), (at(OPEN), 1, None));
    assert!(open.permissions.unwrap().contains(Permissions::CONNECT | Permissions::SPEAK));
    let locked = world.facts(GUILD, BEN, None).asker.unwrap();
    assert!(!locked.permissions.unwrap().contains(Permissions::CONNECT));
    assert_eq!(world.facts(GUILD, OTHER_BOT, None).asker, None);
}

#[test]
fn moves_and_leaves_are_followed() {
    let world = world(&[voice_state(ANN, Some(OPEN))]);
    world.update(&mut moves(ANN, Some(SMALL)));
    let small = world.facts(GUILD, ANN, None).asker.unwrap();
    assert_eq!((Some(small.channel), small.limit, small.occupants), (at(SMALL), Some(2), 1));
    world.update(&mut moves(ANN, None));
    assert_eq!(world.facts(GUILD, ANN, None).asker, None);
}

#[test]
fn listeners_are_people_other_than_the_asker_and_no_bots() {
    let world =
        world(&[voice_state(BOT, Some(OPEN)), voice_state(ANN, Some(OPEN)), voice_state(OTHER_BOT, Some(OPEN))]);
    assert_eq!(world.facts(GUILD, BEN, at(OPEN)).listeners, 1);
    assert_eq!(world.facts(GUILD, ANN, at(OPEN)).listeners, 0);
    world.update(&mut moves(BEN, Some(OPEN)));
    assert_eq!(world.facts(GUILD, ANN, at(OPEN)).listeners, 1);
    assert_eq!(world.facts(GUILD, ANN, at(LOCKED)).listeners, 0);
    assert_eq!(world.facts(GUILD, ANN, None).listeners, 0);
}

#[test]
fn who_left_while_the_shard_was_away_is_forgotten() {
    let world = world(&[voice_state(BEN, Some(OPEN)), voice_state(BOT, Some(OPEN))]);
    world.update(&mut guild_create(&[voice_state(BOT, Some(OPEN))]));
    assert_eq!(world.facts(GUILD, ANN, at(OPEN)).listeners, 0);
    assert_eq!(world.own_channel(GUILD), at(OPEN));
    world.update(&mut guild_create(&[]));
    assert_eq!(world.own_channel(GUILD), None, "a new session is in no channel");
}

#[test]
fn members_do_not_pile_up() {
    let world = world(&[]);
    for number in 10..60 {
        world.update(&mut moves(Id::new(number), Some(OPEN)));
    }
    assert_eq!(world.cache.stats().members(), 1, "the bot alone");
}

#[test]
fn guilds_are_spread_over_shards_as_discord_spreads_them() {
    let guild = GuildId::new(5 << 22);
    assert_eq!(shard_of(guild, 1), 0);
    assert_eq!(shard_of(guild, 4), 1);
    assert!(on_shard(guild, 1, 4) && !on_shard(guild, 0, 4));
    assert_eq!(shard_of(guild, 0), 0, "no shards at all is a mistake, not a crash");
}

#[test]
fn listeners_are_people_in_that_channel_and_unknown_is_not_none() {
    let world = World::new(BOT);
    assert_eq!(world.listeners(GUILD, Id::new(OPEN)), None);
    let states = [BOT, ANN, OTHER_BOT].map(|user| voice_state(user, Some(OPEN)));
    world.update(&mut guild_create(&states));
    assert_eq!(world.listeners(GUILD, Id::new(OPEN)), Some(1));
    assert_eq!(world.listeners(GUILD, Id::new(SMALL)), Some(0));
    world.update(&mut moves(BEN, Some(OPEN)));
    assert_eq!(world.listeners(GUILD, Id::new(OPEN)), Some(2));
}

#[test]
fn a_scene_names_the_permission_that_is_missing_and_where_a_member_is() {
    let world = world(&[voice_state(ANN, Some(OPEN)), voice_state(BEN, Some(LOCKED))]);
    assert_eq!(world.scene(GUILD, Id::new(OPEN)), Scene::Open { listeners: Some(1) });
    assert_eq!(world.scene(GUILD, Id::new(LOCKED)), Scene::Forbidden { missing: MissingPermission::Connect });
    let channel = ChannelId::new;
    assert_eq!(world.asker_channel(GUILD, ANN), AskerChannel::In { channel: channel(OPEN), open: true });
    assert_eq!(world.asker_channel(GUILD, BEN), AskerChannel::In { channel: channel(LOCKED), open: false });
    world.update(&mut moves(ANN, None));
    assert_eq!(world.asker_channel(GUILD, ANN), AskerChannel::Nowhere);
    world.update(&mut event("GUILD_DELETE", json!({"id": GUILD, "unavailable": true})));
    assert_eq!(world.asker_channel(GUILD, BEN), AskerChannel::Unknown, "an outage tells nothing of members");
}

#[test]
fn only_moves_between_channels_change_what_the_bot_finds_there() {
    let world = world(&[voice_state(BOT, Some(OPEN)), voice_state(ANN, Some(OPEN))]);
    let (open, small) = (Id::new(OPEN), Id::new(SMALL));
    assert_eq!(world.scene_change(&moves(ANN, Some(SMALL))), Some((GUILD, vec![open, small])));
    assert_eq!(world.scene_change(&moves(ANN, None)), Some((GUILD, vec![open])));
    assert_eq!(world.scene_change(&moves(BEN, Some(OPEN))), Some((GUILD, vec![open])));
    assert_eq!(world.scene_change(&moves(ANN, Some(OPEN))), None, "a member who mutes themselves");
    assert_eq!(world.scene_change(&moves(BOT, None)), None, "the guild is told of the bot's own moves");
    let role = event("GUILD_ROLE_DELETE", json!({"guild_id": GUILD, "role_id": "77"}));
    assert_eq!(world.scene_change(&role), Some((GUILD, Vec::new())));
}
