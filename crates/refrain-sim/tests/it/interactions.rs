//! From a person's slash command to the answer they see.

use std::time::Duration;

use refrain_sim::world::World;
use serde_json::{Value, json};

use crate::support::{ADA, BOT, GUILD, Gateway, Stage, TEXT};

fn play() -> Value {
    json!([{ "name": "play", "description": "Play something", "options": [
        { "type": 3, "name": "query", "description": "What", "required": true, "autocomplete": true }] }])
}

fn asked(query: &str) -> Value {
    json!({ "guild": GUILD, "channel": TEXT, "user": ADA, "name": "play", "options": { "query": query } })
}

/// `/play song`, up to where the bot has it: the interaction's id, its event and its callback's path.
async fn asks(stage: &Stage, bot: &mut Gateway) -> (String, Value, String) {
    let answer = stage.order("POST", "/interactions", asked("song")).await;
    let id = answer["interaction"].as_str().unwrap().to_owned();
    let event = bot.event("INTERACTION_CREATE").await;
    let callback = format!("/interactions/{id}/{}/callback", event["token"].as_str().unwrap());
    (id, event, callback)
}

#[tokio::test]
async fn a_slash_command_arrives_with_all_that_a_bot_needs() {
    let stage = Stage::start().await;
    let commands = stage.register(play()).await;
    let mut bot = stage.bot().await;
    let (id, event, _) = asks(&stage, &mut bot).await;
    assert_eq!(event["id"], id.as_str());
    assert_eq!((&event["type"], &event["application_id"], &event["version"]), (&json!(2), &json!(BOT), &json!(1)));
    assert_eq!(event["data"]["id"], commands[0]["id"]);
    assert_eq!(event["data"]["options"], json!([{ "name": "query", "type": 3, "value": "song" }]));
    assert_eq!(
        (&event["guild_id"], &event["channel_id"], &event["channel"]["id"]),
        (&json!(GUILD), &json!(TEXT), &json!(TEXT))
    );
    assert_eq!(event["member"]["user"]["username"], "ada");
    assert!(event["member"]["permissions"].as_str().unwrap().parse::<u64>().unwrap() > 0);
    assert!(event["app_permissions"].is_string());
    assert_eq!(event["context"], 0);
    assert_eq!(event["authorizing_integration_owners"], json!({ "0": GUILD }));
    let report = stage.see(&format!("/interactions/{id}")).await;
    assert_eq!(report["state"], "created");
}

#[tokio::test]
async fn an_answer_deferred_and_edited_is_seen_with_its_past() {
    let stage = Stage::start().await;
    stage.register(play()).await;
    let mut bot = stage.bot().await;
    let (id, event, callback) = asks(&stage, &mut bot).await;
    let (status, _) = stage.anonymous("POST", &callback, Some(json!({ "type": 5 }))).await;
    assert_eq!(status, 204);
    let report = stage.see(&format!("/interactions/{id}")).await;
    assert_eq!(report["state"], "acknowledged");
    assert_eq!(report["message"]["loading"], true);
    assert!(report["delivered_ms"].as_f64().unwrap() <= report["acknowledged_ms"].as_f64().unwrap());
    let original = format!("/webhooks/{BOT}/{}/messages/@original", event["token"].as_str().unwrap());
    let embed = json!({ "title": "song", "fields": [{ "name": "a", "value": "b" }] });
    let (status, message) = stage.anonymous("PATCH", &original, Some(json!({ "embeds": [embed] }))).await;
    assert_eq!((status, &message["flags"]), (200, &json!(0)));
    stage.anonymous("PATCH", &original, Some(json!({ "content": "now playing" }))).await;
    let seen = stage.see(&format!("/messages?channel={TEXT}")).await;
    assert_eq!(seen[0]["author"]["id"], BOT);
    assert_eq!(seen[0]["content"], "now playing");
    assert_eq!(seen[0]["embeds"][0]["title"], "song");
    assert_eq!(seen[0]["interaction"], id.as_str());
    let edits = seen[0]["edits"].as_array().unwrap();
    assert_eq!(edits.len(), 2);
    assert_eq!(edits[0]["content"], "");
    assert!(edits[0]["at_ms"].as_f64().unwrap() <= edits[1]["at_ms"].as_f64().unwrap());
    assert_eq!(stage.see(&format!("/interactions/{id}")).await["state"], "answered");
    assert!(!stage.log().await.contains(event["token"].as_str().unwrap()), "the interaction's token is in the log");
}

