//! What arrives at the media port, and how its encryption is undone. Pure: bytes in, values out.
//!
//! Both modes (`aead_aes256_gcm_rtpsize`, `aead_xchacha20_poly1305_rtpsize`) leave in the clear, and authenticate, what
//! SRTP would: the fixed header, the contributing sources and the first four bytes of a header extension. The nonce's
//! first four bytes lie at the end of the packet, as sent; the others are zero. The extension's body is encrypted with
//! the sound and stands before it.

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead, KeyInit, Payload},
};
use chacha20poly1305::XChaCha20Poly1305;
use std::{fmt, net::SocketAddrV4};

/// The length of a discovery packet.
const DISCOVERY_BYTES: usize = 74;
/// What a discovery packet says its length is: without type and length.
const DISCOVERY_LENGTH: u16 = 70;
/// The payload type of voice.
const OPUS: u8 = 0x78;
const FIXED_HEADER: usize = 12;
const TAG: usize = 16;
const NONCE: usize = 4;

/// A packet at the media port.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Datagram<'a> {
    /// IP discovery: tell the sender where it is seen to come from.
    Discovery { ssrc: u32 },
    /// To be sent back as it is.
    KeepAlive,
    /// Voice.
    Voice(Sealed<'a>),
    /// RTCP, video, or nothing known.
    Other,
}

/// An encrypted voice packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sealed<'a> {
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) ssrc: u32,
    /// The nonce's four bytes as sent.
    pub(super) nonce: [u8; NONCE],
    header: &'a [u8],
    body: &'a [u8],
    extension_bytes: usize,
    padded: bool,
}

/// Tells what a packet is; any bytes have an answer.
pub(super) fn read(packet: &[u8]) -> Datagram<'_> {
    if packet.len() == 4 || packet.len() == 8 {
        return Datagram::KeepAlive;
    }
    if packet.len() == DISCOVERY_BYTES && packet[..4] == [0, 1, 0, 70] {
        return Datagram::Discovery { ssrc: u32_at(packet, 4) };
    }
    match voice(packet) {
        Some(sealed) => Datagram::Voice(sealed),
        None => Datagram::Other,
    }
}

fn voice(packet: &[u8]) -> Option<Sealed<'_>> {
    if packet.len() < FIXED_HEADER || packet[0] >> 6 != 2 || packet[1] & 0x7f != OPUS {
        return None;
    }
    let sources = usize::from(packet[0] & 0x0f) * 4;
    let mut header_bytes = FIXED_HEADER + sources;
    let mut extension_bytes = 0;
    if packet[0] & 0x10 != 0 {
        let preamble = packet.get(header_bytes..header_bytes + 4)?;
        extension_bytes = usize::from(u16::from_be_bytes([preamble[2], preamble[3]])) * 4;
        header_bytes += 4;
    }
    let (header, rest) = packet.split_at_checked(header_bytes)?;
    let (body, nonce) = rest.split_last_chunk::<NONCE>()?;
    (body.len() >= TAG).then_some(Sealed {
        sequence: u16::from_be_bytes([packet[2], packet[3]]),
        timestamp: u32_at(packet, 4),
        ssrc: u32_at(packet, 8),
        nonce: *nonce,
        header,
        body,
        extension_bytes,
        padded: packet[0] & 0x20 != 0,
    })
}

/// The caller has checked that the four bytes are there.
fn u32_at(packet: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([packet[at], packet[at + 1], packet[at + 2], packet[at + 3]])
}

/// The answer to a discovery request that came from `seen`.
pub(super) fn discovery_response(ssrc: u32, seen: SocketAddrV4) -> [u8; DISCOVERY_BYTES] {
    let mut response = [0; DISCOVERY_BYTES];
    response[1] = 2;
    response[2..4].copy_from_slice(&DISCOVERY_LENGTH.to_be_bytes());
    response[4..8].copy_from_slice(&ssrc.to_be_bytes());
    let address = seen.ip().to_string();
    response[8..8 + address.len()].copy_from_slice(address.as_bytes());
    response[72..].copy_from_slice(&seen.port().to_be_bytes());
    response
}

