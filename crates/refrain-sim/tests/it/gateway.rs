//! The main gateway: logging in, voice states, resuming, being closed.

use std::time::Duration;

use refrain_sim::world::{SameChannel, World};
use serde_json::json;

use crate::support::{ADA, BOT, GUILD, INTENTS, MUSIC, OTHER_MUSIC, Stage};

#[tokio::test]
async fn a_bot_logs_in_and_learns_its_guild() {
    let stage = Stage::start().await;
    let mut bot = stage.connect().await;
    let hello = bot.op(10).await;
    assert_eq!(hello["d"]["heartbeat_interval"], 41_250);
    bot.send(json!({ "op": 2, "d": { "token": stage.token, "intents": 129, "shard": [0, 1], "properties": {} } }))
        .await;
    let ready = bot.event("READY").await;
    assert_eq!(ready["user"]["id"], BOT);
    assert_eq!(ready["resume_gateway_url"], stage.sim.addresses().gateway.as_str());
    assert_eq!(ready["guilds"], json!([{ "id": GUILD, "unavailable": true }]));
    let guild = bot.event("GUILD_CREATE").await;
    assert_eq!(guild["channels"].as_array().unwrap().len(), 3);
    assert_eq!(guild["roles"].as_array().unwrap().len(), 3);
    assert_eq!(guild["members"][0]["user"]["id"], BOT);
    bot.send(json!({ "op": 1, "d": 2 })).await;
    bot.op(11).await;
    let bots = stage.see("/bots").await;
    assert_eq!(bots[0]["connected"], true);
    assert_eq!(bots[0]["guilds_ready"], json!([GUILD]));
}

#[tokio::test]
async fn what_a_client_does_wrong_has_its_close_code() {
    let stage = Stage::start().await;
    let identify = |token: &str| json!({ "op": 2, "d": { "token": token, "intents": 1, "properties": {} } });
    let cases = [
        (vec![identify("wrong")], 4004),
        (vec![identify(&stage.token), identify(&stage.token)], 4005),
        (vec![json!({ "op": 4, "d": { "guild_id": GUILD, "channel_id": null } })], 4003),
        (vec![json!({ "op": 77, "d": null })], 4001),
        (vec![json!({ "op": "?" })], 4002),
        (vec![json!({ "op": 2, "d": { "token": stage.token, "intents": 1, "shard": [5, 2] } })], 4010),
        (vec![json!({ "op": 2, "d": { "token": stage.token, "intents": -1 } })], 4013),
        (vec![json!({ "op": 1, "d": "x".repeat(5000) })], 4002),
    ];
    for (frames, code) in cases {
        let mut bot = stage.connect().await;
        for frame in &frames {
            bot.send(frame.clone()).await;
        }
        assert_eq!(bot.closed().await, Some(code), "{frames:?}");
    }
    assert_eq!(stage.connect_with("?v=6").await.closed().await, Some(4012));
    assert!(!stage.log().await.contains(&stage.token), "the token is in the log");
}

#[tokio::test]
async fn more_than_the_allowed_frames_close_the_socket() {
    let stage = Stage::start().await;
    let mut bot = stage.connect().await;
    for _ in 0..121 {
        bot.send(json!({ "op": 1, "d": null })).await;
    }
    assert_eq!(bot.closed().await, Some(4008));
}

#[tokio::test]
async fn a_client_without_heartbeats_is_closed() {
    let stage = Stage::with(World::example(), |options| options.gateway_heartbeat = Duration::from_millis(100)).await;
    let mut bot = stage.connect().await;
    assert_eq!(bot.closed().await, Some(4009));
}

#[tokio::test]
async fn joining_voice_brings_both_halves_once() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    bot.join(Some(MUSIC)).await;
    let state = bot.event("VOICE_STATE_UPDATE").await;
    assert_eq!((&state["channel_id"], &state["user_id"]), (&json!(MUSIC), &json!(BOT)));
    assert_eq!(state["self_deaf"], true);
    assert_eq!(state["member"]["user"]["id"], BOT);
    let server = bot.event("VOICE_SERVER_UPDATE").await;
    assert_eq!(server["endpoint"], stage.sim.addresses().voice.as_str());
    assert_eq!(server["guild_id"], GUILD);
    assert!(!server["token"].as_str().unwrap().is_empty());
    assert_eq!(bot.events_so_far().await, Vec::<String>::new());
    let voice = stage.see(&format!("/voice?guild={GUILD}")).await;
    assert_eq!(voice["voice_states"][0]["channel"], MUSIC);
    bot.join(None).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["channel_id"], json!(null));
    bot.join(None).await;
    assert_eq!(bot.events_so_far().await, Vec::<String>::new());
}

