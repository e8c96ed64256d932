//! How joins, moves and kicks go wrong, as a bot meets it.

use serde_json::{Value, json};

use crate::{
    support::{ADA, GUILD, Gateway, MUSIC, OTHER_MUSIC, Stage},
    voice_socket::Voice,
};

async fn in_voice(stage: &Stage) -> (Gateway, Value) {
    let mut bot = stage.bot().await;
    bot.join(Some(MUSIC)).await;
    let server = bot.event("VOICE_SERVER_UPDATE").await;
    (bot, server)
}

#[tokio::test]
async fn the_server_update_comes_first_twice_or_not_at_all() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let cases: [(&str, &[&str]); 3] = [
        ("server_update_first", &["VOICE_SERVER_UPDATE", "VOICE_STATE_UPDATE"]),
        ("server_update_doubled", &["VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE", "VOICE_SERVER_UPDATE"]),
        ("server_update_missing", &["VOICE_STATE_UPDATE"]),
    ];
    for (kind, events) in cases {
        let fault = stage.fault(kind, json!({})).await;
        bot.join(Some(MUSIC)).await;
        assert_eq!(bot.events_so_far().await, events, "{kind}");
        stage.end(&fault).await;
        bot.join(None).await;
        assert_eq!(bot.events_so_far().await, ["VOICE_STATE_UPDATE"]);
    }
}

#[tokio::test]
async fn the_server_update_comes_late_and_not_to_who_has_left() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    stage.fault("server_update_late", json!({ "ms": 400 })).await;
    bot.join(Some(MUSIC)).await;
    assert_eq!(bot.events_so_far().await, ["VOICE_STATE_UPDATE"]);
    assert_eq!(bot.event("VOICE_SERVER_UPDATE").await["guild_id"], GUILD);
    bot.join(Some(OTHER_MUSIC)).await;
    bot.join(None).await;
    assert_eq!(bot.events_so_far().await, ["VOICE_STATE_UPDATE", "VOICE_STATE_UPDATE"]);
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!(bot.events_so_far().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_late_op_4_is_done_in_order_even_when_the_socket_is_gone() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    stage.fault("op4_late", json!({ "ms": 300 })).await;
    bot.join(Some(MUSIC)).await;
    bot.join(Some(OTHER_MUSIC)).await;
    assert_eq!(bot.events_so_far().await, Vec::<String>::new());
    bot.close(4000).await;
    let mut again = stage.connect().await;
    again.resume(&stage.token, &bot.session, bot.seq).await;
    assert_eq!(again.event("VOICE_STATE_UPDATE").await["channel_id"], MUSIC);
    assert_eq!(again.event("VOICE_STATE_UPDATE").await["channel_id"], OTHER_MUSIC);
}

#[tokio::test]
async fn what_op_4_for_the_same_channel_brings_can_be_switched_while_it_runs() {
    let stage = Stage::start().await;
    let (mut bot, _) = in_voice(&stage).await;
    let fault = stage.fault("same_channel_op4", json!({ "answer": "answered" })).await;
    bot.join(Some(MUSIC)).await;
    assert_eq!(bot.events_so_far().await, ["VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE"]);
    stage.end(&fault).await;
    bot.join(Some(MUSIC)).await;
    assert_eq!(bot.events_so_far().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_move_and_a_server_update_come_in_any_order() {
    let stage = Stage::start().await;
    let (mut bot, _) = in_voice(&stage).await;
    stage.fault("move", json!({ "channel": OTHER_MUSIC, "server_first": true, "doubled": true })).await;
    let both = ["VOICE_SERVER_UPDATE", "VOICE_SERVER_UPDATE", "VOICE_STATE_UPDATE"];
    assert_eq!(bot.events_so_far().await, both);
    stage.fault("server_update", json!({ "state": "after" })).await;
    assert_eq!(bot.events_so_far().await, ["VOICE_SERVER_UPDATE", "VOICE_STATE_UPDATE"]);
    stage.fault("server_update", json!({ "state": "before", "delay_ms": 300 })).await;
    assert_eq!(bot.events_so_far().await, ["VOICE_STATE_UPDATE"]);
    bot.event("VOICE_SERVER_UPDATE").await;
    let both = json!({ "guild": GUILD, "kind": "move", "channel": MUSIC, "server_first": true, "delay_ms": 5 });
    assert_eq!(stage.control("POST", "/faults", Some(both)).await.0, 400);
}

#[tokio::test]
async fn stale_credentials_are_those_of_before_and_earn_a_4006() {
    let stage = Stage::start().await;
    let (mut bot, server) = in_voice(&stage).await;
    let mut voice = Voice::connect(&stage, &bot.session, &server).await;
    voice.ready().await;
    stage.fault("server_update", json!({ "stale": true })).await;
    let stale = bot.event("VOICE_SERVER_UPDATE").await;
    assert_eq!(stale["token"], server["token"]);
    assert_eq!(Voice::connect(&stage, &bot.session, &stale).await.closed().await, Some(4006));
}

#[tokio::test]
async fn a_kick_closes_with_4014_in_company_and_with_4022_for_who_was_alone() {
    let stage = Stage::start().await;
    let cases = [(None, json!({}), 4022), (Some(MUSIC), json!({}), 4014), (None, json!({ "alone": false }), 4014)];
    for (company, fields, code) in cases {
        stage.place(ADA, company).await;
        let (bot, server) = in_voice(&stage).await;
        let mut voice = Voice::connect(&stage, &bot.session, &server).await;
        voice.ready().await;
        stage.fault("kick", fields.clone()).await;
        assert_eq!(voice.closed().await, Some(code), "{company:?} {fields}");
    }
}
