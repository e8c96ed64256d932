//! The configuration as its readers meet it: what wins, and what is said about what cannot be used.

use super::*;
use std::collections::BTreeMap;

const TOKEN: &str = "abc.def.ghi";

/// A directory with programs on a PATH of its own, and an environment.
struct Setting {
    dir: tempfile::TempDir,
    env: BTreeMap<String, OsString>,
}

impl Setting {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut setting = Self { dir, env: BTreeMap::new() };
        for program in ["yt-dlp", "ffmpeg"] {
            setting.program(program);
        }
        let path = setting.dir.path().as_os_str().to_owned();
        setting.env.insert("PATH".into(), path);
        setting.with("DISCORD_TOKEN", TOKEN)
    }

    fn program(&self, name: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let file = self.dir.path().join(name);
        std::fs::write(&file, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.env.remove(name);
        self
    }

    fn with_file(self, text: &str) -> Self {
        let file = self.dir.path().join("refrain.toml");
        std::fs::write(&file, text).unwrap();
        let file = file.display().to_string();
        self.with(FILE_VARIABLE, &file)
    }

    fn load(&self) -> Result<Config, ConfigError> {
        Config::from_sources(&Sources { env: &|name| self.env.get(name).cloned() })
    }

    fn error(&self) -> String {
        let error = self.load().expect_err("this configuration cannot be used").to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        error.replace(&self.dir.path().display().to_string(), "DIR")
    }
}

#[test]
fn with_a_token_and_the_programs_the_documented_defaults_hold() {
    let config = Setting::new().load().unwrap();
    assert_eq!(config.recovery, Policy::default(), "the file's voice settings are the engine's own defaults");
    assert_eq!(config.data_dir, PathBuf::from("./data"));
    assert_eq!(config.max_tracks, 1000);
    assert_eq!((config.yt_dlp.time_limit, config.yt_dlp.concurrency), (Duration::from_secs(45), 4));
    assert_eq!(config.audio.bitrate, 128_000);
    assert_eq!(config.log, Log { filter: "info".into(), json: false });
    assert_eq!((config.discord.api, config.discord.gateway), (None, None));
    assert!(config.egress.allow_private.is_empty());
    assert!(config.yt_dlp.path.ends_with("yt-dlp") && config.yt_dlp.path.is_absolute());
}

#[test]
fn the_file_wins_over_the_defaults_and_the_environment_over_the_file() {
    let file = "[voice]\nretry_attempts = 7\nconnect_timeout = 11\n[egress]\nallow_private = [\"127.0.0.1:1\"]\n";
    let setting = Setting::new().with_file(file).with("VOICE_RETRY_ATTEMPTS", "9");
    let config = setting.load().unwrap();
    assert_eq!(config.recovery.backoff.attempts, 9);
    assert_eq!(config.recovery.timeouts.reconnect, Duration::from_secs(11));
    assert_eq!(config.egress.allow_private.len(), 1);
    let config = setting.with("VOICE_RETRY_ATTEMPTS", " ").load().unwrap();
    assert_eq!(config.recovery.backoff.attempts, 7, "an empty variable is one that is not set");
}

#[test]
fn every_setting_can_come_from_the_environment() {
    let config = Setting::new()
        .with("DATA_DIR", "/var/lib/refrain")
        .with("REFRAIN_DISCORD_API", "http://127.0.0.1:8080")
        .with("REFRAIN_DISCORD_GATEWAY", "ws://127.0.0.1:8081")
        .with("REFRAIN_ALLOW_PRIVATE", "127.0.0.1:9000, 127.0.0.1:9001,")
        .with("REFRAIN_LOG", "warn,refrain=debug")
        .with("REFRAIN_LOG_FORMAT", "json")
        .with("VOICE_CONNECTION_TIMEOUT", "20")
        .with("VOICE_CONNECT_TIMEOUT", "6")
        .with("VOICE_DISCONNECT_TIMEOUT", "3")
        .load()
        .unwrap();
    assert_eq!(config.data_dir, PathBuf::from("/var/lib/refrain"));
    assert_eq!(config.discord.api, RestBase::new("http://127.0.0.1:8080"));
    assert_eq!(config.discord.gateway, GatewayBase::new("ws://127.0.0.1:8081"));
    assert_eq!(config.egress.allow_private.len(), 2);
    assert_eq!(config.log, Log { filter: "warn,refrain=debug".into(), json: true });
    let timeouts = config.recovery.timeouts;
    assert_eq!([timeouts.join, timeouts.reconnect, timeouts.leave].map(|limit| limit.as_secs()), [20, 6, 3]);
}

