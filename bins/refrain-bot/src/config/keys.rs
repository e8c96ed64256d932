//! Every key there is: its name in the file, its variable in the environment.

/// A setting.
#[derive(Debug)]
pub(crate) struct Key {
    /// In the file: `table.key`.
    pub(crate) name: &'static str,
    /// In the environment, where it has a variable.
    pub(crate) env: Option<&'static str>,
}

const fn key(name: &'static str, env: &'static str) -> Key {
    Key { name, env: Some(env) }
}

const fn file_only(name: &'static str) -> Key {
    Key { name, env: None }
}

pub(crate) static TOKEN: Key = key("discord.token", "DISCORD_TOKEN");
pub(crate) static TOKEN_FILE: Key = key("discord.token_file", "DISCORD_TOKEN_FILE");
pub(crate) static API: Key = key("discord.api", "REFRAIN_DISCORD_API");
pub(crate) static GATEWAY: Key = key("discord.gateway", "REFRAIN_DISCORD_GATEWAY");
pub(crate) static DATA_DIR: Key = key("data.dir", "DATA_DIR");
pub(crate) static YT_DLP: Key = key("yt_dlp.path", "YT_DLP_PATH");
pub(crate) static PLUGIN_DIRS: Key = key("yt_dlp.plugin_dirs", "YT_DLP_PLUGIN_DIRS");
pub(crate) static COOKIES: Key = key("yt_dlp.cookies", "YT_DLP_COOKIES_PATH");
pub(crate) static TIME_LIMIT: Key = file_only("yt_dlp.time_limit");
pub(crate) static CONCURRENCY: Key = file_only("yt_dlp.concurrency");
pub(crate) static FFMPEG: Key = key("audio.ffmpeg", "FFMPEG_PATH");
pub(crate) static BITRATE: Key = file_only("audio.bitrate");
pub(crate) static ALLOW_PRIVATE: Key = key("egress.allow_private", "REFRAIN_ALLOW_PRIVATE");
pub(crate) static AUTO_RESUME: Key = key("music.auto_resume", "MUSIC_AUTO_RESUME");
pub(crate) static GOODBYE: Key = file_only("music.goodbye");
pub(crate) static MAX_TRACKS: Key = file_only("queue.max_tracks");
pub(crate) static CONNECTION_TIMEOUT: Key = key("voice.connection_timeout", "VOICE_CONNECTION_TIMEOUT");
pub(crate) static CONNECT_TIMEOUT: Key = key("voice.connect_timeout", "VOICE_CONNECT_TIMEOUT");
pub(crate) static DISCONNECT_TIMEOUT: Key = key("voice.disconnect_timeout", "VOICE_DISCONNECT_TIMEOUT");
pub(crate) static RETRY_ATTEMPTS: Key = key("voice.retry_attempts", "VOICE_RETRY_ATTEMPTS");
pub(crate) static RESUME_TIMEOUT: Key = file_only("voice.resume_timeout");
pub(crate) static EVIDENCE_TIMEOUT: Key = file_only("voice.evidence_timeout");
pub(crate) static SERVER_TIMEOUT: Key = file_only("voice.server_timeout");
pub(crate) static GUILD_TIMEOUT: Key = file_only("voice.guild_timeout");
pub(crate) static ACCESS_TIMEOUT: Key = file_only("voice.access_timeout");
pub(crate) static PROVEN_AFTER: Key = file_only("voice.proven_after");
pub(crate) static TURN_TIMEOUT: Key = file_only("voice.turn_timeout");
pub(crate) static BACKOFF_BASE: Key = file_only("voice.backoff_base_ms");
pub(crate) static BACKOFF_FACTOR: Key = file_only("voice.backoff_factor");
pub(crate) static BACKOFF_JITTER: Key = file_only("voice.backoff_jitter_percent");
pub(crate) static BACKOFF_MAX: Key = file_only("voice.backoff_max");
pub(crate) static COOLDOWNS: Key = file_only("voice.cooldowns");
pub(crate) static RATE_LIMIT_COOLDOWN: Key = file_only("voice.rate_limit_cooldown");
pub(crate) static STABILITY_RESET: Key = file_only("voice.stability_reset");
pub(crate) static HEALTH_INTERVAL: Key = file_only("voice.health_interval");
pub(crate) static HEALTH_AFTER_TROUBLE: Key = file_only("voice.health_after_trouble");
pub(crate) static TROUBLE_LASTS: Key = file_only("voice.trouble_lasts");
pub(crate) static HEALTH_JITTER: Key = file_only("voice.health_jitter_percent");
pub(crate) static SUSPECT_AFTER: Key = file_only("voice.suspect_after");
pub(crate) static SILENT_AFTER: Key = file_only("voice.silent_after");
pub(crate) static PROBE_TIMEOUT: Key = file_only("voice.probe_timeout");
pub(crate) static HEDGE_LEAST: Key = file_only("voice.hedge_least_ms");
pub(crate) static HEDGE_MOST: Key = file_only("voice.hedge_most_ms");
pub(crate) static HEDGE_PERCENT: Key = file_only("voice.hedge_percent");
pub(crate) static SLOW_GATEWAY: Key = file_only("voice.slow_gateway_ms");
pub(crate) static SLOW_GATEWAY_PERCENT: Key = file_only("voice.slow_gateway_percent");
pub(crate) static MISSED_HEARTBEAT_PERCENT: Key = file_only("voice.missed_heartbeat_percent");
pub(crate) static MISSED_HEARTBEATS_MOST: Key = file_only("voice.missed_heartbeats_most");
pub(crate) static AUTO_REJOIN: Key = file_only("voice.auto_rejoin");
pub(crate) static OVERLAP: Key = file_only("voice.overlap_ms");
pub(crate) static GOVERNOR_WINDOW: Key = file_only("governor.window");
pub(crate) static GOVERNOR_SENDS: Key = file_only("governor.sends");
pub(crate) static GOVERNOR_SENDS_KEPT: Key = file_only("governor.sends_kept");
pub(crate) static GOVERNOR_COST: Key = file_only("governor.cost");
pub(crate) static GOVERNOR_HANDSHAKES: Key = file_only("governor.handshakes");
pub(crate) static GOVERNOR_HANDSHAKES_KEPT: Key = file_only("governor.handshakes_kept");
pub(crate) static GOVERNOR_SPACING: Key = file_only("governor.spacing_ms");
pub(crate) static GOVERNOR_BURST: Key = file_only("governor.burst");
pub(crate) static GOVERNOR_JITTER: Key = file_only("governor.jitter_percent");
pub(crate) static GOVERNOR_PATIENCE: Key = file_only("governor.patience");
pub(crate) static GOVERNOR_FAIR_SHARE: Key = file_only("governor.fair_share");
pub(crate) static GOVERNOR_TURN_LIMIT: Key = file_only("governor.turn_limit");
pub(crate) static RECORDING_DIR: Key = key("recording.dir", "REFRAIN_RECORDING_DIR");
pub(crate) static RECORDING_MEGABYTES: Key = file_only("recording.megabytes");
pub(crate) static RECORDING_FILES: Key = file_only("recording.files");
pub(crate) static LOG_FILTER: Key = key("log.filter", "REFRAIN_LOG");
pub(crate) static LOG_FORMAT: Key = key("log.format", "REFRAIN_LOG_FORMAT");

