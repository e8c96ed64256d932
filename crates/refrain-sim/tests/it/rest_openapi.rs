//! The simulator beside Discord's description of its API. Every answer that [`Stage`] gets over REST is held against the
//! description in all tests; here is what needs more than that.

use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use refrain_sim::world::World;
use serde_json::{Value, json};

use crate::{
    openapi::takes,
    support::{BOT, GUILD, Stage, TEXT},
};

async fn unlimited() -> Stage {
    let mut world = World::example();
    world.rest.rate_limits = false;
    Stage::with(world, |_| {}).await
}

fn message() -> Value {
    let button = json!({ "type": 2, "style": 1, "label": "l", "custom_id": "c", "emoji": { "name": "▶" } });
    let menu = json!({ "type": 3, "custom_id": "m", "placeholder": "p", "options": [{ "label": "x", "value": "y" }] });
    json!({
        "content": "hello", "tts": false, "nonce": "n", "flags": 0, "allowed_mentions": { "parse": ["users"] },
        "embeds": [{ "title": "t", "description": "d", "url": "https://example.org", "color": 3,
            "timestamp": "2026-11-21T00:00:00.000Z", "footer": { "text": "f", "icon_url": "https://example.org/i" },
            "author": { "name": "n" }, "fields": [{ "name": "a", "value": "b", "inline": true }],
            "thumbnail": { "url": "https://example.org/x.png" } }],
        "components": [{ "type": 1, "components": [button] }, { "type": 1, "components": [menu] }],
    })
}

fn command() -> Value {
    json!({ "name": "play", "description": "x", "type": 1, "nsfw": false, "contexts": [0], "integration_types": [0],
        "options": [{ "type": 3, "name": "query", "description": "d", "required": true, "min_length": 1, "max_length": 50,
            "choices": [{ "name": "a", "value": "b" }] }, { "type": 4, "name": "n", "description": "d", "min_value": 1 }] })
}

#[tokio::test]
async fn what_is_asked_for_seldom_is_answered_in_the_described_shape() {
    let stage = unlimited().await;
    let guild_commands = format!("/applications/{BOT}/guilds/{GUILD}/commands");
    let emojis = format!("/applications/{BOT}/emojis");
    let (_, emoji) =
        stage.rest("POST", &emojis, Some(json!({ "name": "note", "image": "data:image/png;base64,AA==" }))).await;
    let emoji = format!("{emojis}/{}", emoji["id"].as_str().unwrap());
    let cases = [
        ("GET", "/voice/regions".to_owned(), None, 200),
        ("GET", format!("{guild_commands}/permissions"), None, 200),
        ("GET", format!("{guild_commands}/5/permissions"), None, 404),
        ("GET", emojis, None, 200),
        ("PATCH", emoji.clone(), Some(json!({ "name": "tune" })), 200),
        ("GET", emoji.clone(), None, 200),
        ("DELETE", emoji, None, 204),
        ("PATCH", format!("/guilds/{GUILD}/members/@me"), Some(json!({ "nick": "DJ" })), 200),
        ("PATCH", format!("/guilds/{GUILD}/members/@me"), Some(json!({ "nick": "x".repeat(33) })), 400),
        ("PUT", "/channels/1300/voice-status".into(), Some(json!({ "status": "song" })), 403),
        ("POST", format!("/channels/{TEXT}/messages"), Some(message()), 200),
        ("GET", format!("/channels/{TEXT}/messages"), None, 200),
        ("PUT", format!("/applications/{BOT}/commands"), Some(json!([command()])), 200),
        ("DELETE", format!("/users/@me/guilds/{GUILD}"), None, 204),
        ("GET", format!("/guilds/{GUILD}"), None, 403),
    ];
    for (method, path, body, status) in cases {
        let (found, answer) = stage.rest(method, &path, body).await;
        assert_eq!(found, status, "{method} {path}: {answer}");
    }
}

/// Every place in a JSON value, as a pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| places(value, &format!("{at}/{index}"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What a careless bot might send in place of what is right.
fn oddity() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!({})),
        Just(json!([])),
        Just(json!([{}])),
        Just(json!("")),
        any::<i32>().prop_map(|number| json!(number)),
        (0_usize..7000).prop_map(|length| json!("x".repeat(length))),
        Just(json!("https://example.org/y")),
    ]
}

#[test]
fn what_the_description_refuses_the_simulator_refuses() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(unlimited());
    let cases =
        [(format!("/channels/{TEXT}/messages"), message()), (format!("/applications/{BOT}/commands"), command())];
    for (path, good) in cases {
        assert_eq!(takes("POST", &path, &good), Some(true), "{good}");
        let mut all = Vec::new();
        places(&good, "", &mut all);
        // The whole body, and what the description does not have: permissions are words in the documentation.
        all.retain(|place| !place.is_empty() && place != "/nsfw");
        let odd = (prop::sample::select(all), oddity());
        let config = ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        runner
            .run(&odd, |(place, odd)| {
                let mut body = good.clone();
                *body.pointer_mut(&place).unwrap() = odd;
                let (status, answer) = runtime.block_on(stage.rest("POST", &path, Some(body.clone())));
                prop_assert!(status < 500, "{} {}", status, answer);
                if takes("POST", &path, &body) == Some(false) {
                    prop_assert_eq!(status, 400, "{} at {}: {}", body, place, answer);
                }
                Ok(())
            })
            .unwrap();
    }
}
