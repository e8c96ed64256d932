//! What people do: slash commands, half-typed options, buttons and menus, forms.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    answer::{Body, Refusal},
    options::Reader,
    selection,
};
use crate::{
    id::{Id, Permissions},
    state::{
        Hub, State as Changing,
        commands::Command,
        interactions::{Ask, Kind},
        message_body,
    },
    world::{Bot, Channel, Guild, World},
};

/// A slash command, or with `focused` a half-typed one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    guild: Id,
    channel: Id,
    user: Id,
    /// The command; sub-commands may follow after blanks.
    name: String,
    #[serde(default)]
    options: Map<String, Value>,
    /// Which bot is meant, where several have this command.
    bot: Option<Id>,
    focused: Option<String>,
}

pub(super) async fn interaction(State(hub): State<Arc<Hub>>, Body(typed): Body<Typed>) -> Result<Json<Value>, Refusal> {
    if typed.focused.is_some() {
        return Err(Refusal::bad("`focused` belongs to POST /sim/autocomplete"));
    }
    let id = ask_command(&hub, &typed)?;
    Ok(Json(json!({ "interaction": id, "at_ms": hub.clock.now_ms() })))
}

pub(super) async fn autocomplete(
    State(hub): State<Arc<Hub>>,
    Body(typed): Body<Typed>,
) -> Result<Json<Value>, Refusal> {
    if typed.focused.is_none() {
        return Err(Refusal::bad("`focused` is missing: the name of the option that is being typed"));
    }
    let id = ask_command(&hub, &typed)?;
    let patience = hub.options.interaction_deadline + Duration::from_millis(250);
    let mut news = hub.events.subscribe();
    let answered = async {
        loop {
            let result = hub.state().interactions.get(&id).and_then(|one| one.result.clone());
            if result.is_some() || news.changed().await.is_err() {
                return result;
            }
        }
    };
    match tokio::time::timeout(patience, answered).await {
        Ok(Some(result)) => Ok(Json(json!({ "interaction": id, "choices": result["choices"] }))),
        Ok(None) | Err(_) => {
            let words = format!("the bot answered nothing within {} ms", patience.as_millis());
            Err(Refusal::new(StatusCode::GATEWAY_TIMEOUT, words))
        }
    }
}

fn ask_command(hub: &Hub, typed: &Typed) -> Result<Id, Refusal> {
    let world = hub.world();
    let (guild, channel) = place(&world, typed.guild, typed.channel, typed.user)?;
    let rights = guild.permissions_in(channel, typed.user);
    if !rights.contains(Permissions::USE_APPLICATION_COMMANDS) {
        return Err(Refusal::forbidden("this user may not use slash commands in this channel"));
    }
    let mut words = typed.name.trim_start_matches('/').split_whitespace();
    let name = words.next().ok_or_else(|| Refusal::bad("`name` is empty"))?;
    let mut state = hub.state();
    let (bot, command, own) = find_command(&world, &state, typed.bot, guild, name)?;
    check_may_use(&command, rights)?;
    let mut reader = Reader {
        world: &world,
        guild,
        focused: typed.focused.as_deref(),
        resolved: Map::new(),
        path: vec![command.name.clone()],
    };
    let words: Vec<&str> = words.collect();
    let options = reader.read(&command.value["options"], &words, &typed.options).map_err(Refusal::bad)?;
    let mut data = json!({ "id": command.id, "name": command.name, "type": command.kind, "options": options });
    if !reader.resolved.is_empty() {
        data["resolved"] = Value::Object(reader.resolved);
    }
    if own {
        data["guild_id"] = json!(guild.id);
    }
    let kind = match typed.focused {
        Some(_) => Kind::Autocomplete,
        None => Kind::Command { name: reader.path.join(" ") },
    };
    Ok(hub.create_interaction(&mut state, Ask { bot, guild, channel, user: typed.user, kind, data }))
}

/// Guild and channel, once it is clear that the user is there and sees them.
fn place(world: &World, guild: Id, channel: Id, user: Id) -> Result<(&Guild, &Channel), Refusal> {
    let guild = world.guild(guild).ok_or_else(|| Refusal::missing(format!("there is no guild {guild}")))?;
    let found = guild.channel(channel);
    let channel = found.ok_or_else(|| Refusal::missing(format!("the guild {} has no channel {channel}", guild.id)))?;
    if world.person(user).is_none_or(|person| person.bot) {
        return Err(Refusal::missing(format!("there is no user {user}")));
    }
    if !guild.may(channel, user, Permissions::default()) {
        let words = format!("the user {user} does not see the channel {} of the guild {}", channel.id, guild.id);
        return Err(Refusal::forbidden(words));
    }
    Ok((guild, channel))
}

fn find_command<'a>(
    world: &'a World,
    state: &Changing,
    wanted: Option<Id>,
    guild: &Guild,
    name: &str,
) -> Result<(&'a Bot, Command, bool), Refusal> {
    let here = world.bots.iter().filter(|bot| guild.member(bot.id).is_some());
    let here: Vec<&Bot> = here.filter(|bot| wanted.is_none_or(|wanted| bot.id == wanted)).collect();
    let with = |bot: &&'a Bot| state.find_command(bot, guild.id, name).map(|(command, own)| (*bot, command, own));
    let mut found: Vec<_> = here.iter().filter_map(with).collect();
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(_), false) => Err(Refusal::conflict(format!("several bots have /{name}: say which with `bot`"))),
        (None, _) => {
            let known: Vec<String> = here.iter().flat_map(|bot| state.command_names(bot, guild.id)).collect();
            let known = if known.is_empty() { "no command is registered yet".into() } else { known.join(", ") };
            Err(Refusal::missing(format!("no bot of the guild {} has /{name}: {known}", guild.id)))
        }
    }
}