#[test]
fn the_token_may_come_from_a_file() {
    let setting = Setting::new().without("DISCORD_TOKEN");
    let file = setting.dir.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let config = setting.with("DISCORD_TOKEN_FILE", &file.display().to_string()).load().unwrap();
    assert_eq!(Some(config.discord.token), Token::new(TOKEN));
}

#[test]
fn a_missing_token_is_one_line_that_says_where_to_get_one_and_that_the_demo_needs_none() {
    let error = Setting::new().without("DISCORD_TOKEN").error();
    for wanted in ["DISCORD_TOKEN", "https://discord.com/developers/applications", "cargo xtask demo"] {
        assert!(error.contains(wanted), "{error}");
    }
    assert_eq!(Setting::new().with("DISCORD_TOKEN", "").error(), error, "an empty one is missing");
}

#[test]
fn a_value_that_cannot_be_used_is_named_with_its_key_and_with_what_would_do() {
    let cases = [
        ("VOICE_RETRY_ATTEMPTS", "many", "whole number from 1 to 100"),
        ("VOICE_RETRY_ATTEMPTS", "0", "whole number from 1 to 100"),
        ("VOICE_CONNECTION_TIMEOUT", "-1", "whole number from 1 to 300"),
        ("VOICE_CONNECT_TIMEOUT", "1e9", "whole number from 1 to 300"),
        ("VOICE_DISCONNECT_TIMEOUT", "61", "whole number from 1 to 60"),
        ("REFRAIN_LOG", "loud=very=much", "error, warn, info, debug or trace"),
        ("REFRAIN_LOG_FORMAT", "xml", "text or json"),
        ("REFRAIN_DISCORD_API", "127.0.0.1:80", "http://host:port"),
        ("REFRAIN_DISCORD_GATEWAY", "http://127.0.0.1:80", "ws://host:port"),
        ("REFRAIN_CONFIG", "/nowhere/refrain.toml", "readable TOML file"),
        ("YT_DLP_PATH", "/nowhere/yt-dlp", "cargo xtask setup"),
        ("YT_DLP_PLUGIN_DIRS", "/nowhere", "directory that exists"),
        ("YT_DLP_COOKIES_PATH", "/nowhere", "file that exists"),
        ("FFMPEG_PATH", "/nowhere/ffmpeg", "install ffmpeg"),
    ];
    for (key, value, hint) in cases {
        let error = Setting::new().with(key, value).error();
        assert!(error.starts_with(key), "{error}");
        assert!(error.contains(&format!("{value:?}")), "{error}");
        assert!(error.contains(hint), "{error}");
    }
}

#[test]
fn a_key_of_the_file_is_named_with_the_file() {
    let cases = [
        ("[voice]\nretry_attempts = 0", "voice.retry_attempts (in DIR/refrain.toml) = \"0\": must be"),
        (
            "[voice]\nretries = 5",
            "voice.retries (in DIR/refrain.toml) is no setting; there are voice.connection_timeout,",
        ),
        (
            "[vioce]\nretry_attempts = 5",
            "vioce.retry_attempts (in DIR/refrain.toml) is no setting; there are discord.token,",
        ),
        ("color = 1", "color (in DIR/refrain.toml) is no setting"),
        ("[log]\n\nfilter = info", "DIR/refrain.toml is not valid TOML at line 3:"),
        ("[log]\nfilter = 5", "log.filter (in DIR/refrain.toml) must be text in quotes"),
        ("[egress]\nallow_private = [5]", "egress.allow_private (in DIR/refrain.toml) = \"[5]\": must be a list"),
    ];
    for (text, wanted) in cases {
        let error = Setting::new().with_file(text).error();
        assert!(error.starts_with(wanted), "{error}");
    }
}

#[test]
fn no_error_and_no_debug_output_shows_the_token() {
    let secret = "s3cret.t0ken";
    let spaced = format!("{secret} twice");
    let errors = [
        Setting::new().with("DISCORD_TOKEN", &spaced).error(),
        Setting::new().without("DISCORD_TOKEN").with_file(&format!("[discord]\ntoken = \"{spaced}\"")).error(),
        Setting::new().without("DISCORD_TOKEN").with_file(&format!("[discord]\ntoken = {secret}")).error(),
        Setting::new().without("DISCORD_TOKEN").with_file(&format!("[discord]\ntoken = [\"{secret}\"]")).error(),
    ];
    for error in errors {
        assert!(!error.contains("s3cret") && !error.contains("t0ken"), "{error}");
    }
    let config = Setting::new().with("DISCORD_TOKEN", secret).load().unwrap();
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn without_yt_dlp_or_ffmpeg_it_says_how_to_get_them() {
    let setting = Setting::new();
    std::fs::remove_file(setting.dir.path().join("ffmpeg")).unwrap();
    assert!(setting.error().starts_with("audio.ffmpeg (in the defaults) = \"ffmpeg\": is no program"));
}
