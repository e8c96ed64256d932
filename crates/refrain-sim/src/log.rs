//! Every frame both ways, for `GET /sim/log`: a ring bounded in entries and bytes, tokens redacted on the way in.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Value, json};

use crate::clock::SimClock;

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the bot to the simulator.
    FromClient,
    /// From the simulator to the bot.
    ToClient,
}

impl Direction {
    fn name(self) -> &'static str {
        match self {
            Self::FromClient => "from_client",
            Self::ToClient => "to_client",
        }
    }
}

const MAX_ENTRIES: usize = 50_000;
const MAX_BYTES: usize = 64 << 20;
/// A payload longer than this is logged as its length alone.
const MAX_PAYLOAD: usize = 256 << 10;

/// The frame log. Clones write into the same ring.
#[derive(Clone, Debug)]
pub struct FrameLog {
    clock: SimClock,
    ring: Arc<Mutex<Ring>>,
}

#[derive(Debug, Default)]
struct Ring {
    lines: VecDeque<Line>,
    bytes: usize,
    next: u64,
}

#[derive(Debug)]
struct Line {
    seq: u64,
    at_ms: f64,
    text: String,
}

impl FrameLog {
    /// An empty log that tells times on `clock`.
    #[must_use]
    pub fn new(clock: SimClock) -> Self {
        Self { clock, ring: Arc::default() }
    }

    /// Writes one frame down. `connection` names the socket (`gateway-3`, `voice-7`, `rest`), `op` is the frame's
    /// opcode where it has one. Values under `token`, `authorization` and the like are replaced by a fingerprint, which
    /// still tells one token from another.
    pub fn record(&self, connection: &str, direction: Direction, op: Option<i64>, payload: Value) {
        let mut payload = payload;
        redact(&mut payload);
        let mut body = payload.to_string();
        if body.len() > MAX_PAYLOAD {
            body = json!({ "omitted_bytes": body.len() }).to_string();
        }
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let at_ms = self.clock.now_ms();
        ring.next += 1;
        let seq = ring.next;
        let head = json!({
            "seq": seq, "time": at_ms, "at_ms": at_ms, "connection": connection, "direction": direction.name(), "op": op,
        });
        // The payload is already text: it is spliced in rather than parsed and printed again.
        let mut text = head.to_string();
        text.pop();
        let _ = write!(text, ",\"payload\":{body}}}");
        ring.push(Line { seq, at_ms, text });
    }

    /// The entries later than `since_ms` and than the entry number `after`, as JSON lines.
    #[must_use]
    pub fn lines(&self, since_ms: f64, after: u64) -> String {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::new();
        for line in ring.lines.iter().filter(|line| line.at_ms > since_ms && line.seq > after) {
            out.push_str(&line.text);
            out.push('\n');
        }
        out
    }
}

/// The newest entries after a number.
#[derive(Debug)]
pub(crate) struct Tail {
    /// JSON objects, oldest first.
    pub(crate) lines: Vec<String>,
    /// How many older ones were left out.
    pub(crate) skipped: u64,
    /// The newest one's number.
    pub(crate) last: u64,
}

impl FrameLog {
    /// The newest entry's number; 0 when there is none.
    pub(crate) fn last(&self) -> u64 {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).next
    }

    /// At most `count` entries after the number `after`: the newest. The payload of one that is longer than `length`
    /// is left out, and its length told.
    pub(crate) fn tail(&self, after: u64, count: usize, length: usize) -> Tail {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = ring.lines.iter().rev().take_while(|line| line.seq > after).take(count);
        let mut lines: Vec<String> = newest.map(|line| shortened(&line.text, length)).collect();
        lines.reverse();
        let new = ring.next.saturating_sub(after);
        Tail { skipped: new.saturating_sub(lines.len() as u64), last: ring.next, lines }
    }
}

fn shortened(line: &str, length: usize) -> String {
    // The payload is the last field: `FrameLog::record` put it there.
    match line.split_once(",\"payload\":") {
        Some((head, payload)) if payload.len() > length => {
            format!("{head},\"payload\":{{\"omitted_bytes\":{}}}}}", payload.len() - 1)
        }
        Some(_) | None => line.to_owned(),
    }
}

impl Ring {
    fn push(&mut self, line: Line) {
        self.bytes += line.text.len();
        self.lines.push_back(line);
        while self.lines.len() > MAX_ENTRIES || self.bytes > MAX_BYTES {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.text.len();
        }
    }
}

/// Replaces every secret inside `value`.
fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields.iter_mut() {
                if let (true, Value::String(secret)) = (is_secret(key), &mut *inner) {
                    *secret = fingerprint(secret);
                } else {
                    redact(inner);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_secret(key: &str) -> bool {
    matches!(key, "token" | "access_token" | "authorization" | "Authorization")
}

/// `redacted:` and eight digits that differ for different secrets. (FNV-1a, 32 bits: the secret cannot be had back.)
#[must_use]
pub fn fingerprint(secret: &str) -> String {
    let hash = secret.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("redacted:{hash:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_never_in_the_log_but_stay_distinguishable() {
        let log = FrameLog::new(SimClock::start());
        log.record("gateway-1", Direction::FromClient, Some(2), json!({ "d": { "token": "secret-one" } }));
        log.record("gateway-1", Direction::FromClient, Some(2), json!({ "d": { "token": "secret-two" } }));
        let text = log.lines(-1.0, 0);
        assert!(!text.contains("secret-"));
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["op"], 2);
        assert_eq!(lines[0]["direction"], "from_client");
        assert_ne!(lines[0]["payload"]["d"]["token"], lines[1]["payload"]["d"]["token"]);
    }

    #[test]
    fn the_log_forgets_its_oldest_entries_and_reads_on_from_a_number() {
        let log = FrameLog::new(SimClock::start());
        for number in 0..MAX_ENTRIES + 10 {
            log.record("c", Direction::ToClient, None, json!(number));
        }
        let text = log.lines(-1.0, 0);
        assert_eq!(text.lines().count(), MAX_ENTRIES);
        assert!(text.lines().next().unwrap().ends_with("\"payload\":10}"));
        assert_eq!(log.lines(-1.0, MAX_ENTRIES as u64).lines().count(), 10);
    }

    #[test]
    fn the_tail_is_the_newest_and_tells_what_it_leaves_out() {
        let log = FrameLog::new(SimClock::start());
        for number in 0..10 {
            log.record("c", Direction::ToClient, None, json!({ "number": number, "long": "x".repeat(number) }));
        }
        let tail = log.tail(2, 3, 25);
        assert_eq!((tail.skipped, tail.last), (5, 10));
        let seen: Vec<Value> = tail.lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(seen[0]["seq"], 8);
        assert_eq!(seen[2]["payload"], json!({ "omitted_bytes": 31 }));
        let nothing = log.tail(10, 3, 25);
        assert_eq!((nothing.lines.len(), nothing.skipped), (0, 0));
    }

    #[test]
    fn a_huge_payload_is_logged_as_its_length() {
        let log = FrameLog::new(SimClock::start());
        log.record("c", Direction::ToClient, None, json!("x".repeat(MAX_PAYLOAD)));
        assert!(log.lines(-1.0, 0).contains("omitted_bytes"));
    }
}
