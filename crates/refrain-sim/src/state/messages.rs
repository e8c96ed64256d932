//! Messages: created by bots, edited, deleted; the past of each is kept for the control API.

use serde_json::{Value, json};

use super::{
    Hub, State, json as shapes,
    message_body::{self, EPHEMERAL, LOADING, SETTABLE},
    sessions::{GUILD_MESSAGES, MESSAGE_CONTENT},
};
use crate::{clock::iso8601, id::Id, rest::error::ApiError, world::World};

const MAX_MESSAGES: usize = 20_000;
const MAX_EDITS: usize = 1000;

/// A message and its past.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) guild: Id,
    pub(crate) channel: Id,
    /// The bot that wrote it.
    pub(crate) author: Id,
    pub(crate) origin: Option<Origin>,
    pub(crate) face: Face,
    /// The only person who sees it.
    pub(crate) only_for: Option<Id>,
    pub(crate) created_ms: f64,
    pub(crate) deleted_ms: Option<f64>,
    created_unix: u64,
    edited_unix: Option<u64>,
    edits: Vec<(f64, Face)>,
    nonce: Value,
    reply_to: Option<Id>,
}

/// What a message shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Face {
    pub(crate) content: String,
    pub(crate) embeds: Value,
    pub(crate) components: Value,
    pub(crate) flags: u64,
}

/// The interaction that a message answers.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) interaction: Id,
    pub(crate) user: Id,
    /// The interaction's type number.
    pub(crate) kind: u8,
    /// The command's name, with its sub-commands.
    pub(crate) name: Option<String>,
    /// Whether this is the first answer rather than a follow-up.
    pub(crate) first: bool,
}

/// Where and by whom a message is written.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) guild: Id,
    pub(crate) channel: Id,
    pub(crate) author: Id,
    pub(crate) origin: Option<Origin>,
}

impl Face {
    /// This face with the fields that `body` has. Whether it is ephemeral does not change any more.
    fn changed(&self, body: &Value) -> Self {
        let mut face = self.clone();
        if let Some(content) = body.get("content") {
            face.content = content.as_str().unwrap_or_default().to_owned();
        }
        if let Some(embeds) = body.get("embeds") {
            face.embeds = embeds_as_shown(embeds);
        }
        if let Some(components) = body.get("components") {
            face.components = list(components);
        }
        if let Some(flags) = body["flags"].as_u64() {
            face.flags = self.flags & EPHEMERAL | flags & SETTABLE & !EPHEMERAL;
        }
        face.flags &= !LOADING;
        face
    }

    fn is_empty(&self) -> bool {
        self.content.is_empty() && message_body::is_empty(&self.embeds) && message_body::is_empty(&self.components)
    }
}

impl Hub {
    /// Writes a message after checking it.
    pub(crate) fn create_message(
        &self,
        state: &mut State,
        draft: Draft,
        body: &Value,
    ) -> Result<(Id, Value), ApiError> {
        message_body::check(body)?;
        let flags = body["flags"].as_u64().unwrap_or(0) & SETTABLE;
        let face = Face { flags, ..Face::default() }.changed(&json!({
            "content": body["content"], "embeds": body["embeds"], "components": body["components"],
        }));
        if face.is_empty() {
            return Err(ApiError::EMPTY_MESSAGE);
        }
        Ok(self.store_message(state, draft, face, body))
    }

    /// The message that says that the bot is thinking.
    pub(crate) fn create_loading(&self, state: &mut State, draft: Draft, ephemeral: bool) -> (Id, Value) {
        let flags = LOADING | if ephemeral { EPHEMERAL } else { 0 };
        let face = Face { flags, embeds: json!([]), components: json!([]), ..Face::default() };
        self.store_message(state, draft, face, &Value::Null)
    }

    fn store_message(&self, state: &mut State, draft: Draft, face: Face, body: &Value) -> (Id, Value) {
        let id = self.snowflake(state);
        let asker = draft.origin.as_ref().map(|origin| origin.user);
        let message = Message {
            guild: draft.guild,
            channel: draft.channel,
            author: draft.author,
            only_for: asker.filter(|_| face.flags & EPHEMERAL != 0),
            origin: draft.origin,
            face,
            created_ms: self.clock.now_ms(),
            deleted_ms: None,
            created_unix: self.clock.unix_ms(),
            edited_unix: None,
            edits: Vec::new(),
            nonce: body["nonce"].clone(),
            reply_to: body["message_reference"]["message_id"].as_str().and_then(|id| id.parse().ok()),
        };
        State::make_room(&mut state.messages, MAX_MESSAGES);
        let value = message.value(&self.world(), id);
        state.messages.insert(id, message.clone());
        self.announce(state, "MESSAGE_CREATE", &message, &value);
        self.publish_message("message_create", id, &message);
        (id, value)
    }

    /// Changes the fields that `body` has.
    pub(crate) fn edit_message(&self, state: &mut State, id: Id, body: &Value) -> Result<Value, ApiError> {
        message_body::check(body)?;
        let message = state.messages.get_mut(&id).filter(|one| one.deleted_ms.is_none());
        let message = message.ok_or(ApiError::UNKNOWN_MESSAGE)?;
        let face = message.face.changed(body);
        if face.is_empty() {
            return Err(ApiError::EMPTY_MESSAGE);
        }
        let filled = message.face.flags & LOADING != 0;
        message.face = face.clone();
        message.edited_unix = (!filled).then(|| self.clock.unix_ms()).or(message.edited_unix);
        if message.edits.len() < MAX_EDITS {
            message.edits.push((self.clock.now_ms(), face));
        }
        let message = message.clone();
        let value = message.value(&self.world(), id);
        self.announce(state, "MESSAGE_UPDATE", &message, &value);
        self.publish_message("message_update", id, &message);
        Ok(value)
    }

