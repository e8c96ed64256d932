//! Application commands: what bots register, checked as Discord checks it.

use serde_json::{Value, json};

use super::{Hub, State, command_body::check_command, messages::without_nulls};
use crate::{
    id::Id,
    rest::error::{ApiError, FieldErrors},
    world::Bot,
};

/// How many commands of a type an application may have in one place.
fn most(kind: u64) -> usize {
    match kind {
        CHAT_INPUT => 100,
        2 | 3 => 15,
        _ => 1,
    }
}

pub(crate) const CHAT_INPUT: u64 = 1;
pub(crate) const SUB_COMMAND: u64 = 1;
pub(crate) const SUB_COMMAND_GROUP: u64 = 2;

/// A registered command.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) kind: u64,
    /// The whole command as it is answered.
    pub(crate) value: Value,
}

impl Hub {
    /// Replaces all commands of one place. Commands that keep their name and type keep their id.
    pub(crate) fn replace_commands(&self, bot: &Bot, guild: Option<Id>, bodies: &[Value]) -> Result<Value, ApiError> {
        let mut errors = FieldErrors::default();
        for kind in 1..=4 {
            if bodies.iter().filter(|body| name_and_kind(body).1 == kind).count() > most(kind) {
                return Err(ApiError::TOO_MANY_COMMANDS);
            }
        }
        for (index, body) in bodies.iter().enumerate() {
            check_command(body, &format!("{index}."), &mut errors);
            let same = |other: &&Value| name_and_kind(other) == name_and_kind(body);
            if bodies[..index].iter().any(|other| same(&other)) {
                errors.add(index.to_string(), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Option name must be unique");
            }
        }
        errors.or(())?;
        let mut state = self.state();
        let old = state.commands.remove(&(bot.application_id, guild)).unwrap_or_default();
        let mut fresh = Vec::new();
        for body in bodies {
            let (name, kind) = name_and_kind(body);
            let id = old.iter().find(|one| one.name == name && one.kind == kind).map(|one| one.id);
            let id = id.unwrap_or_else(|| self.snowflake(&mut state));
            fresh.push(self.command(&mut state, bot, guild, id, body));
        }
        let answer = fresh.iter().map(|one| one.value.clone()).collect();
        state.commands.insert((bot.application_id, guild), fresh);
        self.publish_commands(bot, guild);
        Ok(answer)
    }

    /// Adds a command, or replaces the one of the same name and type. True when it is new.
    pub(crate) fn create_command(&self, bot: &Bot, guild: Option<Id>, body: &Value) -> Result<(bool, Value), ApiError> {
        let mut errors = FieldErrors::default();
        check_command(body, "", &mut errors);
        errors.or(())?;
        let mut state = self.state();
        let (name, kind) = name_and_kind(body);
        let place = (bot.application_id, guild);
        let known = state.commands.entry(place).or_default().iter().find(|one| one.name == name && one.kind == kind);
        let (new, id) = (known.is_none(), known.map(|one| one.id));
        let of_kind = |all: &Vec<Command>| all.iter().filter(|one| one.kind == kind).count();
        if new && state.commands.get(&place).is_some_and(|all| of_kind(all) >= most(kind)) {
            return Err(ApiError::TOO_MANY_COMMANDS);
        }
        let id = id.unwrap_or_else(|| self.snowflake(&mut state));
        let command = self.command(&mut state, bot, guild, id, body);
        let value = command.value.clone();
        let all = state.commands.entry(place).or_default();
        all.retain(|one| one.id != id);
        all.push(command);
        self.publish_commands(bot, guild);
        Ok((new, value))
    }

    /// Changes some fields of a command.
    pub(crate) fn edit_command(
        &self,
        bot: &Bot,
        guild: Option<Id>,
        id: Id,
        changes: &Value,
    ) -> Result<Value, ApiError> {
        let mut state = self.state();
        let place = (bot.application_id, guild);
        let old = state.commands.get(&place).and_then(|all| all.iter().find(|one| one.id == id));
        let mut body = old.ok_or(ApiError::UNKNOWN_COMMAND)?.value.clone();
        for (field, value) in changes.as_object().into_iter().flatten() {
            body[field] = value.clone();
        }
        let mut errors = FieldErrors::default();
        check_command(&body, "", &mut errors);
        errors.or(())?;
        let command = self.command(&mut state, bot, guild, id, &body);
        let value = command.value.clone();
        let all = state.commands.entry(place).or_default();
        if let Some(old) = all.iter_mut().find(|one| one.id == id) {
            *old = command;
        }
        self.publish_commands(bot, guild);
        Ok(value)
    }

    pub(crate) fn delete_command(&self, bot: &Bot, guild: Option<Id>, id: Id) -> Result<(), ApiError> {
        let mut state = self.state();
        let all = state.commands.entry((bot.application_id, guild)).or_default();
        let before = all.len();
        all.retain(|one| one.id != id);
        if all.len() == before { Err(ApiError::UNKNOWN_COMMAND) } else { Ok(()) }
    }

    pub(crate) fn commands(&self, bot: &Bot, guild: Option<Id>) -> Vec<Command> {
        self.state().commands.get(&(bot.application_id, guild)).cloned().unwrap_or_default()
    }

    fn publish_commands(&self, bot: &Bot, guild: Option<Id>) {
        self.events.publish("commands", json!({ "bot": bot.id, "guild": guild }));
    }

    /// The command with what Discord fills in.
    fn command(&self, state: &mut State, bot: &Bot, guild: Option<Id>, id: Id, body: &Value) -> Command {
        let (name, kind) = name_and_kind(body);
        let mut value = json!({
            "name_localizations": null, "description": "", "description_localizations": null, "options": [],
            "default_member_permissions": null, "dm_permission": guild.is_none(), "nsfw": false,
            "contexts": null, "integration_types": [0],
        });
        // Null is as good as not given, and answers have no nulls inside of options.
        for (field, given) in body.as_object().into_iter().flatten().filter(|(_, given)| !given.is_null()) {
            value[field] = given.clone();
            without_nulls(&mut value[field]);
        }
        if let Some(bits) = body["default_member_permissions"].as_u64() {
            value["default_member_permissions"] = json!(bits.to_string());
        }
        value["id"] = json!(id);
        value["application_id"] = json!(bot.application_id);
        value["version"] = json!(self.snowflake(state));
        value["type"] = json!(kind);
        if let Some(guild) = guild {
            value["guild_id"] = json!(guild);
        }
        Command { id, name, kind, value }
    }
}

impl State {
    /// The command that a user means in a guild: the guild's own comes before the global one.
    pub(crate) fn find_command(&self, bot: &Bot, guild: Id, name: &str) -> Option<(Command, bool)> {
        let named = |place: Option<Id>| {
            let all = self.commands.get(&(bot.application_id, place))?;
            all.iter().find(|one| one.name == name && one.kind == CHAT_INPUT).cloned()
        };
        named(Some(guild)).map(|one| (one, true)).or_else(|| named(None).map(|one| (one, false)))
    }

    /// How many commands a bot has registered in all places.
    pub(crate) fn command_count(&self, bot: &Bot) -> usize {
        let places = self.commands.iter().filter(|((application, _), _)| *application == bot.application_id);
        places.map(|(_, commands)| commands.len()).sum()
    }

    /// The names of the chat commands a user sees in a guild.
    pub(crate) fn command_names(&self, bot: &Bot, guild: Id) -> Vec<String> {
        let places =
            [Some(guild), None].into_iter().filter_map(|place| self.commands.get(&(bot.application_id, place)));
        places.flatten().filter(|one| one.kind == CHAT_INPUT).map(|one| format!("/{}", one.name)).collect()
    }
}

fn name_and_kind(body: &Value) -> (String, u64) {
    let kind = body["type"].as_u64().unwrap_or(CHAT_INPUT);
    (body["name"].as_str().unwrap_or_default().to_owned(), kind)
}