/// What Discord's client would not even show.
fn check_may_use(command: &Command, rights: Permissions) -> Result<(), Refusal> {
    let needed = command.value["default_member_permissions"].as_str().and_then(|bits| bits.parse().ok());
    let needed = needed.map_or(Permissions::default(), Permissions);
    if !rights.contains(needed) {
        return Err(Refusal::forbidden(format!("/{} needs rights that this user has not", command.name)));
    }
    let contexts = command.value["contexts"].as_array();
    if contexts.is_some_and(|contexts| !contexts.contains(&json!(0))) {
        return Err(Refusal::forbidden(format!("/{} is not for guilds", command.name)));
    }
    Ok(())
}

/// A button pressed, a menu used.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pressed {
    message: Id,
    user: Id,
    custom_id: String,
    #[serde(default)]
    values: Vec<String>,
}

pub(super) async fn component(
    State(hub): State<Arc<Hub>>,
    Body(pressed): Body<Pressed>,
) -> Result<Json<Value>, Refusal> {
    let world = hub.world();
    let mut state = hub.state();
    let message = state.messages.get(&pressed.message).filter(|message| message.deleted_ms.is_none());
    let message = message.ok_or_else(|| Refusal::missing(format!("there is no message {}", pressed.message)))?.clone();
    let (guild, channel) = place(&world, message.guild, message.channel, pressed.user)?;
    if message.only_for.is_some_and(|only| only != pressed.user) {
        return Err(Refusal::forbidden(format!("the user {} does not see this ephemeral message", pressed.user)));
    }
    let components = &message.face.components;
    let component = message_body::find_component(components, &pressed.custom_id).ok_or_else(|| {
        let known = message_body::custom_ids(components).join(", ");
        Refusal::missing(format!("the message has no component `{}`; it has: {known}", pressed.custom_id))
    })?;
    let resolved = Map::new();
    let mut reader = Reader { world: &world, guild, focused: None, resolved, path: Vec::new() };
    let data = selection::data(&component, &pressed.values, &mut reader).map_err(Refusal::bad)?;
    let bot = world.bot(message.author).ok_or_else(|| Refusal::missing("the message's author is no bot"))?;
    let kind = Kind::Component { message: pressed.message };
    let id = hub.create_interaction(&mut state, Ask { bot, guild, channel, user: pressed.user, kind, data });
    Ok(Json(json!({ "interaction": id, "at_ms": hub.clock.now_ms() })))
}

/// A form sent: `values` by the fields' custom ids.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filled {
    /// The interaction that the bot answered with the form.
    interaction: Id,
    #[serde(default)]
    values: Map<String, Value>,
}

pub(super) async fn modal(State(hub): State<Arc<Hub>>, Body(filled): Body<Filled>) -> Result<Json<Value>, Refusal> {
    let world = hub.world();
    let mut state = hub.state();
    let opened = state.interactions.get(&filled.interaction).cloned();
    let opened = opened.ok_or_else(|| Refusal::missing(format!("there is no interaction {}", filled.interaction)))?;
    let form = opened.result.filter(|form| form["custom_id"].is_string());
    let form = form.ok_or_else(|| Refusal::conflict("the bot did not answer this interaction with a form"))?;
    let names = message_body::custom_ids(&form["components"]);
    if let Some(stranger) = filled.values.keys().find(|name| !names.contains(name)) {
        return Err(Refusal::bad(format!("the form has no field `{stranger}`; it has: {}", names.join(", "))));
    }
    let data = json!({ "custom_id": form["custom_id"], "components": filled_in(&form["components"], &filled.values) });
    let (guild, channel) = place(&world, opened.guild, opened.channel, opened.user)?;
    let bot = world.bot(opened.bot).ok_or_else(|| Refusal::missing("the form's bot is gone"))?;
    let message = match opened.kind {
        Kind::Component { message } => Some(message),
        Kind::Command { .. } | Kind::Autocomplete | Kind::Modal { .. } => None,
    };
    let kind = Kind::Modal { opener: filled.interaction, message };
    let id = hub.create_interaction(&mut state, Ask { bot, guild, channel, user: opened.user, kind, data });
    Ok(Json(json!({ "interaction": id, "at_ms": hub.clock.now_ms() })))
}

/// The form's components as they are sent: where each field stood, with what was filled in.
fn filled_in(components: &Value, values: &Map<String, Value>) -> Value {
    let one = |component: &Value| {
        let mut sent = json!({ "type": component["type"], "id": component["id"].as_u64().unwrap_or(0) });
        if let Some(name) = component["custom_id"].as_str() {
            sent["custom_id"] = json!(name);
            match values.get(name) {
                Some(Value::Array(chosen)) => sent["values"] = json!(chosen),
                Some(value) => sent["value"] = value.clone(),
                None if component["type"] == json!(4) => sent["value"] = json!(""),
                None => sent["values"] = json!([]),
            }
        }
        if component["components"].is_array() {
            sent["components"] = filled_in(&component["components"], values);
        }
        if component["component"].is_object() {
            let inner = json!([component["component"]]);
            sent["component"] = filled_in(&inner, values)[0].clone();
        }
        sent
    };
    components.as_array().into_iter().flatten().map(one).collect()
}
