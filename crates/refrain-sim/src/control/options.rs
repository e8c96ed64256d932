//! From `{"query": "…"}` to a command's options as Discord sends them: typed by the registered command.

use serde_json::{Map, Value, json};

use crate::{
    id::Id,
    state::{
        commands::{SUB_COMMAND, SUB_COMMAND_GROUP},
        json as shapes,
    },
    world::{Guild, World},
};

/// Turns given values into options, and gathers what they refer to.
pub(super) struct Reader<'a> {
    pub(super) world: &'a World,
    pub(super) guild: &'a Guild,
    /// The option that is still being typed; then nothing else needs to be complete.
    pub(super) focused: Option<&'a str>,
    pub(super) resolved: Map<String, Value>,
    /// The sub-commands that were gone through.
    pub(super) path: Vec<String>,
}

impl Reader<'_> {
    /// The options for `given`, where `spec` is what the command registered and `words` the sub-commands that stand
    /// in its name. Sub-commands may also be given as `{"sub": {…}}`.
    pub(super) fn read(&mut self, spec: &Value, words: &[&str], given: &Map<String, Value>) -> Result<Value, String> {
        let spec = spec.as_array().map(Vec::as_slice).unwrap_or_default();
        let subs: Vec<&Value> = spec.iter().filter(|one| is_sub(one)).collect();
        if let Some((word, rest)) = words.split_first() {
            let sub = subs.iter().find(|one| one["name"] == *word);
            let sub = sub.ok_or_else(|| format!("no sub-command is called `{word}`; {}", names(&subs)))?;
            return self.sub(sub, rest, given);
        }
        if subs.is_empty() {
            return self.leaves(spec, given);
        }
        let mut chosen = given.iter();
        let (Some((word, Value::Object(inner))), None) = (chosen.next(), chosen.next()) else {
            return Err(format!(
                "this command needs a sub-command, as {{\"sub\": {{…}}}} or in its name; {}",
                names(&subs)
            ));
        };
        self.read(&Value::Array(spec.to_vec()), &[word], inner)
    }

    fn sub(&mut self, sub: &Value, rest: &[&str], given: &Map<String, Value>) -> Result<Value, String> {
        self.path.push(sub["name"].as_str().unwrap_or_default().to_owned());
        let options = self.read(&sub["options"], rest, given)?;
        Ok(json!([{ "name": sub["name"], "type": sub["type"], "options": options }]))
    }

    fn leaves(&mut self, spec: &[Value], given: &Map<String, Value>) -> Result<Value, String> {
        let known: Vec<&Value> = spec.iter().collect();
        let stranger = given.keys().find(|name| !spec.iter().any(|one| one["name"] == name.as_str()));
        if let Some(stranger) = stranger.map(String::as_str).or(self.unknown_focus(spec)) {
            return Err(format!("no option is called `{stranger}`; {}", names(&known)));
        }
        let mut options = Vec::new();
        for one in spec {
            let name = one["name"].as_str().unwrap_or_default();
            let focused = self.focused == Some(name);
            match given.get(name) {
                Some(value) if focused => {
                    options.push(json!({ "name": name, "type": one["type"], "value": value, "focused": true }));
                }
                None if focused => {
                    options.push(json!({ "name": name, "type": one["type"], "value": "", "focused": true }));
                }
                Some(value) => {
                    let value = self.value(one, value).map_err(|problem| format!("the option `{name}`: {problem}"))?;
                    options.push(json!({ "name": name, "type": one["type"], "value": value }));
                }
                None if one["required"] == json!(true) && self.focused.is_none() => {
                    return Err(format!("the option `{name}` is required and missing"));
                }
                None => {}
            }
        }
        Ok(Value::Array(options))
    }

    fn unknown_focus(&self, spec: &[Value]) -> Option<&str> {
        self.focused.filter(|name| !spec.iter().any(|one| one["name"] == *name))
    }

    fn value(&mut self, spec: &Value, value: &Value) -> Result<Value, String> {
        let wrong = |kind: &str| format!("{value} is no {kind}");
        let value = match spec["type"].as_u64() {
            Some(3) => value.as_str().map(|text| json!(text)).ok_or_else(|| wrong("text"))?,
            Some(4) => value.as_i64().map(|number| json!(number)).ok_or_else(|| wrong("whole number"))?,
            Some(5) => value.as_bool().map(|word| json!(word)).ok_or_else(|| wrong("true or false"))?,
            Some(10) => value.as_f64().map(|_| value.clone()).ok_or_else(|| wrong("number"))?,
            Some(kind @ 6..=9) => {
                let id: Id = serde_json::from_value(value.clone()).map_err(|_| wrong("id"))?;
                self.refer(kind, id)?;
                json!(id)
            }
            Some(_) | None => return Err("attachments cannot be given in this simulator".into()),
        };
        check_limits(spec, &value)?;
        Ok(value)
    }

    /// Puts what an id of an option's type refers to among the resolved objects.
    pub(super) fn refer(&mut self, kind: u64, id: Id) -> Result<(), String> {
        let (world, guild) = (self.world, self.guild);
        if let (6 | 9, Some(person)) = (kind, world.person(id)) {
            self.resolve("users", id, shapes::user(person));
            if let Some(member) = guild.member(id) {
                let mut value = shapes::partial_member(member);
                value["permissions"] = json!(guild.base_permissions(id));
                self.resolve("members", id, value);
            }
            return Ok(());
        }
        if let (8 | 9, Some(role)) = (kind, guild.roles.iter().find(|role| role.id == id)) {
            self.resolve("roles", id, shapes::role(role, guild));
            return Ok(());
        }
        if let (7, Some(channel)) = (kind, guild.channel(id)) {
            let mut value = shapes::channel(channel, guild);
            value["permissions"] = json!(guild.permissions_in(channel, id));
            self.resolve("channels", id, value);
            return Ok(());
        }
        Err(format!("{id} is not in the guild {}", guild.id))
    }

    fn resolve(&mut self, kind: &str, id: Id, value: Value) {
        let all = self.resolved.entry(kind).or_insert_with(|| json!({}));
        all[id.to_string()] = value;
    }
}

