//! Discord's snowflakes, one type a kind, so that a channel is never taken for a guild.

use core::{fmt, str::FromStr};
use serde::{Deserialize, Serialize};

/// A text that is no snowflake: ids are decimal numbers of up to 20 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a Discord id: expected a decimal number")
    }
}

impl core::error::Error for InvalidId {}

macro_rules! snowflake {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Wraps the number that Discord sends as a decimal string.
            #[must_use]
            pub const fn new(id: u64) -> Self {
                Self(id)
            }

            /// The number, as it goes on the wire.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.parse().map(Self).map_err(|_| InvalidId)
            }
        }
    };
}

snowflake! {
    /// A guild, which people call a server.
    GuildId
}
snowflake! {
    /// A channel, text or voice.
    ChannelId
}
snowflake! {
    /// A user, a bot's own user included.
    UserId
}
snowflake! {
    /// A message in a text channel.
    MessageId
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn reads_what_it_prints_and_refuses_the_rest() {
        let id = GuildId::new(1_216_000_000_000_000_001);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("12x".parse::<UserId>(), Err(InvalidId));
        assert_eq!("".parse::<UserId>(), Err(InvalidId));
    }
}
