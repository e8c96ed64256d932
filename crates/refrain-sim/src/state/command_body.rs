//! What a command may be, checked as Discord checks it.

use serde_json::{Value, json};

use super::commands::{CHAT_INPUT, SUB_COMMAND, SUB_COMMAND_GROUP};
use crate::rest::{
    Need::{Optional, Required},
    error::FieldErrors,
};

/// What all names, descriptions and values of a command may hold together.
const MOST_IN_ALL: usize = 8000;

/// Notes what is wrong with a command; `at` is its place in the form, with a dot behind it or empty.
pub(super) fn check_command(body: &Value, at: &str, errors: &mut FieldErrors) {
    if errors.object(at.trim_end_matches('.'), body, Required).is_none() {
        return;
    }
    let kind = errors.choice(&format!("{at}type"), &body["type"], Optional, &[1, 2, 3, 4]).unwrap_or(CHAT_INPUT);
    if kind == CHAT_INPUT {
        check_name(&body["name"], &format!("{at}name"), errors);
        errors.text(&format!("{at}description"), &body["description"], Required, 1..=100);
        check_options(&body["options"], at, 0, errors);
    } else {
        errors.text(&format!("{at}name"), &body["name"], Required, 1..=32);
        if body["description"].as_str().is_some_and(|text| !text.is_empty()) {
            let words = "Context menu commands cannot have description";
            errors.add(format!("{at}description"), "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID", words);
        }
        if body["options"].as_array().is_some_and(|options| !options.is_empty()) {
            let words = "Context menu commands cannot have options";
            errors.add(format!("{at}options"), "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_INVALID", words);
        }
    }
    check_localizations(body, at, errors);
    check_audience(body, at, errors);
    if size(body) > MOST_IN_ALL {
        let words = format!("Command exceeds maximum size ({MOST_IN_ALL})");
        errors.add(at.trim_end_matches('.'), "APPLICATION_COMMAND_TOO_LARGE", words);
    }
}

/// Who may use it and where.
fn check_audience(body: &Value, at: &str, errors: &mut FieldErrors) {
    errors.flag(&format!("{at}nsfw"), &body["nsfw"]);
    errors.flag(&format!("{at}dm_permission"), &body["dm_permission"]);
    let bits = &body["default_member_permissions"];
    let number = bits.as_u64().is_some() || bits.as_str().is_some_and(|text| text.parse::<u64>().is_ok());
    if !bits.is_null() && !number {
        errors.add(
            format!("{at}default_member_permissions"),
            "NUMBER_TYPE_COERCE",
            format!("Value {bits} is not int."),
        );
    }
    for (field, known) in [("contexts", &[0, 1, 2][..]), ("integration_types", &[0, 1][..])] {
        let all = errors.list(&format!("{at}{field}"), &body[field], Optional, 1..=known.len());
        for (index, one) in all.iter().enumerate() {
            errors.choice(&format!("{at}{field}.{index}"), one, Required, known);
        }
    }
}

/// Translations: texts with the bounds of what they translate.
fn check_localizations(body: &Value, at: &str, errors: &mut FieldErrors) {
    for (field, most) in [("name_localizations", 32), ("description_localizations", 100)] {
        let place = format!("{at}{field}");
        let Some(texts) = errors.object(&place, &body[field], Optional) else { continue };
        for (locale, text) in texts.as_object().into_iter().flatten().take(64) {
            errors.text(&format!("{place}.{locale}"), text, Required, 1..=most);
        }
    }
}

