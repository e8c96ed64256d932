//! Whether the music goes on where people stopped hearing it.

use super::{
    heard::Segment,
    model::{Guild, Place},
};

/// How far off it may be, in milliseconds, earlier or later.
pub(super) const MOST_MS: f64 = 1_000.0;

/// What came of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Position {
    /// How far it is off: later in the song is positive. `None` where the place was put by a command and nobody heard it
    /// there before the kill.
    pub(super) error_ms: Option<f64>,
    /// What is wrong, in words.
    pub(super) complaint: Option<String>,
}

/// Compares what was heard `last` with what is heard `first` after the restart.
pub(super) fn judge(guild: &Guild, last: Option<&Segment>, first: &Segment, killed_ms: f64) -> Position {
    let Some(current) = guild.current else { return Position::default() };
    if first.track != current.sound() {
        let words = format!("heard sound {}, where {current} has sound {}", first.track, current.sound());
        return Position { error_ms: None, complaint: Some(words) };
    }
    let last = last.filter(|last| last.track == current.sound() && was_heard(guild.place, last));
    match (last, guild.place) {
        (Some(last), _) => {
            let error_ms = first.from_ms - last.to_ms;
            let words = || {
                let (from, to) = (last.to_ms / 1_000.0, first.from_ms / 1_000.0);
                format!("{current} was last heard at {from:.2} s and goes on at {to:.2} s")
            };
            Position { error_ms: Some(error_ms), complaint: (error_ms.abs() > MOST_MS).then(words) }
        }
        (None, Place::Put { at_ms, asked_ms }) => {
            let latest_ms = at_ms + (killed_ms - asked_ms).max(0.0) + MOST_MS;
            let words = || {
                let (at, from) = (at_ms / 1_000.0, first.from_ms / 1_000.0);
                format!("{current} was put to {at:.2} s, was not heard there, and goes on at {from:.2} s")
            };
            let good = (at_ms - MOST_MS..=latest_ms).contains(&first.from_ms);
            Position { error_ms: None, complaint: (!good).then(words) }
        }
        (None, Place::Heard) => Position::default(),
    }
}

/// What is kept of the position of a song that is paused must be where people stopped hearing it.
pub(super) fn judge_kept(guild: &Guild, last: Option<&Segment>, kept_ms: Option<f64>) -> Option<String> {
    let (current, kept_ms) = (guild.current.filter(|_| guild.paused && guild.place == Place::Heard)?, kept_ms?);
    let last = last.filter(|last| last.track == current.sound())?;
    let (kept, heard) = (kept_ms / 1_000.0, last.to_ms / 1_000.0);
    let words = || format!("{current}, paused, was last heard at {heard:.2} s and is kept at {kept:.2} s");
    ((kept_ms - last.to_ms).abs() > MOST_MS).then(words)
}

/// Whether this was heard after the place was last put somewhere.
fn was_heard(place: Place, last: &Segment) -> bool {
    match place {
        Place::Heard => true,
        Place::Put { at_ms, asked_ms } => {
            let latest_ms = at_ms + (last.start_ms - asked_ms).max(0.0) + MOST_MS;
            last.start_ms >= asked_ms && (at_ms - MOST_MS..=latest_ms).contains(&last.from_ms)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash::model::Song;

    fn playing(place: Place) -> Guild {
        let mut guild = Guild::default();
        (guild.current, guild.in_voice, guild.place) = (Some(Song(1)), true, place);
        guild
    }

    fn heard(start_ms: f64, from_ms: f64, length_ms: f64) -> Segment {
        Segment { start_ms, length_ms, track: Song(1).sound(), from_ms, to_ms: from_ms + length_ms }
    }

    #[test]
    fn it_goes_on_where_it_was_last_heard_to_a_second() {
        let last = heard(100.0, 5_000.0, 2_000.0);
        let judged = |from_ms| judge(&playing(Place::Heard), Some(&last), &heard(4_000.0, from_ms, 300.0), 2_200.0);
        assert_eq!(judged(6_400.0), Position { error_ms: Some(-600.0), complaint: None });
        assert!(judged(8_100.0).complaint.is_some_and(|words| words.contains("7.00 s and goes on at 8.10 s")));
        let other = Segment { track: 3, ..heard(4_000.0, 7_000.0, 300.0) };
        assert!(judge(&playing(Place::Heard), Some(&last), &other, 2_200.0).complaint.is_some());
    }

    #[test]
    fn where_a_command_put_it_counts_until_it_was_heard_there() {
        let put = playing(Place::Put { at_ms: 60_000.0, asked_ms: 2_000.0 });
        let before = heard(100.0, 5_000.0, 2_000.0);
        let judged = |last: &Segment, from_ms| judge(&put, Some(last), &heard(6_000.0, from_ms, 300.0), 3_000.0);
        assert_eq!(judged(&before, 60_500.0), Position::default());
        assert!(judged(&before, 7_000.0).complaint.is_some());
        let after = heard(2_100.0, 60_000.0, 900.0);
        assert_eq!(judged(&after, 60_500.0).error_ms, Some(-400.0));
    }
}
