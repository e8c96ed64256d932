//! Snowflakes and permission sets as they stand in JSON: ids as strings, permissions as decimal strings or names.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Discord's epoch, the first moment of 2015, in milliseconds of the Unix epoch.
pub const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

/// A snowflake. Written as a string; read from a string or an integer, because some clients send integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Id {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<u64>() {
            Ok(number) if number > 0 => Ok(Self(number)),
            Ok(_) | Err(_) => {
                Err(format!("`{text}` is not an id: a positive whole number such as \"1000\" is expected"))
            }
        }
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl de::Visitor<'_> for Reader {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id as a string of digits")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Id, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Id, E> {
                if number > 0 { Ok(Id(number)) } else { Err(E::custom("0 is not an id")) }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A set of permission bits. Written as a decimal string; read from one, or from a list of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(pub u64);

/// Names and bits of the documented permissions.
const NAMES: [(&str, u32); 52] = [
    ("CREATE_INSTANT_INVITE", 0),
    ("KICK_MEMBERS", 1),
    ("BAN_MEMBERS", 2),
    ("ADMINISTRATOR", 3),
    ("MANAGE_CHANNELS", 4),
    ("MANAGE_GUILD", 5),
    ("ADD_REACTIONS", 6),
    ("VIEW_AUDIT_LOG", 7),
    ("PRIORITY_SPEAKER", 8),
    ("STREAM", 9),
    ("VIEW_CHANNEL", 10),
    ("SEND_MESSAGES", 11),
    ("SEND_TTS_MESSAGES", 12),
    ("MANAGE_MESSAGES", 13),
    ("EMBED_LINKS", 14),
    ("ATTACH_FILES", 15),
    ("READ_MESSAGE_HISTORY", 16),
    ("MENTION_EVERYONE", 17),
    ("USE_EXTERNAL_EMOJIS", 18),
    ("VIEW_GUILD_INSIGHTS", 19),
    ("CONNECT", 20),
    ("SPEAK", 21),
    ("MUTE_MEMBERS", 22),
    ("DEAFEN_MEMBERS", 23),
    ("MOVE_MEMBERS", 24),
    ("USE_VAD", 25),
    ("CHANGE_NICKNAME", 26),
    ("MANAGE_NICKNAMES", 27),
    ("MANAGE_ROLES", 28),
    ("MANAGE_WEBHOOKS", 29),
    ("MANAGE_GUILD_EXPRESSIONS", 30),
    ("USE_APPLICATION_COMMANDS", 31),
    ("REQUEST_TO_SPEAK", 32),
    ("MANAGE_EVENTS", 33),
    ("MANAGE_THREADS", 34),
    ("CREATE_PUBLIC_THREADS", 35),
    ("CREATE_PRIVATE_THREADS", 36),
    ("USE_EXTERNAL_STICKERS", 37),
    ("SEND_MESSAGES_IN_THREADS", 38),
    ("USE_EMBEDDED_ACTIVITIES", 39),
    ("MODERATE_MEMBERS", 40),
    ("VIEW_CREATOR_MONETIZATION_ANALYTICS", 41),
    ("USE_SOUNDBOARD", 42),
    ("CREATE_GUILD_EXPRESSIONS", 43),
    ("CREATE_EVENTS", 44),
    ("USE_EXTERNAL_SOUNDS", 45),
    ("SEND_VOICE_MESSAGES", 46),
    ("SET_VOICE_CHANNEL_STATUS", 48),
    ("SEND_POLLS", 49),
    ("USE_EXTERNAL_APPS", 50),
    ("PIN_MESSAGES", 51),
    ("BYPASS_SLOWMODE", 52),
];