/// The characters of all names, descriptions and values.
fn size(node: &Value) -> usize {
    let own = ["name", "description", "value"].iter().filter_map(|field| node[*field].as_str());
    let own: usize = own.map(|text| text.chars().count()).sum();
    let inner = ["options", "choices"].iter().filter_map(|field| node[*field].as_array()).flatten();
    own + inner.map(size).sum::<usize>()
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

fn check_options(options: &Value, at: &str, depth: usize, errors: &mut FieldErrors) {
    let options = errors.list(&format!("{at}options"), options, Optional, 0..=25);
    let is_sub = |option: &&Value| matches!(option["type"].as_u64(), Some(SUB_COMMAND | SUB_COMMAND_GROUP));
    let subs = options.iter().filter(is_sub).count();
    if subs > 0 && subs < options.len() {
        let words = "Sub-command and sub-command group option types are mutually exclusive to all other types";
        errors.add(format!("{at}options"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", words);
    }
    let mut optional_seen = false;
    for (index, option) in options.iter().enumerate() {
        let at = format!("{at}options.{index}.");
        if errors.object(at.trim_end_matches('.'), option, Required).is_none() {
            continue;
        }
        check_name(&option["name"], &format!("{at}name"), errors);
        errors.text(&format!("{at}description"), &option["description"], Required, 1..=100);
        check_localizations(option, &at, errors);
        if options.iter().take(index).any(|other| other["name"] == option["name"]) {
            let words = "Option name must be unique";
            errors.add(format!("{at}name"), "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", words);
        }
        errors.flag(&format!("{at}required"), &option["required"]);
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
    let known: Vec<u64> = (1..=11).collect();
    match errors.choice(&format!("{at}type"), &option["type"], Required, &known) {
        Some(SUB_COMMAND) if depth < 2 => check_options(&option["options"], at, 2, errors),
        Some(SUB_COMMAND_GROUP) if depth == 0 => check_options(&option["options"], at, 1, errors),
        Some(SUB_COMMAND | SUB_COMMAND_GROUP) => {
            let words = "Sub-command options cannot be nested this deep";
            errors.add(format!("{at}type"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", words);
        }
        Some(kind) => {
            check_choices(option, kind, at, errors);
            check_bounds(option, kind, at, errors);
        }
        None => {}
    }
}

/// The least and the most that may be given.
fn check_bounds(option: &Value, kind: u64, at: &str, errors: &mut FieldErrors) {
    match kind {
        3 => {
            errors.whole(&format!("{at}min_length"), &option["min_length"], Optional, 0..=6000);
            errors.whole(&format!("{at}max_length"), &option["max_length"], Optional, 1..=6000);
        }
        4 => {
            for field in ["min_value", "max_value"] {
                errors.whole(&format!("{at}{field}"), &option[field], Optional, -(1 << 53)..=1 << 53);
            }
        }
        10 => {
            for field in ["min_value", "max_value"].into_iter().filter(|field| !option[*field].is_null()) {
                if !option[field].is_number() {
                    let words = format!("Value \"{}\" is not float.", option[field]);
                    errors.add(format!("{at}{field}"), "NUMBER_TYPE_COERCE", words);
                }
            }
        }
        7 => {
            let types = errors.list(&format!("{at}channel_types"), &option["channel_types"], Optional, 0..=16);
            for (index, one) in types.iter().enumerate() {
                errors.whole(&format!("{at}channel_types.{index}"), one, Required, 0..=16);
            }
        }
        _ => {}
    }
}

fn check_choices(option: &Value, kind: u64, at: &str, errors: &mut FieldErrors) {
    errors.flag(&format!("{at}autocomplete"), &option["autocomplete"]);
    let choices = errors.list(&format!("{at}choices"), &option["choices"], Optional, 0..=25);
    let autocomplete = option["autocomplete"] == json!(true);
    if !choices.is_empty() && autocomplete {
        let words = "Options with autocomplete cannot have choices";
        errors.add(format!("{at}autocomplete"), "APPLICATION_COMMAND_OPTIONS_CHOICES_WITH_AUTOCOMPLETE", words);
    }
    if autocomplete && !matches!(kind, 3 | 4 | 10) {
        let words = "Only text and number options can have autocomplete";
        errors.add(format!("{at}autocomplete"), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID", words);
    }
    for (index, choice) in choices.iter().enumerate() {
        let at = format!("{at}choices.{index}");
        if errors.object(&at, choice, Required).is_none() {
            continue;
        }
        errors.text(&format!("{at}.name"), &choice["name"], Required, 1..=100);
        check_localizations(choice, &format!("{at}."), errors);
        let value = format!("{at}.value");
        match kind {
            3 => {
                errors.text(&value, &choice["value"], Required, 1..=100);
            }
            4 => {
                errors.whole(&value, &choice["value"], Required, -(1 << 53)..=1 << 53);
            }
            10 if choice["value"].is_number() => {}
            _ => errors.add(value, "NUMBER_TYPE_COERCE", "This option's type has no such choice."),
        }
        if choices.iter().take(index).any(|other| other["name"] == choice["name"]) {
            let words = "Option choice names must be unique";
            errors.add(format!("{at}.name"), "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS", words);
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
            (json!({ "name": "a", "description": "" }), "BASE_TYPE_REQUIRED"),
            (json!({ "name": "a", "description": "x".repeat(101) }), "BAD_LENGTH"),
            (json!({ "name": "a", "description": "x", "type": 9 }), "BASE_TYPE_CHOICES"),
            (option(json!({ "name": "b", "description": "x" })), "BASE_TYPE_REQUIRED"),
            (option(json!({ "type": 12, "name": "b", "description": "x" })), "BASE_TYPE_CHOICES"),
            (json!({ "name": "a", "description": "x", "options": 5 }), "LIST_TYPE_CONVERT"),
            (json!({ "name": "a", "description": "x", "contexts": [3] }), "BASE_TYPE_CHOICES"),
            (json!({ "name": "a", "type": 2, "description": "x" }), "CONTEXT_MENU"),
            (option(json!({ "type": 3, "name": "b", "description": "x", "max_length": 6001 })), "NUMBER_TYPE_MAX"),
            (
                option(
                    json!({ "type": 4, "name": "b", "description": "x", "choices": [{ "name": "c", "value": "d" }] }),
                ),
                "COERCE",
            ),
            (
                option(json!({ "type": 5, "name": "b", "description": "x", "autocomplete": true })),
                "AUTOCOMPLETE_INVALID",
            ),
            (
                json!({ "name": "a", "description": "x", "options": [
                { "type": 1, "name": "b", "description": "x" }, { "type": 3, "name": "c", "description": "x" }] }),
                "TYPE_INVALID",
            ),
            (
                json!({ "name": "a", "description": "x", "options": (0..25).map(|index| json!({
                    "type": 3, "name": format!("o{index}"), "description": "x".repeat(100),
                    "choices": [{ "name": "x".repeat(100), "value": "x".repeat(100) }, { "name": "y".repeat(100), "value": "y" }],
                })).collect::<Value>() }),
                "APPLICATION_COMMAND_TOO_LARGE",
            ),
            (
                json!({ "name": "a", "description": "x", "options": [
                { "type": 3, "name": "b", "description": "x" },
                { "type": 3, "name": "c", "description": "x", "required": true }] }),
                "REQUIRED_INVALID",
            ),
            (
                json!({ "name": "a", "description": "x", "options": [
                { "type": 3, "name": "b", "description": "x" }, { "type": 3, "name": "b", "description": "x" }] }),
                "ALREADY_EXISTS",
            ),
        ];
        for (body, code) in cases {
            let found = errors(&body).unwrap_or_default();
            assert!(found.contains(code), "{body}: {found}");
        }
    }
}
