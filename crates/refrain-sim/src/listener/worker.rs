//! The one thread of all listeners: it decodes what waits, ten times a second, and notes when it was not let run.

use super::{Shared, lock};
use std::{
    sync::{Arc, Weak},
    time::Duration,
};

/// The heartbeat by which stalls are noticed.
const BEAT: Duration = Duration::from_millis(20);
/// Heartbeats to one round of the listeners.
const BEATS: u32 = 5;

/// Starts the thread, which ends soon after the last handle of the listeners; whether it runs.
pub(super) fn start(shared: &Arc<Shared>) -> bool {
    let weak = Arc::downgrade(shared);
    let thread = std::thread::Builder::new().name(String::from("sim-listen")).spawn(move || run(&weak));
    // Without the thread everything is decoded when somebody asks, and what waits for too long is counted.
    thread.inspect_err(|error| tracing::error!(%error, "starting the listeners' thread")).is_ok()
}

fn run(shared: &Weak<Shared>) {
    for beat in 1_u32.. {
        let Some(clock) = shared.upgrade().map(|shared| shared.clock) else {
            return;
        };
        let due_ms = clock.now_ms() + BEAT.as_secs_f64() * 1000.0;
        std::thread::sleep(BEAT);
        let Some(shared) = shared.upgrade() else {
            return;
        };
        lock(&shared.stalls).beat(due_ms, clock.now_ms());
        if beat.is_multiple_of(BEATS) {
            let bots: Vec<_> = lock(&shared.bots).values().cloned().collect();
            bots.iter().for_each(|bot| drop(bot.caught_up()));
        }
    }
}
