//! Rate limits, and what Discord demands of every request.

use refrain_sim::world::{RouteLimit, World};
use serde_json::{Value, json};

use crate::support::{GUILD, Stage, TEXT};

fn header<'a>(response: &'a reqwest::Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

fn number(response: &reqwest::Response, name: &str) -> f64 {
    header(response, name).unwrap_or_else(|| panic!("no {name}: {response:?}")).parse().unwrap()
}

/// Messages may be written three times in a minute, and everything else as often as one likes.
fn three_messages(shared: bool) -> World {
    let mut world = World::example();
    let (method, route) = (Some("POST".into()), "/channels/*/messages".into());
    world.rest.limits = vec![RouteLimit { method, route, limit: 3, per_ms: 60_000, shared }];
    world
}

fn hello() -> Option<Value> {
    Some(json!({ "content": "hello" }))
}

#[tokio::test]
async fn each_answer_tells_how_much_is_left_and_one_too_many_is_refused() {
    let stage = Stage::with(three_messages(false), |_| {}).await;
    let messages = format!("/channels/{TEXT}/messages");
    let mut bucket = String::new();
    for left in [2.0, 1.0, 0.0] {
        let response = stage.raw("POST", &messages, hello()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert!((number(&response, "x-ratelimit-limit") - 3.0).abs() < 1e-9);
        assert!((number(&response, "x-ratelimit-remaining") - left).abs() < 1e-9);
        let after = number(&response, "x-ratelimit-reset-after");
        assert!(after > 0.0 && after <= 60.0, "{after}");
        bucket = header(&response, "x-ratelimit-bucket").unwrap().to_owned();
    }
    let refused = stage.raw("POST", &messages, hello()).await.unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(header(&refused, "x-ratelimit-scope"), Some("user"));
    assert_eq!(header(&refused, "x-ratelimit-global"), None);
    assert_eq!(header(&refused, "x-ratelimit-bucket"), Some(bucket.as_str()));
    let whole = number(&refused, "retry-after");
    let error: Value = refused.json().await.unwrap();
    let exact = error["retry_after"].as_f64().unwrap();
    assert!(exact <= whole && whole - exact <= 1.0, "{whole} {exact}");
    assert_eq!((&error["global"], &error["message"]), (&json!(false), &json!("You are being rate limited.")));
    assert_eq!(stage.see(&format!("/messages?channel={TEXT}")).await.as_array().unwrap().len(), 3);
    let elsewhere = stage.raw("POST", "/channels/1300/messages", hello()).await.unwrap();
    assert_eq!(elsewhere.status(), 200, "another channel has a window of its own");
    assert_eq!(header(&elsewhere, "x-ratelimit-bucket"), Some(bucket.as_str()), "and the same bucket");
}

#[tokio::test]
async fn a_shared_limit_says_so() {
    let stage = Stage::with(three_messages(true), |_| {}).await;
    let messages = format!("/channels/{TEXT}/messages");
    for _ in 0..3 {
        assert_eq!(stage.raw("POST", &messages, hello()).await.unwrap().status(), 200);
    }
    let refused = stage.raw("POST", &messages, hello()).await.unwrap();
    assert_eq!((refused.status().as_u16(), header(&refused, "x-ratelimit-scope")), (429, Some("shared")));
    let error: Value = refused.json().await.unwrap();
    assert_eq!(error["message"], "The resource is being rate limited.");
}

#[tokio::test]
async fn the_global_limit_spares_the_endpoints_of_interactions() {
    let mut world = World::example();
    world.rest.global_per_second = 2;
    world.rest.limits = vec![RouteLimit { method: None, route: "**".into(), limit: 0, per_ms: 1000, shared: false }];
    let stage = Stage::with(world, |_| {}).await;
    // A window may end in between: more requests than two windows hold must meet the limit.
    let mut met = false;
    for _ in 0..50 {
        let response = stage.raw("GET", &format!("/guilds/{GUILD}"), None).await.unwrap();
        if response.status() == 429 {
            assert_eq!(header(&response, "x-ratelimit-scope"), Some("global"));
            assert_eq!(header(&response, "x-ratelimit-global"), Some("true"));
            assert_eq!(header(&response, "x-ratelimit-bucket"), None);
            let error: Value = response.json().await.unwrap();
            assert_eq!(error["global"], true);
            met = true;
            break;
        }
    }
    assert!(met, "fifty requests at once, and none was one too many");
    for _ in 0..10 {
        let (status, error) = stage.rest("POST", "/interactions/5/token/callback", Some(json!({ "type": 5 }))).await;
        assert_eq!((status, &error["code"]), (404, &json!(10_062)), "never a 429");
    }
}

#[tokio::test]
async fn too_many_invalid_requests_shut_the_address_out() {
    let mut world = World::example();
    world.rest.invalid_per_10_min = 5;
    let stage = Stage::with(world, |_| {}).await;
    for _ in 0..5 {
        assert_eq!(stage.anonymous("GET", "/users/@me", None).await.0, 401);
    }
    let banned = stage.raw("GET", "/users/@me", None).await.unwrap();
    assert_eq!(banned.status(), 429, "even with a good token");
    assert!(number(&banned, "retry-after") > 500.0);
    assert_eq!((header(&banned, "x-ratelimit-scope"), header(&banned, "via")), (None, None));
    assert!(banned.text().await.unwrap().contains("1015"), "it is Cloudflare that answers");
}

#[tokio::test]
async fn limits_can_be_turned_off() {
    let mut world = three_messages(false);
    world.rest.rate_limits = false;
    let stage = Stage::with(world, |_| {}).await;
    for _ in 0..60 {
        let response = stage.raw("POST", &format!("/channels/{TEXT}/messages"), hello()).await.unwrap();
        assert_eq!((response.status().as_u16(), header(&response, "x-ratelimit-limit")), (200, None));
    }
}

#[tokio::test]
async fn a_route_that_is_none_has_no_limit_either() {
    let stage = Stage::start().await;
    let response = stage.raw("GET", "/no/such/route", None).await.unwrap();
    assert_eq!((response.status().as_u16(), header(&response, "x-ratelimit-limit")), (404, None));
}

#[tokio::test]
async fn a_body_needs_a_content_type_and_a_request_a_user_agent_where_the_world_wants_one() {
    let mut world = World::example();
    world.rest.require_user_agent = true;
    let stage = Stage::with(world, |_| {}).await;
    let url = format!("{}/api/v10/channels/{TEXT}/messages", stage.sim.addresses().rest);
    let send = |agent: &'static str, kind: &'static str| {
        let request = stage.http().post(&url).header("authorization", format!("Bot {}", stage.token));
        request.header("user-agent", agent).header("content-type", kind).body("{\"content\":\"x\"}").send()
    };
    let agent = "DiscordBot (https://example.org, 1.0)";
    assert_eq!(send(agent, "application/json").await.unwrap().status(), 200);
    assert_eq!(send("curl/8", "application/json").await.unwrap().status(), 403);
    let refused = send(agent, "text/plain").await.unwrap();
    assert_eq!(refused.status(), 400);
    let error: Value = refused.json().await.unwrap();
    assert_eq!(
        (&error["code"], &error["errors"]["_errors"][0]["code"]),
        (&json!(50_035), &json!("CONTENT_TYPE_INVALID"))
    );
}
