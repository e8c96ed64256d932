//! The clients, and how each is started.

use super::{ground::Ground, world::Place};
use crate::harness::{
    process::{Launch, plain_environment},
    setting::{bot_environment, install_plugin},
};
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

/// A client library, in the shape of a small music bot; the last is our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
pub enum Client {
    /// discord.py (Python).
    #[serde(rename = "discord.py")]
    #[value(name = "discord.py")]
    DiscordPy,
    /// discord.js with @discordjs/voice (node).
    #[serde(rename = "discord.js")]
    #[value(name = "discord.js")]
    DiscordJs,
    /// serenity with songbird (Rust).
    #[serde(rename = "songbird")]
    #[value(name = "songbird")]
    Songbird,
    /// Refrain itself.
    #[serde(rename = "refrain")]
    #[value(name = "refrain")]
    Refrain,
}

impl Client {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::DiscordPy, Self::DiscordJs, Self::Songbird, Self::Refrain];

    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DiscordPy => "discord.py",
            Self::DiscordJs => "discord.js",
            Self::Songbird => "songbird",
            Self::Refrain => "refrain",
        }
    }

    /// Its number, from 1: of its guild, of its bot and of the track that it plays.
    #[must_use]
    pub(crate) const fn number(self) -> u32 {
        match self {
            Self::DiscordPy => 1,
            Self::DiscordJs => 2,
            Self::Songbird => 3,
            Self::Refrain => 4,
        }
    }

    /// The command that makes it leave.
    pub(crate) const fn leave_command(self) -> &'static str {
        match self {
            Self::DiscordPy | Self::DiscordJs | Self::Songbird => "stop",
            Self::Refrain => "disconnect",
        }
    }

    /// The options that its `/play` takes.
    pub(crate) fn play_options(self, ground: &Ground) -> Value {
        match self {
            Self::DiscordPy | Self::DiscordJs | Self::Songbird => json!({}),
            Self::Refrain => json!({ "query": ground.media.url(&ground.track_name(self)) }),
        }
    }

    /// How it is started.
    pub(crate) fn launch(self, ground: &Ground) -> Result<Launch> {
        let folder = ground.folder.join(self.name());
        std::fs::create_dir_all(&folder).with_context(|| format!("making the folder {}", folder.display()))?;
        let bots = &ground.programs.bots;
        let (program, arguments): (PathBuf, Vec<OsString>) = match self {
            Self::DiscordPy => (ground.programs.python.clone(), vec![bots.join("discord.py/bot.py").into()]),
            Self::DiscordJs => (ground.programs.node.clone(), vec![bots.join("discord.js/bot.js").into()]),
            Self::Songbird => (ground.programs.songbird.clone(), Vec::new()),
            Self::Refrain => (ground.programs.bot.clone(), Vec::new()),
        };
        let environment = match self {
            Self::DiscordPy | Self::DiscordJs | Self::Songbird => self.environment(ground)?,
            Self::Refrain => {
                let plugins = install_plugin(&folder, &ground.media)?;
                let mut environment =
                    bot_environment(&folder, &ground.ready, &ground.media, &ground.programs.binaries())?;
                environment.insert("DISCORD_TOKEN".to_owned(), Place::token(self).into());
                environment.insert("YT_DLP_PLUGIN_DIRS".to_owned(), plugins.into());
                environment
            }
        };
        let log_file = ground.next_log(self);
        Ok(Launch { name: self.name(), program, arguments, environment, folder, log_file })
    }

    /// What the small bots read, and what each runtime needs to trust the simulator's CA.
    fn environment(self, ground: &Ground) -> Result<BTreeMap<String, OsString>> {
        let told = |key: &str| {
            ground.ready[key].as_str().map(OsString::from).with_context(|| format!("the ready file holds no \"{key}\""))
        };
        let mut environment = plain_environment(&ground.folder.join(self.name()));
        environment.extend([
            ("BOT_TOKEN".to_owned(), Place::token(self).into()),
            ("BOT_REST".to_owned(), told("rest")?),
            ("BOT_GATEWAY".to_owned(), told("gateway")?),
            ("BOT_TRACK".to_owned(), ground.track(self).into()),
            ("BOT_LOG".to_owned(), "DEBUG".into()),
            ("SSL_CERT_FILE".to_owned(), told("ca")?),
            ("NODE_EXTRA_CA_CERTS".to_owned(), told("ca")?),
            ("NODE_PATH".to_owned(), ground.programs.node_modules.clone().into()),
            ("RUST_LOG".to_owned(), "info,songbird=debug".into()),
            ("PYTHONDONTWRITEBYTECODE".to_owned(), "1".into()),
        ]);
        Ok(environment)
    }
}
