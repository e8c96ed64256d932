//! What goes wrong on order, as a bot meets it.

use serde_json::{Value, json};

use crate::support::{ADA, GUILD, Gateway, MUSIC, OTHER_MUSIC, PATIENCE, Stage};

async fn in_voice(stage: &Stage) -> Gateway {
    let mut bot = stage.bot().await;
    bot.join(Some(MUSIC)).await;
    bot.event("VOICE_SERVER_UPDATE").await;
    bot
}

fn fault(kind: &str, fields: Value) -> Value {
    let mut fault = json!({ "guild": GUILD, "kind": kind });
    fault.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    fault
}

#[tokio::test]
async fn a_kick_takes_the_bot_out_of_voice() {
    let stage = Stage::start().await;
    let mut bot = in_voice(&stage).await;
    let answer = stage.order("POST", "/faults", fault("kick", json!({}))).await;
    assert!(answer["id"].is_string() && answer["at_ms"].is_number());
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["channel_id"], Value::Null);
    assert_eq!(bot.events_so_far().await, Vec::<String>::new());
    let (status, error) = stage.control("POST", "/faults", Some(fault("kick", json!({})))).await;
    assert_eq!(status, 409, "{error}");
}

#[tokio::test]
async fn a_move_brings_the_new_channel_and_new_credentials() {
    let stage = Stage::start().await;
    let mut bot = in_voice(&stage).await;
    stage.order("POST", "/faults", fault("move", json!({ "channel": OTHER_MUSIC }))).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["channel_id"], OTHER_MUSIC);
    assert_eq!(bot.event("VOICE_SERVER_UPDATE").await["guild_id"], GUILD);
    let (status, error) = stage.control("POST", "/faults", Some(fault("move", json!({ "channel": "1200" })))).await;
    assert!(status == 400 && error["error"].as_str().unwrap().contains("no voice channel"), "{error}");
}

#[tokio::test]
async fn a_server_update_brings_a_new_token_or_no_endpoint() {
    let stage = Stage::start().await;
    let mut bot = in_voice(&stage).await;
    stage.order("POST", "/faults", fault("server_update", json!({}))).await;
    let first = bot.event("VOICE_SERVER_UPDATE").await;
    stage.order("POST", "/faults", fault("server_update", json!({ "available": false }))).await;
    let second = bot.event("VOICE_SERVER_UPDATE").await;
    assert_ne!(first["token"], second["token"]);
    assert_eq!((first["endpoint"].is_string(), &second["endpoint"]), (true, &Value::Null));
}

#[tokio::test]
async fn op_4_goes_unanswered_until_the_fault_is_ended() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let lasting = stage.order("POST", "/faults", fault("op4_unanswered", json!({}))).await;
    bot.join(Some(MUSIC)).await;
    assert_eq!(bot.events_so_far().await, Vec::<String>::new());
    let listed = stage.see("/faults").await;
    assert_eq!(listed["lasting"][0]["kind"], "op4_unanswered");
    let path = format!("/faults/{}", lasting["id"].as_str().unwrap());
    assert_eq!(stage.control("DELETE", &path, None).await.0, 200);
    assert_eq!(stage.control("DELETE", &path, None).await.0, 404);
    bot.join(Some(MUSIC)).await;
    bot.event("VOICE_SERVER_UPDATE").await;
}

#[tokio::test]
async fn the_gateway_closes_resets_and_asks_for_a_reconnect() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    stage.order("POST", "/faults", fault("gateway_reconnect", json!({}))).await;
    bot.op(7).await;
    stage.order("POST", "/faults", fault("gateway_close", json!({ "code": 4000 }))).await;
    assert_eq!(bot.closed().await, Some(4000));
    let mut again = stage.connect().await;
    again.resume(&stage.token, &bot.session, bot.seq).await;
    again.event("RESUMED").await;
    stage.order("POST", "/faults", fault("gateway_reset", json!({}))).await;
    assert_eq!(again.closed().await, None);
    let (status, error) = stage.control("POST", "/faults", Some(fault("gateway_close", json!({ "code": 1006 })))).await;
    assert_eq!(status, 400, "{error}");
}

#[tokio::test]
async fn an_invalid_session_can_be_resumed_or_not_as_it_says() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let (session, seq) = (bot.session.clone(), bot.seq);
    stage.order("POST", "/faults", fault("gateway_invalid_session", json!({ "resumable": true }))).await;
    assert_eq!(bot.op(9).await["d"], true);
    bot.resume(&stage.token, &session, seq).await;
    bot.event("RESUMED").await;
    stage.order("POST", "/faults", fault("gateway_invalid_session", json!({ "resumable": false }))).await;
    assert_eq!(bot.op(9).await["d"], false);
    bot.resume(&stage.token, &session, seq).await;
    assert_eq!(bot.op(9).await["d"], false);
}

#[tokio::test]
async fn a_zombie_gateway_says_nothing_until_it_is_woken() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let lasting = stage.order("POST", "/faults", fault("gateway_zombie", json!({}))).await;
    bot.send(json!({ "op": 1, "d": null })).await;
    stage.order("POST", &format!("/users/{ADA}/voice"), json!({ "guild": GUILD, "channel": MUSIC })).await;
    // The event was dispatched, and the dead socket did not take it.
    assert_eq!(stage.see("/bots").await[0]["guilds_ready"], json!([]));
    let path = format!("/faults/{}", lasting["id"].as_str().unwrap());
    assert_eq!(stage.control("DELETE", &path, None).await.0, 200);
    bot.event("VOICE_STATE_UPDATE").await;
}

