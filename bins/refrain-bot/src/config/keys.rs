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
pub(crate) static MAX_TRACKS: Key = file_only("queue.max_tracks");
pub(crate) static CONNECTION_TIMEOUT: Key = key("voice.connection_timeout", "VOICE_CONNECTION_TIMEOUT");
pub(crate) static CONNECT_TIMEOUT: Key = key("voice.connect_timeout", "VOICE_CONNECT_TIMEOUT");
pub(crate) static DISCONNECT_TIMEOUT: Key = key("voice.disconnect_timeout", "VOICE_DISCONNECT_TIMEOUT");
pub(crate) static RETRY_ATTEMPTS: Key = key("voice.retry_attempts", "VOICE_RETRY_ATTEMPTS");
pub(crate) static LOG_FILTER: Key = key("log.filter", "REFRAIN_LOG");
pub(crate) static LOG_FORMAT: Key = key("log.format", "REFRAIN_LOG_FORMAT");

/// All of them.
pub(crate) static ALL: [&Key; 20] = [
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
