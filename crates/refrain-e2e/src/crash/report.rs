//! The table: what the bot was killed during, and what came of it.

use super::{row::Row, script::Moment};
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Write as _};

/// The whole run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What the scripts were drawn from.
    pub seed: u64,
    /// How long it took, in seconds.
    pub seconds: u64,
    /// The figures of all rounds.
    pub figures: Vec<Figure>,
    /// Each round.
    pub rows: Vec<Row>,
}

/// A figure over all rounds, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// What it is.
    pub what: &'static str,
    /// In how many rounds it could be taken.
    pub rounds: usize,
    /// The median.
    pub median_ms: f64,
    /// Nine in ten are not above it.
    pub p90_ms: f64,
    /// The highest.
    pub max_ms: f64,
}

impl Figure {
    pub(super) fn of(what: &'static str, values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values.get(((values.len() as f64 * share).ceil() as usize).max(1) - 1).copied();
        Some(Self { what, rounds: values.len(), median_ms: at(0.5)?, p90_ms: at(0.9)?, max_ms: at(1.0)? })
    }
}

impl Report {
    pub(super) fn new(seed: u64, seconds: u64, rows: Vec<Row>) -> Self {
        let figures = [
            Figure::of("from the start of the process to sound", rows.iter().filter_map(|row| row.start_to_sound_ms)),
            Figure::of(
                "from the gateway's acceptance to sound",
                rows.iter().filter_map(|row| row.accepted_to_sound_ms),
            ),
            Figure::of("position, off by", rows.iter().filter_map(|row| row.position_error_ms.map(f64::abs))),
        ];
        Self { seed, seconds, figures: figures.into_iter().flatten().collect(), rows }
    }

    /// Whether everything is as it should be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.rows.iter().all(Row::is_good)
    }

    /// The tables, in Markdown, and what is wrong.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text =
            String::from("| killed | rounds | failed | broken | unanswered commands |\n|---|---|---|---|---|\n");
        let mut moments: BTreeMap<Moment, Vec<&Row>> = BTreeMap::new();
        for row in &self.rows {
            moments.entry(row.moment).or_default().push(row);
        }
        // Writing to a string cannot fail.
        for (moment, rows) in &moments {
            let failed = rows.iter().filter(|row| !row.complaints.is_empty()).count();
            let broken = rows.iter().filter(|row| row.broken.is_some()).count();
            let open: usize = rows.iter().map(|row| row.open.len()).sum();
            let _never = writeln!(text, "| {} | {} | {failed} | {broken} | {open} |", moment.words(), rows.len());
        }
        text.push_str("\n| ms | rounds | median | p90 | max |\n|---|---|---|---|---|\n");
        for Figure { what, rounds, median_ms, p90_ms, max_ms } in &self.figures {
            let _never = writeln!(text, "| {what} | {rounds} | {median_ms:.0} | {p90_ms:.0} | {max_ms:.0} |");
        }
        for row in self.rows.iter().filter(|row| !row.is_good()) {
            let _never = writeln!(text, "\nround {}: {}", row.round, row.line());
            for (command, answer) in &row.answered {
                let _never = writeln!(text, "    {command}: {answer}");
            }
        }
        let good = self.rows.iter().filter(|row| row.is_good()).count();
        let (kills, opened) =
            self.rows.iter().fold((0, 0), |(kills, opened), row| (kills + row.kills, opened + row.opened));
        let resumed = self.rows.iter().filter(|row| row.accepted_with.as_deref() == Some("RESUMED")).count();
        let _never = writeln!(
            text,
            "\n{} rounds (seed {}) in {} s: {good} as they should be, {} not. Killed {kills} times; the database opened \
             {opened} times; the gateway's session was resumed in {resumed} rounds.",
            self.rows.len(),
            self.seed,
            self.seconds,
            self.rows.len() - good,
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_of_the_rounds_that_have_them() {
        let figure = Figure::of("it", (1..=10).map(f64::from)).unwrap();
        assert_eq!((figure.rounds, figure.median_ms, figure.p90_ms, figure.max_ms), (10, 5.0, 9.0, 10.0));
        assert_eq!(Figure::of("it", std::iter::empty()), None);
    }

    #[test]
    fn a_round_that_went_wrong_is_told_with_what_was_expected() {
        let wrong = Row { complaints: vec!["current: expected 1, found 2".to_owned()], kills: 1, ..Row::new(2) };
        let report = Report::new(9, 3, vec![Row::new(1), wrong]);
        assert!(!report.is_good());
        let table = report.table();
        assert!(table.contains("| idle | 2 | 1 | 0 | 0 |"), "{table}");
        assert!(table.contains("FAILED: current: expected 1, found 2"), "{table}");
        assert!(table.contains("2 rounds (seed 9) in 3 s: 1 as they should be, 1 not. Killed 1 times"), "{table}");
    }
}
