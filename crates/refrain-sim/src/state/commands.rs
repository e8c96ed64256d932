//! Application commands: what bots register, checked as Discord checks it.

use serde_json::{Value, json};

use super::{Hub, State};
use crate::{
    id::Id,
    rest::error::{ApiError, FieldErrors},
    world::Bot,
};

/// How many chat commands an application may have in one place.
const MAX_COMMANDS: usize = 100;
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
        if bodies.len() > MAX_COMMANDS {
            errors.add("_", "APPLICATION_COMMANDS_TOO_MANY", format!("At most {MAX_COMMANDS} commands are allowed."));
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
        if new && state.commands.get(&place).is_some_and(|all| all.len() >= MAX_COMMANDS) {
            let mut errors = FieldErrors::default();
            errors.add("_", "APPLICATION_COMMANDS_TOO_MANY", format!("At most {MAX_COMMANDS} commands are allowed."));
            errors.or(())?;
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
    pub(crate) fn edit_command(&self, bot: &Bot, guild: Option<Id>, id: Id, changes: &Value) -> Result<Value, ApiError> {
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
        for (field, given) in body.as_object().into_iter().flatten() {
            value[field] = given.clone();
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
        let places = [Some(guild), None].into_iter().filter_map(|place| self.commands.get(&(bot.application_id, place)));
        places.flatten().filter(|one| one.kind == CHAT_INPUT).map(|one| format!("/{}", one.name)).collect()
    }
}

fn name_and_kind(body: &Value) -> (String, u64) {
    let kind = body["type"].as_u64().unwrap_or(CHAT_INPUT);
    (body["name"].as_str().unwrap_or_default().to_owned(), kind)
}

fn check_command(body: &Value, at: &str, errors: &mut FieldErrors) {
    let kind = body["type"].as_u64().unwrap_or(CHAT_INPUT);
    if !(1..=4).contains(&kind) {
        errors.add(format!("{at}type"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4}.");
    }
    if kind == CHAT_INPUT {
        check_name(&body["name"], &format!("{at}name"), errors);
        check_description(&body["description"], &format!("{at}description"), errors);
        check_options(&body["options"], at, 0, errors);
    } else {
        match body["name"].as_str() {
            None => errors.required(format!("{at}name")),
            Some(name) => errors.length(format!("{at}name"), name, 1, 32),
        }
    }
}

/// Chat command and option names: 1 to 32 letters, digits, `-`, `_`, `'`, in lower case where there is one.
fn check_name(name: &Value, at: &str, errors: &mut FieldErrors) {
    let Some(name) = name.as_str() else { return errors.required(at) };
    let allowed = |one: char| one.is_alphanumeric() || matches!(one, '-' | '_' | '\'');
    let good = (1..=32).contains(&name.chars().count()) && name.chars().all(allowed) && name.to_lowercase() == name;
    if !good {
        let words = "Command name is invalid: 1 to 32 lower-case letters, digits, - or _.";
        errors.add(at, "APPLICATION_COMMAND_INVALID_NAME", words);
    }
}

fn check_description(text: &Value, at: &str, errors: &mut FieldErrors) {
    match text.as_str() {
        None => errors.required(at),
        Some(text) => errors.length(at, text, 1, 100),
    }
}

fn check_options(options: &Value, at: &str, depth: usize, errors: &mut FieldErrors) {
    if options.is_null() {
        return;
    }
    let Some(options) = options.as_array() else {
        return errors.add(format!("{at}options"), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
    };
    if options.len() > 25 {
        errors.add(format!("{at}options"), "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.");
    }
    let mut optional_seen = false;
    for (index, option) in options.iter().enumerate() {
        let at = format!("{at}options.{index}.");
        check_name(&option["name"], &format!("{at}name"), errors);
        check_description(&option["description"], &format!("{at}description"), errors);
        if options[..index].iter().any(|other| other["name"] == option["name"]) {
            let words = "Option name must be unique";
            errors.add(format!("{at}name"), "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", words);
        }
        let required = option["required"].as_bool().unwrap_or(false);
        if required && optional_seen {
            let words = "Required options must be placed before non-required options";
            errors.add(format!("{at}required"), "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", words);
        }
        optional_seen |= !required;
        check_option_kind(option, &at, depth, errors);
    }
}

fn check_option_kind(option: &Value, at: &str, depth: usize, errors: &mut FieldErrors) {
    match option["type"].as_u64() {
        None => errors.required(format!("{at}type")),
        Some(SUB_COMMAND) if depth < 2 => check_options(&option["options"], at, 2, errors),
        Some(SUB_COMMAND_GROUP) if depth == 0 => check_options(&option["options"], at, 1, errors),
        Some(SUB_COMMAND | SUB_COMMAND_GROUP) => {
            let words = "Sub-command options cannot be nested this deep";
            errors.add(format!("{at}type"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", words);
        }
        Some(3..=11) => check_choices(option, at, errors),
        Some(_) => errors.add(format!("{at}type"), "BASE_TYPE_CHOICES", "Value must be one of {1..11}."),
    }
}

fn check_choices(option: &Value, at: &str, errors: &mut FieldErrors) {
    let choices = option["choices"].as_array().map(Vec::as_slice).unwrap_or_default();
    if choices.len() > 25 {
        errors.add(format!("{at}choices"), "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.");
    }
    if !choices.is_empty() && option["autocomplete"] == json!(true) {
        let words = "Options with autocomplete cannot have choices";
        errors.add(format!("{at}autocomplete"), "APPLICATION_COMMAND_OPTIONS_CHOICES_WITH_AUTOCOMPLETE", words);
    }
    for (index, choice) in choices.iter().enumerate() {
        match choice["name"].as_str() {
            None => errors.required(format!("{at}choices.{index}.name")),
            Some(name) => errors.length(format!("{at}choices.{index}.name"), name, 1, 100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(body: &Value) -> Option<String> {
        let mut errors = FieldErrors::default();
        check_command(body, "", &mut errors);
        errors.or(()).err().and_then(|error| error.errors).map(|errors| errors.to_string())
    }

    #[test]
    fn a_usual_command_is_accepted() {
        let play = json!({ "name": "play", "description": "Play something", "options": [
            { "type": 3, "name": "query", "description": "What", "required": true, "autocomplete": true }] });
        assert_eq!(errors(&play), None);
        let nested = json!({ "name": "now-playing", "description": "x", "options": [
            { "type": 2, "name": "group", "description": "x", "options": [
                { "type": 1, "name": "sub", "description": "x", "options": [
                    { "type": 4, "name": "number", "description": "x" }] }] }] });
        assert_eq!(errors(&nested), None);
    }

    #[test]
    fn what_discord_refuses_is_refused() {
        let option = |fields: Value| json!({ "name": "a", "description": "x", "options": [fields] });
        let cases = [
            (json!({ "name": "Play", "description": "x" }), "INVALID_NAME"),
            (json!({ "name": "two words", "description": "x" }), "INVALID_NAME"),
            (json!({ "name": "a".repeat(33), "description": "x" }), "INVALID_NAME"),
            (json!({ "description": "x" }), "BASE_TYPE_REQUIRED"),
            (json!({ "name": "a", "description": "" }), "BAD_LENGTH"),
            (json!({ "name": "a", "description": "x".repeat(101) }), "BAD_LENGTH"),
            (json!({ "name": "a", "description": "x", "type": 9 }), "BASE_TYPE_CHOICES"),
            (option(json!({ "name": "b", "description": "x" })), "BASE_TYPE_REQUIRED"),
            (option(json!({ "type": 12, "name": "b", "description": "x" })), "BASE_TYPE_CHOICES"),
            (json!({ "name": "a", "description": "x", "options": 5 }), "LIST_TYPE_CONVERT"),
            (json!({ "name": "a", "description": "x", "options": [
                { "type": 3, "name": "b", "description": "x" },
                { "type": 3, "name": "c", "description": "x", "required": true }] }), "REQUIRED_INVALID"),
            (json!({ "name": "a", "description": "x", "options": [
                { "type": 3, "name": "b", "description": "x" }, { "type": 3, "name": "b", "description": "x" }] }),
                "ALREADY_EXISTS"),
        ];
        for (body, code) in cases {
            let found = errors(&body).unwrap_or_default();
            assert!(found.contains(code), "{body}: {found}");
        }
    }
}
