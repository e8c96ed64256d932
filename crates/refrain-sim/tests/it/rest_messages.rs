//! Messages: files, replies, version 2 components, reactions, pins, deleting many, and the rights all this needs.

use refrain_sim::world::World;
use serde_json::{Value, json};

use crate::support::{ADA, BOT, GUILD, MUSIC, Stage, TEXT};

/// A stage without rate limits, where the bot may not do what `denied` says in the text channel.
async fn stage(denied: &[&str]) -> Stage {
    let mut world = World::example();
    world.rest.rate_limits = false;
    let overwrite = json!({ "id": BOT, "type": "member", "deny": denied });
    world.guilds[0].channels[0].overwrites = vec![serde_json::from_value(overwrite).unwrap()];
    Stage::with(world, |_| {}).await
}

fn messages() -> String {
    format!("/channels/{TEXT}/messages")
}

/// Writes a message that must be taken; answers its id.
async fn write(stage: &Stage, body: Value) -> (String, Value) {
    let (status, message) = stage.rest("POST", &messages(), Some(body)).await;
    assert_eq!(status, 200, "{message}");
    (message["id"].as_str().unwrap().to_owned(), message)
}

/// Sends a form with files, as clients do.
async fn send_files(stage: &Stage, method: &str, path: &str, body: &Value, files: &[(&str, &str)]) -> (u16, Value) {
    let mut form = format!(
        "--mark\r\nContent-Disposition: form-data; name=\"payload_json\"\r\nContent-Type: application/json\r\n\r\n{body}\r\n"
    );
    for (index, (name, content)) in files.iter().enumerate() {
        form += &format!(
            "--mark\r\nContent-Disposition: form-data; name=\"files[{index}]\"; filename=\"{name}\"\r\n\
             Content-Type: text/plain\r\n\r\n{content}\r\n"
        );
    }
    form += "--mark--\r\n";
    let url = format!("{}/api/v10{path}", stage.sim.addresses().rest);
    let request = stage.http().request(reqwest::Method::from_bytes(method.as_bytes()).unwrap(), url);
    let request = request.header("authorization", format!("Bot {}", stage.token));
    let request = request.header("content-type", "multipart/form-data; boundary=mark").body(form);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn files_come_back_as_attachments_that_can_be_fetched() {
    let stage = stage(&[]).await;
    let body = json!({ "content": "here", "attachments": [{ "id": 0, "description": "words" }],
        "embeds": [{ "image": { "url": "attachment://b.png" } }] });
    let (status, message) =
        send_files(&stage, "POST", &messages(), &body, &[("a b.txt", "one"), ("b.png", "two")]).await;
    assert_eq!(status, 200, "{message}");
    let files = message["attachments"].as_array().unwrap();
    assert_eq!((&files[0]["filename"], &files[0]["description"]), (&json!("a_b.txt"), &json!("words")));
    assert_eq!((&files[0]["size"], &files[1]["content_type"]), (&json!(3), &json!("text/plain")));
    assert_eq!(message["embeds"][0]["image"]["url"], files[1]["url"]);
    let fetched = stage.http().get(files[0]["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(fetched.text().await.unwrap(), "one");
    let path = format!("{}/{}", messages(), message["id"].as_str().unwrap());
    let keep = json!({ "attachments": [{ "id": files[1]["id"] }, { "id": "0" }] });
    let (_, edited) = send_files(&stage, "PATCH", &path, &keep, &[("c.txt", "three")]).await;
    let names: Vec<&Value> = edited["attachments"].as_array().unwrap().iter().map(|file| &file["filename"]).collect();
    assert_eq!(names, ["b.png", "c.txt"], "what is not named is gone, what is new is appended");
    let many: Vec<(&str, &str)> = (0..11).map(|_| ("x", "x")).collect();
    let (status, error) = send_files(&stage, "POST", &messages(), &json!({}), &many).await;
    assert_eq!((status, &error["code"]), (400, &json!(30_015)));
    let large = "x".repeat((10 << 20) + 1);
    let (status, error) = send_files(&stage, "POST", &messages(), &json!({}), &[("x", &large)]).await;
    assert_eq!((status, &error["code"]), (413, &json!(40_005)));
}

#[tokio::test]
async fn what_the_bot_may_not_do_is_refused() {
    let hello = || Some(json!({ "content": "hello" }));
    let cases = [
        ("VIEW_CHANNEL", "POST", hello(), 403, 50_001),
        ("SEND_MESSAGES", "POST", hello(), 403, 50_013),
        ("SEND_TTS_MESSAGES", "POST", Some(json!({ "content": "x", "tts": true })), 403, 50_013),
        (
            "READ_MESSAGE_HISTORY",
            "POST",
            Some(json!({ "content": "x", "message_reference": { "message_id": "5" } })),
            400,
            160_002,
        ),
    ];
    for (right, method, body, status, code) in cases {
        let stage = stage(&[right]).await;
        let (found, error) = stage.rest(method, &messages(), body).await;
        assert_eq!((found, &error["code"]), (status, &json!(code)), "{right}: {error}");
    }
    let blind = stage(&["READ_MESSAGE_HISTORY", "ATTACH_FILES", "EMBED_LINKS"]).await;
    let (_, shown) = write(&blind, json!({ "content": "x", "embeds": [{ "title": "t" }] })).await;
    assert_eq!(shown["embeds"], json!([]), "the text is shown, the embed is not");
    assert_eq!(blind.rest("GET", &messages(), None).await, (200, json!([])), "no history is an empty one");
    assert_eq!(send_files(&blind, "POST", &messages(), &json!({}), &[("x", "x")]).await.1["code"], 50_013);
    let mut world = World::example();
    let deny = json!({ "id": BOT, "type": "member", "deny": ["CONNECT"] });
    world.guilds[0].channels[1].overwrites = vec![serde_json::from_value(deny).unwrap()];
    let stage = Stage::with(world, |_| {}).await;
    let (status, error) = stage.rest("POST", &format!("/channels/{MUSIC}/messages"), hello()).await;
    assert_eq!(
        (status, &error["code"]),
        (403, &json!(50_001)),
        "the chat of a voice channel is for those who may connect"
    );
}

#[tokio::test]
async fn replies_carry_what_they_reply_to() {
    let stage = stage(&[]).await;
    let (first, _) = write(&stage, json!({ "content": "question <@1>" })).await;
    let reply = |extra: Value| {
        let mut body = json!({ "content": "answer", "message_reference": { "message_id": first } });
        body["message_reference"].as_object_mut().unwrap().extend(extra.as_object().cloned().unwrap());
        body
    };
    let (_, second) = write(&stage, reply(json!({}))).await;
    assert_eq!((&second["type"], &second["referenced_message"]["id"]), (&json!(19), &json!(first)));
    assert_eq!(second["mentions"][0]["id"], BOT, "who is replied to is mentioned");
    assert_eq!(second["referenced_message"]["mentions"][0]["id"], ADA);
    stage.rest("DELETE", &format!("{}/{first}", messages()), None).await;
    let (status, error) = stage.rest("POST", &messages(), Some(reply(json!({})))).await;
    assert_eq!((status, &error["code"]), (400, &json!(50_035)));
    assert_eq!(error["errors"]["message_reference"]["_errors"][0]["code"], "MESSAGE_REFERENCE_UNKNOWN_MESSAGE");
    let (_, alone) = write(&stage, reply(json!({ "fail_if_not_exists": false }))).await;
    assert_eq!(alone["type"], 0);
}

#[tokio::test]
async fn flags_embeds_and_components_of_version_two_behave_as_documented() {
    let stage = stage(&[]).await;
    let (id, _) = write(&stage, json!({ "content": "x", "embeds": [{ "title": "t" }] })).await;
    let path = format!("{}/{id}", messages());
    let (_, suppressed) = stage.rest("PATCH", &path, Some(json!({ "flags": 4 }))).await;
    assert_eq!((&suppressed["flags"], &suppressed["embeds"]), (&json!(4), &json!([])));
    let (_, shown) = stage.rest("PATCH", &path, Some(json!({ "flags": 0 }))).await;
    assert_eq!(shown["embeds"][0]["title"], "t");
    let components = json!([{ "type": 17, "components": [{ "type": 10, "content": "hello" }] }]);
    let upgrade = json!({ "flags": 1 << 15, "components": components });
    let (status, error) = stage.rest("PATCH", &path, Some(upgrade.clone())).await;
    assert_eq!((status, &error["code"]), (400, &json!(50_035)), "content and embeds must go first");
    let mut clean = upgrade;
    clean["content"] = Value::Null;
    clean["embeds"] = json!([]);
    let (status, message) = stage.rest("PATCH", &path, Some(clean)).await;
    assert_eq!(status, 200, "{message}");
    assert_eq!(message["components"][0]["components"][0], json!({ "type": 10, "id": 2, "content": "hello" }));
    let (_, still) = stage.rest("PATCH", &path, Some(json!({ "flags": 0 }))).await;
    assert_eq!(still["flags"], 1 << 15, "the flag stays");
    assert_eq!(stage.rest("PATCH", &path, Some(json!({ "content": "x" }))).await.0, 400);
}

#[tokio::test]
async fn a_nonce_that_is_enforced_makes_one_message() {
    let stage = stage(&[]).await;
    let body = json!({ "content": "x", "nonce": "n", "enforce_nonce": true });
    let (first, _) = write(&stage, body.clone()).await;
    assert_eq!(write(&stage, body).await.0, first);
    assert_ne!(write(&stage, json!({ "content": "x", "nonce": "n" })).await.0, first);
}

#[tokio::test]
async fn many_messages_are_deleted_at_once_within_the_documented_bounds() {
    let mut world = World::example();
    world.rest.rate_limits = false;
    let moderator = json!({ "id": BOT, "type": "member", "allow": ["MANAGE_MESSAGES"] });
    world.guilds[0].channels[0].overwrites = vec![serde_json::from_value(moderator).unwrap()];
    let stage = Stage::with(world, |_| {}).await;
    let mut bot = stage.bot().await;
    let (one, _) = write(&stage, json!({ "content": "1" })).await;
    let (two, _) = write(&stage, json!({ "content": "2" })).await;
    let path = format!("{}/bulk-delete", messages());
    let cases = [
        (json!({ "messages": [one] }), 50_016),
        (json!({ "messages": vec!["5"; 101] }), 50_035),
        (json!({ "messages": [one, one] }), 50_035),
        (json!({ "messages": [one, "5"] }), 50_034),
        (json!({ "messages": 5 }), 50_035),
    ];
    for (body, code) in cases {
        let (status, error) = stage.rest("POST", &path, Some(body.clone())).await;
        assert_eq!((status, &error["code"]), (400, &json!(code)), "{body}: {error}");
    }
    assert_eq!(stage.rest("POST", &path, Some(json!({ "messages": [one, two] }))).await.0, 204);
    let gone = bot.event("MESSAGE_DELETE_BULK").await;
    assert_eq!((&gone["ids"], &gone["guild_id"]), (&json!([one, two]), &json!(GUILD)));
    assert_eq!(stage.rest("GET", &messages(), None).await.1, json!([]));
}

#[tokio::test]
async fn reactions_and_pins_are_put_on_and_taken_off() {
    let mut world = World::example();
    world.rest.rate_limits = false;
    let pins = json!({ "id": BOT, "type": "member", "allow": ["PIN_MESSAGES"] });
    world.guilds[0].channels[0].overwrites = vec![serde_json::from_value(pins).unwrap()];
    let stage = Stage::with(world, |_| {}).await;
    let (id, _) = write(&stage, json!({ "content": "x" })).await;
    let reaction = format!("{}/{id}/reactions/%E2%96%B6%EF%B8%8F", messages());
    assert_eq!(stage.rest("PUT", &format!("{reaction}/@me"), None).await.0, 204);
    let (_, message) = stage.rest("GET", &format!("{}/{id}", messages()), None).await;
    assert_eq!((&message["reactions"][0]["count"], &message["reactions"][0]["me"]), (&json!(1), &json!(true)));
    assert_eq!(stage.rest("GET", &reaction, None).await.1[0]["id"], BOT);
    assert_eq!(stage.rest("DELETE", &format!("{reaction}/{ADA}"), None).await.1["code"], 50_013);
    assert_eq!(stage.rest("DELETE", &format!("{reaction}/@me"), None).await.0, 204);
    assert_eq!(stage.rest("GET", &reaction, None).await.1, json!([]));
    let (status, error) = stage.rest("PUT", &format!("{}/{id}/reactions/x/@me", messages()), None).await;
    assert_eq!((status, &error["code"]), (404, &json!(10_014)));
    for pin in ["messages/pins", "pins"] {
        let path = format!("/channels/{TEXT}/{pin}");
        assert_eq!(stage.rest("PUT", &format!("{path}/{id}"), None).await.0, 204);
        let (_, list) = stage.rest("GET", &path, None).await;
        let found = list.pointer("/items/0/message/id").or_else(|| list.pointer("/0/id"));
        assert_eq!(found, Some(&json!(id)), "{list}");
        assert_eq!(stage.rest("DELETE", &format!("{path}/{id}"), None).await.0, 204);
    }
    let (status, error) = stage.rest("POST", &format!("{}/{id}/crosspost", messages()), None).await;
    assert_eq!((status, &error["code"]), (400, &json!(50_024)));
}

#[tokio::test]
async fn pages_outside_their_bounds_are_refused() {
    let stage = stage(&[]).await;
    for query in ["limit=0", "limit=101", "limit=x", "before=x", "around="] {
        let (status, error) = stage.rest("GET", &format!("{}?{query}", messages()), None).await;
        assert_eq!((status, &error["code"]), (400, &json!(50_035)), "{query}");
    }
}
