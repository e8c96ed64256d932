//! What the server says, and its text.

use super::{DaveMessage, Packed, Version};
use serde::Serialize;
use serde_json::Number;

/// What the server says.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::voice) enum ServerMessage {
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
    /// About end-to-end encryption.
    Dave(DaveMessage),
}

/// The modes that Ready offers.
pub(in crate::voice) const MODES: [&str; 2] = ["aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"];

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
    pub(in crate::voice) fn op(&self) -> u8 {
        match self {
            Self::Ready { .. } => 2,
            Self::SessionDescription { .. } => 4,
            Self::Speaking { .. } => 5,
            Self::HeartbeatAck { .. } => 6,
            Self::Hello { .. } => 8,
            Self::Resumed => 9,
            Self::ClientsConnect { .. } => 11,
            Self::ClientDisconnect { .. } => 13,
            Self::Dave(message) => message.op(),
        }
    }

    /// Whether version 8 numbers it, so that a resume sends it again: all that belongs to the session, nothing that
    /// belongs to the socket.
    pub(in crate::voice) fn is_buffered(&self) -> bool {
        match self {
            Self::SessionDescription { .. }
            | Self::Speaking { .. }
            | Self::ClientsConnect { .. }
            | Self::ClientDisconnect { .. }
            | Self::Dave(_) => true,
            Self::Ready { .. } | Self::HeartbeatAck { .. } | Self::Hello { .. } | Self::Resumed => false,
        }
    }

    /// What is in the frame.
    pub(in crate::voice) fn encode(self, version: Version, seq: Option<u16>) -> Packed {
        let op = self.op();
        Packed::Text(match self {
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
            Self::Dave(message) => match message.body() {
                Ok(d) => envelope(op, seq, d),
                Err(payload) => {
                    let seq = seq.map(u16::to_be_bytes);
                    let seq = seq.as_ref().map_or(&[][..], |seq| &seq[..]);
                    return Packed::Binary([seq, &[op], &payload].concat());
                }
            },
        })
    }
}

fn envelope(op: u8, seq: Option<u16>, d: impl Serialize) -> String {
    serde_json::to_string(&Envelope { op, d, seq })
        .expect("plain structs of numbers and strings always have a JSON form")
}
