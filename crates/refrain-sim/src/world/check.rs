//! Reading the world file, with errors that name the field.

use std::{collections::BTreeMap, fmt::Display};

use super::{Guild, OverwriteKind, Role, World};
use crate::id::{Id, Permissions};

/// The longest delay of a voice frame, in milliseconds.
const MAX_LATENCY_MS: u64 = 60_000;
/// The longest interval of heartbeats, in milliseconds: a day.
const MAX_INTERVAL_MS: u64 = 24 * 60 * 60 * 1000;

/// Why a world file cannot be used. The text names the field, what was wrong and what would do.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The text is not JSON of the described shape.
    #[error("world file: {field}: {problem}")]
    Shape {
        /// Where, as `guilds[0].channels[1].type`.
        field: String,
        /// What was wrong there.
        problem: String,
    },
    /// The parts do not fit each other.
    #[error("world file: {field}: {problem}")]
    Reference {
        /// Where, as `guilds[0].owner`.
        field: String,
        /// What was wrong there.
        problem: String,
    },
}

impl World {
    /// Reads a world from JSON and checks that its parts fit.
    ///
    /// # Errors
    /// When the text is no JSON, a field is missing, unknown or of the wrong kind, an id is used twice, or something
    /// refers to what is not there.
    pub fn from_json(text: &str) -> Result<Self, WorldError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let shape = |error: serde_path_to_error::Error<serde_json::Error>| WorldError::Shape {
            field: error.path().to_string(),
            problem: error.into_inner().to_string(),
        };
        let world: Self = serde_path_to_error::deserialize(&mut reader).map_err(shape)?;
        reader.end().map_err(|error| WorldError::Shape { field: ".".into(), problem: error.to_string() })?;
        world.checked()
    }

    /// The world with what may be left out filled in.
    ///
    /// # Errors
    /// When an id is used twice or something refers to what is not there.
    pub fn checked(mut self) -> Result<Self, WorldError> {
        if self.bots.is_empty() {
            return Err(wrong("bots", "there is none: one bot at least must be able to log in"));
        }
        if self.voice.latency_ms > MAX_LATENCY_MS {
            return Err(wrong("voice.latency_ms", format!("a frame is delayed by {MAX_LATENCY_MS} ms at most")));
        }
        if !(1..=MAX_INTERVAL_MS).contains(&self.voice.heartbeat_interval_ms) {
            return Err(wrong("voice.heartbeat_interval_ms", format!("an interval is 1 to {MAX_INTERVAL_MS} ms long")));
        }
        if !(1..=8).contains(&self.voice.servers) {
            return Err(wrong("voice.servers", "there are 1 to 8 voice servers"));
        }
        for (name, value) in [
            ("shards", self.gateway.shards),
            ("shard_multiple", self.gateway.shard_multiple),
            ("max_concurrency", self.gateway.max_concurrency),
        ] {
            if value == 0 {
                return Err(wrong(format!("gateway.{name}"), "it must be 1 at least"));
            }
        }
        if let Some(index) = self.listener.except.iter().position(|guild| self.guild(*guild).is_none()) {
            return Err(wrong(format!("listener.except[{index}]"), "there is no guild with this id"));
        }
        self.check_ids()?;
        for index in 0..self.guilds.len() {
            self.check_guild(index)?;
        }
        for guild in &mut self.guilds {
            if !guild.roles.iter().any(|role| role.id == guild.id) {
                let everyone = Role { id: guild.id, name: "@everyone".into(), permissions: Permissions::everyone() };
                guild.roles.insert(0, everyone);
            }
        }
        Ok(self)
    }

    fn check_ids(&self) -> Result<(), WorldError> {
        let mut people = Seen::default();
        for (index, user) in self.users.iter().enumerate() {
            people.add(user.id, format!("users[{index}].id"))?;
        }
        let (mut applications, mut tokens) = (Seen::default(), BTreeMap::new());
        for (index, bot) in self.bots.iter().enumerate() {
            people.add(bot.id, format!("bots[{index}].id"))?;
            applications.add(bot.application_id, format!("bots[{index}].application_id"))?;
            if bot.token.trim().is_empty() || bot.token.contains(char::is_whitespace) {
                return Err(wrong(format!("bots[{index}].token"), "a token is a word without blanks"));
            }
            if tokens.insert(&bot.token, ()).is_some() {
                return Err(wrong(format!("bots[{index}].token"), "another bot has the same token"));
            }
        }
        let (mut guilds, mut channels, mut roles) = (Seen::default(), Seen::default(), Seen::default());
        for (index, guild) in self.guilds.iter().enumerate() {
            guilds.add(guild.id, format!("guilds[{index}].id"))?;
            for (number, channel) in guild.channels.iter().enumerate() {
                channels.add(channel.id, format!("guilds[{index}].channels[{number}].id"))?;
            }
            for (number, role) in guild.roles.iter().enumerate() {
                roles.add(role.id, format!("guilds[{index}].roles[{number}].id"))?;
            }
        }
        Ok(())
    }

    fn check_guild(&self, index: usize) -> Result<(), WorldError> {
        let guild = &self.guilds[index];
        let at = format!("guilds[{index}]");
        if self.person(guild.owner).is_none() {
            return Err(wrong(format!("{at}.owner"), format!("no user has the id {}", guild.owner)));
        }
        let mut members = Seen::default();
        for (number, member) in guild.members.iter().enumerate() {
            let at = format!("{at}.members[{number}]");
            if self.person(member.user).is_none() {
                return Err(wrong(format!("{at}.user"), format!("no user or bot has the id {}", member.user)));
            }
            members.add(member.user, format!("{at}.user"))?;
            for role in &member.roles {
                check_role(guild, *role, &format!("{at}.roles"))?;
            }
        }
        for (number, channel) in guild.channels.iter().enumerate() {
            for (place, overwrite) in channel.overwrites.iter().enumerate() {
                let at = format!("{at}.channels[{number}].overwrites[{place}].id");
                match overwrite.kind {
                    OverwriteKind::Role => check_role(guild, overwrite.id, &at)?,
                    OverwriteKind::Member if self.person(overwrite.id).is_some() => {}
                    OverwriteKind::Member => {
                        return Err(wrong(at, format!("no user or bot has the id {}", overwrite.id)));
                    }
                }
            }
        }
        Ok(())
    }
}

