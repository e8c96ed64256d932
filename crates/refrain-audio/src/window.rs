//! The frames that are kept around the playhead. Pure: no lock, no clock, no IO.
//!
//! Frames are numbered from the start of the stream. The reader appends and drops what lies too far behind, so the
//! mixer's side frees nothing.

use crate::{EndReason, FRAME, Frame, Next};
use bytes::Bytes;
use std::{collections::VecDeque, time::Duration};

/// How far ahead of what has come the playhead may go.
const MOST_SKIPPED: Duration = Duration::from_secs(30);

pub(crate) struct Window {
    start: Duration,
    frames: VecDeque<Bytes>,
    /// The number of `frames[0]`.
    first: u64,
    /// The number of the frame that is handed out next: `first <= playhead <= first + frames.len()`.
    playhead: u64,
    lead: usize,
    rewind: usize,
    /// The reader waits for room, until `refill` frames or fewer are left.
    parked: bool,
    end: Option<EndReason>,
    starvations: u64,
}

impl Window {
    pub(crate) fn new(start: Duration, lead: usize, rewind: usize) -> Self {
        Self {
            start,
            frames: VecDeque::new(),
            first: 0,
            playhead: 0,
            lead,
            rewind,
            parked: false,
            end: None,
            starvations: 0,
        }
    }

    /// The frame at the playhead, which moves past it.
    pub(crate) fn next(&mut self) -> Next {
        let Some(data) = self.frames.get(self.index()).cloned() else {
            if let Some(reason) = self.end {
                return Next::Ended(reason);
            }
            self.starvations = self.starvations.saturating_add(1);
            return Next::Starved;
        };
        let position = self.position();
        self.playhead += 1;
        Next::Frame(Frame { position, data })
    }

    pub(crate) fn position(&self) -> Duration {
        self.start.saturating_add(offset(self.playhead))
    }

    /// Moves the playhead to the frame that holds `to`, when it is kept; otherwise nothing changes.
    pub(crate) fn rewind(&mut self, to: Duration) -> bool {
        let Some(target) = self.frame_at(to) else { return false };
        let kept = (self.first..=self.last()).contains(&target);
        if kept {
            self.playhead = target;
        }
        kept
    }

    /// Moves the playhead to the frame that holds `to`, also when that has not come yet: what comes before it is passed
    /// over, and the stream starves until then. Too far ahead, or behind what is kept, nothing changes.
    pub(crate) fn skip_to(&mut self, to: Duration) -> bool {
        if self.rewind(to) {
            return true;
        }
        let ahead = to.saturating_sub(self.start.saturating_add(offset(self.last())));
        if self.end.is_some() || ahead.is_zero() || ahead > MOST_SKIPPED {
            return false;
        }
        let Some(target) = self.frame_at(to) else { return false };
        self.playhead = target;
        true
    }

    /// Takes a frame in; nothing once the stream has ended.
    pub(crate) fn push(&mut self, data: Bytes) {
        if self.end.is_some() {
            return;
        }
        self.frames.push_back(data);
        while self.index() > self.rewind && self.frames.pop_front().is_some() {
            self.first += 1;
        }
    }

    /// Whether the reader may go on; if not, [`Self::take_wake`] says when.
    pub(crate) fn has_room(&mut self) -> bool {
        self.parked = self.end.is_none() && self.ahead() >= self.lead;
        !self.parked
    }

    /// Keeps at least so many frames ready from now on.
    pub(crate) fn raise_lead(&mut self, lead: usize) {
        self.lead = self.lead.max(lead);
    }

    /// Whether the reader is to be woken: a batch is taken at a time, not a frame.
    pub(crate) fn take_wake(&mut self) -> bool {
        let refill = self.lead - (self.lead / 8).max(1);
        let wake = self.parked && (self.end.is_some() || self.ahead() <= refill);
        self.parked &= !wake;
        wake
    }

    /// Marks the end; the first reason stays.
    pub(crate) fn end(&mut self, reason: EndReason) {
        self.end.get_or_insert(reason);
    }

    /// Ends the stream and lets go of all frames; the position stays.
    pub(crate) fn close(&mut self) {
        self.end(EndReason::Finished);
        self.frames = VecDeque::new();
        self.first = self.playhead;
    }

    pub(crate) fn ended(&self) -> Option<EndReason> {
        self.end
    }

    pub(crate) fn starvations(&self) -> u64 {
        self.starvations
    }

    /// Whether a frame ever came.
    pub(crate) fn has_begun(&self) -> bool {
        self.last() > 0
    }

    /// How many frames are kept, on both sides.
    pub(crate) fn len(&self) -> usize {
        self.frames.len()
    }

