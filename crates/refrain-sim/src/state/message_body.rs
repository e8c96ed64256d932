//! What a message may hold, checked as Discord checks it.

use serde_json::{Value, json};

use crate::rest::error::{ApiError, FieldErrors};

pub(crate) const SUPPRESS_EMBEDS: u64 = 1 << 2;
pub(crate) const EPHEMERAL: u64 = 1 << 6;
pub(crate) const LOADING: u64 = 1 << 7;
pub(crate) const COMPONENTS_V2: u64 = 1 << 15;
const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
/// The flags a client may set.
pub(crate) const SETTABLE: u64 = SUPPRESS_EMBEDS | EPHEMERAL | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2;

/// Checks the fields that `body` has.
pub(crate) fn check(body: &Value) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    match &body["content"] {
        Value::Null => {}
        Value::String(text) => errors.length("content", text, 0, 2000),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            errors.add("content", "STRING_TYPE_CONVERT", "Could not interpret the value as a string.");
        }
    }
    check_embeds(&body["embeds"], &mut errors);
    check_components(&body["components"], &mut errors);
    let flags = body["flags"].as_u64().unwrap_or(0);
    if flags & COMPONENTS_V2 != 0 {
        for field in ["content", "embeds"] {
            if !is_empty(&body[field]) {
                let words = format!("The '{field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2");
                errors.add(field, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", words);
            }
        }
    }
    errors.or(())
}

/// Whether a field says nothing.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn check_embeds(embeds: &Value, errors: &mut FieldErrors) {
    let embeds = embeds.as_array().map(Vec::as_slice).unwrap_or_default();
    if embeds.len() > 10 {
        errors.add("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.");
    }
    let mut total = 0;
    for (index, embed) in embeds.iter().enumerate() {
        let mut text = |value: &Value, path: &str, least: usize, most: usize, errors: &mut FieldErrors| {
            if let Some(text) = value.as_str() {
                total += text.encode_utf16().count();
                errors.length(format!("embeds.{index}.{path}"), text, least, most);
            }
        };
        text(&embed["title"], "title", 0, 256, errors);
        text(&embed["description"], "description", 0, 4096, errors);
        text(&embed["footer"]["text"], "footer.text", 0, 2048, errors);
        text(&embed["author"]["name"], "author.name", 0, 256, errors);
        let fields = embed["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
        if fields.len() > 25 {
            errors.add(format!("embeds.{index}.fields"), "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.");
        }
        for (place, field) in fields.iter().enumerate() {
            for (part, most) in [("name", 256), ("value", 1024)] {
                match &field[part] {
                    Value::String(_) => text(&field[part], &format!("fields.{place}.{part}"), 1, most, errors),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                        errors.required(format!("embeds.{index}.fields.{place}.{part}"));
                    }
                }
            }
        }
        for (path, link) in [
            ("url", &embed["url"]),
            ("thumbnail.url", &embed["thumbnail"]["url"]),
            ("image.url", &embed["image"]["url"]),
        ] {
            check_link(link, &format!("embeds.{index}.{path}"), errors);
        }
    }
    if total > 6000 {
        errors.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000");
    }
}

fn check_link(link: &Value, at: &str, errors: &mut FieldErrors) {
    let Some(link) = link.as_str() else { return };
    let known = ["http://", "https://", "attachment://"].iter().any(|scheme| link.starts_with(scheme));
    if !known {
        errors.add(at, "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('http', 'https').");
    } else if link.len() > 2048 {
        errors.add(at, "BASE_TYPE_MAX_LENGTH", "Must be 2048 or fewer in length.");
    }
}

fn check_components(components: &Value, errors: &mut FieldErrors) {
    let all = components.as_array().map(Vec::as_slice).unwrap_or_default();
    if all.len() > 40 {
        errors.add("components", "BASE_TYPE_MAX_LENGTH", "Must be 40 or fewer in length.");
    }
    let mut names = Vec::new();
    each_component(components, "components", &mut |path, component| {
        match component["type"].as_u64() {
            None => errors.required(format!("{path}.type")),
            Some(1) if component["components"].as_array().is_none_or(|inner| !(1..=5).contains(&inner.len())) => {
                errors.add(format!("{path}.components"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
            }
            Some(_) => {}
        }
        if let Some(name) = component["custom_id"].as_str() {
            errors.length(format!("{path}.custom_id"), name, 1, 100);
            if names.contains(&name.to_owned()) {
                let words = "Component custom id cannot be duplicated";
                errors.add(format!("{path}.custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", words);
            }
            names.push(name.to_owned());
        }
        if let Some(label) = component["label"].as_str() {
            errors.length(format!("{path}.label"), label, 0, 80);
        }
    });
}

/// Calls `visit` with each component and its path, outer ones first. Deeper than five levels nothing is a component.
pub(crate) fn each_component<'a>(components: &'a Value, path: &str, visit: &mut dyn FnMut(&str, &'a Value)) {
    if path.split('.').count() > 12 {
        return;
    }
    for (index, component) in components.as_array().into_iter().flatten().enumerate() {
        let at = format!("{path}.{index}");
        visit(&at, component);
        each_component(&component["components"], &format!("{at}.components"), visit);
        if component["accessory"].is_object() {
            visit(&format!("{at}.accessory"), &component["accessory"]);
        }
    }
}

/// The component of a message that has this custom id.
pub(crate) fn find_component(components: &Value, custom_id: &str) -> Option<Value> {
    let mut found = None;
    each_component(components, "components", &mut |_, component| {
        if component["custom_id"] == json!(custom_id) {
            found = Some(component.clone());
        }
    });
    found
}

/// The custom ids that a user could choose from.
pub(crate) fn custom_ids(components: &Value) -> Vec<String> {
    let mut found = Vec::new();
    each_component(components, "components", &mut |_, component| {
        found.extend(component["custom_id"].as_str().map(str::to_owned));
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_discord_refuses_in_a_message_is_refused() {
        let embed = |fields: Value| json!({ "embeds": [fields] });
        let button = |id: &str| json!({ "type": 2, "style": 1, "label": "x", "custom_id": id });
        let cases = [
            (json!({ "content": "x".repeat(2001) }), "content"),
            (json!({ "content": 5 }), "content"),
            (embed(json!({ "title": "x".repeat(257) })), "title"),
            (embed(json!({ "description": "x".repeat(4097) })), "description"),
            (embed(json!({ "url": "javascript:0" })), "url"),
            (embed(json!({ "fields": [{ "name": "", "value": "x" }] })), "name"),
            (embed(json!({ "fields": [{ "name": "x" }] })), "value"),
            (json!({ "embeds": [{ "description": "x".repeat(4000) }, { "description": "x".repeat(4000) }] }), "6000"),
            (json!({ "components": [{ "type": 1, "components": [] }] }), "between 1 and 5"),
            (json!({ "components": [{ "type": 1, "components": [button("a"), button("a")] }] }), "duplicated"),
            (json!({ "flags": COMPONENTS_V2, "content": "x" }), "COMPONENTS_V2"),
        ];
        for (body, word) in cases {
            let errors = check(&body).unwrap_err().errors.unwrap().to_string();
            assert!(errors.contains(word), "{body}: {errors}");
        }
        let good = json!({ "content": "hello", "embeds": [{ "title": "x", "url": "https://example.org" }],
            "components": [{ "type": 1, "components": [button("a"), button("b")] }] });
        assert!(check(&good).is_ok());
        assert_eq!(custom_ids(&good["components"]), ["a", "b"]);
    }
}
