//! Logging in: shards, intents, budgets, compression.

use refrain_sim::world::{PrivilegedIntent, World};
use serde_json::{Value, json};

use crate::support::{ADA, BOT, GUILD, INTENTS, MUSIC, Stage};

const GUILD_MEMBERS: u64 = 1 << 1;
const GUILD_PRESENCES: u64 = 1 << 8;

fn login(stage: &Stage) -> Value {
    json!({ "token": stage.token, "intents": INTENTS })
}

fn shard(stage: &Stage, number: u64, count: u64) -> Value {
    json!({ "token": stage.token, "intents": INTENTS, "shard": [number, count] })
}

#[tokio::test]
async fn gateway_bot_tells_shards_and_what_is_left_of_the_days_identifies() {
    let mut world = World::example();
    (world.gateway.shards, world.gateway.max_concurrency, world.gateway.session_starts) = (3, 2, 5);
    let stage = Stage::with(world, |_| {}).await;
    let limit = |answer: &Value| answer["session_start_limit"].clone();
    let before = stage.rest("GET", "/gateway/bot", None).await.1;
    assert_eq!(before["shards"], 3);
    assert_eq!(limit(&before)["total"], 5);
    assert_eq!(limit(&before)["remaining"], 5);
    assert_eq!(limit(&before)["max_concurrency"], 2);
    stage.connect().await.identify_with(shard(&stage, 0, 3)).await;
    let after = limit(&stage.rest("GET", "/gateway/bot", None).await.1);
    assert_eq!(after["remaining"], 4);
    let reset = after["reset_after"].as_u64().unwrap();
    assert!(reset > 0 && reset <= 86_400_000, "{after}");
}