    fn last(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    /// The number of the frame that holds `to`; `None` before the start.
    fn frame_at(&self, to: Duration) -> Option<u64> {
        u64::try_from(to.checked_sub(self.start)?.as_millis() / FRAME.as_millis()).ok()
    }

    fn index(&self) -> usize {
        usize::try_from(self.playhead - self.first).unwrap_or(usize::MAX)
    }

    fn ahead(&self) -> usize {
        self.frames.len().saturating_sub(self.index())
    }
}

fn offset(frames: u64) -> Duration {
    Duration::from_millis(frames.saturating_mul(FRAME.as_millis() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AudioErrorKind;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn filled(frames: u8) -> Window {
        let mut window = Window::new(MS(1000), 10, 5);
        (0..frames).for_each(|n| window.push(Bytes::from(vec![n])));
        window
    }

    fn played(window: &mut Window) -> (u64, u8) {
        match window.next() {
            Next::Frame(frame) => (frame.position.as_millis() as u64, frame.data[0]),
            other @ (Next::Starved | Next::Ended(_)) => panic!("expected a frame, got {other:?}"),
        }
    }

    #[test]
    fn hands_out_frames_in_order_with_positions_from_the_start_offset() {
        let mut window = filled(3);
        assert_eq!(played(&mut window), (1000, 0));
        assert_eq!(played(&mut window), (1020, 1));
        assert_eq!(window.position(), MS(1040));
    }

    #[test]
    fn starves_without_losing_its_place_and_counts_it() {
        let mut window = filled(1);
        played(&mut window);
        assert_eq!(window.next(), Next::Starved);
        assert_eq!((window.position(), window.starvations()), (MS(1020), 1));
        window.push(Bytes::from_static(&[9]));
        assert_eq!(played(&mut window), (1020, 9));
    }

    #[test]
    fn ends_after_the_frames_that_came_and_keeps_the_first_reason() {
        let mut window = filled(1);
        window.end(EndReason::Failed(AudioErrorKind::Network));
        window.end(EndReason::Finished);
        assert_eq!(played(&mut window), (1000, 0));
        assert_eq!(window.next(), Next::Ended(EndReason::Failed(AudioErrorKind::Network)));
        assert_eq!(window.starvations(), 0);
    }

    #[test]
    fn rewinds_within_what_is_kept_and_nowhere_else() {
        let mut window = filled(8);
        for _ in 0..7 {
            played(&mut window);
        }
        window.push(Bytes::from_static(&[8]));
        // Frames 2 to 8 are kept: five behind the playhead at 7, and what is ahead.
        assert!(!window.rewind(MS(1039)), "dropped already");
        assert!(!window.rewind(MS(999)), "before the start");
        assert!(!window.rewind(MS(1200)), "not there yet");
        assert_eq!(window.position(), MS(1140), "a refusal changes nothing");
        assert!(window.rewind(MS(1059)));
        assert_eq!(played(&mut window), (1040, 2), "the frame that holds the moment");
        assert!(window.rewind(MS(1160)), "ahead");
        assert_eq!(played(&mut window), (1160, 8));
        assert!(window.rewind(MS(1180)), "the frame that comes next");
        assert_eq!(window.next(), Next::Starved);
    }

    #[test]
    fn skips_ahead_of_what_has_come_and_passes_over_what_lies_between() {
        let mut window = filled(3);
        assert!(!window.skip_to(MS(999)) && !window.skip_to(MS(32_000)), "before the start, and too far ahead");
        assert!(window.skip_to(MS(1160)) && window.has_room());
        assert_eq!((window.position(), window.next()), (MS(1160), Next::Starved));
        (3..9).for_each(|n| window.push(Bytes::from(vec![n])));
        assert_eq!(played(&mut window), (1160, 8));
        assert!(window.skip_to(MS(1100)), "back is as in a rewind");
        assert_eq!(played(&mut window), (1100, 5));
        window.end(EndReason::Finished);
        assert!(!window.skip_to(MS(1300)), "nothing more will come");
    }

    #[test]
    fn stops_the_reader_at_the_lead_and_wakes_it_once_when_frames_were_taken() {
        let mut window = filled(10);
        assert!(!window.has_room());
        assert!(!window.take_wake());
        played(&mut window);
        assert!(window.take_wake());
        assert!(!window.take_wake());
        assert!(window.has_room());
    }

    #[test]
    fn never_keeps_more_than_lead_and_rewind_whatever_the_consumer_does() {
        let mut window = Window::new(Duration::ZERO, 10, 5);
        for step in 0..10_000_u64 {
            while window.has_room() {
                window.push(Bytes::from_static(&[0]));
            }
            match step % 7 {
                0 => drop(window.rewind(window.position().saturating_sub(MS(60)))),
                3 => drop(window.rewind(window.position() + MS(160))),
                _ => drop(window.next()),
            }
            assert!(window.len() <= 10 + 5 + 1, "{} frames are kept", window.len());
        }
    }

    #[test]
    fn closing_frees_the_frames_and_lets_the_reader_go() {
        let mut window = filled(10);
        assert!(!window.has_room());
        window.close();
        assert!(window.take_wake());
        assert_eq!((window.len(), window.next()), (0, Next::Ended(EndReason::Finished)));
        window.push(Bytes::from_static(&[1]));
        assert_eq!(window.len(), 0);
    }
}
