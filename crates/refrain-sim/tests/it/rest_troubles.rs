//! The faults of the REST API.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{GUILD, Stage, TEXT};

fn messages() -> String {
    format!("/channels/{TEXT}/messages")
}

fn hello() -> Option<Value> {
    Some(json!({ "content": "hello" }))
}

async fn written(stage: &Stage) -> usize {
    stage.see(&format!("/messages?channel={TEXT}")).await.as_array().unwrap().len()
}

#[tokio::test]
async fn an_error_comes_in_place_of_the_effect_or_after_it() {
    let stage = Stage::start().await;
    let fault = json!({ "kind": "rest_fail", "route": "/channels/*/messages", "method": "POST", "count": 1 });
    stage.order("POST", "/faults", fault.clone()).await;
    let failed = stage.raw("POST", &messages(), hello()).await.unwrap();
    assert_eq!(failed.status(), 502);
    assert!(failed.text().await.unwrap().contains("<html>"), "Cloudflare's page, not JSON");
    assert_eq!(written(&stage).await, 0);
    assert_eq!(stage.raw("POST", &messages(), hello()).await.unwrap().status(), 200, "one was ordered");
    let mut after = fault;
    after["when"] = json!("after_effect");
    after["status"] = json!(500);
    stage.order("POST", "/faults", after).await;
    let (status, error) = stage.rest("POST", &messages(), hello()).await;
    assert_eq!((status, error), (500, json!({ "message": "500: Internal Server Error", "code": 0 })));
    assert_eq!(written(&stage).await, 2, "the one that failed was written all the same");
}

#[tokio::test]
async fn the_connection_is_reset_before_or_after_the_effect() {
    let stage = Stage::start().await;
    for (when, seen) in [("before_effect", 0), ("after_effect", 1)] {
        let fault = json!({ "kind": "rest_reset", "route": "/channels/**", "count": 1, "when": when });
        stage.order("POST", "/faults", fault).await;
        let error = stage.raw("POST", &messages(), hello()).await.unwrap_err();
        assert!(error.is_request(), "{error:?}");
        assert_eq!(written(&stage).await, seen, "{when}");
    }
    assert_eq!(stage.raw("POST", &messages(), hello()).await.unwrap().status(), 200);
}

#[tokio::test]
async fn answers_are_slow_until_the_fault_ends() {
    let stage = Stage::start().await;
    let fault = json!({ "kind": "rest_slow", "route": "/users/@me", "delay_ms": 300, "guild": null });
    let id = stage.order("POST", "/faults", fault).await["id"].as_str().unwrap().to_owned();
    let start = Instant::now();
    stage.rest("GET", "/users/@me", None).await;
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert_eq!(stage.control("DELETE", &format!("/faults/{id}"), None).await.0, 200);
    let log = stage.see("/faults").await;
    assert_eq!(log["lasting"], json!([]));
}

#[tokio::test]
async fn a_429_can_be_forced_for_one_guild() {
    let stage = Stage::start().await;
    let fault =
        json!({ "kind": "rest_rate_limit", "guild": GUILD, "scope": "global", "retry_after_ms": 2500, "count": 1 });
    stage.order("POST", "/faults", fault).await;
    assert_eq!(stage.rest("GET", "/users/@me", None).await.0, 200, "which is of no guild");
    let refused = stage.raw("GET", &messages(), None).await.unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "3");
    let error: Value = refused.json().await.unwrap();
    assert_eq!((&error["retry_after"], &error["global"]), (&json!(2.5), &json!(true)));
    assert_eq!(stage.rest("GET", &messages(), None).await.0, 200);
}

#[tokio::test]
async fn wrong_orders_are_answered_in_words() {
    let stage = Stage::start().await;
    let cases = [
        (json!({ "kind": "rest_slow" }), "delay_ms"),
        (json!({ "kind": "rest_slow", "delay_ms": 600_001 }), "600000"),
        (json!({ "kind": "rest_fail", "status": 404 }), "5xx"),
        (json!({ "kind": "rest_fail", "rate": 2 }), "share"),
        (json!({ "kind": "rest_fail", "route": "/api/v10/users/@me" }), "without"),
        (json!({ "kind": "rest_reset", "wen": "before_effect" }), "wen"),
        (json!({ "kind": "rest_rate_limit", "scope": "mine" }), "mine"),
    ];
    for (fault, words) in cases {
        let (status, error) = stage.control("POST", "/faults", Some(fault.clone())).await;
        assert!(status == 400 && error["error"].as_str().unwrap().contains(words), "{fault}: {status} {error}");
    }
    let unknown = json!({ "kind": "rest_reset", "guild": "5" });
    assert_eq!(stage.control("POST", "/faults", Some(unknown)).await.0, 404);
}
