//! Interactions: what a person asked, when the bot got it, and what it answered in time.

use serde_json::{Value, json};

use super::{
    Hub, State, json as shapes,
    message_body::{self, EPHEMERAL},
    messages::{Draft, NewFile, Origin},
};
use crate::{
    id::Id,
    rest::{
        Need,
        error::{ApiError, FieldErrors},
    },
    world::{Bot, Channel, Guild},
};

const MAX_INTERACTIONS: usize = 10_000;

/// What kind of interaction it is, with what only that kind has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A slash command, with its sub-commands in the name.
    Command { name: String },
    /// A button or a menu of a message.
    Component { message: Id },
    /// Half-typed options.
    Autocomplete,
    /// A form, the interaction that it answered, and the message whose component that was.
    Modal { opener: Id, message: Option<Id> },
}

impl Kind {
    fn number(&self) -> u8 {
        match self {
            Self::Command { .. } => 2,
            Self::Component { .. } => 3,
            Self::Autocomplete => 4,
            Self::Modal { .. } => 5,
        }
    }

    fn message(&self) -> Option<Id> {
        match self {
            Self::Component { message } => Some(*message),
            Self::Modal { message, .. } => *message,
            Self::Command { .. } | Self::Autocomplete => None,
        }
    }
}

/// An interaction and how far it got.
#[derive(Clone, Debug)]
pub(crate) struct Interaction {
    pub(crate) bot: Id,
    pub(crate) guild: Id,
    pub(crate) channel: Id,
    pub(crate) user: Id,
    pub(crate) kind: Kind,
    token: String,
    created_ms: f64,
    /// When the event was written to the bot's socket.
    pub(crate) delivered_ms: Option<f64>,
    acknowledged_ms: Option<f64>,
    answered_ms: Option<f64>,
    callback: Option<u64>,
    /// The first answer, or the message that the component belongs to.
    original: Option<Id>,
    followups: Vec<Id>,
    /// What the bot answered where that is no message: choices, a form.
    pub(crate) result: Option<Value>,
}

/// What a new interaction is made of.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) bot: &'a Bot,
    pub(crate) guild: &'a Guild,
    pub(crate) channel: &'a Channel,
    pub(crate) user: Id,
    pub(crate) kind: Kind,
    pub(crate) data: Value,
}

impl Hub {
    /// Makes an interaction and sends it to the bot's session of that guild, if there is one.
    pub(crate) fn create_interaction(&self, state: &mut State, ask: Ask<'_>) -> Id {
        let id = self.snowflake(state);
        let token = self.secret(state);
        state.give_out(&token);
        let Ask { bot, guild, channel, user, kind, data } = ask;
        let member = guild.member(user).map(|member| {
            let mut value = shapes::member(&self.world(), member);
            value["permissions"] = json!(guild.permissions_in(channel, user));
            value
        });
        let mut event = json!({
            "id": id, "application_id": bot.application_id, "type": kind.number(), "token": token, "version": 1,
            "data": data, "guild_id": guild.id, "guild": { "id": guild.id, "locale": "en-US", "features": [] },
            "channel_id": channel.id, "channel": partial_channel(guild, channel, user), "member": member,
            "app_permissions": guild.permissions_in(channel, bot.id), "locale": "en-US", "guild_locale": "en-US",
            "entitlements": [], "entitlement_sku_ids": [], "context": 0, "attachment_size_limit": 10_485_760,
            "authorizing_integration_owners": { "0": guild.id },
        });
        if let Some(message) = kind.message().and_then(|id| self.message(state, id).ok()) {
            event["message"] = message;
        }
        let interaction = Interaction {
            bot: bot.id,
            guild: guild.id,
            channel: channel.id,
            user,
            original: kind.message(),
            kind,
            token,
            created_ms: self.clock.now_ms(),
            delivered_ms: None,
            acknowledged_ms: None,
            answered_ms: None,
            callback: None,
            followups: Vec::new(),
            result: None,
        };
        State::make_room(&mut state.interactions, MAX_INTERACTIONS);
        state.interactions.insert(id, interaction);
        let session = state.session_of(bot.id, guild).map(|(id, _)| id.clone());
        if let Some(session) = session {
            state.dispatch(&session, "INTERACTION_CREATE", event, Some(id));
        }
        self.publish_interaction(id, "created");
        id
    }

    /// The event that carries this interaction was written to the bot's socket.
    pub(crate) fn delivered(&self, id: Id) {
        let mut state = self.state();
        if let Some(one) = state.interactions.get_mut(&id) {
            // A replayed event does not give the bot another three seconds.
            one.delivered_ms.get_or_insert(self.clock.now_ms());
        }
        self.publish_interaction(id, "delivered");
    }

