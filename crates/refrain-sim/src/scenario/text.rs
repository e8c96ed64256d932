//! What a message shows, and whether that is what was expected.

use serde_json::Value;

use super::step::{EmbedWish, Texts};

/// All the words of a message: content, then each embed's parts, then what stands on its components.
pub(super) fn words(message: &Value) -> String {
    let mut words = vec![message["content"].as_str().unwrap_or_default()];
    for embed in list(&message["embeds"]) {
        words.extend(
            [&embed["author"]["name"], &embed["title"], &embed["description"]].iter().filter_map(|one| one.as_str()),
        );
        for field in list(&embed["fields"]) {
            words.extend([&field["name"], &field["value"]].iter().filter_map(|one| one.as_str()));
        }
        words.extend(embed["footer"]["text"].as_str());
    }
    texts_of_components(&message["components"], &mut words);
    words.retain(|part| !part.is_empty());
    words.join("\n")
}

/// Text displays among the components (newer messages consist of them).
fn texts_of_components<'a>(components: &'a Value, words: &mut Vec<&'a str>) {
    for component in list(components) {
        words.extend(component["content"].as_str());
        texts_of_components(&component["components"], words);
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The component with this custom id, or with this text on it.
pub(super) fn component<'a>(components: &'a Value, wanted: &Wanted<'_>) -> Option<&'a Value> {
    list(components).iter().find_map(|one| {
        if wanted.is(one) {
            return Some(one);
        }
        component(&one["components"], wanted).or_else(|| Some(&one["accessory"]).filter(|one| wanted.is(one)))
    })
}

/// How a component is named.
pub(super) enum Wanted<'a> {
    CustomId(&'a str),
    Label(&'a str),
    Either(&'a str),
}

impl Wanted<'_> {
    fn is(&self, component: &Value) -> bool {
        let has_id = |wanted: &str| component["custom_id"].as_str() == Some(wanted);
        let says = |wanted: &str| {
            let words = [&component["label"], &component["placeholder"], &component["emoji"]["name"]];
            words.iter().any(|text| text.as_str().is_some_and(|text| text.contains(wanted)))
        };
        match self {
            Self::CustomId(wanted) => has_id(wanted),
            Self::Label(wanted) => component["custom_id"].is_string() && says(wanted),
            Self::Either(wanted) => has_id(wanted) || says(wanted),
        }
    }
}

/// What is asked of a message.
pub(super) struct Wish<'a> {
    pub(super) contains: &'a Texts,
    pub(super) lacks: &'a Texts,
    pub(super) embed: Option<&'a EmbedWish>,
    pub(super) component: Option<&'a str>,
    pub(super) ephemeral: Option<bool>,
}

impl Wish<'_> {
    /// Why this message is not the one; nothing when it is.
    pub(super) fn unmet(&self, message: &Value) -> Option<String> {
        let words = words(message);
        if let Some(missing) = self.contains.0.iter().find(|text| !words.contains(text.as_str())) {
            return Some(format!("it does not say {missing:?}"));
        }
        if let Some(stray) = self.lacks.0.iter().find(|text| words.contains(text.as_str())) {
            return Some(format!("it says {stray:?}"));
        }
        if let Some(wish) = self.embed
            && !list(&message["embeds"]).iter().any(|embed| fits(embed, wish))
        {
            return Some("no embed is as expected".into());
        }
        if let Some(wanted) = self.component
            && component(&message["components"], &Wanted::Either(wanted)).is_none()
        {
            return Some(format!("it has no component {wanted:?}"));
        }
        let ephemeral = message["ephemeral"].as_bool().unwrap_or(false);
        match self.ephemeral {
            Some(wanted) if wanted != ephemeral => Some(format!("ephemeral is {ephemeral}")),
            Some(_) | None => None,
        }
    }
}

fn fits(embed: &Value, wish: &EmbedWish) -> bool {
    let parts = [
        (&wish.title, &embed["title"]),
        (&wish.description, &embed["description"]),
        (&wish.author, &embed["author"]["name"]),
        (&wish.footer, &embed["footer"]["text"]),
    ];
    let contains = |found: &Value, wanted: &str| found.as_str().is_some_and(|text| text.contains(wanted));
    let parts = parts.iter().all(|(wanted, found)| wanted.as_deref().is_none_or(|wanted| contains(found, wanted)));
    parts
        && wish.fields.iter().all(|(name, value)| {
            let wanted = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            list(&embed["fields"])
                .iter()
                .any(|field| field["name"].as_str() == Some(name) && contains(&field["value"], &wanted))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message() -> Value {
        json!({
            "content": "Now playing", "ephemeral": false,
            "embeds": [{ "title": "First Light", "author": { "name": "ada" }, "footer": { "text": "1 track" },
                "fields": [{ "name": "Length", "value": "1:00" }] }],
            "components": [{ "type": 1, "components": [{ "type": 2, "custom_id": "skip:1", "label": "Skip" }] }],
        })
    }

    fn unmet(fields: Value) -> Option<String> {
        let expect: super::super::step::ExpectAnswer = serde_json::from_value(fields).unwrap();
        let (embed, component) = (expect.embed.as_ref(), expect.component.as_deref());
        let wish =
            Wish { contains: &expect.contains, lacks: &expect.lacks, embed, component, ephemeral: expect.ephemeral };
        wish.unmet(&message())
    }

    #[test]
    fn a_message_is_met_by_its_words_embeds_and_components() {
        for fields in [
            json!({ "contains": "First" }),
            json!({ "contains": ["Now", "1:00", "ada"], "lacks": "error" }),
            json!({ "embed": { "title": "Light", "fields": { "Length": "1:" } } }),
            json!({ "component": "Skip" }),
            json!({ "component": "skip:1", "ephemeral": false }),
        ] {
            assert_eq!(unmet(fields.clone()), None, "{fields}");
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        for (fields, words) in [
            (json!({ "contains": ["Now", "Last"] }), "Last"),
            (json!({ "lacks": "ada" }), "ada"),
            (json!({ "embed": { "title": "Now playing" } }), "embed"),
            (json!({ "component": "skip:2" }), "skip:2"),
            (json!({ "ephemeral": true }), "ephemeral"),
        ] {
            assert!(unmet(fields.clone()).is_some_and(|unmet| unmet.contains(words)), "{fields}");
        }
    }
}
