//! Voice faults as they come by chance.

use serde_json::{Value, json};

use crate::{faults::random::Dice, world::Guild};

/// The codes that music bots meet, the common ones more often.
const CODES: [Option<u16>; 10] =
    [Some(4006), Some(4006), Some(4009), Some(4014), Some(4015), Some(4015), Some(4022), Some(1001), Some(1006), None];

/// The moments of a connection that are worth waiting for.
const STAGES: [&str; 5] = ["before_hello", "after_hello", "after_identify", "before_session_description", "on_resume"];

/// The fields of a random fault of this kind.
pub(in crate::faults) fn random(kind: &str, _guild: &Guild, dice: &mut Dice) -> Option<Value> {
    match kind {
        "close" => {
            let code = dice.pick(&CODES).copied().flatten();
            Some(match dice.pick(&STAGES) {
                // Armed for the next connection; it ends by itself where none comes.
                Some(stage) if dice.chance(20) => {
                    json!({ "code": code, "stage": stage, "for_ms": dice.between(5_000, 60_000) })
                }
                Some(_) | None => json!({ "code": code }),
            })
        }
        "reset" | "tls_close" | "half_open" => Some(json!({})),
        "refuse_resume" => Some(json!({ "for_ms": dice.between(1_000, 20_000) })),
        "blackhole" => {
            let parts: &[&str] =
                dice.pick(&[&["voice_socket"][..], &["udp"], &["voice_socket", "udp"]]).copied().unwrap_or_default();
            Some(json!({ "parts": parts, "for_ms": dice.between(500, 60_000) }))
        }
        "heartbeat_ack" => Some(json!({ "delay_ms": null, "for_ms": dice.between(5_000, 60_000) })),
        "udp" => Some(json!({
            "loss": percent(dice, 20), "reorder": percent(dice, 10), "duplicate": percent(dice, 5),
            "delay_ms": dice.between(0, 80), "jitter_ms": dice.between(0, 40), "seed": dice.between(0, 1 << 32),
            "for_ms": dice.between(1_000, 30_000),
        })),
        "voice_crash" => Some(json!({ "sessions": if dice.chance(50) { "lost" } else { "kept" } })),
        "region" => Some(json!({})),
        _ => None,
    }
}

fn percent(dice: &mut Dice, most: u64) -> f64 {
    f64::from(u32::try_from(dice.between(0, most)).unwrap_or(0)) / 100.0
}
