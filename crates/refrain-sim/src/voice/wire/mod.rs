//! The voice gateway's JSON, as versions 4 to 7 and as version 8 write it.
//!
//! Version 8 numbers the messages that a resume sends again (`seq`) and wraps the heartbeat's nonce in an object.
//! Before it a message has the keys `op` and `d` alone, in that order, and a heartbeat is a bare integer: a client that
//! reads strictly drops a message with any other key without a word.

mod client;
mod dave;
mod server;

#[cfg(test)]
pub(super) use client::ProtocolData;
pub(super) use client::{ClientMessage, Identify, Rejection, Resume, SelectProtocol, Speaking, read};
pub(super) use dave::{DaveMessage, DaveSaid, loggable_binary, read_binary};
pub(super) use server::{MODES, ServerMessage};

use serde_json::Value;

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

/// A message as it goes into a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packed {
    Text(String),
    Binary(Vec<u8>),
}

impl Packed {
    /// Its length in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
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
mod tests;
