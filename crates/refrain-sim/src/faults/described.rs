//! The catalogue in words, for people who order faults from a form. `GET /sim/faults` tells it.
//!
//! A kind that is not described here can be ordered all the same: its fields are then written as JSON.

use serde::Serialize;
use serde_json::{Value, json};

use super::ROOMS;

/// A kind in words.
struct Described {
    kind: &'static str,
    words: &'static str,
    /// Whether it is in force until it is ended.
    lasting: bool,
    fields: &'static [Field],
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

const STAGE: Field = field(
    "stage",
    Takes::Choice {
        choices: &[
            "steady",
            "before_hello",
            "after_hello",
            "after_identify",
            "before_session_description",
            "after_session_description",
            "on_resume",
            "after_resumed",
        ],
    },
    "when: now (steady), or when a connection gets that far",
);
const COUNT: Field = number("count", 1.0, "how many connections it hits");
const ENDS: &[Field] = &[STAGE, COUNT];

const fn once(kind: &'static str, words: &'static str, fields: &'static [Field]) -> Described {
    Described { kind, words, lasting: false, fields }
}

const fn lasting(kind: &'static str, words: &'static str, fields: &'static [Field]) -> Described {
    Described { kind, words, lasting: true, fields }
}

const KINDS: &[Described] = &[
    once(
        "close",
        "The voice socket is closed with a code.",
        &[
            required(number("code", 4006.0, "the close code; empty closes without one")),
            field("reason", Takes::Text, "the close frame's text"),
            STAGE,
            COUNT,
        ],
    ),
    once("reset", "The voice socket ends with a TCP reset.", ENDS),
    once("tls_close", "The voice socket's TLS ends without a websocket close.", ENDS),
    once("half_open", "The voice socket's other half is gone, and nobody says so.", ENDS),
    lasting(
        "blackhole",
        "What the bot sends to voice disappears, and nothing comes back.",
        &[
            field(
                "parts",
                Takes::Choices { choices: &["voice_socket", "udp"] },
                "what is swallowed; all where none is",
            ),
            flag("new_connections", true, "new connections get no answer either"),
            STAGE,
        ],
    ),
    lasting(
        "heartbeat_ack",
        "The voice gateway's heartbeat answers come late, or not at all.",
        &[required(field("delay_ms", Takes::Number { default: None }, "by how much; empty withholds them"))],
    ),
    lasting(
        "udp",
        "The media path loses, doubles, reorders and delays packets.",
        &[
            number("loss", 0.05, "chance, 0 to 1"),
            number("duplicate", 0.0, "chance, 0 to 1"),
            number("reorder", 0.0, "chance, 0 to 1"),
            number("delay_ms", 0.0, "each packet's delay"),
            number("jitter_ms", 0.0, "how much the delay varies"),
            number("seed", 0.0, "of the chances"),
        ],
    ),
    lasting("refuse_resume", "Voice resumes are refused.", &[number("code", 4006.0, "the close code")]),
    once(
        "voice_crash",
        "A voice server crashes with all its sockets.",
        &[
            field("server", Takes::Text, "its region; the guild's server where empty"),
            field("how", Takes::Choice { choices: &["close", "reset", "tls_close"] }, "how the sockets end"),
            number("code", 4015.0, "the close code"),
            field("sessions", Takes::Choice { choices: &["kept", "lost"] }, "whether they can be resumed"),
            flag("refuse", false, "connections are refused until the fault is ended"),
        ],
    ),
    once(
        "region",
        "The guild's voice moves to another region.",
        &[
            field("to", Takes::Text, "the region; the next one where empty"),
            number("code", 4022.0, "what the old sockets are closed with"),
        ],
    ),
    once("kick", "A moderator disconnects the bot from voice.", &[]),
    once(
        "move",
        "A moderator moves the bot to another channel.",
        &[required(field("channel", Takes::Channel, "where to"))],
    ),
    once(
        "server_update",
        "The voice server changes: a new token.",
        &[flag("available", true, "off: the endpoint is null, the server is gone")],
    ),
    lasting("op4_unanswered", "Joining, moving and leaving are answered with nothing.", &[]),
    once("gateway_close", "The main gateway's socket is closed.", &[number("code", 4000.0, "the close code")]),
    once("gateway_reset", "The main gateway's socket ends with a TCP reset.", &[]),
    once("gateway_reconnect", "The main gateway asks the bot to reconnect (op 7).", &[]),
    once(
        "gateway_invalid_session",
        "The main gateway calls the session invalid (op 9).",
        &[flag("resumable", false, "it can be resumed all the same")],
    ),
    lasting("gateway_zombie", "The main gateway's socket is open, but dead.", &[]),
];

/// Every kind there is, with its fields where they are described.
pub(crate) fn described() -> Value {
    let all = ROOMS.iter().flat_map(|room| room.kinds).map(|kind| {
        let known = KINDS.iter().find(|one| one.kind == *kind);
        json!({
            "kind": kind, "words": known.map(|one| one.words), "lasting": known.map(|one| one.lasting),
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
