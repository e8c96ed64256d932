//! The REST API's answers and refusals, the control API's manners, the binary.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use refrain_sim::world::World;
use serde_json::{Value, json};

use crate::support::{ADA, BOT, GUILD, MUSIC, PATIENCE, Stage, TEXT};

#[tokio::test]
async fn the_usual_questions_are_answered() {
    let stage = Stage::start().await;
    let gateway = stage.sim.addresses().gateway.clone();
    let cases = [
        ("/gateway".into(), "/url", json!(gateway)),
        ("/gateway/bot".into(), "/url", json!(gateway)),
        ("/gateway/bot".into(), "/session_start_limit/max_concurrency", json!(1)),
        ("/users/@me".into(), "/bot", json!(true)),
        (format!("/users/{ADA}"), "/username", json!("ada")),
        ("/users/@me/guilds".into(), "/0/id", json!(GUILD)),
        ("/applications/@me".into(), "/id", json!(BOT)),
        ("/oauth2/applications/@me".into(), "/bot/id", json!(BOT)),
        (format!("/channels/{MUSIC}"), "/type", json!(2)),
        (format!("/guilds/{GUILD}"), "/owner_id", json!("3")),
        (format!("/guilds/{GUILD}/channels"), "/2/name", json!("Other Music")),
        (format!("/guilds/{GUILD}/roles"), "/0/name", json!("@everyone")),
        (format!("/guilds/{GUILD}/members/{ADA}"), "/user/id", json!(ADA)),
        (format!("/guilds/{GUILD}/members?limit=2"), "/1/user/id", json!("2")),
        (format!("/applications/{BOT}/commands"), "", json!([])),
    ];
    for (path, pointer, expected) in cases {
        let (status, answer) = stage.rest("GET", &path, None).await;
        assert_eq!((status, answer.pointer(pointer)), (200, Some(&expected)), "{path}");
    }
}

#[tokio::test]
async fn refusals_have_discords_codes() {
    let mut world = World::example();
    world.guilds.push(
        serde_json::from_value(json!({
        "id": "2000", "name": "elsewhere", "owner": "3", "channels": [{ "id": "2200", "name": "x", "type": "text" }],
        "members": [{ "user": "3" }] }))
        .unwrap(),
    );
    world.guilds[0].channels.push(
        serde_json::from_value(json!({
        "id": "1201", "name": "read-only", "type": "text",
        "overwrites": [{ "id": GUILD, "type": "role", "deny": ["SEND_MESSAGES"] }] }))
        .unwrap(),
    );
    let stage = Stage::with(world, |_| {}).await;
    let hello = || Some(json!({ "content": "hello" }));
    let cases = [
        ("GET", "/channels/404".to_owned(), None, 404, 10_003),
        ("GET", "/guilds/404".into(), None, 404, 10_004),
        ("GET", "/users/404".into(), None, 404, 10_013),
        ("GET", format!("/guilds/{GUILD}/members/404"), None, 404, 10_013),
        ("GET", format!("/channels/{TEXT}/messages/404"), None, 404, 10_008),
        ("GET", format!("/guilds/{GUILD}/voice-states/@me"), None, 404, 10_065),
        ("GET", "/guilds/2000".into(), None, 403, 50_001),
        ("GET", "/channels/2200".into(), None, 403, 50_001),
        ("POST", "/channels/1201/messages".into(), hello(), 403, 50_013),
        ("POST", format!("/channels/{TEXT}/messages"), Some(json!({})), 400, 50_006),
        ("POST", format!("/channels/{TEXT}/messages"), Some(json!({ "content": "x".repeat(2001) })), 400, 50_035),
        ("PUT", format!("/applications/{BOT}/commands"), Some(json!([{ "name": "BAD" }])), 400, 50_035),
        ("PUT", format!("/applications/{BOT}/commands"), Some(json!({})), 400, 50_109),
        ("GET", format!("/applications/{BOT}/commands/404"), None, 404, 10_063),
        ("GET", "/applications/404/commands".into(), None, 404, 10_002),
        ("POST", "/interactions/404/token/callback".into(), Some(json!({ "type": 5 })), 404, 10_062),
        ("PATCH", format!("/webhooks/{BOT}/token/messages/@original"), hello(), 401, 50_027),
        ("PATCH", "/webhooks/404/token/messages/@original".into(), hello(), 404, 10_015),
        ("GET", "/no/such/route".into(), None, 404, 0),
        ("GET", "/channels/first".into(), None, 404, 0),
        ("DELETE", "/gateway".into(), None, 405, 0),
    ];
    for (method, path, body, status, code) in cases {
        let (found, error) = stage.rest(method, &path, body).await;
        assert_eq!((found, &error["code"]), (status, &json!(code)), "{method} {path}: {error}");
        assert!(error["message"].is_string(), "{method} {path}: {error}");
    }
    let (status, error) = stage.anonymous("GET", "/users/@me", None).await;
    assert_eq!((status, error), (401, json!({ "message": "401: Unauthorized", "code": 0 })));
}