    /// The bot's callback. Answers the documented callback response.
    pub(crate) fn callback(&self, id: Id, token: &str, body: &Value, files: &[NewFile]) -> Result<Value, ApiError> {
        let mut state = self.state();
        let one = state.interactions.get(&id).filter(|one| one.token == token).cloned();
        let one = one.ok_or(ApiError::UNKNOWN_INTERACTION)?;
        if one.acknowledged_ms.is_some() {
            return Err(ApiError::ALREADY_ACKNOWLEDGED);
        }
        if self.too_late(&one) {
            return Err(ApiError::UNKNOWN_INTERACTION);
        }
        let callback = check_callback(&one.kind, body)?;
        let data = &body["data"];
        let draft = one.draft(&state, id, true);
        let under_data = |error: ApiError| error.under("data");
        let (original, message, result) = match callback {
            4 => {
                let made = self.create_message(&mut state, draft, data, files);
                made.map(|(id, value)| (Some(id), Some(value), None)).map_err(under_data)?
            }
            5 => {
                let ephemeral = data["flags"].as_u64().unwrap_or(0) & EPHEMERAL != 0;
                let (id, value) = self.create_loading(&mut state, draft, ephemeral);
                (Some(id), Some(value), None)
            }
            7 => {
                let id = one.original.ok_or(ApiError::UNKNOWN_MESSAGE)?;
                (Some(id), Some(self.edit_message(&mut state, id, data, files).map_err(under_data)?), None)
            }
            8 => {
                message_body::check_choices(data)?;
                (None, None, Some(data.clone()))
            }
            9 => {
                message_body::check_modal(data)?;
                (None, None, Some(data.clone()))
            }
            _ => (one.original, None, None),
        };
        let now = self.clock.now_ms();
        if let Some(one) = state.interactions.get_mut(&id) {
            one.acknowledged_ms = Some(now);
            one.answered_ms = (callback != 5 && callback != 6).then_some(now);
            one.callback = Some(callback);
            one.original = original;
            one.result = result;
        }
        self.publish_interaction(id, if matches!(callback, 5 | 6) { "acknowledged" } else { "answered" });
        let flags = message.as_ref().and_then(|message| message["flags"].as_u64());
        let mut answer = json!({ "interaction": {
            "id": id, "type": one.kind.number(), "channel_id": one.channel, "guild_id": one.guild,
        } });
        if let Some(original) = original {
            answer["interaction"]["response_message_id"] = json!(original);
            answer["interaction"]["response_message_loading"] = json!(callback == 5);
            answer["interaction"]["response_message_ephemeral"] = json!(flags.unwrap_or(0) & EPHEMERAL != 0);
        }
        if matches!(callback, 4 | 7) {
            answer["resource"] = json!({ "type": callback, "message": message });
        }
        Ok(answer)
    }

    fn too_late(&self, one: &Interaction) -> bool {
        let since = one.delivered_ms.unwrap_or(one.created_ms);
        self.clock.now_ms() - since > self.options.interaction_deadline.as_secs_f64() * 1000.0
    }

    /// The acknowledged interaction that a webhook route's token belongs to.
    fn by_token(&self, state: &State, application: Id, token: &str) -> Result<(Id, Interaction), ApiError> {
        let world = self.world();
        let bot = world.application(application).ok_or(ApiError::UNKNOWN_WEBHOOK)?;
        let found = state.interactions.iter().rev().find(|(_, one)| one.token == token && one.bot == bot.id);
        let (id, one) = found.ok_or(ApiError::INVALID_WEBHOOK_TOKEN)?;
        if self.clock.now_ms() - one.created_ms > self.options.token_life.as_secs_f64() * 1000.0 {
            return Err(ApiError::INVALID_WEBHOOK_TOKEN);
        }
        if one.acknowledged_ms.is_none() {
            return Err(ApiError::UNKNOWN_WEBHOOK);
        }
        Ok((*id, one.clone()))
    }

    /// The message that a webhook route means: `@original`, or a message that this interaction made.
    fn its_message(&self, state: &State, application: Id, token: &str, which: &str) -> Result<(Id, Id), ApiError> {
        let (id, one) = self.by_token(state, application, token)?;
        if which == "@original" {
            return Ok((id, one.original.ok_or(ApiError::UNKNOWN_MESSAGE)?));
        }
        let message: Id = which.parse().map_err(|_| ApiError::UNKNOWN_MESSAGE)?;
        let its = one.original == Some(message) || one.followups.contains(&message);
        if its { Ok((id, message)) } else { Err(ApiError::UNKNOWN_MESSAGE) }
    }

    /// A follow-up message; right after a deferral it fills the loading message instead.
    pub(crate) fn follow_up(
        &self,
        application: Id,
        token: &str,
        body: &Value,
        files: &[NewFile],
    ) -> Result<Value, ApiError> {
        let mut state = self.state();
        let (id, one) = self.by_token(&state, application, token)?;
        let loading = one.original.filter(|_| one.callback == Some(5) && one.answered_ms.is_none());
        if let Some(loading) = loading {
            let value = self.edit_message(&mut state, loading, body, files)?;
            self.answered(&mut state, id);
            return Ok(value);
        }
        let draft = one.draft(&state, id, false);
        let (message, value) = self.create_message(&mut state, draft, body, files)?;
        if let Some(one) = state.interactions.get_mut(&id) {
            one.followups.push(message);
        }
        self.answered(&mut state, id);
        Ok(value)
    }

