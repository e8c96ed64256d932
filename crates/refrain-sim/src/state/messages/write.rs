//! Writing, editing and deleting.

use serde_json::{Value, json};

use super::{
    Draft, Face, MAX_EDITS, MAX_MESSAGES, Message,
    files::{self, Attachment, NewFile},
};
use crate::{
    id::Id,
    rest::error::{ApiError, FieldErrors},
    state::{
        Hub, State,
        message_body::{self, COMPONENTS_V2, EPHEMERAL, LOADING, SETTABLE},
    },
};

/// How long `enforce_nonce` remembers ("the past few minutes").
const NONCE_MEMORY_MS: f64 = 300_000.0;

impl Hub {
    /// Writes a message after checking it.
    pub(crate) fn create_message(
        &self,
        state: &mut State,
        draft: Draft,
        body: &Value,
        new: &[NewFile],
    ) -> Result<(Id, Value), ApiError> {
        message_body::check(body)?;
        files::check(new)?;
        if let Some(known) = same_nonce(state, &draft, body, self.clock.now_ms()) {
            return Ok((known, self.message(state, known)?));
        }
        let reply_to = replied(state, &draft, body)?;
        let replied = reply_to.and_then(|id| state.messages.get(&id)).map(|message| message.author);
        let id = self.snowflake(state);
        let files = self.keep_files(state, draft.channel, new, body);
        let flags = body["flags"].as_u64().unwrap_or(0) & SETTABLE;
        let mut fields = json!({ "content": "", "embeds": [], "components": [] });
        for name in ["content", "embeds", "components", "attachments", "allowed_mentions"] {
            if !body[name].is_null() {
                fields[name] = body[name].clone();
            }
        }
        let face = Face { flags, ..Face::default() }.changed(id, &fields, files, replied);
        if face.is_empty() {
            return Err(ApiError::EMPTY_MESSAGE);
        }
        Ok((id, self.store_message(state, id, draft, face, body, reply_to)))
    }

    /// The message that says that the bot is thinking.
    pub(crate) fn create_loading(&self, state: &mut State, draft: Draft, ephemeral: bool) -> (Id, Value) {
        let flags = LOADING | if ephemeral { EPHEMERAL } else { 0 };
        let face = Face { flags, embeds: json!([]), components: json!([]), ..Face::default() };
        let id = self.snowflake(state);
        (id, self.store_message(state, id, draft, face, &Value::Null, None))
    }

    fn keep_files(&self, state: &mut State, channel: Id, new: &[NewFile], body: &Value) -> Vec<Attachment> {
        let mut kept = Vec::new();
        for file in new {
            let id = self.snowflake(state);
            let attachment = Attachment::new(id, channel, &self.rest_url, file, body);
            state.files.keep(id, &NewFile { name: attachment.name.clone(), ..file.clone() });
            kept.push(attachment);
        }
        kept
    }

