//! The documented message object.

use serde_json::{Value, json};

use super::{Message, Origin, marks};
use crate::{
    clock::iso8601,
    id::Id,
    state::{
        State, json as shapes,
        message_body::{EPHEMERAL, SUPPRESS_EMBEDS},
    },
    world::World,
};

impl Message {
    /// The message, with the one it replies to.
    pub(crate) fn value(&self, world: &World, state: &State, id: Id) -> Value {
        let mut value = self.alone(world, id);
        if let Some(reply_to) = self.reply_to {
            let replied = state.messages.get(&reply_to).filter(|one| one.is_public());
            value["referenced_message"] = replied.map_or(Value::Null, |one| one.alone(world, reply_to));
        }
        value
    }

    fn alone(&self, world: &World, id: Id) -> Value {
        let person = world.person(self.author).map(shapes::user);
        let users = self.face.mentions.users.iter().filter_map(|id| world.person(*id)).map(shapes::user);
        let ephemeral = self.face.flags & EPHEMERAL != 0;
        let embeds = if self.face.flags & SUPPRESS_EMBEDS == 0 { self.face.embeds.clone() } else { json!([]) };
        let mut value = json!({
            "id": id, "channel_id": self.channel, "type": self.kind(), "author": person, "content": self.face.content,
            "timestamp": iso8601(self.created_unix), "edited_timestamp": self.edited_unix.map(iso8601),
            "tts": self.tts, "mention_everyone": self.face.mentions.everyone, "mentions": users.collect::<Value>(),
            "mention_roles": self.face.mentions.roles, "pinned": self.pinned_unix.is_some(), "embeds": embeds,
            "attachments": self.face.files.iter().map(|file| file.value(ephemeral)).collect::<Value>(),
            "components": self.face.components, "flags": self.face.flags,
        });
        if !self.nonce.is_null() {
            value["nonce"] = self.nonce.clone();
        }
        if !self.reactions.is_empty() {
            value["reactions"] = marks::reactions(&self.reactions, self.author);
        }
        if let Some(reply_to) = self.reply_to {
            value["message_reference"] =
                json!({ "type": 0, "message_id": reply_to, "channel_id": self.channel, "guild_id": self.guild });
        }
        if let Some(origin) = &self.origin {
            let application = world.bot(self.author).map(|bot| bot.application_id);
            value["webhook_id"] = json!(application);
            value["application_id"] = json!(application);
            value["interaction_metadata"] = origin.metadata(world, self.guild);
            if let Some(name) = &origin.name {
                let user = world.person(origin.user).map(shapes::user);
                value["interaction"] =
                    json!({ "id": origin.interaction, "type": origin.kind, "name": name, "user": user });
            }
        }
        value
    }

    /// The documented message type: an answer to a command, a reply, or a plain one.
    fn kind(&self) -> u8 {
        let first = self.origin.as_ref().is_some_and(|origin| origin.name.is_some() && origin.original.is_none());
        if first {
            20
        } else if self.reply_to.is_some() {
            19
        } else {
            0
        }
    }
}

impl Origin {
    /// The documented interaction metadata.
    fn metadata(&self, world: &World, guild: Id) -> Value {
        let mut value = json!({
            "id": self.interaction, "type": self.kind, "user": world.person(self.user).map(shapes::user),
            "authorizing_integration_owners": { "0": guild },
        });
        if let Some(original) = self.original {
            value["original_response_message_id"] = json!(original);
        }
        if let Some(used) = self.used.filter(|_| self.kind == 3) {
            value["interacted_message_id"] = json!(used);
        }
        if let Some(opener) = &self.opener {
            value["triggering_interaction_metadata"] = opener.metadata(world, guild);
        }
        value
    }
}
