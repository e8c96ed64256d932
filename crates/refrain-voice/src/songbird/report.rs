//! Receiver reports (RFC 3550, 6.4.2): what a voice server tells a client, by UDP, of the packets that it got from it.
//!
//! Discord's documentation does not speak of them; its voice servers send one every 5 s or so while a client sends.

/// The type of a receiver report.
const RECEIVER_REPORT: u8 = 201;
/// Version, count and type; length; who reports.
const HEADER: usize = 8;
/// A report block, as far as the highest sequence number.
const HIGHEST: usize = 8;

/// What one report says of our packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Report {
    /// Whose packets it speaks of.
    pub(super) about: u32,
    /// The highest sequence number that arrived, with its cycles in the upper 16 bits.
    pub(super) highest: u32,
}

impl Report {
    /// The first block of a receiver report, decrypted in its place as songbird leaves it. `None` for another packet, or
    /// for a report that speaks of nobody.
    pub(super) fn read(packet: &[u8]) -> Option<Self> {
        let (header, block) = packet.split_at_checked(HEADER)?;
        let blocks = header[0] & 0x1f;
        if header[1] != RECEIVER_REPORT || blocks == 0 {
            return None;
        }
        Some(Self { about: word(block, 0)?, highest: word(block, HIGHEST)? })
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    word.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(kind: u8, blocks: u8, about: u32, highest: u32) -> Vec<u8> {
        let mut packet = vec![0x80 | blocks, kind, 0, 7, 9, 9, 9, 9];
        for field in [about, 0, highest, 0, 0, 0] {
            packet.extend(field.to_be_bytes());
        }
        // The tag and the nonce that stay behind after decryption.
        packet.extend([0xAA; 20]);
        packet
    }

    #[test]
    fn a_receiver_report_tells_whose_packets_arrived_and_how_far() {
        assert_eq!(Report::read(&packet(201, 1, 7, 0x0001_0002)), Some(Report { about: 7, highest: 0x0001_0002 }));
    }

    #[test]
    fn other_packets_and_reports_on_nobody_tell_nothing() {
        assert_eq!(Report::read(&packet(200, 1, 7, 1)), None);
        assert_eq!(Report::read(&packet(201, 0, 7, 1)), None);
    }

    #[test]
    fn a_packet_cut_short_anywhere_tells_nothing_or_all() {
        let whole = packet(201, 1, 7, 3);
        for length in 0..whole.len() {
            let read = Report::read(&whole[..length]);
            assert_eq!(read.is_some(), length >= HEADER + HIGHEST + 4, "{length} bytes: {read:?}");
        }
    }
}