#[tokio::test]
async fn commands_keep_their_ids_and_get_new_versions() {
    let stage = Stage::start().await;
    let command = |name: &str| json!({ "name": name, "description": "x" });
    let first = stage.register(json!([command("play"), command("skip")])).await;
    let second = stage.register(json!([command("skip"), command("stop")])).await;
    assert_eq!(second[0]["id"], first[1]["id"]);
    assert_ne!(second[0]["version"], first[1]["version"]);
    assert_eq!(second[0]["application_id"], BOT);
    let of_guild = format!("/applications/{BOT}/guilds/{GUILD}/commands");
    let (status, one) = stage.rest("POST", &of_guild, Some(command("here"))).await;
    assert_eq!((status, &one["guild_id"]), (201, &json!(GUILD)));
    assert_eq!(stage.rest("POST", &of_guild, Some(command("here"))).await.0, 200);
    let path = format!("{of_guild}/{}", one["id"].as_str().unwrap());
    let (_, edited) = stage.rest("PATCH", &path, Some(json!({ "description": "y" }))).await;
    assert_eq!((&edited["description"], &edited["name"]), (&json!("y"), &json!("here")));
    assert_eq!(stage.see("/commands").await.as_array().unwrap().len(), 2);
    assert_eq!(stage.rest("DELETE", &path, None).await.0, 204);
    assert_eq!(stage.rest("DELETE", &path, None).await.0, 404);
}

#[tokio::test]
async fn messages_are_written_read_edited_and_deleted() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let messages = format!("/channels/{TEXT}/messages");
    let mut ids = Vec::new();
    for content in ["one", "two", "three"] {
        let (_, message) = stage.rest("POST", &messages, Some(json!({ "content": content, "nonce": "n" }))).await;
        ids.push(message["id"].as_str().unwrap().to_owned());
    }
    let heard = bot.event("MESSAGE_CREATE").await;
    assert_eq!((&heard["content"], &heard["guild_id"], &heard["nonce"]), (&json!("one"), &json!(GUILD), &json!("n")));
    let contents = |answer: &Value| -> Vec<String> {
        answer.as_array().unwrap().iter().map(|one| one["content"].as_str().unwrap().to_owned()).collect()
    };
    let (_, newest) = stage.rest("GET", &format!("{messages}?limit=2"), None).await;
    assert_eq!(contents(&newest), ["three", "two"]);
    let (_, before) = stage.rest("GET", &format!("{messages}?before={}", ids[2]), None).await;
    assert_eq!(contents(&before), ["two", "one"]);
    let (_, after) = stage.rest("GET", &format!("{messages}?after={}", ids[0]), None).await;
    assert_eq!(contents(&after), ["three", "two"]);
    let path = format!("{messages}/{}", ids[0]);
    let (_, edited) = stage.rest("PATCH", &path, Some(json!({ "content": "1" }))).await;
    assert!(edited["edited_timestamp"].is_string());
    assert_eq!(stage.rest("DELETE", &path, None).await.0, 204);
    assert_eq!(stage.rest("GET", &path, None).await.0, 404);
    assert_eq!(bot.event("MESSAGE_DELETE").await["id"], ids[0].as_str());
    let seen = stage.see(&format!("/messages?channel={TEXT}")).await;
    assert!(seen[0]["deleted_ms"].is_number(), "what was deleted is still seen by the test");
}