impl Permissions {
    /// Every right in the guild, overwrites notwithstanding.
    pub const ADMINISTRATOR: Self = Self(1 << 3);
    /// Change and delete channels.
    pub const MANAGE_CHANNELS: Self = Self(1 << 4);
    /// Be the first to react with an emoji.
    pub const ADD_REACTIONS: Self = Self(1 << 6);
    /// See the channel at all.
    pub const VIEW_CHANNEL: Self = Self(1 << 10);
    /// Write messages.
    pub const SEND_MESSAGES: Self = Self(1 << 11);
    /// Have messages read aloud.
    pub const SEND_TTS_MESSAGES: Self = Self(1 << 12);
    /// Delete other people's messages.
    pub const MANAGE_MESSAGES: Self = Self(1 << 13);
    /// Show embeds.
    pub const EMBED_LINKS: Self = Self(1 << 14);
    /// Send files.
    pub const ATTACH_FILES: Self = Self(1 << 15);
    /// Read what was written before.
    pub const READ_MESSAGE_HISTORY: Self = Self(1 << 16);
    /// Join a voice channel.
    pub const CONNECT: Self = Self(1 << 20);
    /// Be heard in a voice channel.
    pub const SPEAK: Self = Self(1 << 21);
    /// Mute members in voice, and lift that; the right to speak on a stage.
    pub const MUTE_MEMBERS: Self = Self(1 << 22);
    /// Deafen members in voice, and lift that.
    pub const DEAFEN_MEMBERS: Self = Self(1 << 23);
    /// Ask for the right to speak on a stage.
    pub const REQUEST_TO_SPEAK: Self = Self(1 << 32);
    /// Move people, and enter full channels.
    pub const MOVE_MEMBERS: Self = Self(1 << 24);
    /// Change one's own name in the guild.
    pub const CHANGE_NICKNAME: Self = Self(1 << 26);
    /// Set what stands under a voice channel's name.
    pub const SET_VOICE_CHANNEL_STATUS: Self = Self(1 << 48);
    /// Pin messages.
    pub const PIN_MESSAGES: Self = Self(1 << 51);
    /// Use slash commands.
    pub const USE_APPLICATION_COMMANDS: Self = Self(1 << 31);

    /// Every documented bit: what an owner and an administrator have.
    #[must_use]
    pub fn all() -> Self {
        Self(NAMES.iter().fold(0, |bits, (_, bit)| bits | 1 << bit))
    }

    /// What `@everyone` has in a guild that was just made.
    #[must_use]
    pub fn everyone() -> Self {
        let names = [
            "CREATE_INSTANT_INVITE",
            "ADD_REACTIONS",
            "STREAM",
            "VIEW_CHANNEL",
            "SEND_MESSAGES",
            "EMBED_LINKS",
            "ATTACH_FILES",
            "READ_MESSAGE_HISTORY",
            "CONNECT",
            "SPEAK",
            "USE_VAD",
            "CHANGE_NICKNAME",
            "USE_APPLICATION_COMMANDS",
        ];
        Self(names.iter().filter_map(|name| Self::named(name)).fold(0, |bits, one| bits | one.0))
    }

    /// The bit of a documented name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, bit)| Self(1 << bit))
    }

    /// Whether all bits of `other` are in this set.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// This set after an overwrite: first what is denied, then what is allowed.
    #[must_use]
    pub fn overwritten(self, deny: Self, allow: Self) -> Self {
        Self(self.0 & !deny.0 | allow.0)
    }
}

impl std::ops::BitOr for Permissions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> de::Visitor<'de> for Reader {
            type Value = Permissions;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("permission bits as a decimal string, or a list of permission names")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Permissions, E> {
                let wrong = || E::custom(format!("`{text}` is not a decimal number of permission bits"));
                text.parse().map(Permissions).map_err(|_| wrong())
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut names: A) -> Result<Permissions, A::Error> {
                let mut bits = Permissions::default();
                while let Some(name) = names.next_element::<String>()? {
                    let unknown = || de::Error::custom(format!("no permission is called `{name}` (CONNECT is one)"));
                    bits = bits | Permissions::named(&name).ok_or_else(unknown)?;
                }
                Ok(bits)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_strings_and_integers_and_written_as_strings() {
        let ids: Vec<Id> = serde_json::from_str("[\"175928847299117063\", 175928847299117063]").unwrap();
        assert_eq!(ids[0], ids[1]);
        assert_eq!(serde_json::to_string(&ids[1]).unwrap(), "\"175928847299117063\"");
        for wrong in ["\"\"", "\"abc\"", "0", "-1", "1.5", "\"99999999999999999999999\"", "null"] {
            assert!(serde_json::from_str::<Id>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn permissions_are_read_from_bits_and_from_names() {
        let bits: Permissions = serde_json::from_str("\"3145728\"").unwrap();
        let names: Permissions = serde_json::from_str("[\"CONNECT\", \"SPEAK\"]").unwrap();
        assert_eq!(bits, names);
        assert_eq!(serde_json::to_string(&names).unwrap(), "\"3145728\"");
        let error = serde_json::from_str::<Permissions>("[\"CONECT\"]").unwrap_err().to_string();
        assert!(error.contains("CONECT"), "{error}");
    }
}
