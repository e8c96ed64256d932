//! What is done with each packet: who it belongs to, how it gets there, and what it is answered with.

use super::{
    batch::Arrived,
    way::{Traffic, Underway},
};
use crate::voice::{
    Shared,
    media::Media,
    rtp::{self, Datagram},
    session::lock,
};
use std::{
    collections::BTreeMap,
    net::{SocketAddr, UdpSocket},
    sync::{Arc, Mutex},
};

/// Addresses that are remembered, to tell whose keepalives arrive.
const MAX_ADDRESSES: usize = 16_384;

pub(super) struct Desk<'a> {
    sockets: &'a [UdpSocket],
    shared: &'a Shared,
    /// What the registry said of SSRCs.
    known: BTreeMap<u32, Arc<Mutex<Media>>>,
    /// Whose address it is.
    addresses: BTreeMap<SocketAddr, u32>,
    /// What is on its way over a bad way.
    traffic: Traffic,
}

impl<'a> Desk<'a> {
    pub(super) fn new(sockets: &'a [UdpSocket], shared: &'a Shared) -> Self {
        Self { sockets, shared, known: BTreeMap::new(), addresses: BTreeMap::new(), traffic: Traffic::default() }
    }

    /// The registry may know better by now.
    pub(super) fn ask_anew(&mut self) {
        self.known.clear();
    }

    /// When a packet arrives that is on its way.
    pub(super) fn idle_until_us(&self) -> Option<u64> {
        self.traffic.next_us()
    }

    /// A packet was sent to this server: it arrives now, later, twice or never.
    pub(super) fn take(&mut self, server: usize, Arrived { bytes, from, age_us }: &Arrived<'_>) {
        let sent_us = self.shared.clock.micros().saturating_sub(*age_us);
        let datagram = rtp::read(bytes);
        let fate = self.media_of(&datagram, *from).and_then(|media| lock(&media).fate());
        let Some(fate) = fate else { return self.arrive(server, bytes, *from, sent_us) };
        for after_us in fate.into_iter().flatten() {
            self.traffic.send(sent_us + after_us, server, *from, bytes);
        }
    }

    /// Hands over what has arrived since.
    pub(super) fn deliver(&mut self) {
        while let Some(Underway { due_us, server, from, bytes, .. }) =
            self.traffic.next_us().and_then(|_| self.traffic.arrived(self.shared.clock.micros()))
        {
            self.arrive(server, &bytes, from, due_us);
        }
    }

    fn arrive(&mut self, server: usize, bytes: &[u8], from: SocketAddr, at_us: u64) {
        let datagram = rtp::read(bytes);
        let media = self.media_of(&datagram, from);
        match datagram {
            Datagram::KeepAlive => {
                if media.is_none_or(|media| !lock(&media).is_dark()) {
                    self.send(server, bytes, from);
                }
            }
            Datagram::Discovery { ssrc } => self.discover(server, ssrc, media, from),
            Datagram::Voice(sealed) => match media {
                Some(media) => {
                    let heard = lock(&media).receive(&sealed, from, at_us);
                    if let Some(heard) = heard {
                        for other in &heard.others {
                            let wrapped = lock(other).wrap(&heard);
                            if let Some((packet, to)) = wrapped {
                                self.send(server, &packet, to);
                            }
                        }
                    }
                }
                None => self.shared.listeners.count_stray(),
            },
            Datagram::Other => {}
        }
    }

    fn discover(&mut self, server: usize, ssrc: u32, media: Option<Arc<Mutex<Media>>>, from: SocketAddr) {
        let SocketAddr::V4(seen) = from else {
            return;
        };
        match media {
            Some(media) if lock(&media).discovered(from) => {
                if self.addresses.len() >= MAX_ADDRESSES {
                    self.addresses.clear();
                }
                self.addresses.insert(from, ssrc);
                self.send(server, &rtp::discovery_response(ssrc, seen), from);
            }
            Some(_) | None => self.shared.listeners.count_stray(),
        }
    }

    fn media_of(&mut self, datagram: &Datagram<'_>, from: SocketAddr) -> Option<Arc<Mutex<Media>>> {
        let ssrc = match datagram {
            Datagram::Voice(sealed) => sealed.ssrc,
            Datagram::Discovery { ssrc } => *ssrc,
            Datagram::KeepAlive => *self.addresses.get(&from)?,
            Datagram::Other => return None,
        };
        if let Some(known) = self.known.get(&ssrc) {
            return Some(Arc::clone(known));
        }
        let media = lock(&self.shared.registry).media_of(ssrc)?;
        self.known.insert(ssrc, Arc::clone(&media));
        Some(media)
    }

    fn send(&self, server: usize, packet: &[u8], to: SocketAddr) {
        let Some(socket) = self.sockets.get(server) else { return };
        if let Err(error) = socket.send_to(packet, to) {
            tracing::debug!(%error, %to, "sending from the simulator's media port");
        }
    }
}
