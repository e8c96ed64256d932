//! Expectations of the frames on the wire.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    run::{Failure, Runner, Unmet},
    step::{Direction, ExpectFrames},
};

/// Frames told in a step's result.
const MAX_TOLD: usize = 20;

impl Runner<'_> {
    pub(super) async fn expect_frames(&mut self, expect: &ExpectFrames) -> Result<Value, Failure> {
        let sim = self.sim;
        let since = self.since(expect.since.as_deref(), -1.0);
        let (mut after, mut count, mut told) = (0, 0, Vec::new());
        let mut enough_at = None;
        let within = self.patience(expect.within_ms) + Duration::from_millis(expect.for_ms);
        let met = self.until(within, async || {
            let (status, lines) =
                sim.control("GET", &format!("/sim/log?since={since}&after={after}"), &Value::Null).await;
            let Some(lines) = lines.as_str().filter(|_| status == 200) else {
                return Err(Unmet::Never(format!("the log could not be read: {status} {lines}")));
            };
            for line in lines.lines() {
                let frame: Value = serde_json::from_str(line).unwrap_or_default();
                after = frame["seq"].as_u64().unwrap_or(after);
                if fits(&frame, expect) {
                    count += 1;
                    if told.len() < MAX_TOLD {
                        told.push(json!({ "seq": frame["seq"], "at_ms": frame["at_ms"], "op": frame["op"] }));
                    }
                }
            }
            if let Some(most) = expect.at_most.filter(|most| count > *most) {
                return Err(Unmet::Never(format!("there were {count} such frames, more than {most}")));
            }
            if count < expect.at_least {
                return Err(Unmet::Yet(format!("there were {count} such frames, {} are expected", expect.at_least)));
            }
            let enough = *enough_at.get_or_insert_with(Instant::now);
            if expect.at_most.is_some() && enough.elapsed() < Duration::from_millis(expect.for_ms) {
                return Err(Unmet::Yet("more could still come".into()));
            }
            Ok(count)
        });
        let count = met.await?;
        Ok(json!({ "count": count, "frames": told }))
    }
}

fn fits(frame: &Value, expect: &ExpectFrames) -> bool {
    let payload = &frame["payload"];
    let connection = frame["connection"].as_str().unwrap_or_default();
    let direction = match expect.direction {
        Some(Direction::FromBot) => frame["direction"] == "from_client",
        Some(Direction::ToBot) => frame["direction"] == "to_client",
        None => true,
    };
    direction
        && expect.connection.as_deref().is_none_or(|wanted| connection.starts_with(wanted))
        && expect.op.is_none_or(|op| frame["op"] == op)
        && expect.event.as_deref().is_none_or(|event| payload["t"] == event)
        && expect.close.is_none_or(|code| payload["close"] == code)
        && (expect.contains.0.is_empty() || {
            let text = payload.to_string();
            expect.contains.0.iter().all(|part| text.contains(part))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_apart_by_all_that_is_given() {
        let frame = json!({ "connection": "gateway-3", "direction": "to_client", "op": 0,
            "payload": { "t": "READY", "d": { "v": 10 } } });
        let is = |fields: Value| fits(&frame, &serde_json::from_value(fields).unwrap());
        for fields in [
            json!({}),
            json!({ "connection": "gateway", "direction": "to_bot", "op": 0, "event": "READY" }),
            json!({ "contains": "\"v\":10" }),
        ] {
            assert!(is(fields.clone()), "{fields}");
        }
        for fields in [
            json!({ "connection": "voice" }),
            json!({ "direction": "from_bot" }),
            json!({ "op": 1 }),
            json!({ "event": "RESUMED" }),
            json!({ "close": 4006 }),
            json!({ "contains": ["READY", "x"] }),
        ] {
            assert!(!is(fields.clone()), "{fields}");
        }
        let close =
            json!({ "connection": "voice-1", "direction": "to_client", "op": null, "payload": { "close": 4006 } });
        assert!(fits(&close, &serde_json::from_value(json!({ "close": 4006, "connection": "voice" })).unwrap()));
    }
}