/// All of them.
pub(crate) static ALL: &[&Key] = &[
    &TOKEN,
    &TOKEN_FILE,
    &API,
    &GATEWAY,
    &DATA_DIR,
    &YT_DLP,
    &PLUGIN_DIRS,
    &COOKIES,
    &TIME_LIMIT,
    &CONCURRENCY,
    &FFMPEG,
    &BITRATE,
    &ALLOW_PRIVATE,
    &MAX_TRACKS,
    &CONNECTION_TIMEOUT,
    &CONNECT_TIMEOUT,
    &DISCONNECT_TIMEOUT,
    &RETRY_ATTEMPTS,
    &RESUME_TIMEOUT,
    &EVIDENCE_TIMEOUT,
    &SERVER_TIMEOUT,
    &GUILD_TIMEOUT,
    &ACCESS_TIMEOUT,
    &PROVEN_AFTER,
    &TURN_TIMEOUT,
    &BACKOFF_BASE,
    &BACKOFF_FACTOR,
    &BACKOFF_JITTER,
    &BACKOFF_MAX,
    &COOLDOWNS,
    &RATE_LIMIT_COOLDOWN,
    &STABILITY_RESET,
    &HEALTH_INTERVAL,
    &HEALTH_AFTER_TROUBLE,
    &TROUBLE_LASTS,
    &HEALTH_JITTER,
    &SUSPECT_AFTER,
    &SILENT_AFTER,
    &PROBE_TIMEOUT,
    &HEDGE_LEAST,
    &HEDGE_MOST,
    &HEDGE_PERCENT,
    &SLOW_GATEWAY,
    &SLOW_GATEWAY_PERCENT,
    &MISSED_HEARTBEAT_PERCENT,
    &MISSED_HEARTBEATS_MOST,
    &AUTO_REJOIN,
    &AUTO_RESUME,
    &GOODBYE,
    &OVERLAP,
    &GOVERNOR_WINDOW,
    &GOVERNOR_SENDS,
    &GOVERNOR_SENDS_KEPT,
    &GOVERNOR_COST,
    &GOVERNOR_HANDSHAKES,
    &GOVERNOR_HANDSHAKES_KEPT,
    &GOVERNOR_SPACING,
    &GOVERNOR_BURST,
    &GOVERNOR_JITTER,
    &GOVERNOR_PATIENCE,
    &GOVERNOR_FAIR_SHARE,
    &GOVERNOR_TURN_LIMIT,
    &RECORDING_DIR,
    &RECORDING_MEGABYTES,
    &RECORDING_FILES,
    &LOG_FILTER,
    &LOG_FORMAT,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_in_the_example_file_and_in_the_documentation() {
        let example = include_str!("../../../../refrain.toml.example");
        let documentation = include_str!("../../../../docs/operations.md");
        for key in ALL {
            let (table, name) = key.name.split_once('.').unwrap();
            let section = example.split("\n[").find(|part| part.starts_with(&format!("{table}]"))).unwrap();
            let named = section.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{name} = ")));
            assert!(named, "refrain.toml.example lacks {}", key.name);
            assert!(documentation.contains(&format!("`{}`", key.name)), "docs/operations.md lacks {}", key.name);
            if let Some(env) = key.env {
                assert!(section.contains(env), "refrain.toml.example lacks {env}");
                assert!(documentation.contains(&format!("`{env}`")), "docs/operations.md lacks {env}");
            }
        }
    }
}
