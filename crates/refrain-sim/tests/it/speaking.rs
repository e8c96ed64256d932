//! Who may be heard: server mute, stages, and rights that are taken and given back.

use serde_json::{Value, json};

use refrain_sim::world::World;

use crate::support::{ADA, BOT, GUILD, Gateway, MUSIC, OTHER_MUSIC, Stage};

/// The bot's role in the example world.
const ROLE: &str = "1101";
/// A stage channel that the test makes.
const PODIUM: &str = "1390";

async fn with_a_stage_channel() -> Stage {
    let mut world = World::example();
    let podium = json!({ "id": PODIUM, "name": "Podium", "type": "stage" });
    world.guilds[0].channels.push(serde_json::from_value(podium).unwrap());
    Stage::with(world, |_| {}).await
}

async fn grant(stage: &Stage, channel: &str, rights: Value) {
    let allowed = json!([{ "id": BOT, "type": "member", "allow": rights }]);
    stage.order("PATCH", &format!("/guilds/{GUILD}/channels/{channel}"), json!({ "overwrites": allowed })).await;
}

async fn seat(stage: &Stage, user: &str) -> Value {
    let voice = stage.see(&format!("/voice?guild={GUILD}")).await;
    voice["voice_states"].as_array().unwrap().iter().find(|one| one["user"] == user).cloned().unwrap_or_default()
}

async fn joined(stage: &Stage, channel: &str) -> (Gateway, Value) {
    let mut bot = stage.bot().await;
    bot.join(Some(channel)).await;
    let state = bot.event("VOICE_STATE_UPDATE").await;
    (bot, state)
}

#[tokio::test]
async fn a_server_mute_is_told_and_outlives_a_rejoin() {
    let stage = Stage::start().await;
    let (mut bot, state) = joined(&stage, MUSIC).await;
    assert_eq!((&state["mute"], &state["deaf"], &state["suppress"]), (&json!(false), &json!(false), &json!(false)));
    let path = format!("/guilds/{GUILD}/members/{BOT}");
    stage.order("PATCH", &path, json!({ "mute": true })).await;
    // The bot has no intent for members and hears of itself all the same.
    assert_eq!(bot.event("GUILD_MEMBER_UPDATE").await["mute"], true);
    let muted = bot.event("VOICE_STATE_UPDATE").await;
    assert_eq!((&muted["mute"], &muted["channel_id"]), (&json!(true), &json!(MUSIC)));
    assert_eq!(muted["member"]["mute"], true);
    bot.join(None).await;
    bot.join(Some(MUSIC)).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["channel_id"], Value::Null);
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["mute"], true);
    assert_eq!(seat(&stage, BOT).await["mute"], true);
    stage.order("PATCH", &path, json!({ "mute": false })).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["mute"], false);
    stage.order("PATCH", &path, json!({ "deaf": true })).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["deaf"], true);
    let stranger =
        stage.control("PATCH", &format!("/guilds/{GUILD}/members/4711"), Some(json!({ "mute": true }))).await;
    assert_eq!(stranger.0, 404);
}

#[tokio::test]
async fn a_bot_that_may_mute_members_lifts_its_own_server_mute() {
    let stage = Stage::start().await;
    let (mut bot, _) = joined(&stage, MUSIC).await;
    stage.order("PATCH", &format!("/guilds/{GUILD}/members/{BOT}"), json!({ "mute": true })).await;
    let path = format!("/guilds/{GUILD}/members/{BOT}");
    let unmute = || Some(json!({ "mute": false }));
    let refused = stage.rest("PATCH", &path, unmute()).await;
    assert_eq!((refused.0, &refused.1["code"]), (403, &json!(50_013)));
    grant(&stage, MUSIC, json!(["MUTE_MEMBERS"])).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["mute"], true);
    let (status, member) = stage.rest("PATCH", &path, unmute()).await;
    assert_eq!((status, &member["mute"]), (200, &json!(false)));
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["mute"], false);
    bot.join(None).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["channel_id"], Value::Null);
    let (status, error) = stage.rest("PATCH", &path, unmute()).await;
    assert_eq!((status, &error["code"]), (400, &json!(40_032)));
}

#[tokio::test]
async fn who_joins_a_stage_is_audience_until_it_may_speak() {
    let stage = with_a_stage_channel().await;
    assert_eq!(stage.rest("GET", &format!("/channels/{PODIUM}"), None).await.1["type"], 13);
    let (mut bot, state) = joined(&stage, PODIUM).await;
    assert_eq!((&state["suppress"], &state["request_to_speak_timestamp"]), (&json!(true), &Value::Null));
    bot.event("VOICE_SERVER_UPDATE").await;
    let mine = format!("/guilds/{GUILD}/voice-states/@me");
    let speak = || Some(json!({ "channel_id": PODIUM, "suppress": false }));
    let ask = || Some(json!({ "channel_id": PODIUM, "request_to_speak_timestamp": "2026-11-30T20:00:00.000Z" }));
    for body in [speak(), ask()] {
        let refused = stage.rest("PATCH", &mine, body).await;
        assert_eq!((refused.0, &refused.1["code"]), (403, &json!(50_013)));
    }
    grant(&stage, PODIUM, json!(["REQUEST_TO_SPEAK"])).await;
    assert_eq!(stage.rest("PATCH", &mine, ask()).await.0, 204);
    let asked = bot.event("VOICE_STATE_UPDATE").await;
    assert_eq!(asked["request_to_speak_timestamp"], "2026-11-30T20:00:00.000Z");
    assert_eq!(asked["suppress"], true);
    // A moderator lets it speak, which answers the request.
    let member = format!("/guilds/{GUILD}/members/{BOT}");
    stage.order("PATCH", &member, json!({ "suppress": false })).await;
    let speaks = bot.event("VOICE_STATE_UPDATE").await;
    assert_eq!((&speaks["suppress"], &speaks["request_to_speak_timestamp"]), (&json!(false), &Value::Null));
    // An op 4 for the same channel leaves it where it stands.
    bot.send(json!({ "op": 4, "d": { "guild_id": GUILD, "channel_id": PODIUM, "self_mute": true } })).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["suppress"], false);
    stage.order("PATCH", &member, json!({ "suppress": true })).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["suppress"], true);
    grant(&stage, PODIUM, json!(["MUTE_MEMBERS"])).await;
    assert_eq!(stage.rest("PATCH", &mine, speak()).await.0, 204);
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["suppress"], false);
}

