use super::*;
use crate::scenario::EXAMPLE;

fn read(text: &str) -> Result<Scenario, String> {
    Scenario::from_toml(text, Path::new("song.toml"), None).map_err(|error| error.to_string())
}

fn refused(text: &str) -> String {
    read(text).map(|scenario| scenario.name).unwrap_err()
}

#[test]
fn the_example_fits_the_example_world() {
    let scenario = read(EXAMPLE).unwrap();
    assert!(scenario.len() > 8, "{}", scenario.len());
}

#[test]
fn a_scenario_without_a_name_is_called_after_its_file() {
    let scenario = read("[[steps]]\ndo = \"wait\"\nms = 5\n").unwrap();
    assert_eq!(scenario.name, "song");
}

#[test]
fn errors_name_the_line_and_the_field_and_what_would_do() {
    let cases = [
        ("[[steps]\n", "song.toml:1", ""),
        ("name = \"x\"\nstepz = []\n", "song.toml:2", "stepz"),
        ("name = \"x\"\n", "song.toml: a scenario has 1 to", "this one has 0"),
        ("[[steps]]\nms = 5\n", "song.toml:1: steps[0]", "`do` is missing"),
        ("[[steps]]\ndo = \"dance\"\n", "song.toml:2: steps[0].do", "wait_for_bot"),
        ("[[steps]]\ndo = \"wait\"\nms = \"long\"\n", "song.toml:3: steps[0].ms", "u64"),
        ("[[steps]]\ndo = \"wait\"\nms = 5\nmss = 6\n", "song.toml:4: steps[0].mss", "unknown field"),
        ("[[steps]]\ndo = \"wait\"\n", "song.toml:1: steps[0]", "missing field `ms`"),
        ("[[steps]]\ndo = \"wait\"\nms = 99999999\n", "song.toml:1: steps[0]", "an hour"),
        (
            "[[steps]]\ndo = \"wait\"\nms = 1\n\n[[steps]]\ndo = \"join\"\nuser = \"eve\"\nchannel = \"Music\"\n",
            "song.toml:5: steps[1]",
            "no user has the name or id `eve`; there are: ada, mallory, owner",
        ),
        ("[[steps]]\ndo = \"join\"\nuser = \"ada\"\nchannel = \"requests\"\n", "steps[0]", "no voice channel"),
        ("[[steps]]\ndo = \"fault\"\nfault = { kind = \"explode\" }\n", "steps[0]", "server_update"),
        ("[[steps]]\ndo = \"fault\"\nfault = { code = 1 }\n", "steps[0]", "needs a `kind`"),
        ("[[steps]]\ndo = \"expect_answer\"\n", "steps[0]", "no earlier step asked"),
        ("[[steps]]\ndo = \"expect_heard\"\nfor_ms = 1\nsince = \"then\"\n", "steps[0]", "`then`"),
        ("[[steps]]\ndo = \"end_fault\"\nfault = \"hole\"\n", "steps[0]", "`hole`"),
        ("[[steps]]\ndo = \"click\"\nuser = \"ada\"\n", "steps[0]", "custom_id"),
        (
            "[[steps]]\ndo = \"expect_message\"\nchannel = \"requests\"\ncontains = 5\n",
            "steps[0].contains",
            "list of texts",
        ),
        ("world = \"nowhere.json\"\n[[steps]]\ndo = \"wait\"\nms = 1\n", "song.toml: world", "nowhere.json"),
        ("world = { guilds = [] }\n[[steps]]\ndo = \"wait\"\nms = 1\n", "song.toml: world", "bots"),
        ("[bot]\nlogin = \"Nobody\"\n[[steps]]\ndo = \"wait\"\nms = 1\n", "bot.login", "Refrain"),
    ];
    for (text, place, words) in cases {
        let error = refused(text);
        assert!(error.contains(place) && error.contains(words), "{text}\n{error}");
    }
}

#[test]
fn names_in_faults_become_ids_and_the_only_guild_is_meant() {
    let world = World::example();
    let body = |text: &str| world.fault_named(serde_json::from_str::<Value>(text).unwrap().as_object().unwrap());
    let moved = body(r#"{ "kind": "move", "channel": "Other Music", "bot": "Refrain" }"#).unwrap();
    assert_eq!(moved, serde_json::json!({ "kind": "move", "channel": "1301", "bot": "9000", "guild": "1000" }));
    let everywhere = body(r#"{ "kind": "voice_crash", "guild": "*" }"#).unwrap();
    assert_eq!(everywhere, serde_json::json!({ "kind": "voice_crash" }));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(\\PC|\n)*") {
        let _ = read(&text);
    }

    #[test]
    fn no_step_makes_the_reader_panic(kind in "[a-z_]{0,12}", field in "[a-z_]{1,8}", value in "[0-9\"a-z{}\\[\\]]{0,8}") {
        let _ = read(&format!("[[steps]]\ndo = \"{kind}\"\n{field} = {value}\n"));
    }
}
