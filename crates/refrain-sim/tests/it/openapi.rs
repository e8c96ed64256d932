//! Discord's own description of its API as a judge of every answer that the tests get.
//!
//! `tests/openapi/README.md` says where the description comes from. Where it and the documentation differ, the
//! documentation counts; the differences are listed here.

use std::sync::LazyLock;

use serde_json::{Value, json};

/// What the description says and the documentation does not.
const DIFFERENCES: &[(&str, &str)] = &[
    // The documentation's examples have words such as BASE_TYPE_REQUIRED as codes of fields; the description numbers.
    ("/components/schemas/InnerErrors/properties/_errors/items", "FieldError"),
];

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    let mut whole: Value = serde_json::from_str(include_str!("../openapi/discord.json")).unwrap();
    whole["components"]["schemas"]["FieldError"] = json!({ "type": "object", "required": ["code", "message"],
        "properties": { "code": { "type": "string" }, "message": { "type": "string" } } });
    for (place, schema) in DIFFERENCES {
        *whole.pointer_mut(place).unwrap() = json!({ "$ref": format!("#/components/schemas/{schema}") });
    }
    whole
});

/// The described operation for a request; the path stands without its version.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap_or_default();
    let steps: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let wanted: Vec<&str> = template.split('/').collect();
        let same = |(wanted, step): (&&str, &&str)| wanted.starts_with('{') || wanted == step;
        wanted.len() == steps.len() && wanted.iter().zip(&steps).all(same)
    };
    let known = DESCRIPTION["paths"].as_object().unwrap();
    let found = known.iter().filter(|(template, _)| fits(template));
    let (_, methods) = found.min_by_key(|(template, _)| template.matches('{').count())?;
    methods.get(method.to_lowercase())
}

fn validator(schema: &Value) -> jsonschema::Validator {
    let mut whole = schema.clone();
    whole["components"] = DESCRIPTION["components"].clone();
    jsonschema::validator_for(&whole).unwrap()
}

/// Holds an answer against the description; what it does not describe passes.
pub(crate) fn judge_answer(method: &str, path: &str, status: u16, body: &Value) {
    let Some(operation) = operation(method, path) else { return };
    let class = format!("{}XX", status / 100);
    let all = &operation["responses"];
    let described = all.get(status.to_string()).or_else(|| all.get(class));
    let Some(described) = described else {
        // Errors of servers and proxies are in no description.
        assert!(status >= 500, "{method} {path}: the answer {status} is not described");
        return;
    };
    let schema = &described["content"]["application/json"]["schema"];
    if schema.is_null() {
        assert!(body.as_str().is_some_and(str::is_empty), "{method} {path}: {status} has no body, but: {body}");
        return;
    }
    if body.is_string() {
        // Cloudflare's pages are no JSON.
        return;
    }
    let validator = validator(schema);
    let wrong: Vec<String> =
        validator.iter_errors(body).map(|error| format!("{} at {}", error, error.instance_path())).collect();
    assert!(wrong.is_empty(), "{method} {path} {status}: {}\n{body}", wrong.join("\n"));
}

/// Whether the description takes this body; `None` where there is none.
pub(crate) fn takes(method: &str, path: &str, body: &Value) -> Option<bool> {
    let schema = &operation(method, path)?["requestBody"]["content"]["application/json"]["schema"];
    (!schema.is_null()).then(|| validator(schema).is_valid(body))
}
