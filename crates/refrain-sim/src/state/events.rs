//! What happened, in order, for `GET /sim/events`: so that a test can await instead of sleeping.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::clock::SimClock;

const MAX_EVENTS: usize = 10_000;

/// The ring of events, and a way to wait for the next.
#[derive(Debug)]
pub(crate) struct Events {
    clock: SimClock,
    ring: Mutex<VecDeque<(u64, Value)>>,
    last: watch::Sender<u64>,
}

impl Events {
    pub(crate) fn new(clock: SimClock) -> Self {
        Self { clock, ring: Mutex::default(), last: watch::Sender::new(0) }
    }

    /// Adds an event. `data` is an object; `seq`, `at_ms` and `kind` are added to it.
    pub(crate) fn publish(&self, kind: &str, mut data: Value) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = *self.last.borrow() + 1;
        data["seq"] = json!(seq);
        data["at_ms"] = json!(self.clock.now_ms());
        data["kind"] = json!(kind);
        ring.push_back((seq, data));
        if ring.len() > MAX_EVENTS {
            ring.pop_front();
        }
        self.last.send_replace(seq);
    }

    /// The events after number `since`; waits for one, at most `patience`.
    pub(crate) async fn after(&self, since: u64, patience: Duration) -> Value {
        let mut last = self.last.subscribe();
        let _ = tokio::time::timeout(patience, last.wait_for(|last| *last > since)).await;
        self.tell(since)
    }

    /// The events after number `since`, if there are any.
    pub(crate) fn so_far(&self, since: u64) -> Option<Value> {
        (*self.last.borrow() > since).then(|| self.tell(since))
    }

    fn tell(&self, since: u64) -> Value {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let news = ring.iter().rev().take_while(|(seq, _)| *seq > since);
        let mut events: Vec<&Value> = news.map(|(_, event)| event).collect();
        events.reverse();
        json!({ "last": ring.back().map_or(0, |(seq, _)| *seq), "events": events })
    }

    /// The newest event's number.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.last.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_waiter_wakes_at_the_next_event_and_sees_only_new_ones() {
        let events = Events::new(SimClock::start());
        events.publish("first", json!({}));
        let long = Duration::from_secs(60);
        let waiting = events.after(1, long);
        let (answer, ()) = tokio::join!(waiting, async { events.publish("second", json!({ "guild": "1" })) });
        assert_eq!(answer["events"].as_array().unwrap().len(), 1);
        assert_eq!(answer["events"][0]["kind"], "second");
        assert_eq!(answer["last"], 2);
        let none = events.after(2, Duration::from_millis(1)).await;
        assert_eq!(none["events"], json!([]));
    }
}
