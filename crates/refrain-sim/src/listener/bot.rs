//! One bot's listener in one guild: packets in, what was heard out.

use super::{
    Counters, Packet,
    ear::Ear,
    history::{History, SessionNote},
    lock, timeline,
};
use crate::clock::SimClock;
use std::sync::{Mutex, MutexGuard};

/// Packets that may wait to be decoded: more than a minute of music.
const MAX_WAITING: usize = 4096;
/// How long a packet behind a hole is waited for beyond its moment: packets that the machine kept from being read in time
/// may still lie in a socket's buffer.
const GRACE_US: u64 = 100_000;

/// What becomes of the packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sink {
    /// They are decoded, and kept.
    Decoded,
    /// Their places are noted, nothing else.
    Marked,
}

/// One bot's listener in one guild.
#[derive(Debug)]
pub(crate) struct BotListener {
    pub(super) user: u64,
    /// How many bots of the guild came before it.
    pub(super) order: usize,
    pub(super) clock: SimClock,
    pub(super) sink: Sink,
    waiting: Mutex<Vec<Packet>>,
    ear: Mutex<Ear>,
    counters: Mutex<Counters>,
    pub(super) history: Mutex<History>,
}

impl BotListener {
    pub(super) fn new(user: u64, order: usize, clock: SimClock, sink: Sink) -> Self {
        Self {
            user,
            order,
            clock,
            sink,
            waiting: Mutex::default(),
            ear: Mutex::new(Ear::new(timeline::ticks(clock.micros()), sink)),
            counters: Mutex::default(),
            history: Mutex::default(),
        }
    }

    /// A packet arrived.
    pub(crate) fn hear(&self, packet: Packet) {
        match self.sink {
            Sink::Marked => lock(&self.ear).take(packet),
            Sink::Decoded => {
                let mut waiting = lock(&self.waiting);
                if waiting.len() < MAX_WAITING {
                    return waiting.push(packet);
                }
                drop(waiting);
                self.count(|counters| counters.decoder_behind += 1);
            }
        }
    }

    /// The ear, once it has taken everything that arrived up to now.
    pub(super) fn caught_up(&self) -> MutexGuard<'_, Ear> {
        let mut ear = lock(&self.ear);
        let now_us = self.clock.micros();
        // Taken while the ear is held: whoever comes second finds what comes later.
        let packets = std::mem::take(&mut *lock(&self.waiting));
        for packet in packets {
            ear.take(packet);
        }
        ear.advance(timeline::ticks(now_us.saturating_sub(GRACE_US)));
        ear
    }

    /// Something is to be counted.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut lock(&self.counters));
    }

    pub(super) fn counters(&self) -> Counters {
        *lock(&self.counters)
    }

    pub(super) fn joined(&self, channel: u64, session: SessionNote) {
        lock(&self.history).joined(channel, session);
    }

    /// The session chose its encryption mode.
    pub(crate) fn mode_selected(&self, ssrc: u32, mode: &'static str) {
        lock(&self.history).with_session(ssrc, |session| session.mode = Some(mode));
    }

    /// The session's socket is gone, with this code where one was exchanged.
    pub(crate) fn closed(&self, ssrc: u32, code: Option<u16>) {
        let now_ms = self.clock.now_ms();
        lock(&self.history).closed(ssrc, code, now_ms);
    }

    /// The session goes on over another socket.
    pub(crate) fn resumed(&self, ssrc: u32) {
        let now_ms = self.clock.now_ms();
        lock(&self.history).with_session(ssrc, |session| session.resumed(now_ms));
    }

    /// The client said whether it speaks.
    pub(crate) fn speaking(&self, ssrc: u32, speaking: u64) {
        let now_ms = self.clock.now_ms();
        lock(&self.history).speaking(now_ms, ssrc, speaking);
    }

    /// Up to where the timeline has been heard, in ticks: what arrives now is heard after the playout delay.
    pub(super) fn heard_until(&self) -> i64 {
        timeline::ticks(self.clock.micros()) - timeline::DELAY
    }
}
