//! One session's media: its key, its address, and what is checked of each packet before the listener hears it.

use super::{
    dave::{Heard, Room},
    guard::{NonceGuard, Order, SequenceGuard},
    rtp::{Cipher, Mode, Sealed},
    session::lock,
    trouble::Figures,
};
use crate::listener::{Counters, GuildListener, Packet};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

/// What outlives the voice socket: a resumed session goes on with all of it.
#[derive(Debug)]
pub(super) struct Media {
    user: u64,
    ssrc: u32,
    listener: Arc<GuildListener>,
    /// Where end-to-end encryption is known, if there is any.
    room: Option<Arc<Mutex<Room>>>,
    cipher: Option<Cipher>,
    /// Where IP discovery came from.
    discovered: Option<SocketAddr>,
    /// Where Select Protocol says that the client is.
    declared: Option<SocketAddr>,
    has_spoken: bool,
    ended: bool,
    /// Whatever is sent to it or by it vanishes.
    dark: bool,
    sequence: SequenceGuard,
    nonces: NonceGuard,
}

impl Media {
    pub(super) fn new(user: u64, ssrc: u32, listener: Arc<GuildListener>, room: Option<Arc<Mutex<Room>>>) -> Self {
        Self {
            user,
            ssrc,
            listener,
            room,
            cipher: None,
            discovered: None,
            declared: None,
            has_spoken: false,
            ended: false,
            dark: false,
            sequence: SequenceGuard::default(),
            nonces: NonceGuard::default(),
        }
    }

    pub(super) fn listener(&self) -> &Arc<GuildListener> {
        &self.listener
    }

    /// What the way between client and server is like from now on.
    pub(super) fn conditions(&mut self, dark: bool, _figures: Option<(u64, Figures)>) {
        self.dark = dark;
    }

    /// Select Protocol: a new key, hence a new count of nonces.
    pub(super) fn select(&mut self, mode: Mode, key: &[u8; 32], declared: Option<SocketAddr>) {
        self.cipher = Some(Cipher::new(mode, key));
        self.nonces = NonceGuard::default();
        self.declared = declared;
        self.listener.mode_selected(self.ssrc, mode.name());
    }

    /// IP discovery came from there; false when the session is over.
    pub(super) fn discovered(&mut self, from: SocketAddr) -> bool {
        let answers = !self.ended && !self.dark;
        if answers {
            self.discovered = Some(from);
        }
        answers
    }

    /// Speaking arrived, with these flags.
    pub(super) fn speaking(&mut self, flags: u64) {
        self.has_spoken |= flags != 0;
        self.listener.speaking(self.ssrc, flags);
    }

    /// The session is over: nothing of it is heard any more.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// A packet with this session's SSRC.
    pub(super) fn receive(&mut self, sealed: &Sealed<'_>, from: SocketAddr, arrival_us: u64) {
        if self.dark {
            return;
        }
        let known_address = self.discovered == Some(from) || self.declared == Some(from);
        if self.ended || !known_address {
            self.listener.count(|counters| counters.unknown += 1);
            return;
        }
        let opened = self.cipher.as_ref().and_then(|cipher| cipher.open(sealed));
        let Some(opus) = opened else {
            self.listener.count(|counters| {
                counters.packets += 1;
                counters.undecryptable += 1;
            });
            return;
        };
        let (sequence, order) = self.sequence.check(sealed.sequence);
        let fresh_nonce = self.nonces.is_fresh(sealed.nonce);
        let has_spoken = self.has_spoken;
        self.listener.count(|counters| note(counters, order, fresh_nonce, has_spoken));
        if order == Order::Duplicate {
            return;
        }
        if let Some(opus) = self.decrypted(opus, arrival_us) {
            self.listener.hear(Packet { ssrc: self.ssrc, sequence, timestamp: sealed.timestamp, arrival_us, opus });
        }
    }
}

impl Media {
    /// The second stage: what is inside the end-to-end encryption, if there is any; counted where it is not as it
    /// should be.
    fn decrypted(&self, frame: Vec<u8>, arrival_us: u64) -> Option<Vec<u8>> {
        let Some(room) = &self.room else {
            return Some(frame);
        };
        let heard = lock(room).hear(self.user, frame, arrival_us as f64 / 1000.0);
        match heard {
            Heard::Opus(opus) => Some(opus),
            Heard::TransportOnly(opus) => {
                self.listener.count(|counters| counters.transport_only += 1);
                Some(opus)
            }
            Heard::Undecryptable => {
                self.listener.count(|counters| counters.dave_undecryptable += 1);
                None
            }
            Heard::Unheard => {
                self.listener.count(|counters| counters.dave_unheard += 1);
                None
            }
        }
    }
}

fn note(counters: &mut Counters, order: Order, fresh_nonce: bool, has_spoken: bool) {
    counters.packets += 1;
    counters.before_speaking += u64::from(!has_spoken);
    match order {
        Order::Next => {}
        Order::Overtaken => counters.out_of_order += 1,
        Order::Duplicate => counters.duplicates += 1,
    }
    // A packet that the network delivered twice repeats its nonce innocently.
    counters.nonce_reuse += u64::from(!fresh_nonce && order != Order::Duplicate);
}