#[tokio::test]
async fn the_control_api_answers_mistakes_in_words() {
    let stage = Stage::start().await;
    let cases = [
        ("GET", "/nothing".to_owned(), None, 404, "POST /sim/interactions"),
        ("GET", "/components".into(), None, 405, "POST /sim/components"),
        ("POST", "/interactions".into(), Some(json!({ "guild": "x" })), 400, "guild"),
        ("POST", "/interactions".into(), Some(json!([])), 400, "body"),
        ("GET", "/interactions/5".into(), None, 404, "no interaction 5"),
        ("GET", "/messages?channel=5".into(), None, 404, "no channel 5"),
        ("GET", "/messages?channle=5".into(), None, 400, "channle"),
        ("GET", "/listeners/5".into(), None, 404, "no guild 5"),
        ("GET", format!("/listeners/{GUILD}"), None, 404, "no bot was in voice"),
        ("GET", format!("/listeners/{GUILD}/recording.wav"), None, 404, "no bot was in voice"),
        ("GET", "/voice?guild=5".into(), None, 404, "no guild 5"),
        ("POST", format!("/users/{BOT}/voice"), Some(json!({ "guild": GUILD, "channel": MUSIC })), 400, "bot"),
        ("POST", "/users/77/voice".into(), Some(json!({ "guild": GUILD, "channel": MUSIC })), 400, "no member"),
        ("POST", format!("/users/{ADA}/voice"), Some(json!({ "guild": GUILD, "channel": TEXT })), 400, "no voice"),
        (
            "POST",
            "/autocomplete".into(),
            Some(json!({
            "guild": GUILD, "channel": TEXT, "user": ADA, "name": "x" })),
            400,
            "focused",
        ),
        (
            "POST",
            "/components".into(),
            Some(json!({ "message": "5", "user": ADA, "custom_id": "x" })),
            404,
            "no message",
        ),
        ("POST", "/modals".into(), Some(json!({ "interaction": "5" })), 404, "no interaction"),
        ("DELETE", "/faults/x".into(), None, 400, "no"),
    ];
    for (method, path, body, status, words) in cases {
        let (found, error) = stage.control(method, &path, body).await;
        let said = error["error"].as_str().unwrap_or_default();
        assert!(found == status && said.contains(words), "{method} {path}: {found} {error}");
    }
}

#[tokio::test]
async fn the_log_has_every_frame_both_ways_and_reads_on() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    bot.events_so_far().await;
    let lines: Vec<Value> = stage.log().await.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen: Vec<(i64, &str)> = lines
        .iter()
        .filter(|line| line["connection"] == "gateway-1")
        .filter_map(|line| Some((line["op"].as_i64()?, line["direction"].as_str()?)))
        .collect();
    let (up, down) = ("from_client", "to_client");
    assert_eq!(seen, [(10, down), (2, up), (0, down), (0, down), (1, up), (11, down)]);
    let last = lines.last().unwrap()["time"].as_f64().unwrap();
    let (_, rest) = stage.control("GET", &format!("/log?since={last}"), None).await;
    assert_eq!(rest, json!(""));
}

#[tokio::test]
async fn events_can_be_awaited() {
    let stage = Stage::start().await;
    let before = stage.see("/events").await["last"].as_u64().unwrap();
    let path = format!("/events?since={before}&timeout_ms=20000");
    let (news, _) = tokio::join!(
        stage.see(&path),
        stage.order("POST", "/users/1/voice", json!({ "guild": GUILD, "channel": MUSIC }))
    );
    assert_eq!((&news["events"][0]["kind"], &news["events"][0]["channel"]), (&json!("voice_state"), &json!(MUSIC)));
}

/// A child that does not outlive its test.
struct Child(std::process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn binary(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_refrain-sim"));
    command.args(arguments).stderr(Stdio::piped());
    command
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_binary_says_where_it_is_and_ends_at_a_signal() {
    let directory = tempfile::tempdir().unwrap();
    let (world, ready) = (directory.path().join("world.json"), directory.path().join("ready.json"));
    assert!(binary(&["example", path(&world)]).status().unwrap().success());
    let arguments = ["serve", "--world", path(&world), "--ready-file", path(&ready)];
    let mut child = Child(binary(&arguments).stderr(Stdio::null()).spawn().unwrap());
    let start = Instant::now();
    while !ready.exists() {
        assert!(start.elapsed() < PATIENCE && child.0.try_wait().unwrap().is_none(), "it did not become ready");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let at: Value = serde_json::from_str(&std::fs::read_to_string(&ready).unwrap()).unwrap();
    for (field, scheme) in [
        ("rest", "http://127.0.0.1:"),
        ("gateway", "ws://127.0.0.1:"),
        ("control", "http://127.0.0.1:"),
        ("voice", "localhost:"),
    ] {
        assert!(at[field].as_str().unwrap().starts_with(scheme), "{at}");
    }
    let pem = std::fs::read_to_string(at["ca"].as_str().unwrap()).unwrap();
    assert!(pem.contains("BEGIN CERTIFICATE"));
    let ended = Command::new("kill").args(["-TERM", &child.0.id().to_string()]).status().unwrap();
    assert!(ended.success());
    assert_eq!(child.0.wait().unwrap().code(), Some(0));
}

#[test]
fn the_binary_says_what_is_wrong_with_a_world() {
    let directory = tempfile::tempdir().unwrap();
    let (world, ready) = (directory.path().join("world.json"), directory.path().join("ready.json"));
    let mut value = serde_json::to_value(World::example()).unwrap();
    value["guilds"][0]["owner"] = json!("404");
    std::fs::write(&world, value.to_string()).unwrap();
    let output = binary(&["serve", "--world", path(&world), "--ready-file", path(&ready)]).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && words.contains("guilds[0].owner") && words.contains("404"), "{words}");
    assert!(!ready.exists());
}
