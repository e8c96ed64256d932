//! A guild's incident timeline: the last things that happened to its voice connection, with the time on the wall.

use crate::TimelineEntry;
use alloc::collections::VecDeque;

/// Lines kept; the oldest go first.
const KEPT: usize = 100;

/// The lines, oldest first.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    lines: VecDeque<TimelineEntry>,
    written: u64,
}

impl Timeline {
    /// A line that only repeats the last one is counted, so that a connection that flaps does not push out how it began.
    pub(super) fn push(&mut self, line: TimelineEntry) {
        self.written = self.written.wrapping_add(1);
        if let Some(last) = self.lines.back_mut()
            && last.says_the_same(&line)
        {
            *last = TimelineEntry { times: last.times.saturating_add(1), ..line };
            return;
        }
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// How many lines were ever pushed.
    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    /// All lines, newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &TimelineEntry> {
        self.lines.iter().rev()
    }
}

impl TimelineEntry {
    fn says_the_same(&self, other: &Self) -> bool {
        (self.code, self.verdict, &self.reason) == (other.code, other.verdict, &other.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use refrain_recovery::{CloseCode, Verdict};

    fn line(unix_ms: u64, code: u16) -> TimelineEntry {
        TimelineEntry {
            unix_ms,
            state: "RETRYING",
            attempt: 1,
            code: Some(CloseCode(code)),
            verdict: Verdict::NewSession,
            reason: "the voice session is no longer valid".into(),
            times: 1,
        }
    }

    #[test]
    fn the_newest_hundred_lines_are_kept() {
        let mut timeline = Timeline::default();
        (0..1000).for_each(|n| timeline.push(line(n, u16::try_from(4000 + n).unwrap())));
        assert_eq!(timeline.newest_first().count(), KEPT);
        assert_eq!(timeline.newest_first().next().map(|line| line.unix_ms), Some(999));
    }

    #[test]
    fn what_only_repeats_is_counted_under_its_latest_time() {
        let mut timeline = Timeline::default();
        timeline.push(line(1, 4006));
        (2..=50).for_each(|n| timeline.push(line(n, 4015)));
        let shown: Vec<_> = timeline.newest_first().map(|line| (line.unix_ms, line.times)).collect();
        assert_eq!(shown, [(50, 49), (1, 1)]);
    }
}
