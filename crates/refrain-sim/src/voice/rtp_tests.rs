//! Discovery, packet shapes, and both modes against packets that another implementation sealed.
//!
//! The sealed packets come from AES, GHASH, ChaCha20 and Poly1305 written out in integer arithmetic after FIPS 197, NIST
//! SP 800-38D, RFC 8439 and the XChaCha draft, and checked there against the vectors that those documents publish.

use super::*;
use proptest::prelude::*;
use std::net::Ipv4Addr;

/// What every sealed packet below holds.
const OPUS_PACKET: [u8; 19] = [0xfc, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18];

const GCM: &str =
    "807812340001e2400000002a51edb6a361c7e7369d66bb57d5a6a149e36dc89f91fc3d492d67a94239b8cfe23d203400abcdef";
const GCM_EXTENDED: &str = "917812350001e6000000002a0000002bbede0002bceca5825686b457696eb35fddaea941fb75d026f59e0cc3c6f2168f552acefe3e49d04e91f7ede30ca9eb00abcdef";
const GCM_PADDED: &str =
    "a07812340001e2400000002a51edb6a361c7e7369d66bb57d5a6a149e36dc82df99306937f37f19674d679d2f6967c580b714000abcdef";
const XCHACHA: &str =
    "807812340001e2400000002ab5a6fe0410f58b4a063d825e87f7742d8e9022af8f23e31e70bd69f373c91b4827688300abcdef";
const XCHACHA_EXTENDED: &str = "917812350001e6000000002a0000002bbede000258a7ed2527b4d82bf2358a568fff7c2596883a4112c0694b54ed36e3cd5abbd6271aac4f40fe15543dd4e400abcdef";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn cipher(mode: Mode) -> Cipher {
    Cipher::new(mode, &std::array::from_fn(|at| at as u8 + 1))
}

fn sealed(packet: &[u8]) -> Sealed<'_> {
    match read(packet) {
        Datagram::Voice(sealed) => sealed,
        other @ (Datagram::Discovery { .. } | Datagram::KeepAlive | Datagram::Other) => {
            panic!("not a voice packet: {other:?}")
        }
    }
}

#[test]
fn discovery_is_answered_with_the_address_the_request_came_from() {
    let mut request = [0; 74];
    request[..8].copy_from_slice(&[0, 1, 0, 70, 0xde, 0xad, 0xbe, 0xef]);
    assert_eq!(read(&request), Datagram::Discovery { ssrc: 0xdead_beef });

    let seen = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 1), 0xabcd);
    let mut expected = [0; 74];
    expected[..8].copy_from_slice(&[0, 2, 0, 70, 0xde, 0xad, 0xbe, 0xef]);
    expected[8..17].copy_from_slice(b"127.0.0.1");
    expected[72..].copy_from_slice(&[0xab, 0xcd]);
    assert_eq!(discovery_response(0xdead_beef, seen), expected);
}

#[test]
fn the_longest_address_fits_into_the_discovery_answer() {
    let response = discovery_response(1, SocketAddrV4::new(Ipv4Addr::BROADCAST, u16::MAX));
    assert_eq!(&response[8..24], b"255.255.255.255\0");
}

#[test]
fn both_modes_open_what_another_implementation_sealed() {
    for (mode, packets) in [
        (Mode::Aes256Gcm, &[GCM, GCM_EXTENDED, GCM_PADDED][..]),
        (Mode::XChaCha20Poly1305, &[XCHACHA, XCHACHA_EXTENDED][..]),
    ] {
        for hex in packets {
            let packet = bytes(hex);
            let sealed = sealed(&packet);
            assert_eq!(sealed.ssrc, 42);
            assert_eq!(sealed.nonce, [0, 0xab, 0xcd, 0xef]);
            assert_eq!(cipher(mode).open(&sealed).as_deref(), Some(&OPUS_PACKET[..]), "{mode:?} {hex}");
        }
    }
    let packet = bytes(GCM);
    assert_eq!(sealed(&packet).sequence, 0x1234);
    assert_eq!(sealed(&packet).timestamp, 123_456);
}

#[test]
fn a_packet_with_any_bit_changed_does_not_open() {
    for (mode, hex) in [(Mode::Aes256Gcm, GCM_EXTENDED), (Mode::XChaCha20Poly1305, XCHACHA_EXTENDED)] {
        let packet = bytes(hex);
        for at in 0..packet.len() {
            let mut changed = packet.clone();
            changed[at] ^= 1;
            if let Datagram::Voice(sealed) = read(&changed) {
                assert_eq!(cipher(mode).open(&sealed), None, "byte {at}");
            }
        }
    }
}

#[test]
fn a_packet_sealed_in_the_other_mode_does_not_open() {
    let packet = bytes(GCM);
    assert_eq!(cipher(Mode::XChaCha20Poly1305).open(&sealed(&packet)), None);
}

#[test]
fn keepalives_and_foreign_packets_are_told_apart_from_voice() {
    assert_eq!(read(&[0; 4]), Datagram::KeepAlive);
    assert_eq!(read(&[0; 8]), Datagram::KeepAlive);
    assert_eq!(read(&[]), Datagram::Other);
    let mut video = bytes(GCM);
    video[1] = 0x65;
    assert_eq!(read(&video), Datagram::Other);
    let mut report = bytes(GCM);
    report[1] = 201;
    assert_eq!(read(&report), Datagram::Other);
    assert_eq!(read(&bytes(GCM)[..31]), Datagram::Other, "too short for a tag and a nonce");
}

proptest! {
    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_says_where_it_belongs(
        sequence in any::<u16>(), timestamp in any::<u32>(), ssrc in any::<u32>(), nonce in any::<u32>(),
        opus in proptest::collection::vec(any::<u8>(), 0..300), gcm in any::<bool>(),
    ) {
        let mode = if gcm { Mode::Aes256Gcm } else { Mode::XChaCha20Poly1305 };
        let packet = cipher(mode).seal(RtpHeader { sequence, timestamp, ssrc }, nonce, &opus).unwrap();
        let sealed = sealed(&packet);
        prop_assert_eq!((sealed.sequence, sealed.timestamp, sealed.ssrc), (sequence, timestamp, ssrc));
        prop_assert_eq!(sealed.nonce, nonce.to_be_bytes());
        prop_assert_eq!(cipher(mode).open(&sealed), Some(opus));
        prop_assert_eq!(Cipher::new(mode, &[9; 32]).open(&sealed), None);
    }

    #[test]
    fn any_bytes_have_an_answer(packet in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Datagram::Voice(sealed) = read(&packet) {
            let _ = cipher(Mode::Aes256Gcm).open(&sealed);
        }
    }

    #[test]
    fn any_bytes_behind_a_voice_header_have_an_answer(
        flags in 0x80_u8..0xc0,
        rest in proptest::collection::vec(any::<u8>(), 0..120),
    ) {
        let packet = [&[flags, 0x78][..], &rest].concat();
        if let Datagram::Voice(sealed) = read(&packet) {
            prop_assert_eq!(cipher(Mode::XChaCha20Poly1305).open(&sealed), None);
        }
    }
}