    fn store_message(
        &self,
        state: &mut State,
        id: Id,
        draft: Draft,
        face: Face,
        body: &Value,
        reply_to: Option<Id>,
    ) -> Value {
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
            tts: body["tts"] == json!(true),
            reply_to,
            reactions: Vec::new(),
            pinned_unix: None,
        };
        State::make_room(&mut state.messages, MAX_MESSAGES);
        state.messages.insert(id, message.clone());
        let value = message.value(&self.world(), state, id);
        self.announce(state, "MESSAGE_CREATE", &message, &value);
        self.publish_message("message_create", id, &message);
        value
    }

    /// Changes the fields that `body` has.
    pub(crate) fn edit_message(
        &self,
        state: &mut State,
        id: Id,
        body: &Value,
        new: &[NewFile],
    ) -> Result<Value, ApiError> {
        let old = state.messages.get(&id).filter(|one| one.deleted_ms.is_none());
        let old = old.ok_or(ApiError::UNKNOWN_MESSAGE)?.clone();
        message_body::check_with(body, old.face.flags)?;
        files::check(new)?;
        if old.face.files.len() + new.len() > message_body::MAX_FILES && !body["attachments"].is_array() {
            return Err(ApiError::TOO_MANY_FILES);
        }
        let files = self.keep_files(state, old.channel, new, body);
        let replied = old.reply_to.and_then(|id| state.messages.get(&id)).map(|message| message.author);
        let face = old.face.changed(id, body, files, replied);
        if face.is_empty() {
            return Err(ApiError::EMPTY_MESSAGE);
        }
        check_legacy_gone(&face)?;
        let message = state.messages.get_mut(&id).ok_or(ApiError::UNKNOWN_MESSAGE)?;
        message.face = face.clone();
        message.edited_unix = (!old.is_loading()).then(|| self.clock.unix_ms()).or(message.edited_unix);
        if message.edits.len() < MAX_EDITS {
            message.edits.push((self.clock.now_ms(), face));
        }
        let message = message.clone();
        let value = message.value(&self.world(), state, id);
        self.announce(state, "MESSAGE_UPDATE", &message, &value);
        self.publish_message("message_update", id, &message);
        Ok(value)
    }

    pub(crate) fn delete_message(&self, state: &mut State, id: Id) -> Result<(), ApiError> {
        let message = self.mark_deleted(state, id)?;
        let gone = json!({ "id": id, "channel_id": message.channel, "guild_id": message.guild });
        self.announce(state, "MESSAGE_DELETE", &message, &gone);
        Ok(())
    }

    /// Deletes those of `ids` that are there and in this channel, with one event.
    pub(crate) fn delete_messages(&self, state: &mut State, channel: Id, ids: &[Id]) {
        let here = |id: &&Id| state.messages.get(id).is_some_and(|one| one.channel == channel && one.is_public());
        let ids: Vec<Id> = ids.iter().filter(here).copied().collect();
        let gone: Vec<Message> = ids.iter().filter_map(|id| self.mark_deleted(state, *id).ok()).collect();
        let Some(first) = gone.first() else { return };
        let data = json!({ "ids": ids, "channel_id": channel, "guild_id": first.guild });
        self.announce(state, "MESSAGE_DELETE_BULK", &Message { deleted_ms: None, ..first.clone() }, &data);
    }

    fn mark_deleted(&self, state: &mut State, id: Id) -> Result<Message, ApiError> {
        let message = state.messages.get_mut(&id).filter(|one| one.deleted_ms.is_none());
        let message = message.ok_or(ApiError::UNKNOWN_MESSAGE)?;
        message.deleted_ms = Some(self.clock.now_ms());
        let message = message.clone();
        self.publish_message("message_delete", id, &message);
        Ok(message)
    }

    /// A message that is still there, as the REST API shows it.
    pub(crate) fn message(&self, state: &State, id: Id) -> Result<Value, ApiError> {
        let message = state.messages.get(&id).filter(|one| one.deleted_ms.is_none());
        Ok(message.ok_or(ApiError::UNKNOWN_MESSAGE)?.value(&self.world(), state, id))
    }
}

/// The message of the same author with the same nonce, where the request asks for there being one only.
fn same_nonce(state: &State, draft: &Draft, body: &Value, now_ms: f64) -> Option<Id> {
    if body["enforce_nonce"] != json!(true) || body["nonce"].is_null() {
        return None;
    }
    let recent = state.messages.iter().rev().take_while(|(_, one)| now_ms - one.created_ms < NONCE_MEMORY_MS);
    let mut same = recent.filter(|(_, one)| one.deleted_ms.is_none() && one.author == draft.author);
    same.find(|(_, one)| one.channel == draft.channel && one.nonce == body["nonce"]).map(|(id, _)| *id)
}

/// The message that is replied to. One that is not there is an error, unless the request says otherwise.
fn replied(state: &State, draft: &Draft, body: &Value) -> Result<Option<Id>, ApiError> {
    let reference = &body["message_reference"];
    if reference.is_null() {
        return Ok(None);
    }
    let id = reference["message_id"].as_str().and_then(|id| id.parse().ok());
    let id = id.or_else(|| reference["message_id"].as_u64().map(Id));
    let there = |id: &Id| state.messages.get(id).is_some_and(|one| one.channel == draft.channel && one.is_public());
    match id.filter(there) {
        Some(id) => Ok(Some(id)),
        None if reference["fail_if_not_exists"] == json!(false) => Ok(None),
        None => {
            let mut errors = FieldErrors::default();
            errors.add("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message");
            Err(errors.into_error())
        }
    }
}

/// A message that gets components of version 2 must lose its content and embeds.
fn check_legacy_gone(face: &Face) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    if face.flags & COMPONENTS_V2 != 0 {
        for (field, there) in [("content", !face.content.is_empty()), ("embeds", !message_body::is_empty(&face.embeds))]
        {
            if there {
                let words = format!("The '{field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2");
                errors.add(field, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", words);
            }
        }
    }
    errors.or(())
}
