//! Faults with times, and faults by chance.

use serde_json::{Value, json};

use crate::support::{BOT, GUILD, MUSIC, OTHER_MUSIC, Stage};

/// The script's report once it has ended; waits for the event that says so.
async fn ended(stage: &Stage, script: &Value) -> Value {
    let id = script["id"].as_str().unwrap();
    let mut since = 0;
    loop {
        let news = stage.see(&format!("/events?since={since}&timeout_ms=10000")).await;
        let mut events = news["events"].as_array().unwrap().iter();
        if events.any(|event| event["kind"] == "script_ended" && event["script"] == id) {
            return stage.see(&format!("/scripts/{id}")).await;
        }
        since = news["last"].as_u64().unwrap();
    }
}

#[tokio::test]
async fn a_script_orders_its_faults_in_the_order_of_their_times() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    bot.join(Some(MUSIC)).await;
    bot.event("VOICE_SERVER_UPDATE").await;
    let fault = |kind: &str, at_ms: u64| json!({ "at_ms": at_ms, "fault": { "guild": GUILD, "kind": kind } });
    let steps =
        json!([fault("gateway_reconnect", 60), fault("kick", 30), fault("kick", 40), fault("op4_unanswered", 0)]);
    let script = stage.order("POST", "/scripts", json!({ "steps": steps })).await;
    assert_eq!(script["steps"][0]["fault"]["kind"], "op4_unanswered");
    bot.op(7).await;
    let report = ended(&stage, &script).await;
    let happened = report["happened"].as_array().unwrap();
    let times: Vec<f64> = happened.iter().map(|one| one["at_ms"].as_f64().unwrap()).collect();
    assert!(times.is_sorted() && times.len() == 4, "{report}");
    // The first kick left nobody to kick: noted, and the script went on.
    assert!(happened[1]["fault"].is_string() && happened[3]["fault"].is_string(), "{report}");
    assert_eq!(happened[2]["refused"]["status"], 409, "{report}");
    assert_eq!(report["state"], "done");
}

#[tokio::test]
async fn a_script_goes_round_and_can_be_stopped_with_what_it_left_in_force() {
    let stage = Stage::start().await;
    let mut bot = stage.bot().await;
    let reconnect = json!({ "at_ms": 0, "fault": { "guild": GUILD, "kind": "gateway_reconnect" } });
    let body = json!({ "steps": [reconnect], "repeat": { "times": 3, "every_ms": 20 } });
    let report = ended(&stage, &stage.order("POST", "/scripts", body).await).await;
    let rounds: Vec<u64> =
        report["happened"].as_array().unwrap().iter().map(|one| one["round"].as_u64().unwrap()).collect();
    assert_eq!(rounds, [0, 1, 2]);
    for _ in 0..3 {
        bot.op(7).await;
    }
    let steps = json!([
        { "at_ms": 0, "fault": { "guild": GUILD, "kind": "op4_unanswered" } },
        { "at_ms": 0, "fault": { "guild": GUILD, "kind": "gateway_reconnect" } },
        { "at_ms": 3_600_000, "fault": { "guild": GUILD, "kind": "kick" } },
    ]);
    let script = stage.order("POST", "/scripts", json!({ "steps": steps })).await;
    bot.op(7).await;
    assert_eq!(stage.see("/faults").await["lasting"][0]["kind"], "op4_unanswered");
    let path = format!("/scripts/{}", script["id"].as_str().unwrap());
    let (status, stopped) = stage.control("DELETE", &path, None).await;
    assert_eq!((status, &stopped["state"]), (200, &json!("stopped")), "{stopped}");
    assert_eq!(stage.see("/faults").await["lasting"], json!([]));
    assert_eq!(stage.see("/scripts").await["scripts"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_random_script_is_told_whole_and_is_the_same_for_the_same_seed() {
    let stage = Stage::start().await;
    let wish = json!({ "seed": 17, "for_ms": 3_600_000, "rate_per_minute": 1, "kinds": ["close", "move", "kick"], "guilds": [GUILD] });
    let first = stage.order("POST", "/scripts/random", wish.clone()).await;
    let second = stage.order("POST", "/scripts/random", wish).await;
    assert_eq!(first["steps"], second["steps"]);
    assert_eq!(first["seed"], 17);
    for step in first["steps"].as_array().unwrap() {
        let fault = &step["fault"];
        let fits = match fault["kind"].as_str().unwrap() {
            "close" => {
                fault["code"].is_null() || fault["code"].as_u64().is_some_and(|code| (1000..5000).contains(&code))
            }
            "move" => fault["channel"] == MUSIC || fault["channel"] == OTHER_MUSIC,
            "kick" => true,
            other => panic!("{other} was not asked for"),
        };
        assert!(fits, "{step}");
    }
}

#[tokio::test]
async fn scripts_that_cannot_be_are_refused_in_words() {
    let stage = Stage::start().await;
    let cases = [
        ("/scripts", json!({ "steps": [] }), 400, "1 to 10000"),
        ("/scripts", json!({ "steps": [{ "at_ms": 0, "fault": { "kind": "boom" } }] }), 400, "steps[0].fault"),
        ("/scripts", json!({ "stepz": [] }), 400, "stepz"),
        ("/scripts/random", json!({ "seed": 1, "for_ms": 0 }), 400, "for_ms"),
        ("/scripts/random", json!({ "seed": 1, "for_ms": 9, "guilds": [BOT] }), 404, "no guild 9000"),
    ];
    for (path, body, status, words) in cases {
        let (found, error) = stage.control("POST", path, Some(body.clone())).await;
        assert!(found == status && error["error"].as_str().unwrap().contains(words), "{body}: {found} {error}");
    }
    assert_eq!(stage.control("GET", "/scripts/77", None).await.0, 404);
    assert_eq!(stage.control("DELETE", "/scripts/77", None).await.0, 404);
}

#[tokio::test]
async fn what_comes_by_chance_makes_sense_to_the_catalogue() {
    let stage = Stage::start().await;
    let wish = json!({ "seed": 4, "for_ms": 7_200_000, "rate_per_minute": 5 });
    let script = stage.order("POST", "/scripts/random", wish).await;
    for step in script["steps"].as_array().unwrap() {
        // Nobody is in voice: most are refused as impossible now (409), none as senseless (400).
        let (status, answer) = stage.control("POST", "/faults", Some(step["fault"].clone())).await;
        assert!(matches!(status, 200 | 409), "{step}: {status} {answer}");
        if let (200, Some(id)) = (status, answer["id"].as_str()) {
            stage.control("DELETE", &format!("/faults/{id}"), None).await;
        }
    }
}
