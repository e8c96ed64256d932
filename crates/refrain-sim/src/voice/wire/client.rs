//! What a client says; any text has an answer.

use super::{DaveSaid, Version};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Number, Value};

/// Op 0.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::voice) struct Identify {
    #[serde(deserialize_with = "id")]
    pub(in crate::voice) server_id: u64,
    #[serde(deserialize_with = "id")]
    pub(in crate::voice) user_id: u64,
    pub(in crate::voice) session_id: String,
    pub(in crate::voice) token: String,
    /// The highest DAVE version the client can speak; absent means none.
    #[serde(default)]
    pub(in crate::voice) max_dave_protocol_version: u16,
}

/// Op 1.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::voice) struct SelectProtocol {
    pub(in crate::voice) protocol: String,
    pub(in crate::voice) data: ProtocolData,
}

/// The `data` of op 1.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::voice) struct ProtocolData {
    pub(in crate::voice) address: String,
    pub(in crate::voice) port: u16,
    pub(in crate::voice) mode: String,
}

/// Op 5.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::voice) struct Speaking {
    pub(in crate::voice) speaking: u64,
    #[serde(default)]
    pub(in crate::voice) ssrc: Option<u32>,
}

/// Op 7.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::voice) struct Resume {
    #[serde(deserialize_with = "id")]
    pub(in crate::voice) server_id: u64,
    pub(in crate::voice) session_id: String,
    pub(in crate::voice) token: String,
    /// The last numbered message that arrived; absent or -1 means none did.
    #[serde(default)]
    pub(in crate::voice) seq_ack: Option<i64>,
}

#[derive(Deserialize)]
struct NumberedHeartbeat {
    t: Number,
    #[serde(default)]
    seq_ack: Option<i64>,
}

/// Op 23 and op 31.
#[derive(Deserialize)]
struct Transition {
    transition_id: u16,
}

/// What a client says.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::voice) enum ClientMessage {
    Identify(Identify),
    SelectProtocol(SelectProtocol),
    Heartbeat {
        nonce: Number,
        seq_ack: Option<i64>,
    },
    Speaking(Speaking),
    Resume(Resume),
    /// About end-to-end encryption.
    Dave(DaveSaid),
    /// Known, and of no consequence here: video, statistics.
    Ignored,
}

/// Why a frame was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::voice) enum Rejection {
    /// Not JSON, or not of the opcode's shape: close code 4002.
    Undecodable(String),
    /// No client sends this opcode: close code 4001.
    UnknownOp(i64),
}

/// A frame that was read: its opcode, the whole of it (for the log) and what it means.
pub(in crate::voice) struct Frame {
    pub(in crate::voice) op: Option<i64>,
    pub(in crate::voice) payload: Value,
    pub(in crate::voice) message: Result<ClientMessage, Rejection>,
}

/// Reads a text frame; any text has an answer.
pub(in crate::voice) fn read(text: &str, version: Version) -> Frame {
    match serde_json::from_str::<Value>(text) {
        Ok(payload) => {
            let op = payload.get("op").and_then(Value::as_i64);
            let d = payload.get("d").unwrap_or(&Value::Null);
            let message = match op {
                Some(op) => understand(op, d, version),
                None => Err(Rejection::Undecodable(String::from("a message is an object with an integer `op`"))),
            };
            Frame { op, message, payload }
        }
        Err(error) => Frame {
            op: None,
            payload: Value::String(text.chars().take(200).collect()),
            message: Err(Rejection::Undecodable(error.to_string())),
        },
    }
}

fn understand(op: i64, d: &Value, version: Version) -> Result<ClientMessage, Rejection> {
    match op {
        0 => body(d).map(ClientMessage::Identify),
        1 => body(d).map(ClientMessage::SelectProtocol),
        3 => heartbeat(d, version),
        5 => body(d).map(ClientMessage::Speaking),
        7 => body(d).map(ClientMessage::Resume),
        23 => body(d).map(|Transition { transition_id }| ClientMessage::Dave(DaveSaid::TransitionReady(transition_id))),
        31 => body(d)
            .map(|Transition { transition_id }| ClientMessage::Dave(DaveSaid::InvalidCommitWelcome(transition_id))),
        // 12 video, 14 and 15 media wishes, 16 backend version, 18 flags, 20 platform.
        12 | 14 | 15 | 16 | 18 | 20 => Ok(ClientMessage::Ignored),
        unknown => Err(Rejection::UnknownOp(unknown)),
    }
}

fn heartbeat(d: &Value, version: Version) -> Result<ClientMessage, Rejection> {
    match version {
        Version::Unbuffered(_) => body::<Number>(d).map(|nonce| ClientMessage::Heartbeat { nonce, seq_ack: None }),
        Version::Buffered => body::<NumberedHeartbeat>(d)
            .map(|numbered| ClientMessage::Heartbeat { nonce: numbered.t, seq_ack: numbered.seq_ack }),
    }
}

fn body<T: DeserializeOwned>(d: &Value) -> Result<T, Rejection> {
    T::deserialize(d).map_err(|error| Rejection::Undecodable(error.to_string()))
}

/// Snowflakes come as strings; some clients send them as integers.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(id) => Ok(id),
        Either::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}