fn check_role(guild: &Guild, role: Id, at: &str) -> Result<(), WorldError> {
    if role == guild.id || guild.roles.iter().any(|known| known.id == role) {
        return Ok(());
    }
    Err(wrong(at, format!("the guild {} has no role with the id {role}", guild.id)))
}

fn wrong(field: impl Display, problem: impl Display) -> WorldError {
    WorldError::Reference { field: field.to_string(), problem: problem.to_string() }
}

/// The ids that were met, and where.
#[derive(Default)]
struct Seen(BTreeMap<Id, String>);

impl Seen {
    fn add(&mut self, id: Id, field: String) -> Result<(), WorldError> {
        match self.0.get(&id) {
            Some(earlier) => Err(wrong(field, format!("the id {id} is already used at {earlier}"))),
            None => {
                self.0.insert(id, field);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn example() -> Value {
        serde_json::to_value(World::example()).unwrap()
    }

    #[test]
    fn the_example_can_be_written_and_read() {
        let world = World::from_json(&example().to_string()).unwrap();
        assert_eq!(world.guilds[0].channels.len(), 3);
    }

    #[test]
    fn everyone_is_added_where_it_is_missing() {
        let mut value = example();
        value["guilds"][0]["roles"].as_array_mut().unwrap().remove(0);
        let world = World::from_json(&value.to_string()).unwrap();
        assert_eq!(world.guilds[0].roles[0].name, "@everyone");
    }

    #[test]
    fn errors_name_the_field() {
        let cases = [
            ("/guilds/0/channels/1/type", json!("vioce"), "guilds[0].channels[1].type", "vioce"),
            ("/guilds/0/owner", json!("77"), "guilds[0].owner", "77"),
            ("/guilds/0/members/1/user", json!("78"), "guilds[0].members[1].user", "78"),
            ("/guilds/0/members/1/roles", json!(["79"]), "guilds[0].members[1].roles", "79"),
            ("/guilds/0/roles/1/permissions", json!(["FLY"]), "guilds[0].roles[1].permissions", "FLY"),
            ("/guilds/0/roles/1/permissions", json!(5), "guilds[0].roles[1].permissions", "integer"),
            ("/guilds/0/id", json!("first"), "guilds[0].id", "first"),
            ("/users/0/id", json!("2"), "users[1].id", "already used"),
            ("/bots", json!([]), "bots", "log in"),
            ("/bots/0/token", json!(""), "bots[0].token", "word"),
            ("/voice/latency_ms", json!("slow"), "voice.latency_ms", "slow"),
            ("/gateway/max_concurrency", json!(0), "gateway.max_concurrency", "1 at least"),
            ("/bots/0/privileged_intents", json!(["FLY"]), "bots[0].privileged_intents", "FLY"),
            ("/guilds/0/channels/0/overwrites", json!([{ "id": "5", "type": "role" }]), "overwrites[0].id", "no role"),
        ];
        for (pointer, value, field, problem) in cases {
            let mut world = example();
            *world.pointer_mut(pointer).unwrap() = value;
            let error = World::from_json(&world.to_string()).unwrap_err().to_string();
            assert!(error.contains(field) && error.contains(problem), "{pointer}: {error}");
        }
    }

    #[test]
    fn unknown_and_missing_fields_are_named() {
        let mut unknown = example();
        unknown["guilds"][0]["colour"] = json!("blue");
        let error = World::from_json(&unknown.to_string()).unwrap_err().to_string();
        assert!(error.contains("colour"), "{error}");
        let mut missing = example();
        missing["bots"][0].as_object_mut().unwrap().remove("token");
        let error = World::from_json(&missing.to_string()).unwrap_err().to_string();
        assert!(error.contains("bots[0]") && error.contains("token"), "{error}");
        assert!(World::from_json("{").unwrap_err().to_string().contains("EOF"));
    }
}
