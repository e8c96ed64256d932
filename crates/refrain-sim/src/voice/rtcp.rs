//! Receiver reports: what a voice server tells a client, by UDP, of the packets that it got from it (RFC 3550, 6.4.2).
//! Pure: packets and times in, bytes out. [`super::media`] encrypts them as it does voice.
//!
//! Discord's documentation does not speak of them, and its voice servers send them; clients that wait for whatever comes
//! by UDP (discord.py's reader does, up to 30 s on a socket that it has closed meanwhile) depend on something coming.

/// The type of a receiver report.
const RECEIVER_REPORT: u8 = 201;
/// The RFC's interval between reports; the first comes after half of it.
const INTERVAL_US: u64 = 5_000_000;
/// Ticks of the RTP clock in a millisecond.
const TICKS_PER_MS: u64 = 48;
/// Its length in the clear.
pub(super) const HEADER_BYTES: usize = 8;

/// The reports on one stream.
#[derive(Debug, Default)]
pub(super) struct Reports {
    stream: Option<Stream>,
}

#[derive(Debug)]
struct Stream {
    base: u64,
    highest: u64,
    received: u64,
    /// Expected and received when the last report was made.
    reported: (u64, u64),
    /// When the next one is.
    due_us: u64,
    /// Arrival less timestamp of the packet before, in ticks.
    transit: u32,
    jitter: f64,
}

impl Reports {
    /// A packet arrived; `sequence` is extended beyond 16 bits.
    pub(super) fn note(&mut self, sequence: u64, timestamp: u32, arrival_us: u64) {
        let transit = ((arrival_us * TICKS_PER_MS / 1000) as u32).wrapping_sub(timestamp);
        let stream = self.stream.get_or_insert(Stream {
            base: sequence,
            highest: sequence,
            received: 0,
            reported: (0, 0),
            due_us: arrival_us + INTERVAL_US / 2,
            transit,
            jitter: 0.0,
        });
        stream.received += 1;
        stream.base = stream.base.min(sequence);
        stream.highest = stream.highest.max(sequence);
        let change = f64::from((transit.wrapping_sub(stream.transit) as i32).unsigned_abs());
        stream.jitter += (change - stream.jitter) / 16.0;
        stream.transit = transit;
    }

    /// The report on the stream `ssrc`, when it is time for one: what stands in the clear, and what is encrypted.
    pub(super) fn due(&mut self, ssrc: u32, now_us: u64) -> Option<([u8; HEADER_BYTES], [u8; 24])> {
        let stream = self.stream.as_mut().filter(|stream| now_us >= stream.due_us)?;
        stream.due_us = now_us + INTERVAL_US;
        let mut header = [0; HEADER_BYTES];
        // Version 2, one block; the length counts words of four bytes after the first.
        header[..4].copy_from_slice(&[0x81, RECEIVER_REPORT, 0, 7]);
        header[4..].copy_from_slice(&ssrc.to_be_bytes());
        Some((header, stream.block(ssrc)))
    }
}

impl Stream {
    fn block(&mut self, ssrc: u32) -> [u8; 24] {
        let expected = self.highest - self.base + 1;
        let (expected_since, received_since) = (expected - self.reported.0, self.received - self.reported.1);
        self.reported = (expected, self.received);
        let lost_since = expected_since.saturating_sub(received_since);
        let fraction = (lost_since * 256).checked_div(expected_since).unwrap_or(0).min(255) as u8;
        let lost = expected.saturating_sub(self.received).min(0x7f_ffff) as u32;
        let mut block = [0; 24];
        block[..4].copy_from_slice(&ssrc.to_be_bytes());
        block[4..8].copy_from_slice(&lost.to_be_bytes());
        block[4] = fraction;
        block[8..12].copy_from_slice(&(self.highest as u32).to_be_bytes());
        block[12..16].copy_from_slice(&(self.jitter as u32).to_be_bytes());
        // Clients send no sender reports: there is none to refer to.
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SSRC: u32 = 0x0102_0304;
    const FIRST: u64 = (1 << 32) + 65_530;

    /// The packets of these numbers, each on time.
    fn after(numbers: impl IntoIterator<Item = u64>) -> Reports {
        let mut reports = Reports::default();
        for number in numbers {
            reports.note(FIRST + number, (number * 960) as u32, 1_000_000 + number * 20_000);
        }
        reports
    }

    fn word(block: &[u8; 24], at: usize) -> u32 {
        u32::from_be_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
    }

    #[test]
    fn the_first_report_comes_after_half_an_interval_and_the_next_after_a_whole_one() {
        let mut reports = after(0..300);
        assert_eq!(reports.due(SSRC, 3_499_999), None);
        let (header, block) = reports.due(SSRC, 3_500_000).unwrap();
        assert_eq!(header, [0x81, 201, 0, 7, 1, 2, 3, 4]);
        assert_eq!((word(&block, 0), word(&block, 4), word(&block, 8)), (SSRC, 0, (FIRST + 299) as u32));
        assert_eq!(reports.due(SSRC, 8_499_999), None);
        assert!(reports.due(SSRC, 8_500_000).is_some());
    }

    #[test]
    fn losses_are_told_as_a_fraction_since_the_last_report_and_as_a_sum() {
        let mut reports = after((0..100).filter(|number| number % 4 != 3).chain([100]));
        let (_, block) = reports.due(SSRC, 4_000_000).unwrap();
        assert_eq!((block[4], word(&block, 4) & 0xff_ffff), (63, 25));
        for number in 101..201 {
            reports.note(FIRST + number, (number * 960) as u32, 1_000_000 + number * 20_000);
        }
        let (_, block) = reports.due(SSRC, 9_000_000).unwrap();
        assert_eq!((block[4], word(&block, 4) & 0xff_ffff), (0, 25));
    }

    #[test]
    fn packets_on_time_have_no_jitter_and_others_do() {
        let (_, block) = after(0..50).due(SSRC, 4_000_000).unwrap();
        assert_eq!(word(&block, 12), 0);
        let mut uneven = Reports::default();
        for number in 0..200 {
            uneven.note(FIRST + number, (number * 960) as u32, 1_000_000 + number * 20_000 + (number % 2) * 10_000);
        }
        let (_, block) = uneven.due(SSRC, 9_000_000).unwrap();
        assert!((400..=480).contains(&word(&block, 12)), "{}", word(&block, 12));
    }

    #[test]
    fn nothing_is_reported_of_a_stream_that_never_began() {
        assert_eq!(Reports::default().due(SSRC, u64::MAX / 2), None);
    }
}