#[tokio::test]
async fn a_second_identify_of_a_bucket_in_the_window_is_an_invalid_session() {
    let mut world = World::example();
    (world.gateway.max_concurrency, world.gateway.identify_window_ms) = (2, 600_000);
    let stage = Stage::with(world, |_| {}).await;
    stage.connect().await.identify_with(shard(&stage, 0, 4)).await;
    stage.connect().await.identify_with(shard(&stage, 1, 4)).await;
    // 2 % 2 is the bucket of shard 0.
    let mut early = stage.connect().await;
    early.try_identify(shard(&stage, 2, 4)).await;
    assert_eq!(early.op(9).await["d"], false);
    assert_eq!(stage.see("/bots").await[0]["sessions"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn when_the_budget_is_used_up_all_sessions_end_and_the_token_is_void() {
    let mut world = World::example();
    (world.gateway.session_starts, world.gateway.identify_window_ms) = (1, 0);
    let stage = Stage::with(world, |_| {}).await;
    let mut first = stage.bot().await;
    let mut second = stage.connect().await;
    second.try_identify(login(&stage)).await;
    assert_eq!(second.closed().await, Some(4004));
    assert_eq!(first.closed().await, Some(4004));
}

#[tokio::test]
async fn a_login_that_discord_would_not_take_has_its_close_code() {
    let mut world = World::example();
    world.bots[0].privileged_intents = vec![PrivilegedIntent::MessageContent];
    world.gateway.shard_multiple = 2;
    let stage = Stage::with(world, |_| {}).await;
    let with = |intents: u64, count: u64| json!({ "token": stage.token, "intents": intents, "shard": [0, count] });
    let cases = [
        (with(GUILD_MEMBERS, 2), 4014),
        (with(GUILD_PRESENCES, 2), 4014),
        (with(1 << 40, 2), 4013),
        (with(INTENTS, 3), 4010),
        (json!({ "token": stage.token, "intents": INTENTS, "shard": [2, 2] }), 4010),
        (json!({ "token": stage.token, "intents": INTENTS, "shard": [0, 2], "presence": 5 }), 4002),
    ];
    for (fields, code) in cases {
        let mut bot = stage.connect().await;
        bot.try_identify(fields.clone()).await;
        assert_eq!(bot.closed().await, Some(code), "{fields}");
    }
    let ready = stage.connect().await.identify_with(with(INTENTS | 1 << 15, 2)).await;
    assert_eq!(ready["shard"], json!([0, 2]));
}

#[tokio::test]
async fn too_many_guilds_for_one_shard_require_sharding() {
    let mut world = World::example();
    world.gateway.max_guilds_per_shard = 0;
    let stage = Stage::with(world, |_| {}).await;
    let mut bot = stage.connect().await;
    bot.try_identify(login(&stage)).await;
    assert_eq!(bot.closed().await, Some(4011));
    // The guild is another shard's.
    stage.connect().await.identify_with(shard(&stage, 1, 2)).await;
}

#[tokio::test]
async fn an_identify_without_connection_properties_is_no_identify() {
    let stage = Stage::start().await;
    let mut bot = stage.connect().await;
    bot.send(json!({ "op": 2, "d": { "token": stage.token, "intents": INTENTS } })).await;
    assert_eq!(bot.closed().await, Some(4002));
}

#[tokio::test]
async fn an_encoding_or_compression_that_is_not_spoken_is_refused() {
    let stage = Stage::start().await;
    for query in ["?v=10&encoding=etf", "?v=10&compress=lz4"] {
        assert_eq!(stage.connect_with(query).await.closed().await, Some(4002), "{query}");
    }
}

#[tokio::test]
async fn everything_is_compressed_in_one_stream_where_the_client_asks_for_it() {
    let stage = Stage::start().await;
    for compression in ["zlib-stream", "zstd-stream"] {
        let query = format!("?v=10&encoding=json&compress={compression}");
        let mut bot = stage.connect_with(&query).await;
        bot.op(10).await;
        bot.identify(&stage.token).await;
        assert_eq!(bot.event("GUILD_CREATE").await["id"], GUILD);
        stage.place(ADA, Some(MUSIC)).await;
        assert_eq!(bot.event("VOICE_STATE_UPDATE").await["user_id"], ADA);
        assert!(bot.compressed >= 4, "{compression}: {}", bot.compressed);
        // A resume is another connection, with a context of its own.
        let (session, seq) = (bot.session.clone(), bot.seq);
        drop(bot);
        stage.place(ADA, None).await;
        let mut again = stage.connect_with(&query).await;
        again.resume(&stage.token, &session, seq).await;
        assert_eq!(again.event("VOICE_STATE_UPDATE").await["channel_id"], Value::Null);
        again.event("RESUMED").await;
    }
}

#[tokio::test]
async fn payload_compression_compresses_what_is_large() {
    let stage = Stage::start().await;
    let mut bot = stage.connect().await;
    bot.identify_with(json!({ "token": stage.token, "intents": INTENTS, "compress": true })).await;
    assert_eq!(bot.event("GUILD_CREATE").await["id"], GUILD);
    let large = bot.compressed;
    assert!(large >= 1);
    assert_eq!(bot.events_so_far().await, Vec::<String>::new());
    assert_eq!(bot.compressed, large, "a heartbeat's acknowledgement is small");
}

#[tokio::test]
async fn which_members_a_guild_is_created_with_depends_on_the_intents() {
    let stage = Stage::start().await;
    for (intents, members) in [(INTENTS, 1), (INTENTS | GUILD_PRESENCES, 4)] {
        let mut bot = stage.connect().await;
        let ready = bot.identify_with(json!({ "token": stage.token, "intents": intents })).await;
        assert!(ready["shard"].is_null(), "no shard was asked for");
        let guild = bot.event("GUILD_CREATE").await;
        assert_eq!(guild["members"].as_array().unwrap().len(), members);
        assert_eq!((&guild["member_count"], &guild["large"]), (&json!(4), &json!(false)));
    }
}

#[tokio::test]
async fn a_presence_is_taken_and_shown_to_the_test() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let presence =
        json!({ "since": null, "afk": false, "status": "idle", "activities": [{ "name": "songs", "type": 2 }] });
    bot.send(json!({ "op": 3, "d": presence })).await;
    bot.events_so_far().await;
    assert_eq!(stage.see("/bots").await[0]["sessions"][0]["presence"], presence);
    bot.send(json!({ "op": 3, "d": { "status": "asleep" } })).await;
    assert_eq!(bot.closed().await, Some(4002));
}

#[tokio::test]
async fn soundboards_and_channel_information_are_answered() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    bot.send(json!({ "op": 31, "d": { "guild_ids": [GUILD, "77"] } })).await;
    assert_eq!(bot.event("SOUNDBOARD_SOUNDS").await["guild_id"], GUILD);
    bot.send(json!({ "op": 43, "d": { "guild_id": GUILD, "fields": ["status"] } })).await;
    let info = bot.event("CHANNEL_INFO").await;
    assert_eq!(info["channels"][0], json!({ "id": MUSIC, "status": null }));
}

#[tokio::test]
async fn the_whole_member_list_needs_its_intent() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    bot.send(json!({ "op": 8, "d": { "guild_id": GUILD, "query": "", "limit": 0 } })).await;
    assert_eq!(bot.events_so_far().await, Vec::<String>::new());
    bot.send(json!({ "op": 8, "d": { "guild_id": GUILD, "query": "ad", "limit": 5, "nonce": "x".repeat(33) } })).await;
    let chunk = bot.event("GUILD_MEMBERS_CHUNK").await;
    assert_eq!(chunk["members"][0]["user"]["id"], ADA);
    assert!(chunk["nonce"].is_null() && chunk["not_found"].is_null(), "{chunk}");
}

#[tokio::test]
async fn a_resume_from_before_what_is_kept_is_an_invalid_session() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let (session, seq) = (bot.session.clone(), bot.seq);
    let many = json!({ "op": 31, "d": { "guild_ids": vec![GUILD; 100] } });
    for _ in 0..21 {
        bot.send(many.clone()).await;
    }
    bot.events_so_far().await;
    bot.close(4000).await;
    let mut late = stage.connect().await;
    late.resume(&stage.token, &session, seq).await;
    assert_eq!(late.op(9).await["d"], false);
    let mut in_time = stage.connect().await;
    in_time.resume(&stage.token, &session, bot.seq).await;
    in_time.event("RESUMED").await;
    assert_eq!(stage.see("/bots").await[0]["id"], BOT);
}
