//! DAVE's messages: some are JSON like all others, some are binary. Fields are big-endian; what MLS makes of the payloads
//! is not looked into here.

use super::{ClientMessage, Rejection};
use serde_json::{Value, json};

/// What a client says about its end-to-end encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::voice) enum DaveSaid {
    /// Op 26: a key package.
    KeyPackage(Vec<u8>),
    /// Op 28: a commit, and the Welcome to those it adds.
    CommitWelcome(Vec<u8>),
    /// Op 23: ready for this transition.
    TransitionReady(u16),
    /// Op 31: the commit or Welcome of this transition could not be processed.
    InvalidCommitWelcome(u16),
}

/// What the server says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::voice) enum DaveMessage {
    /// Op 21: another version comes; number 0 is executed at once.
    PrepareTransition { transition_id: u16, protocol_version: u16 },
    /// Op 22: the transition is executed.
    ExecuteTransition { transition_id: u16 },
    /// Op 24: the epoch that comes; 1 is a new group.
    PrepareEpoch { protocol_version: u16, epoch: u64 },
    /// Op 25: an ExternalSender.
    ExternalSender(Vec<u8>),
    /// Op 27: a vector of proposals to take in, or of references to proposals that are void.
    Proposals { revoke: bool, list: Vec<u8> },
    /// Op 29: the commit that won.
    Commit { transition_id: u16, message: Vec<u8> },
    /// Op 30: one newcomer's Welcome.
    Welcome { transition_id: u16, welcome: Vec<u8> },
}

impl DaveMessage {
    pub(super) fn op(&self) -> u8 {
        match self {
            Self::PrepareTransition { .. } => 21,
            Self::ExecuteTransition { .. } => 22,
            Self::PrepareEpoch { .. } => 24,
            Self::ExternalSender(_) => 25,
            Self::Proposals { .. } => 27,
            Self::Commit { .. } => 29,
            Self::Welcome { .. } => 30,
        }
    }

    /// The message's `d`, or what follows the opcode of a binary one.
    pub(super) fn body(self) -> Result<Value, Vec<u8>> {
        match self {
            Self::PrepareTransition { transition_id, protocol_version } => {
                Ok(json!({ "transition_id": transition_id, "protocol_version": protocol_version }))
            }
            Self::ExecuteTransition { transition_id } => Ok(json!({ "transition_id": transition_id })),
            Self::PrepareEpoch { protocol_version, epoch } => {
                Ok(json!({ "protocol_version": protocol_version, "epoch": epoch }))
            }
            Self::ExternalSender(package) => Err(package),
            Self::Proposals { revoke, list } => Err([&[u8::from(revoke)][..], &list].concat()),
            Self::Commit { transition_id, message: payload } | Self::Welcome { transition_id, welcome: payload } => {
                Err([&transition_id.to_be_bytes()[..], &payload].concat())
            }
        }
    }
}

/// Reads a binary message; any bytes have an answer.
pub(in crate::voice) fn read_binary(bytes: &[u8]) -> Result<ClientMessage, Rejection> {
    match bytes.split_first() {
        Some((26, payload)) => Ok(ClientMessage::Dave(DaveSaid::KeyPackage(payload.to_vec()))),
        Some((28, payload)) => Ok(ClientMessage::Dave(DaveSaid::CommitWelcome(payload.to_vec()))),
        Some((unknown, _)) => Err(Rejection::UnknownOp(i64::from(*unknown))),
        None => Err(Rejection::Undecodable(String::from("an empty binary message"))),
    }
}

/// A binary message as the frame log shows it. `numbered` ones begin with a sequence number.
pub(in crate::voice) fn loggable_binary(bytes: &[u8], numbered: bool) -> (Option<i64>, Value) {
    let (seq, rest) = match bytes {
        [high, low, rest @ ..] if numbered => (Some(u16::from_be_bytes([*high, *low])), rest),
        rest => (None, rest),
    };
    let op = rest.first().map(|op| i64::from(*op));
    let mut payload = json!({ "op": op, "binary_bytes": bytes.len() });
    if let Some(seq) = seq {
        payload["seq"] = Value::from(seq);
    }
    match rest {
        [29 | 30, high, low, ..] => payload["transition_id"] = Value::from(u16::from_be_bytes([*high, *low])),
        [27, operation, ..] => payload["operation"] = Value::from(if *operation == 0 { "append" } else { "revoke" }),
        _ => {}
    }
    (op, payload)
}