#[tokio::test]
async fn the_first_follow_up_after_a_deferral_fills_the_loading_message() {
    let stage = Stage::start().await;
    stage.register(play()).await;
    let mut bot = stage.bot().await;
    let (_, event, callback) = asks(&stage, &mut bot).await;
    let deferral = json!({ "type": 5, "data": { "flags": 64 } });
    let (status, answer) = stage.anonymous("POST", &format!("{callback}?with_response=true"), Some(deferral)).await;
    assert_eq!((status, &answer["interaction"]["response_message_ephemeral"]), (200, &json!(true)));
    let webhook = format!("/webhooks/{BOT}/{}", event["token"].as_str().unwrap());
    let (_, first) = stage.anonymous("POST", &webhook, Some(json!({ "content": "one" }))).await;
    let (_, second) = stage.anonymous("POST", &webhook, Some(json!({ "content": "two" }))).await;
    assert_eq!(first["id"], answer["interaction"]["response_message_id"]);
    assert_ne!(first["id"], second["id"]);
    let seen = stage.see(&format!("/messages?channel={TEXT}")).await;
    assert_eq!((&seen[0]["content"], &seen[0]["ephemeral_for"]), (&json!("one"), &json!(ADA)));
    assert_eq!((&seen[1]["content"], &seen[1]["ephemeral"]), (&json!("two"), &json!(false)));
    let gone = format!("{webhook}/messages/{}", second["id"].as_str().unwrap());
    assert_eq!(stage.anonymous("DELETE", &gone, None).await.0, 204);
    assert_eq!(stage.anonymous("GET", &gone, None).await.1["code"], 10_008);
}