    pub(crate) fn webhook_message(&self, application: Id, token: &str, which: &str) -> Result<Value, ApiError> {
        let state = self.state();
        let (_, message) = self.its_message(&state, application, token, which)?;
        self.message(&state, message)
    }

    pub(crate) fn edit_webhook(
        &self,
        application: Id,
        token: &str,
        which: &str,
        body: &Value,
        files: &[NewFile],
    ) -> Result<Value, ApiError> {
        let mut state = self.state();
        let (id, message) = self.its_message(&state, application, token, which)?;
        let value = self.edit_message(&mut state, message, body, files)?;
        self.answered(&mut state, id);
        Ok(value)
    }

    pub(crate) fn delete_webhook(&self, application: Id, token: &str, which: &str) -> Result<(), ApiError> {
        let mut state = self.state();
        let (_, message) = self.its_message(&state, application, token, which)?;
        self.delete_message(&mut state, message)
    }

    fn answered(&self, state: &mut State, id: Id) {
        if let Some(one) = state.interactions.get_mut(&id) {
            one.answered_ms.get_or_insert(self.clock.now_ms());
        }
        self.publish_interaction(id, "answered");
    }

    fn publish_interaction(&self, id: Id, state: &str) {
        self.events.publish("interaction", json!({ "interaction": id, "state": state }));
    }

    /// An interaction as the control API shows it.
    pub(crate) fn interaction_report(&self, id: Id) -> Option<Value> {
        let (state, world) = (self.state(), self.world());
        let one = state.interactions.get(&id)?;
        let stage = match (one.answered_ms, one.acknowledged_ms) {
            (Some(_), _) => "answered",
            (None, Some(_)) => "acknowledged",
            (None, None) if self.too_late(one) => "expired",
            (None, None) => "created",
        };
        let shown = |id: &Id| state.messages.get(id).map(|message| message.report(&world, *id, true));
        Some(json!({
            "interaction": id, "state": stage, "type": one.kind.number(), "guild": one.guild, "channel": one.channel,
            "user": one.user, "bot": one.bot, "created_ms": one.created_ms, "delivered_ms": one.delivered_ms,
            "acknowledged_ms": one.acknowledged_ms, "answered_ms": one.answered_ms, "callback_type": one.callback,
            "message": one.original.as_ref().and_then(shown), "result": one.result,
            "followups": one.followups.iter().filter_map(shown).collect::<Value>(),
        }))
    }
}

impl State {
    /// The interaction that has this token.
    pub(crate) fn interaction_with(&self, token: &str) -> Option<&Interaction> {
        self.interactions.values().rev().find(|one| one.token == token)
    }
}

impl Interaction {
    fn draft(&self, state: &State, id: Id, first: bool) -> Draft {
        let mut origin = self.origin(state, id);
        origin.original = self.original.filter(|_| !first);
        Draft { guild: self.guild, channel: self.channel, author: self.bot, origin: Some(origin) }
    }

    /// What a message tells of the interaction that it answers.
    fn origin(&self, state: &State, id: Id) -> Origin {
        let (name, opener) = match &self.kind {
            Kind::Command { name } => (Some(name.clone()), None),
            Kind::Modal { opener, .. } => (None, state.interactions.get(opener).map(|one| (*opener, one))),
            Kind::Component { .. } | Kind::Autocomplete => (None, None),
        };
        Origin {
            interaction: id,
            user: self.user,
            kind: self.kind.number(),
            name,
            original: None,
            used: self.kind.message(),
            // A form cannot open a form: one step is all there is.
            opener: opener.map(|(id, one)| Box::new(one.origin(state, id))),
        }
    }
}

/// Whether this kind of interaction may be answered like this.
fn check_callback(kind: &Kind, body: &Value) -> Result<u64, ApiError> {
    let allowed: &[u64] = match kind {
        Kind::Command { .. } => &[4, 5, 9],
        Kind::Component { .. } => &[4, 5, 6, 7, 9],
        Kind::Autocomplete => &[8],
        Kind::Modal { message: Some(_), .. } => &[4, 5, 6, 7],
        Kind::Modal { message: None, .. } => &[4, 5],
    };
    let mut errors = FieldErrors::default();
    let callback = errors.choice("type", &body["type"], Need::Required, allowed);
    errors.object("data", &body["data"], Need::Optional);
    errors.or(callback.unwrap_or_default())
}

fn partial_channel(guild: &Guild, channel: &Channel, user: Id) -> Value {
    let mut value = shapes::channel(channel, guild);
    value["permissions"] = json!(guild.permissions_in(channel, user));
    value
}
