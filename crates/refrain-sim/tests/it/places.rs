//! Channels and guilds that change under a bot, by faults and by the control API.

use serde_json::{Value, json};

use crate::{
    support::{ADA, BOT, GUILD, Gateway, MUSIC, OTHER_MUSIC, Stage},
    voice_socket::Voice,
};

async fn in_voice(stage: &Stage) -> (Gateway, Value) {
    let mut bot = stage.bot().await;
    bot.join(Some(MUSIC)).await;
    let server = bot.event("VOICE_SERVER_UPDATE").await;
    (bot, server)
}

async fn joins(bot: &mut Gateway, channel: &str) -> bool {
    bot.join(Some(channel)).await;
    bot.events_so_far().await.contains(&"VOICE_SERVER_UPDATE".to_owned())
}

#[tokio::test]
async fn a_deleted_channel_ends_the_call_and_cannot_be_joined_again() {
    let stage = Stage::start().await;
    let (mut bot, server) = in_voice(&stage).await;
    let mut voice = Voice::connect(&stage, &bot.session, &server).await;
    voice.ready().await;
    stage.fault("channel_delete", json!({})).await;
    assert_eq!(bot.event("CHANNEL_DELETE").await["id"], MUSIC);
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["channel_id"], Value::Null);
    assert_eq!(voice.closed().await, Some(4022));
    assert!(!joins(&mut bot, MUSIC).await);
    assert!(joins(&mut bot, OTHER_MUSIC).await);
    assert_eq!(stage.rest("GET", &format!("/channels/{MUSIC}"), None).await.0, 404);
}

#[tokio::test]
async fn a_full_channel_is_announced_and_cannot_be_entered_until_there_is_room() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let full = stage.fault("channel_full", json!({ "channel": MUSIC })).await;
    assert_eq!(bot.event("CHANNEL_UPDATE").await["user_limit"], 1);
    assert!(!joins(&mut bot, MUSIC).await);
    stage.end(&full).await;
    assert_eq!(bot.event("CHANNEL_UPDATE").await["user_limit"], 0);
    assert!(joins(&mut bot, MUSIC).await);
}

#[tokio::test]
async fn lost_rights_are_announced_and_leave_the_connection_alone() {
    let stage = Stage::start().await;
    let (mut bot, _) = in_voice(&stage).await;
    let lost = stage.fault("permission_lost", json!({})).await;
    let overwrites = bot.event("CHANNEL_UPDATE").await["permission_overwrites"].clone();
    assert_eq!(overwrites[0]["id"], BOT);
    assert_eq!(bot.events_so_far().await, Vec::<String>::new());
    let muted = json!({ "guild_id": GUILD, "channel_id": MUSIC, "self_mute": true, "self_deaf": true });
    bot.send(json!({ "op": 4, "d": muted })).await;
    assert_eq!(bot.events_so_far().await, ["VOICE_STATE_UPDATE"]);
    bot.join(None).await;
    assert!(!joins(&mut bot, MUSIC).await);
    stage.end(&lost).await;
    assert!(joins(&mut bot, MUSIC).await);
    stage.fault("permission_lost", json!({ "permissions": ["VIEW_CHANNEL"], "disconnects": true })).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["channel_id"], Value::Null);
}

#[tokio::test]
async fn a_guild_in_an_outage_is_silent_and_comes_back_whole() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let outage = stage.fault("guild_unavailable", json!({})).await;
    assert_eq!(bot.event("GUILD_DELETE").await, json!({ "id": GUILD, "unavailable": true }));
    stage.place(ADA, Some(MUSIC)).await;
    assert!(!joins(&mut bot, MUSIC).await);
    let mut newcomer = stage.connect().await;
    newcomer.identify(&stage.token).await;
    assert_eq!(newcomer.event("GUILD_DELETE").await["unavailable"], true);
    stage.end(&outage).await;
    for one in [&mut bot, &mut newcomer] {
        let guild = one.event("GUILD_CREATE").await;
        assert_eq!(guild["voice_states"][0]["user_id"], ADA);
    }
    assert!(joins(&mut bot, MUSIC).await);
}

