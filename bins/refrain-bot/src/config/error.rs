//! A configuration that cannot be used.

use std::fmt;

/// What is wrong with a key, and what would do. Its text is the one line that people see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigError {
    /// The key: a variable of the environment, or a key of the file with the file's name.
    pub(crate) key: String,
    /// What was given; `None` when it is a secret, or nothing was.
    pub(crate) value: Option<String>,
    /// What is wrong with it and what would do.
    pub(crate) hint: String,
}

/// A value in a message is no longer than this.
const MAX_SHOWN: usize = 120;

impl ConfigError {
    pub(crate) fn new(key: impl Into<String>, value: Option<&str>, hint: impl Into<String>) -> Self {
        let value = value.map(|value| value.chars().take(MAX_SHOWN).collect());
        Self { key: key.into(), value, hint: hint.into() }
    }

    /// No token at all: the first thing a newcomer meets.
    pub(crate) fn no_token() -> Self {
        Self::new(
            "DISCORD_TOKEN",
            None,
            "is not set: create a bot at https://discord.com/developers/applications and pass its token as \
             DISCORD_TOKEN=…; to see Refrain without one, run `cargo xtask demo`",
        )
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            // Debug quotes it and shows what cannot be seen; one line it stays.
            Some(value) => write!(f, "{} = {value:?}: {}", self.key, self.hint),
            None => write!(f, "{} {}", self.key, self.hint),
        }
    }
}

impl std::error::Error for ConfigError {}
