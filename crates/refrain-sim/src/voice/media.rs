//! One session's media: its key, its address, and what is checked of each packet before the listener hears it.

use super::{
    dave::{Heard, Room},
    guard::{NonceGuard, Order, SequenceGuard},
    rtcp::Reports,
    rtp::{Cipher, Mode, RtpHeader, Sealed},
    session::lock,
    trouble::Figures,
    udp::{Fate, Way},
};
use crate::listener::{BotListener, Counters, Packet};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

/// Other clients' media.
pub(super) type Others = Arc<[Arc<Mutex<Media>>]>;

/// A packet that was decrypted, for those who hear it.
#[derive(Debug)]
pub(super) struct PassedOn {
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    opus: Vec<u8>,
    pub(super) others: Others,
}

/// What outlives the voice socket: a resumed session goes on with all of it.
#[derive(Debug)]
pub(super) struct Media {
    user: u64,
    ssrc: u32,
    listener: Arc<BotListener>,
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
    /// What it sends arrives and is heard by nobody.
    silenced: bool,
    /// A bad way from the client, where one was ordered.
    way: Option<Way>,
    /// Who hears this client: the others in its channel.
    others: Others,
    /// The nonce of the next packet to the client.
    next_nonce: u32,
    sequence: SequenceGuard,
    nonces: NonceGuard,
    reports: Reports,
}

impl Media {
    pub(super) fn new(user: u64, ssrc: u32, listener: Arc<BotListener>, room: Option<Arc<Mutex<Room>>>) -> Self {
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
            silenced: false,
            way: None,
            others: Others::default(),
            next_nonce: 0,
            sequence: SequenceGuard::default(),
            nonces: NonceGuard::default(),
            reports: Reports::default(),
        }
    }

    pub(super) fn listener(&self) -> &Arc<BotListener> {
        &self.listener
    }

    /// What the way between client and server is like from now on: nothing comes through, or a trouble of this number
    /// makes it bad. `salt` tells this session from the others that the same trouble concerns.
    pub(super) fn conditions(&mut self, dark: bool, trouble: Option<(u64, Figures)>, salt: u64) {
        self.dark = dark;
        if self.way.as_ref().map(|way| way.trouble) != trouble.map(|(id, _)| id) {
            self.way = trouble.map(|(id, figures)| Way::new(id, figures, figures.seed.wrapping_add(salt)));
        }
    }

    /// Whether nothing comes through.
    pub(super) fn is_dark(&self) -> bool {
        self.dark
    }

    /// What becomes of the next packet that the client sends; `None`: it arrives as it should.
    pub(super) fn fate(&mut self) -> Option<Fate> {
        self.way.as_mut().map(Way::fate)
    }

    /// Whether what it sends is heard by nobody from now on.
    pub(super) fn silenced(&mut self, is_silenced: bool) {
        self.silenced = is_silenced;
    }

    /// Who hears this client from now on.
    pub(super) fn heard_by(&mut self, others: Others) {
        self.others = others;
    }

    /// What another client said, as this one gets it: under its own key, to where it is. `None` while it cannot.
    pub(super) fn wrap(&mut self, heard: &PassedOn) -> Option<(Vec<u8>, SocketAddr)> {
        if self.ended || self.dark {
            return None;
        }
        let to = self.discovered.or(self.declared)?;
        let header = RtpHeader { sequence: heard.sequence, timestamp: heard.timestamp, ssrc: heard.ssrc };
        let packet = self.cipher.as_ref()?.seal(header, self.next_nonce, &heard.opus)?;
        self.next_nonce = self.next_nonce.wrapping_add(1);
        Some((packet, to))
    }

    /// What the client is told of its packets, when it is time for that, and where it is.
    pub(super) fn report(&mut self, now_us: u64) -> Option<(Vec<u8>, SocketAddr)> {
        if self.ended {
            return None;
        }
        let to = self.discovered.or(self.declared)?;
        let cipher = self.cipher.as_ref()?;
        let (header, block) = self.reports.due(self.ssrc, now_us)?;
        let packet = cipher.seal_behind(header.to_vec(), self.next_nonce, &block)?;
        self.next_nonce = self.next_nonce.wrapping_add(1);
        Some((packet, to))
    }

    /// Select Protocol: a new key, hence a new count of nonces.
    pub(super) fn select(&mut self, mode: Mode, key: &[u8; 32], declared: Option<SocketAddr>) {
        self.cipher = Some(Cipher::new(mode, key));
        self.nonces = NonceGuard::default();
        self.next_nonce = 0;
        self.declared = declared;
        self.listener.mode_selected(self.ssrc, mode.name());
    }

    /// IP discovery came from there; false when the session is over.
    pub(super) fn discovered(&mut self, from: SocketAddr) -> bool {
        if !self.ended {
            self.discovered = Some(from);
        }
        !self.ended
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

    /// A packet with this session's SSRC. Returns it where others are to hear it.
    pub(super) fn receive(&mut self, sealed: &Sealed<'_>, from: SocketAddr, arrival_us: u64) -> Option<PassedOn> {
        let known_address = self.discovered == Some(from) || self.declared == Some(from);
        if self.ended || !known_address {
            self.listener.count(|counters| counters.unknown += 1);
            return None;
        }
        let opened = self.cipher.as_ref().and_then(|cipher| cipher.open(sealed));
        let Some(opus) = opened else {
            self.listener.count(|counters| {
                counters.packets += 1;
                counters.undecryptable += 1;
            });
            return None;
        };
        let (sequence, order) = self.sequence.check(sealed.sequence);
        let fresh_nonce = self.nonces.is_fresh(sealed.nonce);
        let has_spoken = self.has_spoken;
        self.listener.count(|counters| note(counters, order, fresh_nonce, has_spoken));
        if order == Order::Duplicate {
            return None;
        }
        self.reports.note(sequence, sealed.timestamp, arrival_us);
        if self.silenced {
            self.listener.count(|counters| counters.silenced += 1);
            return None;
        }
        let passed_on = self.passed_on(sealed, &opus);
        if let Some(opus) = self.decrypted(opus, arrival_us) {
            self.listener.hear(Packet { ssrc: self.ssrc, sequence, timestamp: sealed.timestamp, arrival_us, opus });
        }
        passed_on
    }

    /// A packet for the others, if there are any.
    fn passed_on(&self, sealed: &Sealed<'_>, opus: &[u8]) -> Option<PassedOn> {
        (!self.others.is_empty()).then(|| PassedOn {
            sequence: sealed.sequence,
            timestamp: sealed.timestamp,
            ssrc: self.ssrc,
            opus: opus.to_vec(),
            others: Arc::clone(&self.others),
        })
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
