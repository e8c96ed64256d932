//! The world of the judges: a guild for each client with a person in it, and one where all of them meet.

use super::client::Client;
use crate::harness::world::EVERYONE;
use serde_json::{Value, json};

/// The file that holds the world, in the folder of the run.
pub(crate) const FILE: &str = "world.json";

/// The number of the guild where all meet.
const PARTY: u32 = 9;

/// One voice server for each client, should they need one of their own; all guilds begin at the first.
const SERVERS: usize = Client::ALL.len();

/// A guild and what is in it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    number: u32,
    pub(crate) guild: String,
    pub(crate) text: String,
    pub(crate) music: String,
    pub(crate) lounge: String,
    /// The person who listens and gives commands. A person sits in one voice channel at a time: each guild has its own.
    pub(crate) person: String,
}

impl Place {
    /// The guild that `client` has for itself.
    pub(crate) fn of(client: Client) -> Self {
        Self::numbered(client.number())
    }

    /// The guild where all meet.
    pub(crate) fn party() -> Self {
        Self::numbered(PARTY)
    }

    fn numbered(number: u32) -> Self {
        let id = |last: u32| format!("12170000000000{number:02}{last:03}");
        Self { number, guild: id(1), text: id(10), music: id(20), lounge: id(21), person: id(100) }
    }

    /// The bot's user, the same in both guilds.
    pub(crate) fn bot(client: Client) -> String {
        format!("12170000000000{:02}200", client.number())
    }

    /// The bot's token; it opens nothing but the simulator.
    pub(crate) fn token(client: Client) -> String {
        format!("MTIxNzAwMDAwMDAwMDAwMDIw{}.judge.not-a-secret", client.number())
    }

    /// What the files call it.
    pub(crate) const fn name(&self) -> &'static str {
        if self.number == PARTY { "party" } else { "alone" }
    }

    fn as_json(&self, clients: &[Client]) -> Value {
        let members = clients.iter().map(|&client| Self::bot(client)).chain([self.person.clone()]);
        json!({
            "id": self.guild,
            "name": format!("Judges {}", self.number),
            "owner": self.person,
            "roles": [{ "id": self.guild, "name": "@everyone", "permissions": EVERYONE }],
            "channels": [
                { "id": self.text, "name": "requests", "type": "text" },
                { "id": self.music, "name": "Music", "type": "voice" },
                { "id": self.lounge, "name": "Lounge", "type": "voice" },
            ],
            "members": members.map(|user| json!({ "user": user })).collect::<Vec<_>>(),
        })
    }
}

/// The world as the simulator reads it.
pub(crate) fn world() -> Value {
    let places: Vec<Place> = Client::ALL.map(Place::of).into_iter().chain([Place::party()]).collect();
    let users: Vec<Value> =
        places.iter().map(|place| json!({ "id": place.person, "name": format!("ada-{}", place.number) })).collect();
    let bots = Client::ALL.map(|client| {
        let (id, token) = (Place::bot(client), Place::token(client));
        json!({ "id": id, "application_id": id, "token": token, "name": client.name() })
    });
    let own = Client::ALL.map(|client| Place::of(client).as_json(&[client]));
    let guilds: Vec<Value> = own.into_iter().chain([Place::party().as_json(&Client::ALL)]).collect();
    json!({ "voice": { "dave": "required", "servers": SERVERS }, "users": users, "bots": bots, "guilds": guilds })
}