/// What Discord's client checks before it sends anything.
fn check_limits(spec: &Value, value: &Value) -> Result<(), String> {
    let choices = spec["choices"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !choices.is_empty() && !choices.iter().any(|choice| choice["value"] == *value) {
        let allowed: Vec<String> = choices.iter().map(|choice| choice["value"].to_string()).collect();
        return Err(format!("{value} is none of the choices {}", allowed.join(", ")));
    }
    if let Some(number) = value.as_f64() {
        let (least, most) = (spec["min_value"].as_f64(), spec["max_value"].as_f64());
        if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
            return Err(format!("{number} is not between {} and {}", spec["min_value"], spec["max_value"]));
        }
    }
    if let Some(text) = value.as_str() {
        let length = text.chars().count() as u64;
        let most = spec["max_length"].as_u64().unwrap_or(6000);
        if length > most || spec["min_length"].as_u64().is_some_and(|least| length < least) {
            return Err(format!("a text of {length} characters is too long or too short"));
        }
    }
    Ok(())
}

fn is_sub(option: &Value) -> bool {
    matches!(option["type"].as_u64(), Some(SUB_COMMAND | SUB_COMMAND_GROUP))
}

fn names(options: &[&Value]) -> String {
    let names: Vec<String> =
        options.iter().filter_map(|one| one["name"].as_str()).map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "there are none".into() } else { format!("there are {}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(spec: &Value, words: &[&str], given: &Value, focused: Option<&str>) -> Result<(Value, Value), String> {
        let world = World::example();
        let guild = &world.guilds[0];
        let mut reader = Reader { world: &world, guild, focused, resolved: Map::new(), path: Vec::new() };
        let options = reader.read(spec, words, given.as_object().unwrap())?;
        Ok((options, Value::Object(reader.resolved)))
    }

    fn spec() -> Value {
        json!([
            { "type": 3, "name": "query", "required": true },
            { "type": 4, "name": "count", "min_value": 1, "max_value": 10 },
            { "type": 6, "name": "whose" },
            { "type": 3, "name": "mode", "choices": [{ "name": "On", "value": "on" }] },
        ])
    }

    #[test]
    fn options_are_typed_by_the_registered_command() {
        let given = json!({ "whose": "1", "count": 3, "query": "song" });
        let (options, resolved) = read(&spec(), &[], &given, None).unwrap();
        let expected = json!([
            { "name": "query", "type": 3, "value": "song" },
            { "name": "count", "type": 4, "value": 3 },
            { "name": "whose", "type": 6, "value": "1" },
        ]);
        assert_eq!(options, expected);
        assert_eq!(resolved["users"]["1"]["username"], "ada");
        assert!(resolved["members"]["1"]["permissions"].is_string());
    }

    #[test]
    fn sub_commands_are_found_in_the_name_and_in_the_options() {
        let spec = json!([{ "type": 2, "name": "list", "options": [{ "type": 1, "name": "add", "options": spec() }] }]);
        let song = json!({ "query": "song" });
        let (named, _) = read(&spec, &["list", "add"], &song, None).unwrap();
        let (nested, _) = read(&spec, &[], &json!({ "list": { "add": song } }), None).unwrap();
        assert_eq!(named, nested);
        assert_eq!(named[0]["options"][0]["options"][0]["value"], "song");
        assert!(read(&spec, &["list", "drop"], &song, None).unwrap_err().contains("`add`"));
        assert!(read(&spec, &[], &song, None).unwrap_err().contains("`list`"));
    }

    #[test]
    fn what_a_person_could_not_send_is_refused_in_words() {
        let cases = [
            (json!({}), "required"),
            (json!({ "query": 5 }), "no text"),
            (json!({ "query": "x", "count": "3" }), "whole number"),
            (json!({ "query": "x", "count": 11 }), "between 1 and 10"),
            (json!({ "query": "x", "mode": "off" }), "choices"),
            (json!({ "query": "x", "whose": "12345" }), "12345"),
            (json!({ "query": "x", "volume": 5 }), "volume"),
        ];
        for (given, word) in cases {
            let error = read(&spec(), &[], &given, None).unwrap_err();
            assert!(error.contains(word), "{given}: {error}");
        }
    }

    #[test]
    fn half_typed_options_are_sent_as_they_are() {
        let (options, _) = read(&spec(), &[], &json!({ "query": "so" }), Some("query")).unwrap();
        assert_eq!(options, json!([{ "name": "query", "type": 3, "value": "so", "focused": true }]));
        let (options, _) = read(&spec(), &[], &json!({}), Some("query")).unwrap();
        assert_eq!(options[0]["value"], "");
        assert!(read(&spec(), &[], &json!({}), Some("nope")).unwrap_err().contains("nope"));
    }
}