/// An encryption mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Aes256Gcm,
    XChaCha20Poly1305,
}

impl Mode {
    /// The mode of this name, if it is one that is offered.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Aes256Gcm, Self::XChaCha20Poly1305].into_iter().find(|mode| mode.name() == name)
    }

    /// Its name on the wire.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Aes256Gcm => super::wire::MODES[0],
            Self::XChaCha20Poly1305 => super::wire::MODES[1],
        }
    }
}

/// A session's transport key.
#[derive(Clone)]
pub(super) enum Cipher {
    Aes256Gcm(Box<Aes256Gcm>),
    XChaCha20Poly1305(XChaCha20Poly1305),
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aes256Gcm(_) => "Aes256Gcm(key)",
            Self::XChaCha20Poly1305(_) => "XChaCha20Poly1305(key)",
        })
    }
}

impl Cipher {
    pub(super) fn new(mode: Mode, key: &[u8; 32]) -> Self {
        match mode {
            Mode::Aes256Gcm => Self::Aes256Gcm(Box::new(Aes256Gcm::new(key.into()))),
            Mode::XChaCha20Poly1305 => Self::XChaCha20Poly1305(XChaCha20Poly1305::new(key.into())),
        }
    }

    /// A voice packet with this Opus packet inside, ready to be sent. `None` when it is too long for the cipher.
    pub(super) fn seal(&self, header: RtpHeader, nonce: u32, opus: &[u8]) -> Option<Vec<u8>> {
        let mut packet = Vec::with_capacity(FIXED_HEADER + opus.len() + TAG + NONCE);
        packet.extend([0x80, OPUS]);
        packet.extend(header.sequence.to_be_bytes());
        packet.extend(header.timestamp.to_be_bytes());
        packet.extend(header.ssrc.to_be_bytes());
        self.seal_behind(packet, nonce, opus)
    }

    /// What stands in the clear, then what is encrypted and authenticates both, then the nonce.
    pub(super) fn seal_behind(&self, mut packet: Vec<u8>, nonce: u32, body: &[u8]) -> Option<Vec<u8>> {
        let (nonce, payload) = (nonce.to_be_bytes(), Payload { msg: body, aad: &packet });
        let body = match self {
            Self::Aes256Gcm(cipher) => cipher.encrypt((&wide::<12>(nonce)).into(), payload).ok()?,
            Self::XChaCha20Poly1305(cipher) => cipher.encrypt((&wide::<24>(nonce)).into(), payload).ok()?,
        };
        packet.extend(body);
        packet.extend(nonce);
        Some(packet)
    }

    /// The Opus packet inside; `None` when it was not sealed with this key, or what is inside is malformed.
    pub(super) fn open(&self, sealed: &Sealed<'_>) -> Option<Vec<u8>> {
        let payload = Payload { msg: sealed.body, aad: sealed.header };
        let mut plain = match self {
            Self::Aes256Gcm(cipher) => cipher.decrypt((&wide::<12>(sealed.nonce)).into(), payload).ok()?,
            Self::XChaCha20Poly1305(cipher) => cipher.decrypt((&wide::<24>(sealed.nonce)).into(), payload).ok()?,
        };
        if sealed.padded {
            let padding = usize::from(*plain.last()?);
            plain.truncate(plain.len().checked_sub(padding)?);
        }
        if sealed.extension_bytes > plain.len() {
            return None;
        }
        plain.drain(..sealed.extension_bytes);
        Some(plain)
    }
}

/// What stands in the clear before a packet that the server sends.
#[derive(Clone, Copy, Debug)]
pub(super) struct RtpHeader {
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) ssrc: u32,
}

fn wide<const BYTES: usize>(nonce: [u8; NONCE]) -> [u8; BYTES] {
    let mut wide = [0; BYTES];
    wide[..NONCE].copy_from_slice(&nonce);
    wide
}

#[cfg(test)]
#[path = "rtp_tests.rs"]
mod tests;
