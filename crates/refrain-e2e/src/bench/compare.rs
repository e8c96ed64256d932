//! Medians, and who is ahead.

use super::{
    heard::Heard,
    row::{Kind, Row},
    table::Cell,
};
use crate::conformance::Client;
use serde::Serialize;
use std::cmp::Ordering;

/// More tries than this in a minute are a storm.
const STORM: f64 = 30.0;
/// Differences that say nothing: so many milliseconds of silence (two frames), or this share of it.
const NOISE: (f64, f64) = (40.0, 0.15);
/// The same for the time until something is noticed: timers run by the second.
const NOISE_NOTICING: (f64, f64) = (1_000.0, 0.15);

/// How Refrain stands against the best of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Better than all of them.
    Ahead,
    /// As good as the best.
    Level,
    /// Worse than the best.
    Behind,
}

impl Cell {
    /// The medians of what was heard in the rounds. In these the music that never comes back takes longest.
    pub(super) fn of(client: Client, heard: &[Heard]) -> Self {
        let median_of = |value: &dyn Fn(&Heard) -> Option<f64>| median(heard.iter().map(value).collect());
        Self {
            client,
            rounds: heard.len(),
            never: heard.iter().filter(|one| one.silence_ms.is_none()).count(),
            silence_ms: median_of(&|one| one.silence_ms),
            position_ms: median_of(&|one| one.position_ms),
            noticed_ms: median_of(&|one| one.noticed_ms),
            tries: median_of(&|one| Some(f64::from(one.tries.sum()))).unwrap_or_default(),
            stays_out: heard.iter().all(|one| one.is_out),
            heard: heard.to_vec(),
        }
    }

    /// Whether its tries stayed within bounds.
    pub(super) fn is_bounded(&self) -> bool {
        self.tries <= STORM
    }

    /// What a listener misses: the silence, and what of the track was left out or came twice.
    fn harm(&self) -> f64 {
        self.silence_ms.zip(self.position_ms).map_or(f64::INFINITY, |(silence, position)| silence + position)
    }

    /// Whether the row's goal is reached.
    pub(super) fn reaches(&self, row: Row) -> bool {
        let within = |value: Option<f64>| value.is_some_and(|value| value <= row.goal().most);
        match row.kind() {
            Kind::Silence => within(self.silence_ms),
            Kind::Noticing => within(self.noticed_ms) && self.silence_ms.is_some(),
            Kind::Storm => within(Some(self.tries)) && self.silence_ms.is_some(),
            Kind::StayingOut => self.stays_out,
        }
    }
}

/// The middle one; of an even number the mean of the two in the middle. `None` is more than anything.
fn median(values: Vec<Option<f64>>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().map(|value| value.unwrap_or(f64::INFINITY)).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len().checked_sub(1)? / 2;
    let (low, high) = (values.get(middle)?, values.get(values.len() / 2)?);
    Some(low.midpoint(*high)).filter(|value| value.is_finite())
}

/// Less is better; what differs by no more than noise is equal.
fn order(one: f64, other: f64, (least, share): (f64, f64)) -> Ordering {
    let is_same = one == other || (one - other).abs() <= least.max(share * one.min(other));
    if is_same { Ordering::Equal } else { one.total_cmp(&other) }
}

/// Which of two clients did better in this row: the lesser one.
fn better(row: Row, one: &Cell, other: &Cell) -> Ordering {
    let harm = || order(one.harm(), other.harm(), NOISE);
    match row.kind() {
        Kind::Silence => harm(),
        Kind::Noticing => {
            let noticed = |cell: &Cell| cell.noticed_ms.unwrap_or(f64::INFINITY);
            harm().then_with(|| order(noticed(one), noticed(other), NOISE_NOTICING))
        }
        Kind::Storm => {
            let class = |cell: &Cell| (!cell.is_bounded(), cell.silence_ms.is_none());
            let after = |cell: &Cell| cell.silence_ms.unwrap_or(f64::INFINITY);
            class(one).cmp(&class(other)).then_with(|| order(after(one), after(other), NOISE_NOTICING))
        }
        Kind::StayingOut => (!one.stays_out).cmp(&!other.stays_out),
    }
}