#[tokio::test]
async fn faults_that_cannot_be_are_refused_in_words() {
    let stage = Stage::start().await;
    let cases = [
        (json!({ "guild": GUILD, "kind": "explode" }), 400, "server_update"),
        (json!({ "guild": GUILD }), 400, "kind"),
        (json!({ "kind": "kick" }), 400, "guild"),
        (json!({ "guild": "5", "kind": "kick" }), 404, "no guild 5"),
        (fault("close", json!({})), 400, "code"),
        (fault("close", json!({ "code": 4006 })), 409, "no bot is in a voice channel"),
        (fault("gateway_close", json!({})), 409, "not connected"),
        (fault("gateway_close", json!({ "bot": "77" })), 404, "no such bot"),
    ];
    for (body, status, words) in cases {
        let (found, error) = stage.control("POST", "/faults", Some(body.clone())).await;
        assert!(found == status && error["error"].as_str().unwrap().contains(words), "{body}: {found} {error}");
    }
    let _bot = in_voice(&stage).await;
    let (status, error) = stage.control("POST", "/faults", Some(fault("close", json!({ "code": 4006 })))).await;
    assert!(status == 409 && error["error"].as_str().unwrap().contains("no open voice socket"), "{error}");
}

#[tokio::test]
async fn armed_voice_faults_are_listed_until_they_are_used_up_or_ended() {
    let stage = Stage::start().await;
    let armed = json!({ "kind": "close", "code": 4006, "stage": "on_resume", "count": 2, "guild": GUILD });
    let order = stage.order("POST", "/faults", armed).await;
    let whole = json!({ "kind": "blackhole", "stage": "after_hello" });
    stage.order("POST", "/faults", whole).await;
    let listed = stage.see("/faults").await;
    let kinds: Vec<&str> =
        listed["lasting"].as_array().unwrap().iter().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, ["close", "blackhole"]);
    let path = format!("/faults/{}", order["id"].as_str().unwrap());
    assert_eq!(stage.control("DELETE", &path, None).await.0, 200);
}

#[tokio::test]
async fn a_region_change_brings_another_endpoint() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    bot.join(Some(MUSIC)).await;
    let first = bot.event("VOICE_SERVER_UPDATE").await;
    stage.order("POST", "/faults", fault("region", json!({}))).await;
    let second = bot.event("VOICE_SERVER_UPDATE").await;
    assert_ne!(first["endpoint"], second["endpoint"]);
    assert_ne!(first["token"], second["token"]);
    stage.order("POST", "/faults", fault("region", json!({ "to": "rotterdam" }))).await;
    let third = bot.event("VOICE_SERVER_UPDATE").await;
    assert_eq!(first["endpoint"], third["endpoint"]);
    for (fields, status) in [(json!({ "to": "rotterdam" }), 409), (json!({ "to": "atlantis" }), 400)] {
        assert_eq!(stage.control("POST", "/faults", Some(fault("region", fields))).await.0, status);
    }
}

#[tokio::test]
async fn voice_faults_that_make_no_sense_are_refused_in_words() {
    let stage = Stage::start().await;
    for (body, words) in [
        (json!({ "kind": "close", "code": 99, "guild": GUILD }), "close code"),
        (json!({ "kind": "reset", "count": 2, "guild": GUILD }), "stage"),
        (json!({ "kind": "reset", "count": 0, "stage": "on_resume" }), "count"),
        (json!({ "kind": "reset", "stage": "at_dawn" }), "before_hello"),
        (json!({ "kind": "blackhole", "parts": [] }), "parts"),
        (json!({ "kind": "udp", "loss": 2.0 }), "loss"),
        (json!({ "kind": "udp", "los": 1.0 }), "los"),
        (json!({ "kind": "heartbeat_ack", "delay_ms": u64::MAX }), "delay_ms"),
        (json!({ "kind": "voice_crash", "server": "atlantis" }), "rotterdam"),
        (json!({ "kind": "refuse_resume" }), "guild"),
    ] {
        let (status, error) = stage.control("POST", "/faults", Some(body.clone())).await;
        assert!(status == 400 && error["error"].as_str().unwrap().contains(words), "{body}: {status} {error}");
    }
    assert_eq!(stage.see("/faults").await["lasting"], json!([]));
}

#[tokio::test]
async fn a_crash_that_refuses_connections_lasts_until_it_is_ended() {
    let stage = Stage::start().await;
    let endpoint = stage.see(&format!("/voice?guild={GUILD}")).await["endpoint"].as_str().unwrap().to_owned();
    let address = endpoint.replace("localhost", "127.0.0.1");
    let crash = stage.order("POST", "/faults", json!({ "kind": "voice_crash", "refuse": true })).await;
    let refused = tokio::time::timeout(PATIENCE, async {
        while tokio::net::TcpStream::connect(&address).await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    });
    refused.await.expect("a server that is down refuses connections");
    assert_eq!(stage.see("/faults").await["lasting"][0]["kind"], "voice_crash");
    let path = format!("/faults/{}", crash["id"].as_str().unwrap());
    assert_eq!(stage.control("DELETE", &path, None).await.0, 200);
    let open = tokio::time::timeout(PATIENCE, async {
        while tokio::net::TcpStream::connect(&address).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    });
    open.await.expect("a server that is up again takes connections");
}
