//! `GET /sim/stream` and `GET /sim/world`: what a page, or any other program that watches, is told.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{ADA, GUILD, MUSIC, PATIENCE, Stage, TEXT};

/// A stream of server-sent events.
struct Watch {
    answer: reqwest::Response,
    text: String,
}

impl Watch {
    async fn start(stage: &Stage, wishes: &str) -> Self {
        let url = format!("{}/sim/stream{wishes}", stage.sim.addresses().control);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.get(url).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let mut watch = Self { answer, text: String::new() };
        watch.until("hello").await;
        watch
    }

    /// The data of the next event of this name; `None` when the stream ends before.
    async fn next(&mut self, name: &str) -> Option<Value> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                if event.lines().any(|line| line == format!("event: {name}")) {
                    return data.and_then(|data| serde_json::from_str(data).ok());
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await.expect("the stream says something");
            let Ok(Some(chunk)) = chunk else { return None };
            self.text.push_str(&String::from_utf8_lossy(&chunk));
        }
    }

    async fn until(&mut self, name: &str) -> Value {
        self.next(name).await.expect("the stream goes on")
    }
}

#[tokio::test]
async fn a_watcher_is_told_events_and_frames_as_they_come() {
    let stage = Stage::start().await;
    let mut watch = Watch::start(&stage, "?frames=true").await;
    let _bot = stage.bot().await;
    let mut names = Vec::new();
    while !names.contains(&json!("GUILD_CREATE")) {
        let told = watch.until("frames").await;
        names.extend(told["frames"].as_array().unwrap().iter().map(|frame| frame["payload"]["t"].clone()));
        assert!(!told.to_string().contains(&stage.token), "a token is told");
    }
    let place = json!({ "guild": GUILD, "channel": MUSIC });
    stage.order("POST", &format!("/users/{ADA}/voice"), place).await;
    loop {
        let told = watch.until("events").await;
        if told["events"].as_array().unwrap().iter().any(|event| event["kind"] == "voice_state") {
            break;
        }
    }
    // The simulator does not wait for those who watch.
    let end = tokio::time::timeout(PATIENCE, stage.sim.stop());
    end.await.unwrap();
    assert_eq!(tokio::time::timeout(Duration::from_secs(20), watch.next("never")).await.unwrap(), None);
}

#[tokio::test]
async fn there_are_only_so_many_watchers_and_a_place_is_free_again() {
    let stage = Stage::start().await;
    let mut watches = Vec::new();
    for _ in 0..32 {
        watches.push(Watch::start(&stage, "").await);
    }
    let (status, answer) = stage.control("GET", "/stream", None).await;
    assert_eq!(status, 503, "{answer}");
    drop(watches);
    let again = async {
        let url = format!("{}/sim/stream", stage.sim.addresses().control);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        while http.get(&url).send().await.unwrap().status().as_u16() != 200 {}
    };
    tokio::time::timeout(PATIENCE, again).await.unwrap();
}

#[tokio::test]
async fn the_world_is_told_without_tokens() {
    let stage = Stage::start().await;
    let world = stage.see("/world").await;
    assert_eq!(world["guilds"][0]["id"], GUILD);
    let channels = world["guilds"][0]["channels"].as_array().unwrap();
    assert!(channels.iter().any(|one| one["id"] == TEXT && one["type"] == "text"));
    assert_eq!(world["bots"][0]["name"], "Refrain");
    assert!(!world.to_string().contains(&stage.token));
}
