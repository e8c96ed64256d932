//! Messages as the control API shows them.

use serde_json::{Value, json};

use super::{Face, Message, marks};
use crate::{
    id::Id,
    state::message_body::{EPHEMERAL, LOADING},
    world::World,
};

impl Message {
    /// The message as the control API shows it, with its past or without.
    pub(crate) fn report(&self, world: &World, id: Id, with_edits: bool) -> Value {
        let person = world.person(self.author);
        let edits = self.edits.iter().filter(|_| with_edits).map(|(at_ms, face)| {
            let mut value = face.report();
            value["at_ms"] = json!(at_ms);
            value
        });
        let mut value = self.face.report();
        value["id"] = json!(id);
        value["channel"] = json!(self.channel);
        value["guild"] = json!(self.guild);
        value["author"] =
            json!({ "id": self.author, "name": person.map(|one| one.name), "bot": person.map(|one| one.bot) });
        value["interaction"] = json!(self.origin.as_ref().map(|origin| origin.interaction));
        value["asked_by"] = json!(self.origin.as_ref().map(|origin| origin.user));
        value["command"] = json!(self.origin.as_ref().and_then(|origin| origin.name.as_ref()));
        value["ephemeral"] = json!(self.face.flags & EPHEMERAL != 0);
        value["ephemeral_for"] = json!(self.only_for);
        value["loading"] = json!(self.face.flags & LOADING != 0);
        value["reply_to"] = json!(self.reply_to);
        value["pinned"] = json!(self.pinned_unix.is_some());
        value["reactions"] = marks::report(&self.reactions);
        value["at_ms"] = json!(self.created_ms);
        value["deleted_ms"] = json!(self.deleted_ms);
        value["edits"] = edits.collect();
        value
    }
}

impl Face {
    fn report(&self) -> Value {
        let attachments: Vec<Value> = self.files.iter().map(|file| file.value(false)).collect();
        json!({
            "content": self.content, "embeds": self.embeds, "components": self.components, "flags": self.flags,
            "attachments": attachments,
        })
    }
}