#[tokio::test]
async fn op_4_for_the_same_channel_is_unanswered_by_default() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    bot.join(Some(MUSIC)).await;
    bot.event("VOICE_SERVER_UPDATE").await;
    bot.join(Some(MUSIC)).await;
    assert_eq!(bot.events_so_far().await, Vec::<String>::new());
    let deaf = json!({ "guild_id": GUILD, "channel_id": MUSIC, "self_mute": true, "self_deaf": true });
    bot.send(json!({ "op": 4, "d": deaf })).await;
    assert_eq!(bot.events_so_far().await, ["VOICE_STATE_UPDATE"]);
}

#[tokio::test]
async fn op_4_for_the_same_channel_is_answered_where_the_world_says_so() {
    let mut world = World::example();
    world.voice.same_channel_op4 = SameChannel::Answered;
    let stage = Stage::with(world, |_| {}).await;
    let mut bot = stage.bot().await;
    bot.join(Some(MUSIC)).await;
    let first = bot.event("VOICE_SERVER_UPDATE").await;
    bot.join(Some(MUSIC)).await;
    let second = bot.event("VOICE_SERVER_UPDATE").await;
    assert_ne!(first["token"], second["token"]);
}

#[tokio::test]
async fn a_channel_that_cannot_be_entered_answers_nothing() {
    let mut world = World::example();
    world.guilds[0].channels[1].user_limit = 1;
    world.guilds[0].channels[2].overwrites = serde_json::from_value(json!([
        { "id": BOT, "type": "member", "deny": ["CONNECT"] }]))
    .unwrap();
    let stage = Stage::with(world, |_| {}).await;
    let mut bot = stage.bot().await;
    stage.order("POST", &format!("/users/{ADA}/voice"), json!({ "guild": GUILD, "channel": MUSIC })).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["user_id"], ADA);
    for closed in [MUSIC, OTHER_MUSIC, "1200", "4711"] {
        bot.join(Some(closed)).await;
        assert_eq!(bot.events_so_far().await, Vec::<String>::new(), "{closed}");
    }
    stage.order("POST", &format!("/users/{ADA}/voice"), json!({ "guild": GUILD, "channel": null })).await;
    bot.join(Some(MUSIC)).await;
    bot.event("VOICE_SERVER_UPDATE").await;
}

#[tokio::test]
async fn a_resume_brings_what_was_missed_in_order_and_nothing_twice() {
    let stage = Stage::start().await;
    let bot = stage.bot().await;
    let (session, seq) = (bot.session.clone(), bot.seq);
    drop(bot);
    for channel in [MUSIC, OTHER_MUSIC] {
        stage.order("POST", &format!("/users/{ADA}/voice"), json!({ "guild": GUILD, "channel": channel })).await;
    }
    let mut again = stage.connect().await;
    again.resume(&stage.token, &session, seq).await;
    assert_eq!(again.event("VOICE_STATE_UPDATE").await["channel_id"], MUSIC);
    assert_eq!(again.event("VOICE_STATE_UPDATE").await["channel_id"], OTHER_MUSIC);
    again.event("RESUMED").await;
    assert_eq!(again.seq, seq + 3);
    assert_eq!(again.events_so_far().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_resume_that_cannot_be_is_refused_and_an_identify_follows_on_the_same_socket() {
    let stage = Stage::start().await;
    let mut bot = stage.connect().await;
    bot.resume(&stage.token, "no-such-session", 5).await;
    assert_eq!(bot.op(9).await["d"], false);
    bot.identify(&stage.token).await;
    let mut future = stage.connect().await;
    future.resume(&stage.token, &bot.session, 500).await;
    assert_eq!(future.closed().await, Some(4007));
    let mut thief = stage.connect().await;
    thief.resume("wrong", &bot.session, 1).await;
    assert_eq!(thief.closed().await, Some(4004));
}

#[tokio::test]
async fn voice_survives_a_resume_but_not_the_end_of_the_session() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    bot.join(Some(MUSIC)).await;
    bot.event("VOICE_SERVER_UPDATE").await;
    let (session, seq) = (bot.session.clone(), bot.seq);
    bot.close(4000).await;
    let mut again = stage.connect().await;
    again.resume(&stage.token, &session, seq).await;
    again.event("RESUMED").await;
    let path = format!("/voice?guild={GUILD}");
    assert_eq!(stage.see(&path).await["voice_states"].as_array().unwrap().len(), 1);
    let mut watcher = stage.bot().await;
    again.close(1000).await;
    assert_eq!(watcher.event("VOICE_STATE_UPDATE").await["channel_id"], json!(null));
    assert_eq!(stage.see(&path).await["voice_states"], json!([]));
    let mut late = stage.connect().await;
    late.resume(&stage.token, &session, seq).await;
    assert_eq!(late.op(9).await["d"], false);
}

#[tokio::test]
async fn a_client_that_dies_without_a_word_keeps_its_seat_and_its_voice_session_until_it_is_back() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    bot.join(Some(MUSIC)).await;
    assert_eq!(bot.event("VOICE_STATE_UPDATE").await["session_id"], bot.session.as_str());
    bot.event("VOICE_SERVER_UPDATE").await;
    let (session, seq) = (bot.session.clone(), bot.seq);
    drop(bot);
    stage.order("POST", &format!("/users/{ADA}/voice"), json!({ "guild": GUILD, "channel": MUSIC })).await;
    let states = stage.see(&format!("/voice?guild={GUILD}")).await["voice_states"].clone();
    assert_eq!(states.as_array().map(Vec::len), Some(2), "{states}");
    let mut again = stage.connect().await;
    again.resume(&stage.token, &session, seq).await;
    assert_eq!(again.event("VOICE_STATE_UPDATE").await["user_id"], ADA);
    again.event("RESUMED").await;
    again.join(Some(OTHER_MUSIC)).await;
    assert_eq!(again.event("VOICE_STATE_UPDATE").await["session_id"], session.as_str());
}