    pub(crate) fn delete_message(&self, state: &mut State, id: Id) -> Result<(), ApiError> {
        let message = state.messages.get_mut(&id).filter(|one| one.deleted_ms.is_none());
        let message = message.ok_or(ApiError::UNKNOWN_MESSAGE)?;
        message.deleted_ms = Some(self.clock.now_ms());
        let message = message.clone();
        let gone = json!({ "id": id, "channel_id": message.channel, "guild_id": message.guild });
        self.announce(state, "MESSAGE_DELETE", &message, &gone);
        self.publish_message("message_delete", id, &message);
        Ok(())
    }

    /// A message that is still there, as the REST API shows it.
    pub(crate) fn message(&self, state: &State, id: Id) -> Result<Value, ApiError> {
        let message = state.messages.get(&id).filter(|one| one.deleted_ms.is_none());
        Ok(message.ok_or(ApiError::UNKNOWN_MESSAGE)?.value(&self.world(), id))
    }

    /// Tells the bots that may know.
    fn announce(&self, state: &mut State, event: &str, message: &Message, value: &Value) {
        let world = self.world();
        let Some(guild) = world.guild(message.guild).filter(|_| message.only_for.is_none()) else { return };
        let mut value = value.clone();
        value["guild_id"] = json!(message.guild);
        let mut blank = value.clone();
        if event != "MESSAGE_DELETE" {
            for (field, nothing) in [("content", json!("")), ("embeds", json!([])), ("components", json!([]))] {
                blank[field] = nothing;
            }
        }
        let open = |state: &State, id: &String| {
            let session = state.sessions.get(id);
            session.is_some_and(|one| one.bot == message.author || one.intents & MESSAGE_CONTENT != 0)
        };
        let hears = |one: &super::sessions::Session| one.covers(guild) && one.intents & GUILD_MESSAGES != 0;
        let ids: Vec<String> = state.sessions.iter().filter(|(_, one)| hears(one)).map(|(id, _)| id.clone()).collect();
        for id in ids {
            let data = if open(state, &id) { value.clone() } else { blank.clone() };
            state.dispatch(&id, event, data, None);
        }
    }

    fn publish_message(&self, kind: &str, id: Id, message: &Message) {
        let interaction = message.origin.as_ref().map(|origin| origin.interaction);
        let data = json!({ "message": id, "channel": message.channel, "interaction": interaction });
        self.events.publish(kind, data);
    }
}

impl Message {
    /// The documented message object.
    pub(crate) fn value(&self, world: &World, id: Id) -> Value {
        let person = world.person(self.author).map(shapes::user);
        let first = self.origin.as_ref().is_some_and(|origin| origin.first);
        let kind = if first {
            20
        } else if self.reply_to.is_some() {
            19
        } else {
            0
        };
        let mut value = json!({
            "id": id, "channel_id": self.channel, "type": kind, "author": person, "content": self.face.content,
            "timestamp": iso8601(self.created_unix), "edited_timestamp": self.edited_unix.map(iso8601), "tts": false,
            "mention_everyone": false, "mentions": [], "mention_roles": [], "attachments": [], "pinned": false,
            "embeds": self.face.embeds, "components": self.face.components, "flags": self.face.flags,
        });
        if !self.nonce.is_null() {
            value["nonce"] = self.nonce.clone();
        }
        if let Some(reply_to) = self.reply_to {
            value["message_reference"] =
                json!({ "type": 0, "message_id": reply_to, "channel_id": self.channel, "guild_id": self.guild });
        }
        if let Some(origin) = &self.origin {
            let application = world.bot(self.author).map(|bot| bot.application_id);
            let user = world.person(origin.user).map(shapes::user);
            value["webhook_id"] = json!(application);
            value["application_id"] = json!(application);
            value["interaction_metadata"] = json!({
                "id": origin.interaction, "type": origin.kind, "user": user, "name": origin.name,
                "authorizing_integration_owners": { "0": self.guild },
            });
        }
        value
    }

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
        value["at_ms"] = json!(self.created_ms);
        value["deleted_ms"] = json!(self.deleted_ms);
        value["edits"] = edits.collect();
        value
    }
}

impl Face {
    fn report(&self) -> Value {
        json!({
            "content": self.content, "embeds": self.embeds, "components": self.components, "flags": self.flags,
        })
    }
}

fn list(value: &Value) -> Value {
    if value.is_array() { value.clone() } else { json!([]) }
}

/// Embeds with the two fields that Discord adds where they were left out.
fn embeds_as_shown(embeds: &Value) -> Value {
    let mut embeds = list(embeds);
    for embed in embeds.as_array_mut().into_iter().flatten() {
        let Some(embed) = embed.as_object_mut() else { continue };
        embed.entry("type").or_insert_with(|| json!("rich"));
        for field in embed.get_mut("fields").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(field) = field.as_object_mut() {
                field.entry("inline").or_insert(json!(false));
            }
        }
    }
    embeds
}
