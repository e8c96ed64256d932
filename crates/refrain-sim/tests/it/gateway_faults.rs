//! What goes wrong with the main gateway, as a bot meets it.

use serde_json::{Value, json};

use crate::support::{ADA, MUSIC, OTHER_MUSIC, Stage};

fn heartbeat() -> Value {
    json!({ "op": 1, "d": null })
}

#[tokio::test]
async fn a_blackhole_swallows_the_socket_and_new_connections_until_it_ends() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let dark = stage.fault("gateway_blackhole", json!({})).await;
    bot.send(heartbeat()).await;
    stage.place(ADA, Some(MUSIC)).await;
    assert!(bot.is_silent().await);
    let mut newcomer = Box::pin(stage.connect());
    let waited = tokio::time::timeout(std::time::Duration::from_millis(200), &mut newcomer).await;
    assert!(waited.is_err(), "a handshake was answered");
    stage.end(&dark).await;
    newcomer.await.op(10).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["user_id"], ADA);
}

#[tokio::test]
async fn a_half_open_socket_says_nothing_and_its_session_can_be_resumed_elsewhere() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let fault = stage.fault("gateway_half_open", json!({})).await;
    bot.send(heartbeat()).await;
    stage.place(ADA, Some(MUSIC)).await;
    assert!(bot.is_silent().await);
    assert_eq!(stage.see("/bots").await[0]["connected"], false);
    let mut again = stage.connect().await;
    again.resume(&stage.token, &bot.session, bot.seq).await;
    assert_eq!(again.event("VOICE_STATE_UPDATE").await["user_id"], ADA);
    stage.end(&fault).await;
    assert_eq!(bot.closed().await, None);
    assert_eq!(again.events_so_far().await, ["RESUMED"]);
}

#[tokio::test]
async fn heartbeats_are_not_acknowledged_while_events_go_on() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let fault = stage.fault("gateway_ack_withheld", json!({})).await;
    bot.send(heartbeat()).await;
    stage.place(ADA, Some(MUSIC)).await;
    let crate::support::Came::Frame(first) = bot.next().await else { panic!("closed") };
    assert_eq!(first["t"], "VOICE_STATE_UPDATE");
    assert!(bot.is_silent().await);
    stage.end(&fault).await;
    assert_eq!(bot.events_so_far().await, Vec::<String>::new());
}

#[tokio::test]
async fn heartbeats_are_acknowledged_late() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    stage.fault("gateway_ack_late", json!({ "ms": 1500 })).await;
    bot.send(heartbeat()).await;
    assert!(bot.is_silent().await);
    bot.op(11).await;
}

#[tokio::test]
async fn a_slow_gateway_sends_all_the_same_in_order() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    stage.fault("gateway_slow", json!({ "ms": 100 })).await;
    for channel in [MUSIC, OTHER_MUSIC] {
        stage.place(ADA, Some(channel)).await;
    }
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["channel_id"], MUSIC);
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["channel_id"], OTHER_MUSIC);
}

#[tokio::test]
async fn the_gateway_asks_for_a_heartbeat() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    stage.fault("gateway_heartbeat_request", json!({})).await;
    bot.op(1).await;
}

#[tokio::test]
async fn sockets_end_without_a_code_or_without_a_word_and_can_be_resumed() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    for (kind, fields) in [("gateway_close", json!({ "code": null })), ("gateway_drop", json!({}))] {
        stage.fault(kind, fields).await;
        assert_eq!(bot.closed().await, None, "{kind}");
        let mut again = stage.connect().await;
        again.resume(&stage.token, &bot.session, bot.seq).await;
        again.event("RESUMED").await;
        again.session.clone_from(&bot.session);
        bot = again;
    }
}

#[tokio::test]
async fn a_gateway_fault_without_a_guild_hits_all_shards_of_the_bot() {
    let stage = Stage::start().await;
    let mut shards = Vec::new();
    for number in 0..2 {
        let mut bot = stage.connect().await;
        bot.identify_with(json!({ "token": stage.token, "intents": 1, "shard": [number, 2] })).await;
        shards.push(bot);
    }
    stage.order("POST", "/faults", json!({ "kind": "gateway_reconnect" })).await;
    for bot in &mut shards {
        bot.op(7).await;
    }
}

#[tokio::test]
async fn a_frozen_simulator_answers_nothing_and_everything_once_it_is_thawed() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let frozen = stage.order("POST", "/faults", json!({ "kind": "freeze" })).await;
    bot.send(heartbeat()).await;
    let mut request = Box::pin(stage.rest("GET", "/users/@me", None));
    let waited = tokio::time::timeout(std::time::Duration::from_millis(300), &mut request).await;
    assert!(waited.is_err(), "REST answered");
    assert!(bot.is_silent().await);
    stage.end(&frozen).await;
    assert_eq!(request.await.0, 200);
    bot.op(11).await;
}

#[tokio::test]
async fn a_freeze_ends_by_itself_when_it_was_given_a_time() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    stage.order("POST", "/faults", json!({ "kind": "freeze", "for_ms": 100 })).await;
    bot.send(heartbeat()).await;
    bot.op(11).await;
    assert_eq!(stage.see("/faults").await["lasting"], json!([]));
}

#[tokio::test]
async fn connections_are_refused_at_each_step_until_the_fault_ends() {
    let stage = Stage::start().await;
    let bot = stage.bot().await;
    let refuse = |on: &str, fields: Value| {
        let mut all = json!({ "on": on });
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        all
    };
    let fault = stage.fault("gateway_refuse", refuse("connect", json!({ "code": 4008 }))).await;
    assert_eq!(stage.connect().await.closed().await, Some(4008));
    stage.end(&fault).await;
    for (fields, code) in [(json!({}), Some(4000)), (json!({ "code": null }), None), (json!({ "how": "reset" }), None)]
    {
        let fault = stage.fault("gateway_refuse", refuse("identify", fields.clone())).await;
        let mut other = stage.connect().await;
        other.op(10).await;
        other.try_identify(json!({ "token": stage.token, "intents": 1 })).await;
        assert_eq!(other.closed().await, code, "{fields}");
        stage.end(&fault).await;
    }
    let fault = stage.fault("gateway_refuse", refuse("resume", json!({ "how": "invalid_session" }))).await;
    let mut again = stage.connect().await;
    again.resume(&stage.token, &bot.session, bot.seq).await;
    assert_eq!(again.op(9).await["d"], false);
    stage.end(&fault).await;
    again.resume(&stage.token, &bot.session, bot.seq).await;
    again.event("RESUMED").await;
}
