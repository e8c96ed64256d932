//! What is done with each packet: who it belongs to, how it gets there, and what it is answered with.

use super::way::{Traffic, Underway};
use crate::voice::{
    Shared,
    media::{Media, PassedOn},
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

/// A packet as the network brought it.
#[derive(Debug)]
pub(super) struct Arrived<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) from: SocketAddr,
    /// On the simulator's clock, in microseconds.
    pub(super) at_us: u64,
}

/// One server's.
pub(super) struct Desk<'a> {
    socket: &'a UdpSocket,
    shared: &'a Shared,
    /// What the registry said of SSRCs.
    known: BTreeMap<u32, Arc<Mutex<Media>>>,
    /// Whose address it is.
    addresses: BTreeMap<SocketAddr, u32>,
    /// What is on its way over a bad way.
    traffic: Traffic,
}

impl<'a> Desk<'a> {
    pub(super) fn new(socket: &'a UdpSocket, shared: &'a Shared) -> Self {
        Self { socket, shared, known: BTreeMap::new(), addresses: BTreeMap::new(), traffic: Traffic::default() }
    }

    /// The registry may know better by now.
    pub(super) fn ask_anew(&mut self) {
        self.known.clear();
    }

    /// Whether packets are on their way.
    pub(super) fn has_traffic(&self) -> bool {
        self.traffic.next_us().is_some()
    }

    /// A packet was sent to this server: it arrives now, later, twice or never.
    pub(super) fn take(&mut self, Arrived { bytes, from, at_us }: &Arrived<'_>) {
        let datagram = rtp::read(bytes);
        let media = self.media_of(&datagram, *from);
        let fate = media.as_ref().and_then(|media| lock(media).fate());
        let Some(fate) = fate else { return self.arrive(bytes, &datagram, media, *from, *at_us) };
        for after_us in fate.into_iter().flatten() {
            self.traffic.send(at_us + after_us, *from, bytes);
        }
    }

    /// Hands over what has arrived since.
    pub(super) fn deliver(&mut self) {
        if !self.has_traffic() {
            return;
        }
        let now_us = self.shared.clock.micros();
        while let Some(Underway { due_us, from, bytes, .. }) = self.traffic.arrived(now_us) {
            let datagram = rtp::read(&bytes);
            let media = self.media_of(&datagram, from);
            self.arrive(&bytes, &datagram, media, from, due_us);
        }
    }

    fn arrive(
        &mut self,
        bytes: &[u8],
        datagram: &Datagram<'_>,
        media: Option<Arc<Mutex<Media>>>,
        from: SocketAddr,
        at_us: u64,
    ) {
        if media.as_ref().is_some_and(|media| lock(media).is_dark()) {
            return;
        }
        match (datagram, media) {
            (Datagram::KeepAlive, _) => self.send(bytes, from),
            (Datagram::Discovery { ssrc }, Some(media)) => self.discover(*ssrc, &media, from),
            (Datagram::Voice(sealed), Some(media)) => {
                let (heard, report) = {
                    let mut media = lock(&media);
                    (media.receive(sealed, from, at_us), media.report(at_us))
                };
                if let Some(heard) = heard {
                    self.pass_on(&heard);
                }
                if let Some((packet, to)) = report {
                    self.send(&packet, to);
                }
            }
            (Datagram::Discovery { .. } | Datagram::Voice(_), None) => self.shared.listeners.count_stray(),
            (Datagram::Other, _) => {}
        }
    }

    /// To the other clients in the channel, each with its own key.
    fn pass_on(&self, heard: &PassedOn) {
        for other in heard.others.iter() {
            let wrapped = lock(other).wrap(heard);
            if let Some((packet, to)) = wrapped {
                self.send(&packet, to);
            }
        }
    }

    fn discover(&mut self, ssrc: u32, media: &Mutex<Media>, from: SocketAddr) {
        let SocketAddr::V4(seen) = from else {
            return;
        };
        if !lock(media).discovered(from) {
            return self.shared.listeners.count_stray();
        }
        if self.addresses.len() >= MAX_ADDRESSES {
            self.addresses.clear();
        }
        self.addresses.insert(from, ssrc);
        self.send(&rtp::discovery_response(ssrc, seen), from);
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

    fn send(&self, packet: &[u8], to: SocketAddr) {
        if let Err(error) = self.socket.send_to(packet, to) {
            tracing::debug!(%error, %to, "sending from the simulator's media port");
        }
    }
}
