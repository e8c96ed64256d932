//! The table: a line for each fault, a cell for each client.

use super::{
    Sample,
    behind::Behind,
    compare::{Standing, standing},
    date::today,
    heard::Heard,
    options::Options,
    row::{Kind, Row},
};
use crate::conformance::Client;
use serde::Serialize;
use std::fmt::Write as _;

/// A position that is off by less is exact: the reader is good to a frame.
const EXACT_MS: f64 = 30.0;

/// The whole run.
#[derive(Clone, Debug, Serialize)]
pub struct Table {
    /// The day, as `YYYY-MM-DD`.
    pub date: String,
    /// The processors of the machine.
    pub cores: usize,
    /// How the programs were built.
    pub built: String,
    /// How often everything was done.
    pub rounds: usize,
    /// Who was measured.
    pub clients: Vec<Client>,
    /// Each fault.
    pub lines: Vec<Line>,
}

/// One fault.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Which.
    pub row: Row,
    /// What people call it.
    pub title: String,
    /// What Refrain wants to reach, in words.
    pub goal: &'static str,
    /// Only the native driver can reach it.
    pub goal_is_for_the_native_driver: bool,
    /// Whether it does.
    pub reached: Option<bool>,
    /// How Refrain stands, and who of the others is best.
    pub standing: Option<(Standing, Client)>,
    /// Why it is known to be behind.
    pub known: Option<String>,
    /// Each client that was measured.
    pub cells: Vec<Cell>,
}

/// One client under one fault: medians, in milliseconds. `None` stands for "never".
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// Who.
    pub client: Client,
    /// How many rounds could be measured.
    pub rounds: usize,
    /// In how many of them the music did not come back.
    pub never: usize,
    /// The longest silence beyond the fault's own length.
    pub silence_ms: Option<f64>,
    /// What of the track was left out, or heard twice.
    pub position_ms: Option<f64>,
    /// How long it took until the bot did something about it.
    pub noticed_ms: Option<f64>,
    /// Op 4 and Identify.
    pub tries: f64,
    /// Whether it was out of voice in the end, in all rounds.
    pub stays_out: bool,
    /// The rounds.
    pub heard: Vec<Heard>,
}

impl Table {
    pub(super) fn new(options: &Options, samples: &[Sample], behind: &Behind) -> Self {
        let clients = options.clients();
        let line = |row: Row| {
            let cell = |&client: &Client| {
                let own = samples.iter().filter(|(of, whose, _)| (*of, *whose) == (row, client));
                let heard: Vec<Heard> = own.map(|(_, _, heard)| *heard).collect();
                (!heard.is_empty()).then(|| Cell::of(client, &heard))
            };
            let cells: Vec<Cell> = clients.iter().filter_map(cell).collect();
            Line {
                row,
                title: row.title(),
                goal: row.goal().words,
                goal_is_for_the_native_driver: row.goal().native,
                reached: cells.iter().find(|cell| cell.client == Client::Refrain).map(|cell| cell.reaches(row)),
                standing: standing(row, &cells),
                known: behind.reason(row).map(str::to_owned),
                cells,
            }
        };
        Self {
            date: today(),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
            built: options.built.clone(),
            rounds: options.rounds.get(),
            lines: Row::ALL.into_iter().filter(|row| samples.iter().any(|(of, _, _)| of == row)).map(line).collect(),
            clients,
        }
    }

    /// The rows in which Refrain is behind and nobody knows why.
    pub fn surprises(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.is_behind() && line.known.is_none())
    }

    /// The table for a terminal, and for docs/testing.md: it is Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let names: Vec<&str> = self.clients.iter().map(|client| client.name()).collect();
        let mut text = format!("| fault | {} | goal | ahead? |\n|---|", names.join(" | "));
        text += &"---|".repeat(names.len() + 2);
        text.push('\n');
        for line in &self.lines {
            let cells =
                self.clients.iter().map(|&client| line.cell(client).map_or_else(String::new, |c| c.words(line.row)));
            let cells = cells.collect::<Vec<_>>().join(" | ");
            // Writing to a string cannot fail.
            let _never =
                writeln!(text, "| {} | {cells} | {} | {} |", line.title, line.goal_words(), line.standing_words());
        }
        let _never = writeln!(
            text,
            "\nMedian silence beyond the fault's own length / position error; {} rounds, {}, {} cores, {} build.",
            self.rounds, self.date, self.cores, self.built
        );
        text
    }
}

