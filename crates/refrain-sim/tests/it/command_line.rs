//! The program itself: what it writes, and the code it exits with.

use std::{path::Path, process::Output};

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::PATIENCE;

async fn sim(directory: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_refrain-sim"));
    command.args(arguments).current_dir(directory).kill_on_drop(true);
    let Output { status, stdout, stderr } = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    assert!(stdout.is_empty(), "stdout is for results alone");
    (status.code(), String::from_utf8(stderr).unwrap())
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

const SITS: &str = "[[steps]]\ndo = \"join\"\nuser = \"ada\"\nchannel = \"Music\"\n
[[steps]]\ndo = \"expect_voice\"\nuser = \"ada\"\nchannel = \"Music\"\n";

#[tokio::test]
async fn examples_can_be_written_and_are_good() {
    let folder = folder(&[]);
    for file in ["world.json", "scenario.toml"] {
        assert_eq!(sim(folder.path(), &["example", file]).await.0, Some(0));
    }
    let (code, words) = sim(folder.path(), &["check", "world.json", "scenario.toml"]).await;
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("world.json: a good world: guilds 1") && words.contains("a good scenario"), "{words}");
}

#[tokio::test]
async fn the_examples_of_the_repository_are_good() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json") || name.ends_with(".toml"))
        .collect();
    assert!(files.len() > 1, "{files:?}");
    let arguments: Vec<&str> = ["check"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let (code, words) = sim(&folder, &arguments).await;
    assert_eq!(code, Some(0), "{words}");
}

#[tokio::test]
async fn a_wrong_file_is_code_2_and_its_place_is_named() {
    let folder = folder(&[
        ("world.json", "{ \"guilds\": 5 }"),
        ("scenario.toml", "[[steps]]\ndo = \"wait\"\nms = \"long\"\n"),
        ("notes.txt", ""),
    ]);
    for (file, place) in [
        ("world.json", "guilds"),
        ("scenario.toml", "scenario.toml:3: steps[0].ms"),
        ("notes.txt", ".toml"),
        ("none.json", "none.json"),
    ] {
        let (code, words) = sim(folder.path(), &["check", file]).await;
        assert!(code == Some(2) && words.contains(place), "{file}: {code:?} {words}");
    }
    let (code, words) = sim(folder.path(), &["scenario", "run", "scenario.toml"]).await;
    assert!(code == Some(2) && words.contains("scenario.toml:3"), "{words}");
    assert_eq!(sim(folder.path(), &["scenario", "walk"]).await.0, Some(2));
}

#[tokio::test]
async fn a_scenario_that_passes_is_code_0_and_tells_its_result_as_json() {
    let folder = folder(&[("sits.toml", SITS)]);
    let (code, words) = sim(folder.path(), &["scenario", "run", "sits.toml", "--json", "out.json"]).await;
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("ada goes into Music") && words.contains("passed: 2 steps"), "{words}");
    let result: Value = serde_json::from_slice(&std::fs::read(folder.path().join("out.json")).unwrap()).unwrap();
    assert_eq!((&result["verdict"], &result["scenario"]), (&"passed".into(), &"sits".into()));
    assert_eq!(result["steps"][1]["found"]["channel"], "1300", "{result}");
}

#[tokio::test]
async fn an_expectation_that_is_not_met_is_code_1_and_its_line_is_named() {
    let text = format!("within_ms = 200\n{SITS}\n[[steps]]\ndo = \"expect_message\"\nchannel = \"requests\"\n");
    let folder = folder(&[("silent.toml", &text)]);
    let (code, words) = sim(folder.path(), &["scenario", "run", "silent.toml", "--json", "out.json"]).await;
    assert!(code == Some(1) && words.contains("silent.toml:12: after 200 ms: the channel is empty"), "{words}");
    let result: Value = serde_json::from_slice(&std::fs::read(folder.path().join("out.json")).unwrap()).unwrap();
    assert_eq!((&result["verdict"], &result["not_begun"]), (&"failed".into(), &0.into()));
}

#[tokio::test]
async fn a_bot_that_never_comes_or_ends_is_code_3_and_its_last_words_are_shown() {
    let folder = folder(&[("waits.toml", "[[steps]]\ndo = \"wait_for_bot\"\nwithin_ms = 300\n")]);
    let run = ["scenario", "run", "waits.toml"];
    let (code, words) = sim(folder.path(), &run).await;
    assert!(code == Some(3) && words.contains("not logged in"), "{words}");
    let asks = ["--bot", "echo I know $BOT_REST; exit 7", "--bot-log", "bot.log"];
    let (code, words) = sim(folder.path(), &[&run[..], &asks].concat()).await;
    assert!(
        code == Some(3) && words.contains("I know http://127.0.0.1:") && words.contains("exit status: 7"),
        "{words}"
    );
    assert!(std::fs::read_to_string(folder.path().join("bot.log")).unwrap().starts_with("I know"));
}

#[tokio::test]
async fn ports_can_be_chosen_and_a_taken_one_is_code_4_and_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = folder(&[("sits.toml", SITS)]);
    let (code, words) = sim(folder.path(), &["scenario", "run", "sits.toml", "--rest-port", &port]).await;
    assert!(code == Some(4) && words.contains(&format!("127.0.0.1:{port}")), "{words}");
}

#[test]
fn the_bots_in_the_documentation_are_the_examples() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let documentation = read("../../docs/simulator.md");
    for bot in ["examples/bot.py", "examples/bot.js"] {
        assert!(documentation.contains(read(bot).trim_end()), "docs/simulator.md shows another text than {bot}");
    }
}
