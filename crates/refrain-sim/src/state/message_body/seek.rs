//! Components found in a message or a form, however deep they stand.

use serde_json::{Value, json};

/// Calls `visit` with each component and its path, outer ones first. Deeper than five levels nothing is a component.
pub(crate) fn each_component<'a>(components: &'a Value, path: &str, visit: &mut dyn FnMut(&str, &'a Value)) {
    if path.split('.').count() > 12 {
        return;
    }
    for (index, component) in components.as_array().into_iter().flatten().enumerate() {
        let at = format!("{path}.{index}");
        visit(&at, component);
        each_component(&component["components"], &format!("{at}.components"), visit);
        for inner in ["accessory", "component"] {
            if component[inner].is_object() {
                visit(&format!("{at}.{inner}"), &component[inner]);
            }
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
