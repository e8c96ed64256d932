//! The table of `cargo xtask crash --guilds`.

use super::judge::Outcome;
use crate::crash::report::Figure;
use serde::Serialize;
use std::fmt::Write as _;

/// The whole run.
#[derive(Clone, Debug, Serialize)]
pub struct GuildsReport {
    /// How long each look-up took, in seconds, once the bot was started again.
    pub look_up_s: u64,
    /// How long the run took, in seconds.
    pub seconds: u64,
    /// The most memory that the bot had after the restart, and the simulator, in MiB.
    pub resident_mib: [Option<u64>; 2],
    /// What the restarted bot logged at ERROR.
    pub errors: Vec<String>,
    /// Each guild.
    pub outcomes: Vec<Outcome>,
}

impl GuildsReport {
    /// Whether every guild's song came back at its position.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.errors.is_empty() && self.outcomes.iter().all(|outcome| outcome.complaints.is_empty())
    }

    /// The tables, in Markdown, and what is wrong.
    #[must_use]
    pub fn table(&self) -> String {
        let guilds = self.outcomes.len();
        let good = self.outcomes.iter().filter(|outcome| outcome.complaints.is_empty()).count();
        let back = self.outcomes.iter().filter(|outcome| outcome.sound_after_ms.is_some()).count();
        let mut text =
            String::from("| guilds | music is back | song and position as before | wrong |\n|---|---|---|---|\n");
        // Writing to a string cannot fail.
        let _never = writeln!(text, "| {guilds} | {back} | {good} | {} |", guilds - good);
        text.push_str("\n| ms | guilds | median | p90 | max |\n|---|---|---|---|---|\n");
        let off = |of: fn(&Outcome) -> Option<f64>| self.outcomes.iter().filter_map(of).map(f64::abs);
        let figures = [
            Figure::of(
                "from the start of the process to sound",
                self.outcomes.iter().filter_map(|one| one.sound_after_ms),
            ),
            Figure::of("position asked for, off by", off(|one| one.asked_off_ms)),
            Figure::of("position heard, off by", off(|one| one.heard_off_ms)),
        ];
        for Figure { what, rounds, median_ms, p90_ms, max_ms } in figures.into_iter().flatten() {
            let _never = writeln!(text, "| {what} | {rounds} | {median_ms:.0} | {p90_ms:.0} | {max_ms:.0} |");
        }
        text.push('\n');
        for (number, outcome) in self.outcomes.iter().enumerate().filter(|(_, one)| !one.complaints.is_empty()) {
            let _never = writeln!(text, "FAILED: guild {}: {}", number + 1, outcome.complaints.join("; "));
        }
        for error in &self.errors {
            let _never = writeln!(text, "FAILED: logged an error: {error}");
        }
        let [bot, sim] = self.resident_mib.map(|mib| mib.map_or("?".to_owned(), |mib| mib.to_string()));
        let _never = writeln!(
            text,
            "\n{guilds} guilds restarted at once, {} s a look-up, in {} s: {good} as they should be, {} not. Most memory: the \
             bot {bot} MiB, the simulator {sim} MiB.",
            self.look_up_s,
            self.seconds,
            guilds - good,
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_back_is_counted_and_what_did_not_is_named() {
        let good = Outcome { sound_after_ms: Some(4_000.0), asked_off_ms: Some(-200.0), ..Outcome::default() };
        let lost = Outcome { complaints: vec![String::from("its song did not come back")], ..Outcome::default() };
        let report = GuildsReport {
            look_up_s: 3,
            seconds: 200,
            resident_mib: [Some(90), None],
            errors: Vec::new(),
            outcomes: vec![good, lost],
        };
        assert!(!report.is_good());
        let table = report.table();
        assert!(table.contains("| 2 | 1 | 1 | 1 |"), "{table}");
        assert!(table.contains("FAILED: guild 2: its song did not come back"), "{table}");
        assert!(table.contains("the bot 90 MiB, the simulator ? MiB"), "{table}");
    }
}
