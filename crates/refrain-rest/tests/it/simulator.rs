//! Two hundred busy guilds against the simulator, which counts: whatever a 429 is about, nothing comes before its time, all of
//! it arrives, and the bot alone is never limited.

use refrain_rest::{Delivery, RestClient, RestConfig, RestError};
use refrain_sim::{Sim, SimOptions};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::task::JoinSet;
use twilight_http::request::{Method, Request, RequestBuilder};

const GUILDS: u64 = 200;
/// Guilds whose message is edited and deleted as well.
const EDITING: u64 = 40;
const FIRST: u64 = 1_000_000;
const APPLICATION: &str = "901";

struct Stage {
    sim: Sim,
    client: RestClient,
    _folder: TempDir,
}

impl Stage {
    async fn start() -> Self {
        let guild = |number: u64| {
            let id = FIRST + number * 10;
            json!({
                "id": id.to_string(), "name": format!("Guild {number}"), "owner": "1",
                "roles": [{ "id": id.to_string(), "name": "@everyone", "permissions": "2251799813685247" }],
                "channels": [
                    { "id": (id + 1).to_string(), "name": "requests", "type": "text" },
                    { "id": (id + 2).to_string(), "name": "Music", "type": "voice" },
                ],
                "members": [{ "user": "1" }, { "user": "900" }],
            })
        };
        let world = json!({
            "users": [{ "id": "1", "name": "ada" }],
            "bots": [{ "id": "900", "application_id": APPLICATION, "token": "a.token.of.a.bot", "name": "bot" }],
            "guilds": (0..GUILDS).map(guild).collect::<Vec<_>>(),
        });
        let folder = tempfile::tempdir().unwrap();
        // A wait of Cloudflare's is longer than Discord waits for an acknowledgement; what is tested is that it comes after it.
        let options = SimOptions { interaction_deadline: Duration::from_secs(120), ..SimOptions::new(folder.path()) };
        let sim = Sim::start(serde_json::from_value(world).unwrap(), options).await.unwrap();
        let origin = sim.addresses().rest.clone();
        let client = RestClient::new(&RestConfig { token: "a.token.of.a.bot".into(), origin }).unwrap();
        Self { sim, client, _folder: folder }
    }

    async fn see(&self, path: &str) -> Value {
        let (status, seen) = self.sim.control("GET", path, &Value::Null).await;
        assert_eq!(status, 200, "{path}: {seen}");
        seen
    }

    /// A command is given in a guild; its interaction's id and token.
    async fn interaction(&self, guild: u64) -> (String, String) {
        let (id, channel) = ((FIRST + guild * 10).to_string(), (FIRST + guild * 10 + 1).to_string());
        let body = json!({ "guild": id, "channel": channel, "user": "1", "name": "queue", "options": {} });
        let (status, made) = self.sim.control("POST", "/sim/interactions", &body).await;
        assert_eq!(status, 200, "{made}");
        let secrets = self.see("/sim/secrets").await;
        let token = secrets.as_array().unwrap().last().unwrap().as_str().unwrap().to_owned();
        (made["interaction"].as_str().unwrap().to_owned(), token)
    }
}

fn request(method: Method, path: String, body: &Value, authorized: bool) -> Request {
    let request = RequestBuilder::raw(method, path).use_authorization_token(authorized);
    let request = if body.is_null() { request } else { request.json(body) };
    request.build().unwrap()
}

fn soon() -> Delivery {
    Delivery::harmless_until(Instant::now() + Duration::from_secs(120))
}

/// Sends a request of the bot's own. A message is told by its nonce, and the rest does the same however often it is sent.
async fn ask(client: &RestClient, method: Method, path: String, body: Value) -> Result<Value, RestError> {
    let empty = method == Method::Delete;
    let answer = client.send_raw(request(method, path, &body, true), soon()).await?;
    if empty { Ok(Value::Null) } else { answer.json() }
}

