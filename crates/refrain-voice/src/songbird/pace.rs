//! Music never runs ahead of real time. Pure: the time comes in.
//!
//! songbird counts its beats of 20 ms and sends all that it has missed at once: after the process was frozen for ten
//! seconds, 500 of them. The listener's client plays what belongs to the present and throws away the rest, so music given
//! to those beats is never heard.

use refrain_audio::FRAME;
use std::time::Duration;
use tokio::time::Instant;

/// Beats may be this late together without harm: a client buffers as much.
const SLACK: Duration = Duration::from_millis(200);
/// What is earned before the music goes on after missed beats. Below this, an early beat would already find nothing.
const RESERVE: Duration = Duration::from_millis(100);

/// How much music may go out by now.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// The last beat; `None` before the first.
    last: Option<Instant>,
    /// What real time has earned and beats have not used: [`SLACK`] at most.
    credit: Duration,
    /// Missed beats are being sent: silence until the reserve is earned.
    catching_up: bool,
    /// Beats were missed, and nobody has asked yet.
    fell_behind: bool,
}

impl Pace {
    /// Whether this beat may carry music.
    pub(super) fn beat(&mut self, now: Instant) -> bool {
        match self.last.replace(now) {
            None => self.credit = RESERVE,
            Some(last) => self.earn(now.saturating_duration_since(last)),
        }
        if self.catching_up && self.credit < RESERVE {
            return false;
        }
        match self.credit.checked_sub(FRAME) {
            Some(rest) => {
                self.credit = rest;
                self.catching_up = false;
                true
            }
            None => {
                self.catching_up = true;
                false
            }
        }
    }

    /// Whether beats were missed since the last call: songbird sends them all at once now.
    pub(super) fn fell_behind(&mut self) -> bool {
        std::mem::take(&mut self.fell_behind)
    }

    fn earn(&mut self, time: Duration) {
        if time > SLACK {
            // The beats of this gap come now, and what they carry is too late.
            self.credit = Duration::ZERO;
            (self.catching_up, self.fell_behind) = (true, true);
        } else {
            self.credit = self.credit.saturating_add(time).min(SLACK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    /// Beats at these moments, in ms; how many carried music.
    fn music(pace: &mut Pace, start: Instant, beats: impl IntoIterator<Item = u64>) -> usize {
        beats.into_iter().filter(|at| pace.beat(start + MS(*at))).count()
    }

    #[test]
    fn beats_in_time_all_carry_music_also_with_jitter() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let jitter = |n: u64| n * 20 + (n * 7) % 40;
        assert_eq!(music(&mut pace, start, (0..5000).map(jitter)), 5000);
    }

    #[test]
    fn a_hiccup_within_what_clients_buffer_costs_nothing() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        assert_eq!(music(&mut pace, start, (0..50).map(|n| n * 20)), 50);
        // Eight beats are late and come together.
        assert_eq!(music(&mut pace, start, [1140; 8]), 8);
        assert_eq!(music(&mut pace, start, (58..500).map(|n| n * 20)), 442);
    }

    #[test]
    fn after_a_freeze_no_missed_beat_carries_music_and_the_music_goes_on_at_once() {
        for frozen in [300, 2000, 10_000] {
            let (mut pace, start) = (Pace::default(), Instant::now());
            music(&mut pace, start, (0..50).map(|n| n * 20));
            let (thaw, missed) = (980 + frozen, frozen / 20);
            // They come within 10 ms.
            assert_eq!(music(&mut pace, start, (0..missed).map(|n| thaw + n * 10 / missed)), 0, "{frozen} ms");
            let after = music(&mut pace, start, (1..=1000).map(|n| thaw + n * 20));
            assert!((994..=996).contains(&after), "a tenth of a second of silence, then music: {after}");
        }
    }

    #[test]
    fn a_machine_that_stutters_never_gets_ahead() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let (mut played, mut beats) = (0, 0);
        for stutter in 0..200 {
            let now = stutter * 150 + (stutter % 5) * 100;
            // songbird has sent every beat that is due.
            while beats * 20 <= now {
                played += u64::from(pace.beat(start + MS(now)));
                beats += 1;
            }
            assert!(played * 20 <= now + 200, "{} ms of music by {now} ms", played * 20);
        }
    }
}
