//! What is put on a message: reactions and pins.

use serde_json::{Value, json};

use super::Message;
use crate::{
    clock::iso8601,
    id::Id,
    rest::error::ApiError,
    state::{Hub, State, sessions::GUILDS},
};

/// How many kinds of reaction a message may have.
const MAX_REACTIONS: usize = 20;
/// How many messages of a channel may be pinned.
const MAX_PINS: usize = 250;

/// An emoji as it stands in a path: a character, or `name:id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Emoji {
    id: Option<Id>,
    name: String,
}

impl Emoji {
    /// Reads the path's step. Custom emoji must be among `known`; what is no emoji at all is unknown too.
    pub(crate) fn read(text: &str, known: impl Fn(Id) -> bool) -> Result<Self, ApiError> {
        if let Some((name, id)) = text.rsplit_once(':') {
            let id = id.parse().ok().filter(|id| known(*id)).ok_or(ApiError::UNKNOWN_EMOJI)?;
            return Ok(Self { id: Some(id), name: name.trim_start_matches("a:").to_owned() });
        }
        // Keycaps and flags begin with ASCII and go on with something else.
        let emoji = !text.is_ascii() && text.chars().count() <= 16 && !text.chars().any(char::is_whitespace);
        if emoji { Ok(Self { id: None, name: text.to_owned() }) } else { Err(ApiError::UNKNOWN_EMOJI) }
    }

    fn value(&self) -> Value {
        json!({ "id": self.id, "name": self.name })
    }
}

/// The documented reaction objects, as `me` sees them.
pub(super) fn reactions(all: &[(Emoji, Vec<Id>)], me: Id) -> Value {
    let one = |(emoji, users): &(Emoji, Vec<Id>)| {
        json!({
            "emoji": emoji.value(), "count": users.len(), "count_details": { "burst": 0, "normal": users.len() },
            "me": users.contains(&me), "me_burst": false, "burst_colors": [],
        })
    };
    all.iter().map(one).collect()
}

pub(super) fn report(all: &[(Emoji, Vec<Id>)]) -> Value {
    all.iter().map(|(emoji, users)| json!({ "emoji": emoji.value(), "users": users })).collect()
}

impl Hub {
    /// Puts a person's reaction on a message.
    pub(crate) fn react(&self, state: &mut State, id: Id, user: Id, emoji: &Emoji) -> Result<(), ApiError> {
        let message = state.messages.get_mut(&id).filter(|one| one.is_public()).ok_or(ApiError::UNKNOWN_MESSAGE)?;
        let full = message.reactions.len() >= MAX_REACTIONS;
        match message.reactions.iter_mut().find(|(known, _)| known == emoji) {
            Some((_, users)) if users.contains(&user) => return Ok(()),
            Some((_, users)) => users.push(user),
            None if full => return Err(ApiError::TOO_MANY_REACTIONS),
            None => message.reactions.push((emoji.clone(), vec![user])),
        }
        let message = message.clone();
        let world = self.world();
        let member = world.guild(message.guild).and_then(|guild| guild.member(user));
        let mut data = message.reaction(id, user, emoji);
        data["member"] = member.map_or(Value::Null, |member| crate::state::json::member(&world, member));
        data["message_author_id"] = json!(message.author);
        self.announce_reaction(state, "MESSAGE_REACTION_ADD", &message, &data);
        Ok(())
    }

    /// Takes a person's reaction back.
    pub(crate) fn unreact(&self, state: &mut State, id: Id, user: Id, emoji: &Emoji) -> Result<(), ApiError> {
        let message = state.messages.get_mut(&id).filter(|one| one.is_public()).ok_or(ApiError::UNKNOWN_MESSAGE)?;
        let Some((_, users)) = message.reactions.iter_mut().find(|(known, _)| known == emoji) else { return Ok(()) };
        users.retain(|one| *one != user);
        message.reactions.retain(|(_, users)| !users.is_empty());
        let message = message.clone();
        let data = message.reaction(id, user, emoji);
        self.announce_reaction(state, "MESSAGE_REACTION_REMOVE", &message, &data);
        Ok(())
    }

    /// Takes all reactions back, or all of one kind.
    pub(crate) fn clear_reactions(&self, state: &mut State, id: Id, emoji: Option<&Emoji>) -> Result<(), ApiError> {
        let message = state.messages.get_mut(&id).filter(|one| one.is_public()).ok_or(ApiError::UNKNOWN_MESSAGE)?;
        message.reactions.retain(|(known, _)| emoji.is_some_and(|gone| gone != known));
        let message = message.clone();
        let mut data = json!({ "channel_id": message.channel, "message_id": id, "guild_id": message.guild });
        let event = match emoji {
            Some(emoji) => {
                data["emoji"] = emoji.value();
                "MESSAGE_REACTION_REMOVE_EMOJI"
            }
            None => "MESSAGE_REACTION_REMOVE_ALL",
        };
        self.announce_reaction(state, event, &message, &data);
        Ok(())
    }

    /// Pins a message, or unpins it.
    pub(crate) fn pin(&self, state: &mut State, id: Id, pinned: bool) -> Result<(), ApiError> {
        let channel = state.messages.get(&id).filter(|one| one.is_public()).ok_or(ApiError::UNKNOWN_MESSAGE)?.channel;
        let count = state.messages.values().filter(|one| one.channel == channel && one.pinned_unix.is_some()).count();
        if pinned && count >= MAX_PINS {
            return Err(ApiError::TOO_MANY_PINS);
        }
        let now = self.clock.unix_ms();
        let message = state.messages.get_mut(&id).ok_or(ApiError::UNKNOWN_MESSAGE)?;
        message.pinned_unix = pinned.then(|| message.pinned_unix.unwrap_or(now));
        let message = message.clone();
        let last = state.messages.values().filter(|one| one.channel == channel).filter_map(|one| one.pinned_unix).max();
        let data = json!({ "guild_id": message.guild, "channel_id": channel, "last_pin_timestamp": last.map(iso8601) });
        let world = self.world();
        if let Some(guild) = world.guild(message.guild) {
            state.broadcast(guild, GUILDS, "CHANNEL_PINS_UPDATE", &data);
        }
        let value = message.value(&world, state, id);
        self.announce(state, "MESSAGE_UPDATE", &message, &value);
        Ok(())
    }
}

impl Message {
    /// Who reacted with this.
    pub(crate) fn reacted(&self, emoji: &Emoji) -> &[Id] {
        self.reactions.iter().find(|(known, _)| known == emoji).map_or(&[], |(_, users)| users)
    }

    fn reaction(&self, id: Id, user: Id, emoji: &Emoji) -> Value {
        json!({
            "user_id": user, "channel_id": self.channel, "message_id": id, "guild_id": self.guild,
            "emoji": emoji.value(), "burst": false, "type": 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_are_characters_or_known_custom_ones() {
        let read = |text: &str| Emoji::read(text, |id| id == Id(7));
        assert!(read("▶️").is_ok() && read("1️⃣").is_ok());
        assert_eq!(read("note:7").unwrap().value(), json!({ "id": "7", "name": "note" }));
        for wrong in ["", "x", "note", "note:8", "note:", "▶ ▶"] {
            assert_eq!(read(wrong).unwrap_err().code, 10_014, "{wrong}");
        }
    }
}
