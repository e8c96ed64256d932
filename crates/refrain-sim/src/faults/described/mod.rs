//! The catalogue in words, for people who order faults from a form. `GET /sim/faults` tells it.
//!
//! A kind that is not described here can be ordered all the same: its fields are then written as JSON.

mod kinds;

use serde::Serialize;
use serde_json::{Value, json};

use self::kinds::KINDS;
use super::ROOMS;

/// A kind in words.
struct Described {
    kind: &'static str,
    words: &'static str,
    /// Whether it is in force until it is ended.
    lasting: bool,
    scope: Scope,
    fields: &'static [Field],
}

/// Whom a kind can hit.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Scope {
    /// A guild, which must be named.
    Guild,
    /// A guild, or everybody.
    Any,
    /// Everybody.
    Everybody,
}

/// A field of a kind.
#[derive(Clone, Copy, Serialize)]
struct Field {
    name: &'static str,
    #[serde(flatten)]
    takes: Takes,
    /// Must be given (null counts where it may be empty).
    required: bool,
    words: &'static str,
}

/// What a field takes.
#[derive(Clone, Copy, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Takes {
    Number { default: Option<f64> },
    Text,
    Flag { default: bool },
    Choice { choices: &'static [&'static str] },
    Choices { choices: &'static [&'static str] },
    Channel,
}

const fn field(name: &'static str, takes: Takes, words: &'static str) -> Field {
    Field { name, takes, required: false, words }
}

const fn number(name: &'static str, default: f64, words: &'static str) -> Field {
    field(name, Takes::Number { default: Some(default) }, words)
}

const fn flag(name: &'static str, default: bool, words: &'static str) -> Field {
    field(name, Takes::Flag { default }, words)
}

const fn required(field: Field) -> Field {
    Field { required: true, ..field }
}

const fn once(kind: &'static str, words: &'static str, fields: &'static [Field]) -> Described {
    Described { kind, words, lasting: false, scope: Scope::Guild, fields }
}

const fn lasting(kind: &'static str, words: &'static str, fields: &'static [Field]) -> Described {
    Described { kind, words, lasting: true, scope: Scope::Guild, fields }
}

/// The same for a kind that may hit everybody.
const fn wide(one: Described) -> Described {
    Described { scope: Scope::Any, ..one }
}

/// The same for a kind that always does.
const fn total(one: Described) -> Described {
    Described { scope: Scope::Everybody, ..one }
}

/// Every kind there is, with its fields where they are described.
pub(crate) fn described() -> Value {
    let all = ROOMS.iter().flat_map(|room| room.kinds).map(|kind| {
        let known = KINDS.iter().find(|one| one.kind == *kind);
        json!({
            "kind": kind, "words": known.map(|one| one.words), "lasting": known.map(|one| one.lasting),
            "scope": known.map(|one| one.scope),
            "fields": known.map(|one| one.fields),
        })
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_told_and_what_is_described_exists() {
        let told = described();
        let told: Vec<&str> = told.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
        for kind in ROOMS.iter().flat_map(|room| room.kinds) {
            assert!(told.contains(kind), "{kind}");
        }
        for one in KINDS {
            assert!(told.contains(&one.kind), "{} is described, but there is no such fault", one.kind);
        }
    }

    #[test]
    fn a_field_is_told_with_its_type_and_its_choices() {
        let told = described();
        let close = told.as_array().unwrap().iter().find(|one| one["kind"] == "close").unwrap();
        assert_eq!(close["fields"][0]["type"], "number");
        assert_eq!(close["fields"][0]["required"], true);
        assert_eq!(close["fields"][2]["choices"][0], "steady");
    }
}
