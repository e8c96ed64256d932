//! What is done to a bot in each row, and what is waited for.

use super::row::{Kind, Row};
use crate::conformance::world::Place;
use serde_json::{Value, json};
use std::time::Duration;

/// How long the voice server is dark, in milliseconds: longer than a voice server waits for a heartbeat.
const DARK_MS: u64 = 30_000;
/// How long each Identify is answered with 4006.
const STORM_MS: u64 = 60_000;
/// How long after the null endpoint the real one comes.
const NULL_MS: u64 = 2_000;
/// How long a bot that was thrown out is watched: one that comes back does it within a few seconds.
const OUT_FOR: Duration = Duration::from_secs(12);
/// How much longer than other rows those are watched whose fault takes time to be noticed.
const NOTICING: Duration = Duration::from_secs(15);
/// How much is heard before a fault, in milliseconds: enough for a DAVE group to have come to rest.
const BEFORE_MS: f64 = 3_000.0;
/// How much before one that must be noticed: voice servers report every five seconds that packets arrive, and a bot may live by it.
const BEFORE_NOTICING_MS: f64 = 12_000.0;

/// Something that is ordered of the simulator.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) kind: &'static str,
    pub(super) fields: Value,
}

/// A fault with all that belongs to it.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// How the world is, before and while it happens: lasting.
    pub(super) weather: Vec<Order>,
    /// What happens.
    pub(super) strike: Order,
    /// What happens so long after it, and ends the time in which nobody can play.
    pub(super) relief: Option<(Duration, Option<Order>)>,
    /// How long a bot that is not heard again is watched, from the moment on when it could be.
    pub(super) watch: Duration,
}

fn order(kind: &'static str, fields: Value) -> Order {
    Order { kind, fields }
}

/// A world in which op 4 for the channel one is in already is answered, or not.
fn same_channel(answer: &str) -> Vec<Order> {
    vec![order("same_channel_op4", json!({ "answer": answer }))]
}

impl Row {
    /// How much music is heard before the fault, in milliseconds.
    pub(super) fn before_ms(self) -> f64 {
        match self.kind() {
            Kind::Noticing => BEFORE_NOTICING_MS,
            Kind::Silence | Kind::Storm | Kind::StayingOut => BEFORE_MS,
        }
    }

    /// What is done at `place`; `watch` is how long a bot is watched that does not come back.
    pub(super) fn plan(self, place: &Place, watch: Duration) -> Plan {
        let close = |code: u16| order("close", json!({ "code": code }));
        let mut plan = Plan { weather: same_channel("unanswered"), strike: close(4006), relief: None, watch };
        match self {
            Self::InvalidStrict => {}
            Self::InvalidLenient => plan.weather = same_channel("answered"),
            Self::InvalidAlways => {
                plan.weather = same_channel("answered");
                let every = json!({ "code": 4006, "stage": "after_identify", "count": 10_000, "for_ms": STORM_MS });
                plan.weather.push(order("close", every));
                plan.relief = Some((Duration::from_millis(STORM_MS), None));
            }
            Self::Disconnected => plan.strike = close(4014),
            Self::Crashed => plan.strike = close(4015),
            Self::CrashedRefused => {
                plan.weather = same_channel("answered");
                plan.weather.push(order("refuse_resume", json!({ "code": 4006 })));
                plan.strike = close(4015);
            }
            Self::CrashedVoid => plan.strike = order("voice_crash", json!({ "code": 4015, "sessions": "lost" })),
            Self::GoingAway => plan.strike = close(1001),
            Self::Reset => plan.strike = order("reset", json!({})),
            Self::Fin => plan.strike = close(1006),
            Self::TlsClose => plan.strike = order("tls_close", json!({})),
            Self::DeadSocket => {
                plan.strike = order("half_open", json!({}));
                plan.watch = watch + NOTICING;
            }
            Self::DeadServer => {
                plan.strike = order("blackhole", json!({ "for_ms": DARK_MS }));
                plan.relief = Some((Duration::from_millis(DARK_MS), None));
                plan.watch = watch + NOTICING;
            }
            Self::ServerUpdate => plan.strike = order("server_update", json!({})),
            Self::NullEndpoint => {
                plan.strike = order("server_update", json!({ "available": false }));
                plan.relief = Some((Duration::from_millis(NULL_MS), Some(order("server_update", json!({})))));
            }
            Self::Moved => plan.strike = order("move", json!({ "channel": place.lounge })),
            Self::Kicked => {
                plan.strike = order("kick", json!({}));
                plan.watch = OUT_FOR;
            }
        }
        plan
    }
}
