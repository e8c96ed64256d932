//! The voice gateway's JSON, as versions 4 to 7 and as version 8 write it.
//!
//! Version 8 numbers the messages that a resume sends again (`seq`) and wraps the heartbeat's nonce in an object.
//! Before it a message has the keys `op` and `d` alone, in that order, and a heartbeat is a bare integer: a client that
//! reads strictly drops a message with any other key without a word.

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::{Number, Value};

/// Which dialect a socket speaks: the `v` of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// Versions 4 to 7: no numbered messages, bare heartbeats.
    Unbuffered(u8),
    /// Version 8: numbered messages, `{"t","seq_ack"}` heartbeats.
    Buffered,
}

impl Version {
    /// Reads the query of the address a client asked for; `None` for a version that is no longer served.
    pub(super) fn of_query(query: Option<&str>) -> Option<Self> {
        let asked = query?.split('&').find_map(|pair| pair.strip_prefix("v="))?;
        match asked.parse::<u8>().ok()? {
            version @ 4..=7 => Some(Self::Unbuffered(version)),
            8 => Some(Self::Buffered),
            _ => None,
        }
    }

    /// The number in the address.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Unbuffered(version) => version,
            Self::Buffered => 8,
        }
    }
}

/// What the server says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ServerMessage {
    /// Op 8: how often to send a heartbeat, in milliseconds.
    Hello { heartbeat_interval: u64 },
    /// Op 2: the answer to Identify.
    Ready { ssrc: u32, port: u16 },
    /// Op 4: the answer to Select Protocol.
    SessionDescription { mode: &'static str, secret_key: [u8; 32], dave_protocol_version: u16 },
    /// Op 5: somebody else speaks.
    Speaking { user: u64, ssrc: u32, speaking: u64 },
    /// Op 6: the nonce of the heartbeat it answers.
    HeartbeatAck { nonce: Number },
    /// Op 9: the session lives on.
    Resumed,
    /// Op 11: who else is in the channel, or came.
    ClientsConnect { users: Vec<u64> },
    /// Op 13: who left.
    ClientDisconnect { user: u64 },
}

/// The modes that Ready offers.
pub(super) const MODES: [&str; 2] = ["aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"];

#[derive(Serialize)]
struct Envelope<D> {
    op: u8,
    d: D,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u16>,
}

#[derive(Serialize)]
struct Hello {
    heartbeat_interval: u64,
}

#[derive(Serialize)]
struct Ready {
    ssrc: u32,
    ip: &'static str,
    port: u16,
    modes: [&'static str; 2],
}

#[derive(Serialize)]
struct SessionDescription {
    mode: &'static str,
    secret_key: [u8; 32],
    dave_protocol_version: u16,
}

#[derive(Serialize)]
struct SpeakingOf {
    user_id: String,
    ssrc: u32,
    speaking: u64,
}

#[derive(Serialize)]
struct Nonce {
    t: Number,
}

#[derive(Serialize)]
struct UserIds {
    user_ids: Vec<String>,
}

#[derive(Serialize)]
struct UserId {
    user_id: String,
}

impl ServerMessage {
    /// Its opcode.
    pub(super) fn op(&self) -> u8 {
        match self {
            Self::Ready { .. } => 2,
            Self::SessionDescription { .. } => 4,
            Self::Speaking { .. } => 5,
            Self::HeartbeatAck { .. } => 6,
            Self::Hello { .. } => 8,
            Self::Resumed => 9,
            Self::ClientsConnect { .. } => 11,
            Self::ClientDisconnect { .. } => 13,
        }
    }

    /// Whether version 8 numbers it, so that a resume sends it again: all that belongs to the session, nothing that
    /// belongs to the socket.
    pub(super) fn is_buffered(&self) -> bool {
        match self {
            Self::SessionDescription { .. }
            | Self::Speaking { .. }
            | Self::ClientsConnect { .. }
            | Self::ClientDisconnect { .. } => true,
            Self::Ready { .. } | Self::HeartbeatAck { .. } | Self::Hello { .. } | Self::Resumed => false,
        }
    }

