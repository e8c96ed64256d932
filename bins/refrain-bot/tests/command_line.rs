//! The binary as it is started by hand, without Discord.

use std::process::{Command, Output};

/// `refrain` in an empty directory with an empty environment.
fn refrain(dir: &tempfile::TempDir, arguments: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_refrain"));
    command.args(arguments).current_dir(dir.path()).env_clear().envs(env.iter().copied());
    command.output().expect("the binary was built for this test")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn without_a_token_it_says_in_one_line_what_to_do_and_exits_64() {
    let dir = tempfile::tempdir().unwrap();
    let output = refrain(&dir, &[], &[]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    for wanted in ["DISCORD_TOKEN", "https://discord.com/developers/applications", "cargo xtask demo"] {
        assert!(said.contains(wanted), "{said}");
    }
    assert_eq!(stdout(&output), "");
}

#[test]
fn a_bad_value_exits_64_and_names_the_key() {
    let dir = tempfile::tempdir().unwrap();
    let env = [
        ("DISCORD_TOKEN", "x"),
        ("PATH", "/usr/bin:/bin"),
        ("YT_DLP_PATH", "/bin/sh"),
        ("FFMPEG_PATH", "/bin/sh"),
        ("VOICE_RETRY_ATTEMPTS", "0"),
    ];
    let output = refrain(&dir, &[], &env);
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).starts_with("refrain: VOICE_RETRY_ATTEMPTS = \"0\": must be"), "{}", stderr(&output));
}

#[test]
fn a_wrong_argument_exits_64() {
    let dir = tempfile::tempdir().unwrap();
    let output = refrain(&dir, &["--loud"], &[]);
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains("--help"), "{}", stderr(&output));
}

#[test]
fn a_broken_recording_exits_65_and_names_the_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("broken.jsonl");
    std::fs::write(&file, "this is no recording\n").unwrap();
    let output = refrain(&dir, &["replay", "broken.jsonl"], &[]);
    assert_eq!(output.status.code(), Some(65), "{}", stderr(&output));
    assert!(stderr(&output).starts_with("refrain: broken.jsonl: line 1 is not the header"), "{}", stderr(&output));
    let missing = refrain(&dir, &["replay", "missing.jsonl"], &[]);
    assert_eq!(missing.status.code(), Some(64), "{}", stderr(&missing));
}

#[test]
fn forgetting_a_guild_needs_a_store_and_says_what_it_did() {
    let dir = tempfile::tempdir().unwrap();
    let none = refrain(&dir, &["store", "forget", "7"], &[]);
    assert_eq!(none.status.code(), Some(64), "{}", stderr(&none));
    let export = concat!(
        "{\"refrain\":\"store\",\"schema\":2}\n",
        "{\"kind\":\"favorite\",\"guild\":7,\"name\":\"a\",\"queries\":[\"b\"],\"by\":null}\n"
    );
    std::fs::write(dir.path().join("export.jsonl"), export).unwrap();
    std::fs::create_dir(dir.path().join("data")).unwrap();
    let imported = refrain(&dir, &["store", "import", "export.jsonl"], &[]);
    assert_eq!(imported.status.code(), Some(0), "{}", stderr(&imported));
    let forgotten = refrain(&dir, &["store", "forget", "7"], &[]);
    assert_eq!(
        (forgotten.status.code(), stdout(&forgotten).trim()),
        (Some(0), "guild 7 is forgotten"),
        "{}",
        stderr(&forgotten)
    );
    let again = refrain(&dir, &["store", "forget", "7"], &[]);
    assert_eq!((again.status.code(), stdout(&again).trim()), (Some(0), "nothing is kept of guild 7"));
}

#[test]
fn version_and_help_need_no_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let version = refrain(&dir, &["--version"], &[]);
    assert_eq!(version.status.code(), Some(0));
    assert_eq!(stdout(&version).trim(), concat!("refrain ", env!("CARGO_PKG_VERSION")));
    let help = refrain(&dir, &["--help"], &[]);
    assert_eq!(help.status.code(), Some(0));
    assert!(stdout(&help).contains("DISCORD_TOKEN"));
}

#[test]
fn the_printed_configuration_can_be_used_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let printed = refrain(&dir, &["--print-default-config"], &[]);
    assert_eq!(printed.status.code(), Some(0));
    std::fs::write(dir.path().join("refrain.toml"), &printed.stdout).unwrap();
    let output = refrain(&dir, &[], &[]);
    assert!(stderr(&output).starts_with("refrain: DISCORD_TOKEN is not set"), "all that is missing is the token");
}
