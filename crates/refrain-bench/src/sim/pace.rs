//! A thread that sends a frame to everyone each 20 ms, in slots of a millisecond.

use super::voice::Sender;
use anyhow::{Context as _, Result};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

const SLOT: Duration = Duration::from_millis(1);
const SLOTS: usize = 20;

/// The thread.
pub(super) struct Pace {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: JoinHandle<Vec<Sender>>,
}

impl Pace {
    pub(super) fn start(senders: Vec<Sender>, frames: Vec<Vec<u8>>) -> Result<Self> {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, counter) = (Arc::clone(&stop), Arc::clone(&sent));
        let thread = thread::Builder::new()
            .name(String::from("bench-pace"))
            .spawn(move || run(senders, &frames, &stopped, &counter))
            .context("starting the sending thread")?;
        Ok(Self { stop, sent, thread })
    }

    /// How many packets went out so far.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Stops; how many packets went out.
    pub(super) fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        // The sockets are closed here, when nothing is sent any more.
        let _senders = self.thread.join();
        self.sent.load(Ordering::Relaxed)
    }
}

fn run(mut senders: Vec<Sender>, frames: &[Vec<u8>], stop: &AtomicBool, sent: &AtomicU64) -> Vec<Sender> {
    let mut packet = Vec::with_capacity(2048);
    let mut next = Instant::now();
    for slot in (0..SLOTS).cycle() {
        if stop.load(Ordering::Relaxed) || frames.is_empty() {
            break;
        }
        for (place, sender) in senders.iter_mut().enumerate().skip(slot).step_by(SLOTS) {
            // Guilds play different places of the tune, as they would.
            let frame = frames.get((sender.number as usize + place) % frames.len()).map_or(&[][..], Vec::as_slice);
            if sender.send(frame, &mut packet).is_ok() {
                sent.fetch_add(1, Ordering::Relaxed);
            }
        }
        next += SLOT;
        if let Some(left) = next.checked_duration_since(Instant::now()) {
            thread::sleep(left);
        }
    }
    senders
}
