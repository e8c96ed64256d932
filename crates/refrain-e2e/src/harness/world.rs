//! The world that the simulator plays: one guild, its channels, two people and the bot.

use serde_json::{Value, json};

/// The guild.
pub const GUILD: &str = "1216000000000000001";
/// The text channel where commands are given.
pub const TEXT: &str = "1216000000000000010";
/// A voice channel.
pub const MUSIC: &str = "1216000000000000020";
/// Another.
pub const LOUNGE: &str = "1216000000000000021";
/// A voice channel that the bot may see and not join.
pub const LOCKED: &str = "1216000000000000022";
/// Who asks for music.
pub const ADA: &str = "1216000000000000100";
/// Somebody else.
pub const BEN: &str = "1216000000000000101";
/// The bot's user.
pub const BOT: &str = "1216000000000000200";
/// The bot's application.
pub const APPLICATION: &str = "1216000000000000201";
/// The bot's token; it opens nothing but the simulator.
pub const TOKEN: &str = "MTIxNjAwMDAwMDAwMDAwMDIwMA.stage.not-a-secret";

/// The bot's role, as an invitation makes it.
const BOT_ROLE: &str = "1216000000000000002";

/// What everybody may do in a guild where music is played.
pub const EVERYONE: [&str; 7] = [
    "VIEW_CHANNEL",
    "SEND_MESSAGES",
    "EMBED_LINKS",
    "READ_MESSAGE_HISTORY",
    "CONNECT",
    "SPEAK",
    "USE_APPLICATION_COMMANDS",
];

/// The world as the simulator reads it; the voice gateway's frames take `latency_ms` to the bot.
#[must_use]
pub fn world(latency_ms: u64) -> Value {
    json!({
        "voice": { "latency_ms": latency_ms },
        "users": [{ "id": ADA, "name": "ada" }, { "id": BEN, "name": "ben" }],
        "bots": [{ "id": BOT, "application_id": APPLICATION, "token": TOKEN, "name": "refrain" }],
        "guilds": [{
            "id": GUILD,
            "name": "The Stage",
            "owner": BEN,
            "roles": [
                { "id": GUILD, "name": "@everyone", "permissions": EVERYONE },
                { "id": BOT_ROLE, "name": "refrain", "permissions": EVERYONE },
            ],
            "channels": [
                { "id": TEXT, "name": "requests", "type": "text", "overwrites": [] },
                { "id": MUSIC, "name": "Music", "type": "voice", "overwrites": [] },
                { "id": LOUNGE, "name": "Lounge", "type": "voice", "overwrites": [] },
                { "id": LOCKED, "name": "Locked", "type": "voice",
                  "overwrites": [{ "id": BOT_ROLE, "type": "role", "allow": [], "deny": ["CONNECT"] }] },
            ],
            "members": [
                { "user": ADA, "roles": [] },
                { "user": BEN, "roles": [] },
                { "user": BOT, "roles": [BOT_ROLE] },
            ],
        }],
    })
}
