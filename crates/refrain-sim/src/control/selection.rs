//! What a person may press or choose in a message's component.

use serde_json::{Value, json};

use super::options::Reader;

const BUTTON: u64 = 2;
const STRING_SELECT: u64 = 3;
const LINK_STYLE: u64 = 5;

/// The interaction's `data` for pressing or choosing `values` in a component.
pub(super) fn data(component: &Value, values: &[String], reader: &mut Reader<'_>) -> Result<Value, String> {
    let kind = component["type"].as_u64().unwrap_or(0);
    if component["disabled"] == json!(true) {
        return Err("this component is disabled: nobody can use it".into());
    }
    let mut data = json!({ "custom_id": component["custom_id"], "component_type": kind });
    if component["id"].is_u64() {
        data["id"] = component["id"].clone();
    }
    match kind {
        BUTTON if component["style"].as_u64() == Some(LINK_STYLE) => {
            return Err("this button is a link: pressing it tells the bot nothing".into());
        }
        BUTTON if values.is_empty() => return Ok(data),
        BUTTON => return Err("a button has no values".into()),
        STRING_SELECT => {
            let offered = component["options"].as_array().map(Vec::as_slice).unwrap_or_default();
            let unknown = values.iter().find(|value| !offered.iter().any(|option| option["value"] == value.as_str()));
            if let Some(unknown) = unknown {
                let offered: Vec<String> = offered.iter().map(|option| option["value"].to_string()).collect();
                return Err(format!("`{unknown}` is not offered; the menu has {}", offered.join(", ")));
            }
        }
        // Users, roles, mentionables and channels: the option types of the same things.
        5..=8 => {
            let option_kind = [6, 8, 9, 7][usize::try_from(kind).unwrap_or(5).saturating_sub(5)];
            for value in values {
                reader.refer(option_kind, value.parse()?)?;
            }
            data["resolved"] = Value::Object(reader.resolved.clone());
        }
        _ => return Err(format!("a component of type {kind} cannot be used by itself")),
    }
    let least = component["min_values"].as_u64().unwrap_or(1);
    let most = component["max_values"].as_u64().unwrap_or(1);
    let count = values.len() as u64;
    if count < least || count > most {
        return Err(format!("{count} values were chosen, the menu takes {least} to {most}"));
    }
    data["values"] = json!(values);
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    fn choose(component: &Value, values: &[&str]) -> Result<Value, String> {
        let world = World::example();
        let guild = &world.guilds[0];
        let resolved = serde_json::Map::new();
        let mut reader = Reader { world: &world, guild, focused: None, resolved, path: Vec::new() };
        let values: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
        data(component, &values, &mut reader)
    }

    #[test]
    fn components_are_used_as_people_can_use_them() {
        let button = json!({ "type": 2, "style": 1, "custom_id": "skip" });
        assert_eq!(choose(&button, &[]), Ok(json!({ "custom_id": "skip", "component_type": 2 })));
        assert!(choose(&button, &["x"]).is_err());
        let link = json!({ "type": 2, "style": 5, "custom_id": "x" });
        assert!(choose(&link, &[]).is_err());
        let disabled = json!({ "type": 2, "style": 1, "custom_id": "x", "disabled": true });
        assert!(choose(&disabled, &[]).unwrap_err().contains("disabled"));
        let menu = json!({ "type": 3, "custom_id": "m", "options": [{ "label": "A", "value": "a" }] });
        assert_eq!(choose(&menu, &["a"]).unwrap()["values"], json!(["a"]));
        assert!(choose(&menu, &["b"]).unwrap_err().contains("\"a\""));
        assert!(choose(&menu, &[]).unwrap_err().contains("0 values"));
        let users = json!({ "type": 5, "custom_id": "u" });
        assert_eq!(choose(&users, &["1"]).unwrap()["resolved"]["users"]["1"]["username"], "ada");
    }
}