#[tokio::test]
async fn an_interaction_can_be_acknowledged_once() {
    let stage = Stage::start().await;
    stage.register(play()).await;
    let mut bot = stage.bot().await;
    let (_, event, callback) = asks(&stage, &mut bot).await;
    let original = format!("/webhooks/{BOT}/{}/messages/@original", event["token"].as_str().unwrap());
    let (status, error) = stage.anonymous("PATCH", &original, Some(json!({ "content": "x" }))).await;
    assert_eq!((status, &error["code"]), (404, &json!(10_015)), "before the callback there is no webhook");
    let (status, error) = stage.anonymous("POST", &callback, Some(json!({ "type": 7 }))).await;
    assert_eq!((status, &error["code"]), (400, &json!(50_035)), "a command has no message to update");
    let (status, error) = stage.anonymous("POST", &callback, Some(json!({ "type": 4, "data": {} }))).await;
    assert_eq!((status, &error["code"]), (400, &json!(50_006)));
    let answer = json!({ "type": 4, "data": { "content": "done" } });
    assert_eq!(stage.anonymous("POST", &callback, Some(answer.clone())).await.0, 204);
    let (status, error) = stage.anonymous("POST", &callback, Some(answer)).await;
    assert_eq!((status, &error["code"]), (400, &json!(40_060)));
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_unknown() {
    let stage = Stage::with(World::example(), |options| options.interaction_deadline = Duration::ZERO).await;
    stage.register(play()).await;
    let mut bot = stage.bot().await;
    let (id, _, callback) = asks(&stage, &mut bot).await;
    let (status, error) = stage.anonymous("POST", &callback, Some(json!({ "type": 5 }))).await;
    assert_eq!((status, &error["code"]), (404, &json!(10_062)));
    assert_eq!(stage.see(&format!("/interactions/{id}")).await["state"], "expired");
}

#[tokio::test]
async fn a_token_that_is_too_old_is_invalid() {
    let stage = Stage::with(World::example(), |options| options.token_life = Duration::ZERO).await;
    stage.register(play()).await;
    let mut bot = stage.bot().await;
    let (_, event, callback) = asks(&stage, &mut bot).await;
    assert_eq!(stage.anonymous("POST", &callback, Some(json!({ "type": 5 }))).await.0, 204);
    let original = format!("/webhooks/{BOT}/{}/messages/@original", event["token"].as_str().unwrap());
    let (status, error) = stage.anonymous("PATCH", &original, Some(json!({ "content": "x" }))).await;
    assert_eq!((status, &error["code"]), (401, &json!(50_027)));
}

#[tokio::test]
async fn autocomplete_answers_the_bots_choices() {
    let stage = Stage::start().await;
    stage.register(play()).await;
    let mut bot = stage.bot().await;
    let mut half = asked("so");
    half["focused"] = json!("query");
    let choices = json!([{ "name": "song", "value": "song" }]);
    let answering = async {
        let event = bot.event("INTERACTION_CREATE").await;
        assert_eq!((&event["type"], &event["data"]["options"][0]["focused"]), (&json!(4), &json!(true)));
        let (id, token) = (event["id"].as_str().unwrap(), event["token"].as_str().unwrap());
        let body = json!({ "type": 8, "data": { "choices": choices } });
        assert_eq!(stage.anonymous("POST", &format!("/interactions/{id}/{token}/callback"), Some(body)).await.0, 204);
    };
    let (answer, ()) = tokio::join!(stage.order("POST", "/autocomplete", half), answering);
    assert_eq!(answer["choices"], choices);
}

#[tokio::test]
async fn a_button_is_pressed_and_updates_its_message() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let button = json!({ "type": 2, "style": 1, "label": "Skip", "custom_id": "skip" });
    let row = json!([{ "type": 1, "components": [button] }]);
    let body = json!({ "content": "song", "components": row });
    let (status, message) = stage.rest("POST", &format!("/channels/{TEXT}/messages"), Some(body)).await;
    assert_eq!(status, 200, "{message}");
    stage.order("POST", "/components", json!({ "message": message["id"], "user": ADA, "custom_id": "skip" })).await;
    let event = bot.event("INTERACTION_CREATE").await;
    assert_eq!(event["data"], json!({ "custom_id": "skip", "component_type": 2, "id": 2 }));
    assert_eq!(event["message"]["id"], message["id"]);
    let callback =
        format!("/interactions/{}/{}/callback", event["id"].as_str().unwrap(), event["token"].as_str().unwrap());
    let update = json!({ "type": 7, "data": { "content": "skipped", "components": [] } });
    assert_eq!(stage.anonymous("POST", &callback, Some(update)).await.0, 204);
    let seen = stage.see(&format!("/messages?channel={TEXT}")).await;
    assert_eq!((&seen[0]["content"], &seen[0]["components"]), (&json!("skipped"), &json!([])));
    let pressed = json!({ "message": message["id"], "user": ADA, "custom_id": "skip" });
    let (status, error) = stage.control("POST", "/components", Some(pressed)).await;
    assert_eq!(status, 404, "{error}");
}

#[tokio::test]
async fn a_pressed_button_is_acknowledged_and_answered_for_one_person_alone() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let button = json!({ "type": 2, "style": 2, "label": "Back", "custom_id": "back", "emoji": { "name": "⏮️" } });
    let body = json!({ "content": "song", "components": [{ "type": 1, "components": [button] }] });
    let (_, message) = stage.rest("POST", &format!("/channels/{TEXT}/messages"), Some(body)).await;
    let pressed = json!({ "message": message["id"], "user": ADA, "custom_id": "back" });
    let pressed = stage.order("POST", "/components", pressed).await;
    let event = bot.event("INTERACTION_CREATE").await;
    assert_eq!((&event["type"], &event["member"]["user"]["id"]), (&json!(3), &json!(ADA)));
    let (id, token) = (event["id"].as_str().unwrap(), event["token"].as_str().unwrap());
    let callback = format!("/interactions/{id}/{token}/callback");
    assert_eq!(stage.anonymous("POST", &callback, Some(json!({ "type": 6 }))).await.0, 204);
    let follow_up = json!({ "content": "there was nothing before", "flags": 64 });
    assert_eq!(stage.anonymous("POST", &format!("/webhooks/{BOT}/{token}"), Some(follow_up)).await.0, 200);
    let report = stage.see(&format!("/interactions/{}", pressed["interaction"].as_str().unwrap())).await;
    assert_eq!((&report["callback_type"], &report["message"]["content"]), (&json!(6), &json!("song")));
    assert_eq!(report["message"]["edits"], json!([]), "an acknowledgement changes nothing");
    assert_eq!(report["followups"][0]["ephemeral_for"], ADA);
    let (_, seen) = stage.rest("GET", &format!("/channels/{TEXT}/messages"), None).await;
    assert_eq!(seen.as_array().map(Vec::len), Some(1), "what is for one person is in no channel's history");
}

