//! What a command may be, checked as Discord checks it.

use serde_json::{Value, json};

use super::commands::{CHAT_INPUT, SUB_COMMAND, SUB_COMMAND_GROUP};
use crate::rest::error::FieldErrors;

/// Notes what is wrong with a command; `at` is its place in the form, with a dot behind it or empty.
pub(super) fn check_command(body: &Value, at: &str, errors: &mut FieldErrors) {
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