impl Line {
    /// This client's cell.
    #[must_use]
    pub fn cell(&self, client: Client) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.client == client)
    }

    fn is_behind(&self) -> bool {
        matches!(self.standing, Some((Standing::Behind, _)))
    }

    fn goal_words(&self) -> String {
        let reached = match self.reached {
            Some(true) => ": reached",
            Some(false) if self.goal_is_for_the_native_driver => ": waits for the native driver",
            Some(false) => ": missed",
            None => "",
        };
        format!("{}{reached}", self.goal)
    }

    fn standing_words(&self) -> String {
        match self.standing {
            None => String::new(),
            Some((Standing::Ahead, _)) => "ahead".to_owned(),
            Some((Standing::Level, best)) => format!("level with {}", best.name()),
            Some((Standing::Behind, best)) if self.known.is_some() => format!("behind {} (known)", best.name()),
            Some((Standing::Behind, best)) => format!("BEHIND {}", best.name()),
        }
    }
}

impl Cell {
    /// The cell in words.
    #[must_use]
    pub fn words(&self, row: Row) -> String {
        match row.kind() {
            Kind::Silence => self.silence_words(),
            Kind::Noticing => {
                let noticed = self.noticed_ms.map_or("not noticed".to_owned(), |ms| format!("noticed {}", time(ms)));
                format!("{}, {noticed}", self.silence_words())
            }
            Kind::Storm => {
                let after = self.silence_ms.map_or("gives up".to_owned(), |ms| format!("back {} after it", time(ms)));
                let storm = if self.is_bounded() { "" } else { " (a storm)" };
                format!("{:.0} tries{storm}, {after}", self.tries)
            }
            Kind::StayingOut if self.stays_out => "stays out".to_owned(),
            Kind::StayingOut => "comes back".to_owned(),
        }
    }

    fn silence_words(&self) -> String {
        let Some((silence, position)) = self.silence_ms.zip(self.position_ms) else {
            return if self.never == self.rounds {
                "never".to_owned()
            } else {
                format!("never ({} of {})", self.never, self.rounds)
            };
        };
        let silence = if silence < 1.0 { "none".to_owned() } else { time(silence) };
        let position = if position < EXACT_MS { "exact".to_owned() } else { time(position) };
        let never = if self.never > 0 { format!(" ({} of {} never)", self.never, self.rounds) } else { String::new() };
        format!("{silence} / {position}{never}")
    }
}

/// A length of time as people say it.
pub(super) fn time(ms: f64) -> String {
    if ms < 1_000.0 {
        format!("{ms:.0} ms")
    } else if ms < 10_000.0 {
        format!("{:.2} s", ms / 1_000.0)
    } else {
        format!("{:.1} s", ms / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::heard::Tries;

    fn heard(silence_ms: Option<f64>, position_ms: f64) -> Heard {
        Heard { silence_ms, position_ms: silence_ms.map(|_| position_ms), ..Heard::default() }
    }

    #[test]
    fn a_cell_tells_silence_and_position() {
        let words = |heard: &[Heard]| Cell::of(Client::Songbird, heard).words(Row::InvalidStrict);
        assert_eq!(words(&[heard(Some(1_520.0), 1_480.0)]), "1.52 s / 1.48 s");
        assert_eq!(words(&[heard(Some(0.0), 20.0)]), "none / exact");
        assert_eq!(words(&[heard(None, 0.0)]), "never");
        let mixed = [heard(Some(120.0), 40.0), heard(None, 0.0), heard(Some(100.0), 60.0)];
        assert_eq!(words(&mixed), "120 ms / 60 ms (1 of 3 never)");
    }

    #[test]
    fn other_rows_tell_what_they_are_about() {
        let noticed = Heard { noticed_ms: Some(27_040.0), ..heard(Some(0.0), 0.0) };
        assert_eq!(Cell::of(Client::DiscordPy, &[noticed]).words(Row::DeadSocket), "none / exact, noticed 27.0 s");
        let storm = Heard { tries: Tries { op4: 170, identifies: 171, resumes: 0 }, ..heard(Some(60.0), 0.0) };
        assert_eq!(
            Cell::of(Client::DiscordJs, &[storm]).words(Row::InvalidAlways),
            "341 tries (a storm), back 60 ms after it"
        );
        let out = Heard { is_out: true, ..Heard::default() };
        assert_eq!(Cell::of(Client::DiscordJs, &[out]).words(Row::Kicked), "stays out");
    }
}