    /// The text of the frame.
    pub(super) fn encode(self, version: Version, seq: Option<u16>) -> String {
        let op = self.op();
        match self {
            Self::Hello { heartbeat_interval } => envelope(op, seq, Hello { heartbeat_interval }),
            Self::Ready { ssrc, port } => envelope(op, seq, Ready { ssrc, ip: "127.0.0.1", port, modes: MODES }),
            Self::SessionDescription { mode, secret_key, dave_protocol_version } => {
                envelope(op, seq, SessionDescription { mode, secret_key, dave_protocol_version })
            }
            Self::Speaking { user, ssrc, speaking } => {
                envelope(op, seq, SpeakingOf { user_id: user.to_string(), ssrc, speaking })
            }
            Self::HeartbeatAck { nonce } => match version {
                Version::Unbuffered(_) => envelope(op, seq, nonce),
                Version::Buffered => envelope(op, seq, Nonce { t: nonce }),
            },
            Self::Resumed => envelope(op, seq, ()),
            Self::ClientsConnect { users } => {
                envelope(op, seq, UserIds { user_ids: users.iter().map(u64::to_string).collect() })
            }
            Self::ClientDisconnect { user } => envelope(op, seq, UserId { user_id: user.to_string() }),
        }
    }
}

fn envelope(op: u8, seq: Option<u16>, d: impl Serialize) -> String {
    serde_json::to_string(&Envelope { op, d, seq })
        .expect("plain structs of numbers and strings always have a JSON form")
}

/// Op 0.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Identify {
    #[serde(deserialize_with = "id")]
    pub(super) server_id: u64,
    #[serde(deserialize_with = "id")]
    pub(super) user_id: u64,
    pub(super) session_id: String,
    pub(super) token: String,
    /// The highest DAVE version the client can speak; absent means none.
    #[serde(default)]
    pub(super) max_dave_protocol_version: u16,
}

/// Op 1.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct SelectProtocol {
    pub(super) protocol: String,
    pub(super) data: ProtocolData,
}

/// The `data` of op 1.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct ProtocolData {
    pub(super) address: String,
    pub(super) port: u16,
    pub(super) mode: String,
}

/// Op 5.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Speaking {
    pub(super) speaking: u64,
    #[serde(default)]
    pub(super) ssrc: Option<u32>,
}

/// Op 7.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Resume {
    #[serde(deserialize_with = "id")]
    pub(super) server_id: u64,
    pub(super) session_id: String,
    pub(super) token: String,
    /// The last numbered message that arrived; absent or -1 means none did.
    #[serde(default)]
    pub(super) seq_ack: Option<i64>,
}

#[derive(Deserialize)]
struct NumberedHeartbeat {
    t: Number,
    #[serde(default)]
    seq_ack: Option<i64>,
}

/// What a client says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ClientMessage {
    Identify(Identify),
    SelectProtocol(SelectProtocol),
    Heartbeat {
        nonce: Number,
        seq_ack: Option<i64>,
    },
    Speaking(Speaking),
    Resume(Resume),
    /// Known, and of no consequence here: video, statistics, DAVE while no group exists.
    Ignored,
}

/// Why a frame was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rejection {
    /// Not JSON, or not of the opcode's shape: close code 4002.
    Undecodable(String),
    /// No client sends this opcode: close code 4001.
    UnknownOp(i64),
}

/// A frame that was read: its opcode, the whole of it (for the log) and what it means.
pub(super) struct Frame {
    pub(super) op: Option<i64>,
    pub(super) payload: Value,
    pub(super) message: Result<ClientMessage, Rejection>,
}

/// Reads a text frame; any text has an answer.
pub(super) fn read(text: &str, version: Version) -> Frame {
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
        // 12 video, 14 and 15 media wishes, 16 backend version, 18 flags, 20 platform; 23 and 31 DAVE.
        12 | 14 | 15 | 16 | 18 | 20 | 23 | 31 => Ok(ClientMessage::Ignored),
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

/// A message as the frame log may show it: without the media key. (Tokens are the log's own care.)
pub(super) fn loggable(text: &str) -> Value {
    let mut payload = serde_json::from_str(text).unwrap_or(Value::Null);
    if let Some(key) = payload.pointer_mut("/d/secret_key") {
        *key = Value::from("redacted");
    }
    payload
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
