//! What keeps the bot from running.

use refrain_rest::RestError;

/// Why the bot cannot log in, or cannot go on. The text says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiscordError {
    /// Discord does not know the token (401, or close code 4004).
    #[error(
        "Discord rejected the token: it is wrong, or it was reset. Copy the current one from \
         https://discord.com/developers/applications (your application, Bot, Reset Token) and set DISCORD_TOKEN"
    )]
    TokenRejected,
    /// Discord could not be reached, or did not answer in time.
    #[error("Discord could not be reached while {doing}: {reason}. Check the network, then start again")]
    Unreachable {
        /// What was being done.
        doing: &'static str,
        /// What was wrong.
        reason: String,
    },
    /// Discord answered, but with something else than was asked for.
    #[error("Discord refused while {doing}: {reason}")]
    Refused {
        /// What was being done.
        doing: &'static str,
        /// What it answered.
        reason: String,
    },
    /// The REST client cannot be made: the certificates of the system cannot be read.
    #[error("a client for Discord's API cannot be made: {reason}. Install the certificates (package ca-certificates)")]
    NoClient {
        /// What was wrong.
        reason: String,
    },
    /// The main gateway closed a shard for good.
    #[error("Discord's gateway closed the connection for good, code {code}: {advice}")]
    GatewayClosed {
        /// The close code.
        code: u16,
        /// What it means and what to do.
        advice: &'static str,
    },
    /// A task of the bot itself failed. A bug.
    #[error("a part of the bot failed unexpectedly; the log has the details. Please report it")]
    Broken,
}

impl DiscordError {
    /// Whether starting again with the same configuration would fail in the same way.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::TokenRejected | Self::NoClient { .. } => true,
            // 4011 and 4010 go away with a new start, which asks again how many shards there should be.
            Self::GatewayClosed { code, .. } => !matches!(code, 4010 | 4011),
            Self::Unreachable { .. } | Self::Refused { .. } | Self::Broken => false,
        }
    }

    /// Whether trying again in a moment may help.
    pub(crate) fn is_retryable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// A fatal close code of the main gateway; `None` when Discord allows to connect again.
    pub(crate) fn from_close(code: u16) -> Option<Self> {
        let advice = match code {
            4004 => return Some(Self::TokenRejected),
            4010 => "the shard number was invalid. Start again",
            4011 => "the bot is in too many guilds for its number of shards. Start again: it asks how many it needs",
            4012 => "this version of the gateway is no longer served. Update Refrain",
            4013 => "the intents are invalid. Update Refrain",
            4014 => {
                "it does not allow the intents. Refrain needs none that are privileged (only guilds and voice states), so \
                 look at the Bot page of https://discord.com/developers/applications for limits on the application"
            }
            _ => return None,
        };
        Some(Self::GatewayClosed { code, advice })
    }

    /// Sorts an error of the REST client.
    pub(crate) fn from_rest(doing: &'static str, error: &RestError) -> Self {
        if *error == RestError::TokenRejected {
            return Self::TokenRejected;
        }
        let reason = error.to_string();
        if error.is_retryable() { Self::Unreachable { doing, reason } } else { Self::Refused { doing, reason } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fatal_close_codes_say_what_to_do_and_the_others_are_none() {
        assert_eq!(DiscordError::from_close(4004), Some(DiscordError::TokenRejected));
        for code in 4010..=4014 {
            let error = DiscordError::from_close(code).unwrap();
            assert!(error.to_string().contains(&code.to_string()), "{error}");
        }
        for code in [1000, 1006, 4000, 4007, 4008, 4009] {
            assert_eq!(DiscordError::from_close(code), None, "{code}");
        }
    }

    #[test]
    fn what_passes_is_tried_again_whatever_its_answer_looks_like() {
        let sorted = |error| DiscordError::from_rest("testing", &error);
        assert!(sorted(RestError::Unavailable { status: 502 }).is_retryable());
        assert!(sorted(RestError::TimedOut).is_retryable());
        assert_eq!(sorted(RestError::TokenRejected), DiscordError::TokenRejected);
        let refused =
            RestError::Refused { status: 403, code: 50001, message: "Missing Access".into(), repeated: false };
        assert_eq!(
            sorted(refused).to_string(),
            "Discord refused while testing: HTTP 403, error code 50001: Missing Access"
        );
    }

    #[test]
    fn what_a_new_start_cannot_mend_is_configuration() {
        assert!(DiscordError::TokenRejected.is_configuration());
        assert!(DiscordError::from_close(4014).unwrap().is_configuration());
        assert!(!DiscordError::from_close(4011).unwrap().is_configuration());
        assert!(!DiscordError::Unreachable { doing: "testing", reason: String::new() }.is_configuration());
    }
}