#[tokio::test]
async fn a_session_that_timed_out_cannot_be_resumed() {
    let stage = Stage::with(World::example(), |options| options.resume_window = Duration::from_millis(50)).await;
    let mut bot = stage.bot().await;
    bot.join(Some(MUSIC)).await;
    bot.event("VOICE_SERVER_UPDATE").await;
    let mut watcher = stage.bot().await;
    let (session, seq) = (bot.session.clone(), bot.seq);
    drop(bot);
    assert_eq!(watcher.event("VOICE_STATE_UPDATE").await["channel_id"], json!(null));
    let mut late = stage.connect().await;
    late.resume(&stage.token, &session, seq).await;
    assert_eq!(late.op(9).await["d"], false);
}

#[tokio::test]
async fn a_session_nobody_resumes_ends() {
    let stage = Stage::with(World::example(), |options| options.resume_window = Duration::from_millis(50)).await;
    let mut bot = stage.bot().await;
    bot.join(Some(MUSIC)).await;
    bot.event("VOICE_SERVER_UPDATE").await;
    let mut watcher = stage.bot().await;
    drop(bot);
    assert_eq!(watcher.event("VOICE_STATE_UPDATE").await["channel_id"], json!(null));
}

#[tokio::test]
async fn events_go_to_the_shard_of_the_guild() {
    let mut world = World::example();
    world.guilds[0].id = refrain_sim::id::Id(5 << 22);
    world.guilds[0].roles[0].id = refrain_sim::id::Id(5 << 22);
    let stage = Stage::with(world, |_| {}).await;
    let mut shards = Vec::new();
    for shard in 0..2 {
        let mut bot = stage.connect().await;
        let data = json!({ "token": stage.token, "intents": 129, "shard": [shard, 2], "properties": {} });
        bot.send(json!({ "op": 2, "d": data })).await;
        let ready = bot.event("READY").await;
        shards.push((ready["guilds"].as_array().unwrap().len(), bot.events_so_far().await.len()));
    }
    assert_eq!(shards, [(0, 0), (1, 1)]);
}

#[tokio::test]
async fn members_are_sent_on_request() {
    let stage = Stage::start().await;
    let mut bot = stage.connect().await;
    bot.identify_with(json!({ "token": stage.token, "intents": INTENTS | 1 << 1 })).await;
    let ask = |fields: serde_json::Value| {
        let mut data = json!({ "guild_id": GUILD, "nonce": "n" });
        data.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({ "op": 8, "d": data })
    };
    bot.send(ask(json!({ "query": "", "limit": 0 }))).await;
    let chunk = bot.event("GUILD_MEMBERS_CHUNK").await;
    assert_eq!(chunk["members"].as_array().unwrap().len(), 4);
    assert_eq!(chunk["nonce"], "n");
    // All members again, so soon: Discord asks for patience.
    bot.send(ask(json!({ "query": "", "limit": 0 }))).await;
    let limited = bot.event("RATE_LIMITED").await;
    assert_eq!((&limited["opcode"], &limited["meta"]["guild_id"]), (&json!(8), &json!(GUILD)));
    assert!(limited["retry_after"].as_f64().unwrap() > 0.0);
    bot.send(ask(json!({ "user_ids": [ADA, "404"], "limit": 0 }))).await;
    let chunk = bot.event("GUILD_MEMBERS_CHUNK").await;
    assert_eq!(chunk["members"][0]["user"]["username"], "ada");
    assert_eq!(chunk["not_found"], json!(["404"]));
}