/// A message, in some guilds edited and deleted.
async fn talk(client: RestClient, guild: u64) -> Result<(), RestError> {
    let channel = FIRST + guild * 10 + 1;
    let body = json!({ "content": "hello", "nonce": guild.to_string(), "enforce_nonce": true });
    let made = ask(&client, Method::Post, format!("channels/{channel}/messages"), body).await?;
    if guild < EDITING {
        let path = format!("channels/{channel}/messages/{}", made["id"].as_str().unwrap_or_default());
        ask(&client, Method::Patch, path.clone(), json!({ "content": "goodbye" })).await?;
        ask(&client, Method::Delete, path, Value::Null).await?;
    }
    Ok(())
}

/// A command is acknowledged, answered and followed up.
async fn answer(client: RestClient, (id, token): (String, String)) -> Result<(), RestError> {
    let callback = request(Method::Post, format!("interactions/{id}/{token}/callback"), &json!({ "type": 5 }), false);
    match client.send_raw(callback, soon()).await {
        Err(RestError::Refused { code: 40060, repeated: true, .. }) => {}
        other => drop(other?),
    }
    let path = format!("webhooks/{APPLICATION}/{token}/messages/@original");
    client.send_raw(request(Method::Patch, path, &json!({ "content": "done" }), false), soon()).await?;
    let path = format!("webhooks/{APPLICATION}/{token}");
    client.send_raw(request(Method::Post, path, &json!({ "content": "more" }), false), soon()).await.map(drop)
}

/// All that the bot asks, in all guilds at once, with `fault` in force.
async fn busy(fault: Value) {
    let stage = Arc::new(Stage::start().await);
    let commands = json!([{ "name": "queue", "description": "What comes next", "type": 1 }]);
    let path = format!("applications/{APPLICATION}/commands");
    ask(&stage.client, Method::Put, path.clone(), commands.clone()).await.unwrap();
    let mut interactions = Vec::new();
    for guild in 0..GUILDS / 4 {
        interactions.push(stage.interaction(guild).await);
    }
    let (status, ordered) = stage.sim.control("POST", "/sim/faults", &fault).await;
    assert_eq!(status, 200, "{ordered}");
    let mut tasks = JoinSet::new();
    let client = stage.client.clone();
    for guild in 0..GUILDS {
        tasks.spawn(talk(client.clone(), guild));
    }
    for interaction in interactions {
        tasks.spawn(answer(client.clone(), interaction));
    }
    for path in ["users/@me", "gateway/bot", "applications/@me"] {
        let client = client.clone();
        tasks.spawn(async move { ask(&client, Method::Get, path.to_owned(), Value::Null).await.map(drop) });
    }
    tasks.spawn(async move { ask(&client, Method::Put, path, commands).await.map(drop) });
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
    let seen = stage.see("/sim/rest").await;
    assert_eq!(seen["too_early"], 0, "{fault}: {seen}");
    // The bot alone brings no 429 upon itself: there are those that were ordered, and no others.
    let scope = fault["scope"].as_str().unwrap().replace("cloudflare", "address");
    assert_eq!(seen["limited"], json!({ scope: fault["count"] }), "{seen}");
    let messages = stage.see("/sim/messages").await;
    let hello = |message: &&Value| message["nonce"].is_string() || message["interaction"].is_null();
    let made = messages.as_array().unwrap().iter().filter(hello).count() as u64;
    assert!(made >= GUILDS, "{made} messages");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_two_hundred_busy_guilds_no_request_comes_before_its_time() {
    let limit = |scope: &str| json!({ "kind": "rest_rate_limit", "guild": null, "scope": scope, "retry_after_ms": 3000, "count": 12 });
    let faults = ["user", "shared", "global", "cloudflare"].map(limit);
    let mut runs = JoinSet::new();
    for fault in faults {
        runs.spawn(busy(fault));
    }
    while let Some(run) = runs.join_next().await {
        run.unwrap();
    }
}
