//! From what a bot sends to what a message shows: defaults filled in, files linked, components numbered.

use serde_json::{Value, json};

use super::{
    Face,
    files::{Attachment, entry},
    mentions,
};
use crate::{
    id::Id,
    state::message_body::{COMPONENTS_V2, EPHEMERAL, LOADING, SETTABLE, is_empty},
};

impl Face {
    /// This face with the fields that `body` has and these files more. Whether it is ephemeral, and that it has
    /// components of version 2, does not change any more. `id` is the message's.
    pub(super) fn changed(&self, id: Id, body: &Value, new: Vec<Attachment>, replied: Option<Id>) -> Self {
        let mut face = self.clone();
        if body["attachments"].is_array() {
            face.files.retain(|file| entry(body, &file.id.to_string()).is_some());
            for file in &mut face.files {
                file.update(entry(body, &file.id.to_string()).unwrap_or(&Value::Null));
            }
        }
        face.files.extend(new);
        if let Some(content) = body.get("content") {
            content.as_str().unwrap_or_default().trim().clone_into(&mut face.content);
            face.mentions = mentions::read(&face.content, &body["allowed_mentions"], replied);
        }
        if let Some(embeds) = body.get("embeds") {
            face.embeds = face.embeds_shown(embeds);
        }
        if let Some(components) = body.get("components") {
            face.components = Shaper { face: &face, id, next: 1 }.list(components);
        }
        if let Some(flags) = body["flags"].as_u64() {
            face.flags = self.flags & (EPHEMERAL | COMPONENTS_V2) | flags & SETTABLE & !EPHEMERAL;
        }
        face.flags &= !LOADING;
        face
    }

    pub(super) fn is_empty(&self) -> bool {
        let said = |embed: &Value| {
            let fields = embed.as_object().into_iter().flatten();
            fields.filter(|(name, _)| *name != "type").any(|(_, value)| !is_empty(value))
        };
        let embeds = self.embeds.as_array().is_some_and(|embeds| embeds.iter().any(said));
        self.content.is_empty() && !embeds && is_empty(&self.components) && self.files.is_empty()
    }

    /// A link as it is shown: `attachment://name` becomes the file's address.
    fn linked(&self, link: &Value) -> Option<(String, Option<&Attachment>)> {
        let link = link.as_str()?;
        let Some(name) = link.strip_prefix("attachment://") else { return Some((link.to_owned(), None)) };
        let file = self.files.iter().find(|file| file.name == name)?;
        Some((file.url.clone(), Some(file)))
    }

    /// The embeds with what Discord fills in; what is null is left out.
    fn embeds_shown(&self, embeds: &Value) -> Value {
        let mut embeds = if embeds.is_array() { embeds.clone() } else { json!([]) };
        for embed in embeds.as_array_mut().into_iter().flatten() {
            without_nulls(embed);
            let Some(fields) = embed.as_object_mut() else { continue };
            fields.insert("type".into(), json!("rich"));
            fields.retain(|name, value| name == "type" || !is_empty(value));
            for (part, link, proxy) in [
                ("image", "url", "proxy_url"),
                ("thumbnail", "url", "proxy_url"),
                ("footer", "icon_url", "proxy_icon_url"),
                ("author", "icon_url", "proxy_icon_url"),
            ] {
                let Some(part) = fields.get_mut(part).and_then(Value::as_object_mut) else { continue };
                let shown = part.remove(link).and_then(|link| self.linked(&link));
                if let Some((url, _)) = shown {
                    part.insert(proxy.into(), json!(url));
                    part.insert(link.into(), json!(url));
                }
            }
            for field in fields.get_mut("fields").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(field) = field.as_object_mut() {
                    field.entry("inline").or_insert(json!(false));
                }
            }
        }
        embeds
    }
}

/// Brings components into the shape in which they are answered.
struct Shaper<'a> {
    face: &'a Face,
    /// The message's id, which the ids of media are made of.
    id: Id,
    next: u64,
}

