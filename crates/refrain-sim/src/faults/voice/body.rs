//! The bodies of this room's orders.

use serde::Deserialize;

use crate::{control::answer::Refusal, voice::Figures};

/// The kinds that [`Fault`] has.
pub(super) const KINDS: &[&str] = &[
    "close",
    "reset",
    "tls_close",
    "half_open",
    "blackhole",
    "heartbeat_ack",
    "udp",
    "refuse_resume",
    "voice_crash",
    "region",
];

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Fault {
    Close {
        /// The voice socket's close code; null closes without one.
        #[serde(deserialize_with = "Option::deserialize")]
        code: Option<u16>,
        #[serde(default)]
        reason: String,
        #[serde(default)]
        stage: Moment,
        #[serde(default = "once")]
        count: u32,
    },
    Reset {
        #[serde(default)]
        stage: Moment,
        #[serde(default = "once")]
        count: u32,
    },
    TlsClose {
        #[serde(default)]
        stage: Moment,
        #[serde(default = "once")]
        count: u32,
    },
    HalfOpen {
        #[serde(default)]
        stage: Moment,
        #[serde(default = "once")]
        count: u32,
    },
    Blackhole {
        #[serde(default = "both")]
        parts: Vec<Part>,
        /// Whether connections made from now on get no answer either.
        #[serde(default = "yes")]
        new_connections: bool,
        #[serde(default)]
        stage: Moment,
    },
    HeartbeatAck {
        /// Null, or nothing, withholds them.
        delay_ms: Option<u64>,
    },
    Udp(UdpFigures),
    RefuseResume {
        #[serde(default = "no_longer_valid")]
        code: u16,
    },
    VoiceCrash {
        /// A region; otherwise the guild's server, or all where no guild is named.
        server: Option<String>,
        #[serde(default)]
        how: CrashHow,
        #[serde(default = "crashed")]
        code: Option<u16>,
        #[serde(default)]
        sessions: Sessions,
        /// Whether connections are refused until the fault is ended.
        #[serde(default)]
        refuse: bool,
    },
    Region {
        /// A region; the next one where none is named.
        to: Option<String>,
        /// What the old sockets are closed with; null leaves them to the bots.
        #[serde(default = "call_terminated")]
        code: Option<u16>,
    },
}

/// When it happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Moment {
    /// Now, to the open socket.
    #[default]
    Steady,
    BeforeHello,
    AfterHello,
    AfterIdentify,
    BeforeSessionDescription,
    AfterSessionDescription,
    OnResume,
    AfterResumed,
}

/// What a blackhole swallows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    VoiceSocket,
    Udp,
}

/// How the sockets of a server that crashes end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CrashHow {
    #[default]
    Close,
    Reset,
    TlsClose,
}

/// Whether sessions survive a crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sessions {
    #[default]
    Kept,
    Lost,
}

/// The fields of `udp`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct UdpFigures {
    loss: f64,
    duplicate: f64,
    reorder: f64,
    delay_ms: f64,
    jitter_ms: f64,
    seed: u64,
}

/// The longest delay, and the longest jitter, in milliseconds.
const MAX_MS: f64 = 5_000.0;

impl UdpFigures {
    pub(super) fn checked(self) -> Result<Figures, Refusal> {
        for (name, chance) in [("loss", self.loss), ("duplicate", self.duplicate), ("reorder", self.reorder)] {
            if !(0.0..=1.0).contains(&chance) {
                return Err(Refusal::bad(format!("`{name}` is a chance, 0 to 1")));
            }
        }
        for (name, time) in [("delay_ms", self.delay_ms), ("jitter_ms", self.jitter_ms)] {
            if !(0.0..=MAX_MS).contains(&time) {
                return Err(Refusal::bad(format!("`{name}` is a time in milliseconds, 0 to {MAX_MS}")));
            }
        }
        let Self { loss, duplicate, reorder, delay_ms, jitter_ms, seed } = self;
        Ok(Figures { loss, duplicate, reorder, delay_ms, jitter_ms, seed })
    }
}

fn once() -> u32 {
    1
}

fn yes() -> bool {
    true
}

fn both() -> Vec<Part> {
    vec![Part::VoiceSocket, Part::Udp]
}

fn no_longer_valid() -> u16 {
    4006
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's own type, and null is another value of it")]
fn crashed() -> Option<u16> {
    Some(4015)
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's own type, and null is another value of it")]
fn call_terminated() -> Option<u16> {
    Some(4022)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::fields_of;
    use serde_json::json;

    #[test]
    fn a_close_needs_a_code_which_may_be_null() {
        assert!(fields_of::<Fault>(json!({ "kind": "close" })).is_err());
        let none = fields_of::<Fault>(json!({ "kind": "close", "code": null })).unwrap();
        assert!(matches!(none, Fault::Close { code: None, stage: Moment::Steady, count: 1, .. }));
    }

    #[test]
    fn a_field_that_no_fault_has_is_refused_by_name() {
        for body in [json!({ "kind": "close", "code": 4006, "reson": "" }), json!({ "kind": "udp", "reson": 0.1 })] {
            let error = fields_of::<Fault>(body).unwrap_err();
            assert!(format!("{error:?}").contains("reson"));
        }
    }

    #[test]
    fn every_kind_can_be_ordered() {
        for kind in KINDS {
            let body = json!({ "kind": kind, "code": 4006 });
            let bare = json!({ "kind": kind, "delay_ms": null });
            let plain = json!({ "kind": kind });
            let read = [body, bare, plain].into_iter().any(|body| fields_of::<Fault>(body).is_ok());
            assert!(read, "{kind}");
        }
    }

    #[test]
    fn figures_out_of_bounds_are_refused() {
        for fields in [json!({ "loss": 1.5 }), json!({ "jitter_ms": -1.0 }), json!({ "delay_ms": 1e9 })] {
            let figures: UdpFigures = serde_json::from_value(fields.clone()).unwrap();
            assert!(figures.checked().is_err(), "{fields}");
        }
    }
}