#[tokio::test]
async fn an_answer_that_all_can_see_is_a_message_of_the_bot_that_it_edits_as_such() {
    for (flags, status, content) in [(0, 200, "later"), (64, 404, "now")] {
        let stage = Stage::start().await;
        stage.register(play()).await;
        let mut bot = stage.bot().await;
        let (id, _, callback) = asks(&stage, &mut bot).await;
        let answer = json!({ "type": 4, "data": { "content": "now", "flags": flags } });
        assert_eq!(stage.anonymous("POST", &callback, Some(answer)).await.0, 204);
        let message = stage.see(&format!("/interactions/{id}")).await["message"]["id"].as_str().unwrap().to_owned();
        let path = format!("/channels/{TEXT}/messages/{message}");
        let (found, error) = stage.rest("PATCH", &path, Some(json!({ "content": "later" }))).await;
        assert_eq!(found, status, "{error}");
        assert_eq!(stage.see(&format!("/interactions/{id}")).await["message"]["content"], content);
    }
}

#[tokio::test]
async fn a_form_is_opened_filled_and_answered() {
    let stage = Stage::start().await;
    stage.register(play()).await;
    let mut bot = stage.bot().await;
    let (id, _, callback) = asks(&stage, &mut bot).await;
    let field = json!({ "type": 4, "custom_id": "name", "style": 1, "label": "Name" });
    let form = json!({ "custom_id": "form", "title": "T", "components": [{ "type": 1, "components": [field] }] });
    assert_eq!(stage.anonymous("POST", &callback, Some(json!({ "type": 9, "data": form }))).await.0, 204);
    stage.order("POST", "/modals", json!({ "interaction": id, "values": { "name": "x" } })).await;
    let event = bot.event("INTERACTION_CREATE").await;
    assert_eq!((&event["type"], &event["data"]["custom_id"]), (&json!(5), &json!("form")));
    assert_eq!(event["data"]["components"][0]["components"][0]["value"], "x");
}

#[tokio::test]
async fn what_a_person_could_not_do_is_refused_in_words() {
    let stage = Stage::start().await;
    let without = stage.control("POST", "/interactions", Some(asked("x"))).await;
    assert!(
        without.0 == 404 && without.1["error"].as_str().unwrap().contains("no command is registered"),
        "{without:?}"
    );
    stage.register(play()).await;
    let with = |field: &str, value: Value| {
        let mut body = asked("x");
        body[field] = value;
        body
    };
    let cases = [
        (with("name", json!("pley")), 404, "/play"),
        (with("guild", json!("5")), 404, "no guild 5"),
        (with("channel", json!("5")), 404, "no channel 5"),
        (with("user", json!("5")), 404, "no user 5"),
        (with("user", json!(BOT)), 404, "no user 9000"),
        (with("options", json!({})), 400, "required"),
        (with("options", json!({ "query": 5 })), 400, "no text"),
        (with("option", json!({})), 400, "option"),
        (with("focused", json!("query")), 400, "autocomplete"),
    ];
    for (body, status, words) in cases {
        let (found, error) = stage.control("POST", "/interactions", Some(body.clone())).await;
        assert!(found == status && error["error"].as_str().unwrap().contains(words), "{body}: {found} {error}");
    }
}

#[tokio::test]
async fn without_a_bot_the_interaction_waits_and_expires() {
    let stage = Stage::with(World::example(), |options| options.interaction_deadline = Duration::from_millis(10)).await;
    stage.register(play()).await;
    let answer = stage.order("POST", "/interactions", asked("x")).await;
    let path = format!("/interactions/{}", answer["interaction"].as_str().unwrap());
    let report = stage.see(&path).await;
    assert_eq!(report["delivered_ms"], Value::Null);
    while stage.see(&path).await["state"] != "expired" {
        tokio::task::yield_now().await;
    }
}
