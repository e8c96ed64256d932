//! Scenarios, carried out against a bot that speaks the wire by hand.

use std::path::Path;

use refrain_sim::{
    Addresses, SimOptions,
    scenario::{Outcome, Progress, RunOptions, Scenario, Verdict, run},
    world::World,
};
use serde_json::{Value, json};

use crate::support::{BOT, Came, GUILD, Gateway};

/// A small bot: `/play` is answered with a button and brings it into voice, the button takes it out, `/say` opens a
/// form.
async fn bot(at: Addresses) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = World::example().bots[0].token.clone();
    let commands = json!([
        { "name": "play", "description": "Plays", "options": [
            { "name": "query", "description": "What", "type": 3, "required": true, "autocomplete": true }] },
        { "name": "say", "description": "Asks for words" },
    ]);
    let url = format!("{}/api/v10/applications/{BOT}/commands", at.rest);
    let request = http.put(url).header("authorization", format!("Bot {token}")).json(&commands);
    request.send().await.unwrap().error_for_status().unwrap();
    let mut gateway = Gateway::open(&format!("{}/?v=10&encoding=json", at.gateway)).await;
    gateway.identify(&token).await;
    loop {
        let Came::Frame(frame) = gateway.next().await else { return };
        if frame["t"] != "INTERACTION_CREATE" {
            continue;
        }
        let asked = &frame["d"];
        let (answer, channel) = answer(asked);
        let (id, secret) = (asked["id"].as_str().unwrap(), asked["token"].as_str().unwrap());
        let url = format!("{}/api/v10/interactions/{id}/{secret}/callback", at.rest);
        http.post(url).json(&answer).send().await.unwrap().error_for_status().unwrap();
        if let Some(channel) = channel {
            let data = json!({ "guild_id": GUILD, "channel_id": channel, "self_mute": false, "self_deaf": true });
            gateway.send(json!({ "op": 4, "d": data })).await;
        }
    }
}

/// What it answers, and the channel it goes to.
fn answer(asked: &Value) -> (Value, Option<Value>) {
    let stop = json!({ "type": 1, "components": [{ "type": 2, "style": 1, "custom_id": "stop:17", "label": "Stop" }] });
    let row = json!({ "type": 1, "components": [{ "type": 4, "style": 1, "custom_id": "words", "label": "Words" }] });
    match (asked["type"].as_u64().unwrap(), asked["data"]["name"].as_str()) {
        (2, Some("say")) => {
            (json!({ "type": 9, "data": { "custom_id": "form", "title": "Say", "components": [row] } }), None)
        }
        (2, _) => {
            let song = &asked["data"]["options"][0]["value"];
            let embed = json!({ "title": song, "fields": [{ "name": "Length", "value": "1:00" }] });
            (
                json!({ "type": 4, "data": { "content": "Playing", "embeds": [embed], "components": [stop] } }),
                Some(json!("1300")),
            )
        }
        (3, _) => (json!({ "type": 7, "data": { "content": "Stopped", "components": [] } }), Some(Value::Null)),
        (4, _) => (json!({ "type": 8, "data": { "choices": [{ "name": "First Light", "value": "1" }] } }), None),
        (_, _) => {
            let said = &asked["data"]["components"][0]["components"][0]["value"];
            (json!({ "type": 4, "data": { "content": said, "flags": 64 } }), None)
        }
    }
}

async fn carry_out(text: &str) -> Outcome {
    let scenario = Scenario::from_toml(text, Path::new("test.toml"), None).unwrap();
    let ca = tempfile::tempdir().unwrap();
    let options = RunOptions { sim: SimOptions::new(ca.path()), bot_command: None, bot_log: None };
    let mut task = None;
    let mut tell = |progress: Progress<'_>| {
        if let Progress::Listening(at) = progress {
            task = Some(tokio::spawn(bot(at.clone())));
        }
    };
    run(&scenario, options, &mut tell).await.unwrap()
}

fn failure(outcome: &Outcome) -> String {
    outcome.steps.last().and_then(|step| step.failure.clone()).unwrap_or_default()
}

const LOGIN: &str = "[[steps]]\ndo = \"wait_for_bot\"\ncommands = [\"play\", \"say\"]\n";
const PLAY: &str = "[[steps]]\ndo = \"command\"\nuser = \"ada\"\nchannel = \"requests\"\nname = \"play\"\n\
    options = { query = \"First Light\" }\nas = \"play\"\n";