#[tokio::test]
async fn what_a_stage_refuses_has_a_code() {
    let stage = with_a_stage_channel().await;
    let mine = format!("/guilds/{GUILD}/voice-states/@me");
    let suppress = |channel: &str| Some(json!({ "channel_id": channel, "suppress": true }));
    let code = async |path: &str, body| {
        let (status, error) = stage.rest("PATCH", path, body).await;
        (status, error["code"].as_u64())
    };
    assert_eq!(code(&mine, suppress(PODIUM)).await, (404, Some(10_065)));
    let (_bot, _) = joined(&stage, MUSIC).await;
    assert_eq!(code(&mine, suppress(MUSIC)).await, (400, Some(50_024)));
    assert_eq!(code(&mine, suppress(PODIUM)).await, (400, Some(40_032)));
    assert_eq!(code(&mine, Some(json!({ "suppress": "yes" }))).await, (400, Some(50_035)));
    let never = Some(json!({ "request_to_speak_timestamp": "soon" }));
    assert_eq!(code(&mine, never).await, (400, Some(50_035)));
    let member = format!("/guilds/{GUILD}/members/{BOT}");
    assert_eq!(stage.control("PATCH", &member, Some(json!({ "suppress": false }))).await.0, 409);
    assert_eq!(code(&member, Some(json!({ "nick": "Bot" }))).await, (400, Some(50_035)));
}

#[tokio::test]
async fn a_bot_with_the_right_lets_people_on_to_the_stage() {
    let stage = with_a_stage_channel().await;
    let mut bot = stage.bot().await;
    stage.place(ADA, Some(PODIUM)).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["suppress"], true);
    let hers = format!("/guilds/{GUILD}/voice-states/{ADA}");
    let speak = || Some(json!({ "channel_id": PODIUM, "suppress": false }));
    assert_eq!(stage.rest("PATCH", &hers, speak()).await.0, 403);
    grant(&stage, PODIUM, json!(["MUTE_MEMBERS"])).await;
    assert_eq!(stage.rest("PATCH", &hers, speak()).await.0, 204);
    let speaks = bot.event("VOICE_STATE_UPDATE").await;
    assert_eq!(speaks["suppress"], false);
    assert!(speaks["request_to_speak_timestamp"].is_string());
}

#[tokio::test]
async fn rights_go_and_come_with_roles() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let role = format!("/guilds/{GUILD}/roles/{GUILD}");
    let none = json!({ "permissions": ["VIEW_CHANNEL", "SEND_MESSAGES"] });
    stage.order("PATCH", &role, none).await;
    let told = bot.event("GUILD_ROLE_UPDATE").await;
    assert_eq!((&told["guild_id"], &told["role"]["id"]), (&json!(GUILD), &json!(GUILD)));
    stage.order("PATCH", &format!("/guilds/{GUILD}/members/{BOT}"), json!({ "roles": [] })).await;
    assert_eq!(bot.event("GUILD_MEMBER_UPDATE").await["roles"], json!([]));
    bot.join(Some(MUSIC)).await;
    assert_eq!(bot.events_so_far().await, Vec::<String>::new());
    stage.order("PATCH", &role, json!({ "permissions": ["VIEW_CHANNEL", "CONNECT"] })).await;
    bot.event("GUILD_ROLE_UPDATE").await;
    // It may enter now, and may not speak.
    bot.join(Some(MUSIC)).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["suppress"], true);
    stage.order("PATCH", &role, json!({ "permissions": ["VIEW_CHANNEL", "CONNECT", "SPEAK"] })).await;
    bot.event("GUILD_ROLE_UPDATE").await;
    // Who is there stays as it was until it enters anew.
    assert_eq!(seat(&stage, BOT).await["suppress"], true);
    bot.join(Some(OTHER_MUSIC)).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["suppress"], false);
    stage.order("PATCH", &format!("/guilds/{GUILD}/members/{BOT}"), json!({ "roles": [ROLE] })).await;
    assert_eq!(bot.event("GUILD_MEMBER_UPDATE").await["roles"], json!([ROLE]));
    let unknown = stage.control("PATCH", &format!("/guilds/{GUILD}/roles/4711"), Some(json!({}))).await;
    assert_eq!(unknown.0, 404);
}