impl Shaper<'_> {
    fn list(&mut self, components: &Value) -> Value {
        components.as_array().into_iter().flatten().map(|one| self.shown(one)).collect()
    }

    fn shown(&mut self, component: &Value) -> Value {
        let mut value = component.clone();
        without_nulls(&mut value);
        if value["id"].as_u64().unwrap_or(0) == 0 {
            value["id"] = json!(self.next);
        }
        self.next += 1;
        let mut defaults = |pairs: &[(&str, Value)]| {
            for (name, default) in pairs.iter().filter(|(name, _)| component[*name].is_null()) {
                value[*name] = default.clone();
            }
        };
        match component["type"].as_u64() {
            Some(3 | 5..=8) => defaults(&[("min_values", json!(1)), ("max_values", json!(1))]),
            Some(11) => defaults(&[("description", Value::Null), ("spoiler", json!(false))]),
            Some(13) => defaults(&[("spoiler", json!(false))]),
            Some(14) => defaults(&[("spacing", json!(1)), ("divider", json!(true))]),
            Some(17) => defaults(&[("accent_color", Value::Null), ("spoiler", json!(false))]),
            Some(_) | None => {}
        }
        match component["type"].as_u64() {
            Some(1 | 9 | 17) => value["components"] = self.list(&component["components"]),
            Some(11) => value["media"] = self.media(&component["media"]),
            Some(12) => {
                value["items"] =
                    component["items"].as_array().into_iter().flatten().map(|item| self.item(item)).collect();
            }
            Some(13) => {
                let file = self.face.linked(&component["file"]["url"]).and_then(|(_, file)| file);
                value["name"] = json!(file.map(|file| &file.name));
                value["size"] = json!(file.map(|file| file.size));
                value["file"] = self.media(&component["file"]);
            }
            Some(_) | None => {}
        }
        if component["accessory"].is_object() {
            value["accessory"] = self.shown(&component["accessory"]);
        }
        value
    }

    fn item(&mut self, item: &Value) -> Value {
        json!({
            "media": self.media(&item["media"]), "description": item["description"],
            "spoiler": item["spoiler"].as_bool().unwrap_or(false),
        })
    }

    fn media(&mut self, media: &Value) -> Value {
        self.next += 1;
        let id = Id(self.id.0 + self.next);
        let linked = self.face.linked(&media["url"]);
        let Some((url, file)) = linked else {
            return json!({ "id": id, "url": media["url"], "proxy_url": media["url"] });
        };
        let mut value = json!({ "id": id, "url": url, "proxy_url": url, "width": null, "height": null });
        if let Some(file) = file {
            value["attachment_id"] = json!(file.id);
            value["content_type"] = json!(file.kind);
        }
        value
    }
}

/// Takes out what is null, all the way down.
pub(crate) fn without_nulls(value: &mut Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
        fields.values_mut().for_each(without_nulls);
    } else if let Some(items) = value.as_array_mut() {
        items.iter_mut().for_each(without_nulls);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_filled_in_and_nulls_left_out() {
        let body = json!({ "content": " hi ", "embeds": [{ "title": "t", "url": null, "fields": [{ "name": "a", "value": "b" }] }],
            "components": [{ "type": 1, "components": [{ "type": 2, "style": 1, "label": "x", "custom_id": "a", "url": null }] }] });
        let face = Face::default().changed(Id(1), &body, Vec::new(), None);
        assert_eq!(face.content, "hi");
        let embed = json!({ "title": "t", "type": "rich", "fields": [{ "name": "a", "value": "b", "inline": false }] });
        assert_eq!(face.embeds, json!([embed]));
        let button = json!({ "type": 2, "id": 2, "style": 1, "label": "x", "custom_id": "a" });
        assert_eq!(face.components, json!([{ "type": 1, "id": 1, "components": [button] }]));
        assert!(!face.is_empty());
        let empty = Face::default().changed(Id(1), &json!({ "embeds": [{}], "content": "  " }), Vec::new(), None);
        assert!(empty.is_empty(), "an embed that says nothing is nothing");
    }
}
