//! End-to-end encryption: version 1 of Discord's DAVE protocol, from the voice gateway's side.
//!
//! `group` is what the gateway knows of one channel's MLS group and says to its members; `authority` its keys as external
//! sender, `commit` what it checks of a commit, `transitions` and `answers` who it waits for. `person` is a person without a client,
//! for whom the simulator is a member too, so that somebody is there to hear what is encrypted; `room` puts group and
//! people together and opens frames (`frame` tells encrypted ones). All of that is without IO or a clock; `worker` is the
//! thread that runs it, because the arithmetic is too slow for the runtime and for the media port.
//!
//! Written from Discord's DAVE whitepaper and RFC 9420.

mod answers;
mod authority;
mod commit;
mod frame;
mod group;
mod leaf;
mod person;
mod room;
mod tls;
mod transitions;
mod worker;

pub(super) use room::{Event, Heard, Room, Spoken};
pub(super) use worker::{Rooms, spawn};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What voice channels ask of clients about end-to-end encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DavePolicy {
    /// It is not there: version 0 always. In a world file `0`.
    Never,
    /// It is used while everybody in the channel speaks it. In a world file `1`.
    Offered,
    /// Who does not speak it is closed with 4017, as Discord does since March 2026. In a world file `"required"`.
    Required,
}

/// How end-to-end encryption behaves.
#[derive(Clone, Copy, Debug)]
pub struct Dave {
    /// What is asked of clients.
    pub policy: DavePolicy,
    /// How long a transition waits for those who do not say that they are ready (op 23), in milliseconds. Discord's
    /// whitepaper speaks of roughly two seconds.
    pub transition_limit_ms: f64,
    /// After how long people whose client the simulator runs send their commit if no other one came before, in
    /// milliseconds; with 0 theirs always wins.
    pub people_commit_ms: f64,
}

impl Dave {
    /// With this policy, and Discord's times.
    #[must_use]
    pub fn new(policy: DavePolicy) -> Self {
        Self { policy, transition_limit_ms: 2000.0, people_commit_ms: 250.0 }
    }
}

/// A door for the fuzz targets.
#[cfg(any(test, feature = "fuzz"))]
pub(super) fn fuzz(bytes: &[u8]) {
    let _is_encrypted = frame::is_encrypted(bytes);
    let _commit = commit::CommitWelcome::read(bytes);
    if let Ok(authority) = authority::Authority::new(7) {
        let _candidate = authority.admit(1, bytes);
    }
}

impl Serialize for DavePolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Never => serializer.serialize_u8(0),
            Self::Offered => serializer.serialize_u8(1),
            Self::Required => serializer.serialize_str("required"),
        }
    }
}

impl<'de> Deserialize<'de> for DavePolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(u64),
            Word(String),
        }
        let known = match Either::deserialize(deserializer) {
            Ok(Either::Number(0)) => Some(Self::Never),
            Ok(Either::Number(1)) => Some(Self::Offered),
            Ok(Either::Word(word)) if word == "required" => Some(Self::Required),
            Ok(Either::Number(_) | Either::Word(_)) | Err(_) => None,
        };
        known.ok_or_else(|| de::Error::custom("`dave` is 0 (never), 1 (offered) or \"required\""))
    }
}