/// How Refrain stands in this row, and against whom; `None` where it, or everybody else, is missing.
pub(super) fn standing(row: Row, cells: &[Cell]) -> Option<(Standing, Client)> {
    let own = cells.iter().find(|cell| cell.client == Client::Refrain)?;
    let others = cells.iter().filter(|cell| cell.client != Client::Refrain);
    let best = others.min_by(|one, other| better(row, one, other))?;
    let standing = match better(row, own, best) {
        Ordering::Less => Standing::Ahead,
        Ordering::Equal => Standing::Level,
        Ordering::Greater => Standing::Behind,
    };
    Some((standing, best.client))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::heard::Tries;

    fn heard(silence_ms: f64, position_ms: f64) -> Heard {
        Heard { silence_ms: Some(silence_ms), position_ms: Some(position_ms), ..Heard::default() }
    }

    fn cells(own: Heard, other: Heard) -> [Cell; 2] {
        [Cell::of(Client::Refrain, &[own]), Cell::of(Client::Songbird, &[other])]
    }

    fn stands(row: Row, own: Heard, other: Heard) -> Standing {
        standing(row, &cells(own, other)).unwrap().0
    }

    #[test]
    fn music_that_does_not_come_back_takes_longest() {
        assert_eq!(median(vec![Some(3.0), None, Some(1.0)]), Some(3.0));
        assert_eq!(median(vec![None, Some(1.0), None]), None);
        assert_eq!(median(vec![Some(1.0), Some(2.0)]), Some(1.5));
        assert_eq!(median(Vec::new()), None);
    }

    #[test]
    fn the_silence_and_what_is_missing_of_the_track_count_together() {
        let row = Row::DeadServer;
        assert_eq!(stands(row, heard(2_000.0, 20.0), heard(0.0, 15_000.0)), Standing::Ahead);
        assert_eq!(stands(row, heard(60.0, 0.0), heard(40.0, 0.0)), Standing::Level);
        assert_eq!(stands(row, heard(60.0, 900.0), heard(40.0, 0.0)), Standing::Behind);
        assert_eq!(stands(row, heard(60.0, 0.0), Heard::default()), Standing::Ahead);
        assert_eq!(stands(row, Heard::default(), Heard::default()), Standing::Level);
    }

    #[test]
    fn where_nothing_is_missed_who_notices_first_is_ahead() {
        let noticed = |ms| Heard { noticed_ms: Some(ms), ..heard(0.0, 0.0) };
        assert_eq!(stands(Row::DeadSocket, noticed(8_000.0), noticed(27_000.0)), Standing::Ahead);
        assert_eq!(stands(Row::DeadSocket, heard(0.0, 0.0), noticed(27_000.0)), Standing::Behind);
    }

    #[test]
    fn a_storm_is_worse_than_giving_up_and_that_is_worse_than_coming_back() {
        let tried = |op4, heard: Heard| Heard { tries: Tries { op4, ..Tries::default() }, ..heard };
        let (patient, storm, gone) =
            (tried(12, heard(20_000.0, 0.0)), tried(340, heard(0.0, 0.0)), tried(5, Heard::default()));
        assert_eq!(stands(Row::InvalidAlways, patient, gone), Standing::Ahead);
        assert_eq!(stands(Row::InvalidAlways, gone, storm), Standing::Ahead);
        assert_eq!(stands(Row::InvalidAlways, storm, patient), Standing::Behind);
        assert!(cells(patient, gone)[0].reaches(Row::InvalidAlways));
        assert!(!cells(storm, gone)[0].reaches(Row::InvalidAlways));
    }

    #[test]
    fn a_bot_that_was_thrown_out_does_well_to_stay_out() {
        let out = Heard { is_out: true, ..Heard::default() };
        assert_eq!(stands(Row::Kicked, out, out), Standing::Level);
        assert_eq!(stands(Row::Kicked, heard(0.0, 0.0), out), Standing::Behind);
    }
}
