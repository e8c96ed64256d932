//! The configuration as its readers meet it: what wins, and what is said about what cannot be used.

use super::*;
use refrain::AutoResume;
use refrain::policy::{AutoRejoin, Backoff, Health, Hedge, Liveness, Stretch, Timeouts};
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
    assert_eq!(config.governor, GovernorPolicy::default(), "and so are the governor's");
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

/// Every number of the policies, each another than its default.
const OTHER_VOICE: &str = "[voice]
connection_timeout = 31\nconnect_timeout = 11\ndisconnect_timeout = 6\nretry_attempts = 4\nauto_rejoin = \"off\"
overlap_ms = 250\nbackoff_base_ms = 1500\nbackoff_factor = 3\nbackoff_jitter_percent = 20\nbackoff_max = 200
cooldowns = [20, 60, 240]\nrate_limit_cooldown = 90\nproven_after = 45\nstability_reset = 500\nresume_timeout = 4
evidence_timeout = 12\nserver_timeout = 200\nguild_timeout = 250\nturn_timeout = 800\naccess_timeout = 150\nhealth_interval = 50
health_after_trouble = 10\ntrouble_lasts = 100\nhealth_jitter_percent = 5\nsuspect_after = 8\nsilent_after = 14
probe_timeout = 6\nhedge_percent = 200\nhedge_least_ms = 60\nhedge_most_ms = 900\nslow_gateway_ms = 1500
slow_gateway_percent = 50\nmissed_heartbeat_percent = 80\nmissed_heartbeats_most = 2
[governor]
window = 70\nsends = 90\nsends_kept = 9\ncost = 2\nhandshakes = 40\nhandshakes_kept = 8\nspacing_ms = 20\nburst = 5
jitter_percent = 40\npatience = 20\nfair_share = 4\nturn_limit = 50
";

#[test]
fn what_becomes_of_the_music_after_a_restart_is_a_word_or_a_truth_value() {
    let read = |text: &str| Setting::new().with_file(text).load().unwrap().auto_resume;
    assert_eq!(read(""), AutoResume::Resume);
    assert_eq!(read("[music]\nauto_resume = false"), AutoResume::StayAway);
    assert_eq!(read("[music]\nauto_resume = \"paused\""), AutoResume::Paused);
    let config = Setting::new().with("MUSIC_AUTO_RESUME", "false").load().unwrap();
    assert_eq!(config.auto_resume, AutoResume::StayAway);
}

#[test]
fn every_number_of_the_policies_can_be_set_and_means_its_unit() {
    let config = Setting::new().with_file(OTHER_VOICE).load().unwrap();
    let (seconds, millis) = (Duration::from_secs, Duration::from_millis);
    let expected = Policy {
        backoff: Backoff { base: millis(1500), factor: 3, jitter_percent: 20, max: seconds(200), attempts: 4 },
        timeouts: Timeouts {
            join: seconds(31),
            reconnect: seconds(11),
            leave: seconds(6),
            resume: seconds(4),
            evidence: seconds(12),
            server: seconds(200),
            guild: seconds(250),
            turn: seconds(800),
            access: seconds(150),
        },
        cooldowns: [seconds(20), seconds(60), seconds(240)],
        proven_after: seconds(45),
        stability_reset: seconds(500),
        health: Health {
            interval: seconds(50),
            after_trouble: seconds(10),
            trouble_lasts: seconds(100),
            jitter_percent: 5,
        },
        liveness: Liveness { suspect: seconds(8), silent: seconds(14), probe: seconds(6) },
        hedge: Hedge { least: millis(60), most: millis(900), percent: 200 },
        stretch: Stretch { slow: millis(1500), slow_percent: 50, missed_percent: 80, missed_most: 2 },
        rate_limit_cooldown: seconds(90),
        auto_rejoin: AutoRejoin::Off,
        overlap: millis(250),
    };
    assert_eq!(config.recovery, expected);
    let expected = GovernorPolicy {
        window: seconds(70),
        sends: 90,
        sends_kept: 9,
        cost: 2,
        handshakes: 40,
        handshakes_kept: 8,
        spacing: millis(20),
        burst: 5,
        jitter_percent: 40,
        patience: seconds(20),
        fair_share: 4,
        turn_limit: seconds(50),
    };
    assert_eq!(config.governor, expected);
}

#[test]
fn voice_settings_that_contradict_each_other_are_refused_with_what_would_do() {
    let cases = [
        ("[voice]\nsuspect_after = 20", "voice.silent_after", "no shorter than voice.suspect_after, which is 20s"),
        (
            "[voice]\nbackoff_base_ms = 9000\nbackoff_max = 5",
            "voice.backoff_max",
            "no shorter than voice.backoff_base_ms",
        ),
        ("[voice]\nhedge_least_ms = 2000", "voice.hedge_most_ms", "no shorter than voice.hedge_least_ms, which is 2s"),
        ("[voice]\ncooldowns = [30, 120]", "voice.cooldowns", "3 whole numbers from 1 to 3600"),
        ("[voice]\ncooldowns = [0, 30, 120]", "voice.cooldowns", "3 whole numbers from 1 to 3600"),
        ("[music]\nauto_resume = \"maybe\"", "music.auto_resume", "true, false or paused"),
        ("[voice]\nauto_rejoin = \"always\"", "voice.auto_rejoin", "off, after-faults or also-after-kick"),
        ("[voice]\noverlap_ms = 0.5", "voice.overlap_ms", "whole number from 0 to 10000"),
        ("[governor]\nsends_kept = 99", "governor.sends_kept", "97 at most"),
        ("[governor]\nhandshakes = 5", "governor.handshakes_kept", "less than governor.handshakes, which is 5"),
        ("[governor]\nsends = 120", "governor.sends", "whole number from 5 to 115"),
    ];
    for (text, key, hint) in cases {
        let error = Setting::new().with_file(text).error();
        assert!(error.starts_with(key) && error.contains(hint), "{error}");
    }
    let never = Setting::new().with_file("[voice]\nhedge_most_ms = 0").load().unwrap();
    assert!(never.recovery.hedge.most.is_zero(), "always leaving first is allowed");
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