#[tokio::test]
async fn a_session_from_login_to_leaving_is_carried_out() {
    let steps = r#"
        [[steps]]
        do = "mark"
        name = "begin"
        [[steps]]
        do = "autocomplete"
        user = "ada"
        channel = "requests"
        name = "play"
        options = { query = "Fir" }
        focused = "query"
        contains = "First Light"
        [[steps]]
        do = "expect_answer"
        interaction = "play"
        contains = ["Playing", "First Light"]
        lacks = "error"
        embed = { title = "First Light", fields = { Length = "1:00" } }
        component = "Stop"
        ephemeral = false
        [[steps]]
        do = "expect_message"
        channel = "requests"
        contains = "First Light"
        count = 1
        since = "begin"
        [[steps]]
        do = "expect_voice"
        bot = "Refrain"
        channel = "Music"
        [[steps]]
        do = "fault"
        fault = { kind = "op4_unanswered" }
        as = "deaf"
        [[steps]]
        do = "end_fault"
        fault = "deaf"
        [[steps]]
        do = "click"
        user = "ada"
        label = "Stop"
        [[steps]]
        do = "expect_message"
        channel = "requests"
        contains = "Stopped"
        [[steps]]
        do = "expect_voice"
        [[steps]]
        do = "command"
        user = "ada"
        channel = "requests"
        name = "say"
        [[steps]]
        do = "expect_answer"
        form = "form"
        [[steps]]
        do = "modal"
        values = { words = "good night" }
        [[steps]]
        do = "expect_answer"
        contains = "good night"
        ephemeral = true
        [[steps]]
        do = "expect_frames"
        connection = "gateway"
        direction = "from_bot"
        op = 4
        at_least = 2
        at_most = 2
        [[steps]]
        do = "script"
        steps = [{ at_ms = 0, fault = { kind = "gateway_reconnect" } }]
        wait = true
        [[steps]]
        do = "expect_frames"
        connection = "gateway"
        direction = "to_bot"
        op = 7
        [[steps]]
        do = "random_script"
        seed = 3
        for_ms = 300
        rate_per_minute = 600
        kinds = ["gateway_reconnect"]
        wait = true
        [[steps]]
        do = "expect_silence"
        for_ms = 50
    "#;
    let outcome = carry_out(&format!("{LOGIN}{PLAY}{steps}")).await;
    assert_eq!(outcome.verdict, Verdict::Passed, "{outcome:#?}");
    assert_eq!(outcome.not_begun, 0);
}

#[tokio::test]
async fn what_is_not_as_expected_fails_and_says_how_it_was() {
    let cases = [
        ("do = \"expect_answer\"\ncontains = \"Last Light\"", "it does not say \"Last Light\"; it says \"Playing"),
        ("do = \"expect_voice\"\nchannel = \"Other Music\"", "\"channel\":\"1300\""),
        ("do = \"click\"\nuser = \"ada\"\ncustom_id = \"pause\"", "no message has such a component"),
        (
            "do = \"expect_frames\"\nevent = \"READY\"\nat_most = 1\nat_least = 0\ncontains = \"nothing\"\nconnection = \"rest\"\n[[steps]]\ndo = \"expect_frames\"\nevent = \"CHANNEL_DELETE\"",
            "0 such frames, 1 are expected",
        ),
        ("do = \"fault\"\nfault = { kind = \"move\", channel = \"requests\" }", "no voice channel"),
        ("do = \"expect_heard\"\nfor_ms = 10", "was never in voice"),
    ];
    for (step, words) in cases {
        let outcome = carry_out(&format!(
            "within_ms = 3000\n{LOGIN}{PLAY}[[steps]]\ndo = \"expect_voice\"\nchannel = \"Music\"\n[[steps]]\n{step}\n"
        ))
        .await;
        assert_eq!(outcome.verdict, Verdict::Failed, "{step}");
        assert!(failure(&outcome).contains(words), "{step}: {}", failure(&outcome));
    }
}

#[tokio::test]
async fn a_command_that_no_bot_has_fails_with_those_that_there_are() {
    let outcome = carry_out(&format!(
        "within_ms = 300\n{LOGIN}[[steps]]\ndo = \"command\"\nuser = \"ada\"\nchannel = \"requests\"\nname = \"stop\"\n"
    ))
    .await;
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert!(failure(&outcome).contains("no bot of the guild 1000 has /stop"), "{}", failure(&outcome));
}
