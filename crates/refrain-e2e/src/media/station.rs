//! A radio station: an endless body that comes in real time and begins, for each listener, at what is on the air by now.

use anyhow::{Result, ensure};
use axum::body::Bytes;
use std::{sync::Arc, time::Duration};

/// What a listener who tunes in gets at once: the last seconds.
const BURST: Duration = Duration::from_secs(2);
/// Samples a second in the granule positions of Ogg Opus.
const GRANULES_A_SECOND: u64 = 48_000;
/// The fixed part of an Ogg page's header.
const HEADER: usize = 27;

/// What is on the air. It goes on the air when the server starts.
#[derive(Clone, Debug)]
pub struct Station {
    /// Without length, and with the headers of a radio.
    pub icy: bool,
    head: Bytes,
    pages: Arc<Vec<Page>>,
}

#[derive(Debug)]
struct Page {
    /// When it has been on the air as a whole.
    until: Duration,
    bytes: Bytes,
}

impl Station {
    /// Broadcasts an Ogg Opus file once, from its beginning.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_ogg(ogg: &Bytes, icy: bool) -> Result<Self> {
        let mut head_end = 0;
        let mut at = 0;
        let mut pages = Vec::new();
        while at < ogg.len() {
            let (length, granule) = page(&ogg[at..])?;
            let bytes = ogg.slice(at..at + length);
            at += length;
            if granule == 0 && pages.is_empty() {
                head_end = at;
            } else {
                pages.push(Page { until: Duration::from_millis(granule * 1_000 / GRANULES_A_SECOND), bytes });
            }
        }
        ensure!(!pages.is_empty(), "there is no sound in it to broadcast");
        Ok(Self { icy, head: ogg.slice(..head_end), pages: Arc::new(pages) })
    }

    /// Tunes in at `now`.
    pub(super) fn tune_in(&self, now: Duration) -> Reception {
        let from = now.saturating_sub(BURST);
        let next = self.pages.partition_point(|page| page.until <= from);
        Reception { station: self.clone(), next, ready: self.head.clone() }
    }
}

/// The length and the granule position of the page that `bytes` begin with.
fn page(bytes: &[u8]) -> Result<(usize, u64)> {
    ensure!(bytes.len() >= HEADER && bytes.starts_with(b"OggS"), "it is no Ogg file");
    let segments = usize::from(bytes[HEADER - 1]);
    ensure!(bytes.len() >= HEADER + segments, "an Ogg page is cut off");
    let body: usize = bytes[HEADER..HEADER + segments].iter().map(|&size| usize::from(size)).sum();
    let length = HEADER + segments + body;
    ensure!(bytes.len() >= length, "an Ogg page is cut off");
    let granule = bytes[6..14].iter().rev().fold(0_u64, |granule, &byte| granule << 8 | u64::from(byte));
    // A page on which no packet ends has no position of its own.
    Ok((length, if granule == u64::MAX { 0 } else { granule }))
}

/// One listener's reception.
#[derive(Debug)]
pub(super) struct Reception {
    station: Station,
    next: usize,
    ready: Bytes,
}

impl Reception {
    /// What is on the air and was not given yet, at most `most` bytes; nothing while there is none.
    pub(super) fn next(&mut self, now: Duration, most: usize) -> Bytes {
        if self.ready.is_empty()
            && let Some(page) = self.station.pages.get(self.next).filter(|page| page.until <= now)
        {
            self.ready = page.bytes.clone();
            self.next += 1;
        }
        self.ready.split_to(most.min(self.ready.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two pages of headers, then one page a second.
    fn ogg(seconds: u64) -> Bytes {
        let mut all = Vec::new();
        for (number, granule) in [0_u64, 0].into_iter().chain((1..=seconds).map(|s| s * 48_000)).enumerate() {
            all.extend(b"OggS\0\0");
            all.extend(granule.to_le_bytes());
            all.extend([0_u8; 12]);
            all.extend([1_u8, 1, number as u8]);
        }
        all.into()
    }

    fn all_at(reception: &mut Reception, now_s: u64) -> Vec<u8> {
        let mut numbers = Vec::new();
        loop {
            let bytes = reception.next(Duration::from_secs(now_s), 10_000);
            let Some(number) = bytes.last() else { return numbers };
            numbers.push(*number);
        }
    }

    #[test]
    fn who_tunes_in_gets_the_headers_the_last_two_seconds_and_then_what_comes() {
        let station = Station::from_ogg(&ogg(20), true).unwrap();
        let mut early = station.tune_in(Duration::ZERO);
        assert_eq!(all_at(&mut early, 3), [1, 2, 3, 4]);
        let mut late = station.tune_in(Duration::from_secs(10));
        assert_eq!(all_at(&mut late, 10), [1, 10, 11]);
        assert!(all_at(&mut late, 10).is_empty());
        assert_eq!(all_at(&mut late, 11), [12]);
    }

    #[test]
    fn what_is_no_ogg_is_refused() {
        for wrong in [&b"RIFF"[..], b"OggS", b"", &ogg(0)] {
            assert!(Station::from_ogg(&Bytes::copy_from_slice(wrong), false).is_err());
        }
    }
}
