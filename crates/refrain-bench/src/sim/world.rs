//! The world that is served: guilds with a voice channel each, and bots that share them out.

use serde_json::{Value, json};

/// Guilds of one bot: below what the gateway's budget of 120 frames a minute lets one connection join at once.
pub(super) const GUILDS_PER_BOT: usize = 100;
/// The first bot's id; the others follow.
const FIRST_BOT: usize = 9000;

pub(super) fn bot_of(guild: usize) -> usize {
    guild / GUILDS_PER_BOT
}

pub(super) fn bot_id(bot: usize) -> u64 {
    (FIRST_BOT + bot) as u64
}

pub(super) fn token(bot: usize) -> String {
    format!("bench.simulated.token-of-bot-{bot}")
}

/// Guild number `guild`; far enough apart that channels fit between.
pub(super) fn guild_id(guild: usize) -> u64 {
    ((guild + 1) * 1_000_000) as u64
}

pub(super) fn channel_id(guild: usize) -> u64 {
    guild_id(guild) + 1
}

/// The world file.
pub(super) fn world(guilds: usize, decoding: bool) -> Value {
    let bots = guilds.div_ceil(GUILDS_PER_BOT);
    let guild = |number: usize| {
        json!({
            "id": guild_id(number).to_string(), "name": format!("Guild {number}"), "owner": "1", "roles": [],
            "channels": [{ "id": channel_id(number).to_string(), "name": "Music", "type": "voice" }],
            "members": [{ "user": "1" }, { "user": bot_id(bot_of(number)).to_string() }],
        })
    };
    let bot = |number: usize| {
        let id = bot_id(number).to_string();
        json!({ "id": id, "application_id": id, "token": token(number), "name": format!("Bot {number}"), "public": true })
    };
    json!({
        "guilds": (0..guilds).map(guild).collect::<Vec<_>>(),
        "users": [{ "id": "1", "name": "ada" }],
        "bots": (0..bots).map(bot).collect::<Vec<_>>(),
        "voice": { "dave": 0 },
        "listener": { "decode": decoding },
    })
}