#[tokio::test]
async fn a_bot_that_is_removed_loses_the_guild_until_it_is_invited_again() {
    let stage = Stage::start().await;
    let (mut bot, _) = in_voice(&stage).await;
    stage.fault("guild_delete", json!({})).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["channel_id"], Value::Null);
    assert_eq!(bot.event("GUILD_DELETE").await, json!({ "id": GUILD }));
    assert_eq!(stage.rest("GET", &format!("/guilds/{GUILD}"), None).await.0, 403);
    assert!(!joins(&mut bot, MUSIC).await);
    let path = format!("/guilds/{GUILD}/members/{BOT}");
    stage.order("PUT", &path, json!({ "roles": ["1101"] })).await;
    assert_eq!(bot.event("GUILD_CREATE").await["id"], GUILD);
    assert!(joins(&mut bot, MUSIC).await);
    assert_eq!(stage.control("PUT", &path, Some(json!({}))).await.0, 400);
}

#[tokio::test]
async fn channels_are_made_changed_and_deleted_by_the_test() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let channels = format!("/guilds/{GUILD}/channels");
    let made = stage.order("POST", &channels, json!({ "name": "New", "type": "voice", "user_limit": 3 })).await;
    let id = made["channel"]["id"].as_str().unwrap();
    assert_eq!(bot.event("CHANNEL_CREATE").await["name"], "New");
    let path = format!("{channels}/{id}");
    let denied = json!([{ "id": BOT, "type": "member", "deny": ["CONNECT"] }]);
    stage.order("PATCH", &path, json!({ "name": "Newer", "overwrites": denied })).await;
    let changed = bot.event("CHANNEL_UPDATE").await;
    assert_eq!((&changed["name"], &changed["user_limit"]), (&json!("Newer"), &json!(3)));
    assert!(!joins(&mut bot, id).await);
    let stranger = json!([{ "id": "4711", "type": "role", "deny": [] }]);
    let (status, error) = stage.control("PATCH", &path, Some(json!({ "overwrites": stranger }))).await;
    assert!(status == 400 && error["error"].as_str().unwrap().contains("4711"), "{error}");
    assert_eq!(stage.control("DELETE", &path, None).await.0, 200);
    assert_eq!(bot.event("CHANNEL_DELETE").await["id"], id);
    assert_eq!(stage.control("DELETE", &path, None).await.0, 404);
    assert_eq!(stage.control("POST", "/guilds/5/channels", Some(json!({ "name": "x", "type": "text" }))).await.0, 404);
}

#[tokio::test]
async fn people_come_and_go_as_members() {
    let stage = Stage::start().await;
    let mut bot = stage.connect().await;
    bot.identify_with(json!({ "token": stage.token, "intents": 1 | 1 << 1 | 1 << 7 })).await;
    bot.event("GUILD_CREATE").await;
    let path = format!("/guilds/{GUILD}/members/{ADA}");
    assert_eq!(stage.control("DELETE", &path, None).await.0, 200);
    assert_eq!(bot.event("GUILD_MEMBER_REMOVE").await["user"]["id"], ADA);
    stage.order("PUT", &path, json!({ "nick": "A." })).await;
    let added = bot.event("GUILD_MEMBER_ADD").await;
    assert_eq!((&added["nick"], &added["guild_id"]), (&json!("A."), &json!(GUILD)));
}

#[tokio::test]
async fn a_new_voice_region_exchanges_the_server_under_a_bot() {
    let stage = Stage::start().await;
    let (mut bot, server) = in_voice(&stage).await;
    let mut voice = Voice::connect(&stage, &bot.session, &server).await;
    voice.ready().await;
    let path = format!("/guilds/{GUILD}/channels/{MUSIC}");
    // One of the two is where the server is already.
    for region in ["rotterdam", "us-east"] {
        stage.order("PATCH", &path, json!({ "rtc_region": region })).await;
        assert_eq!(bot.event("CHANNEL_UPDATE").await["rtc_region"], region);
    }
    let changed = bot.event("VOICE_SERVER_UPDATE").await;
    assert_ne!(changed["endpoint"], server["endpoint"]);
    assert_eq!(voice.closed().await, Some(4022));
}
