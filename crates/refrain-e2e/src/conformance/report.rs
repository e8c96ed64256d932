//! The table: who managed what, and what was heard.

use super::{client::Client, known::Known, step::Step};
use serde::Serialize;
use std::fmt::Write as _;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The client manages it.
    Ok,
    /// It should manage it and does not.
    Failed,
    /// It does not, as is known.
    Known,
    /// It is known not to manage it, and now does: the file of what is known wants a look.
    Surprise,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "FAILED",
            Self::Known => "known",
            Self::Surprise => "ok (new)",
        }
    }
}

/// One client at one step.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Who.
    pub client: Client,
    /// What.
    pub step: Step,
    /// Music heard in the step (after its fault, where it has one), in milliseconds.
    pub heard_ms: Option<f64>,
    /// Silence in it, in milliseconds.
    pub silence_ms: Option<f64>,
    /// How it ended.
    pub verdict: Verdict,
    /// What was seen, what went wrong, or why it is known.
    pub note: String,
}

/// What was observed of a step that was managed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    pub(crate) heard_ms: Option<f64>,
    pub(crate) silence_ms: Option<f64>,
    pub(crate) note: String,
}

impl Row {
    /// A row from what was observed, or from what went wrong.
    pub(crate) fn new(client: Client, step: Step, outcome: Result<Observed, Failure>) -> Self {
        let (verdict, seen) = match outcome {
            Ok(seen) => (Verdict::Ok, seen),
            Err(failure) => (Verdict::Failed, Observed { note: format!("{:#}", failure.error), ..failure.seen }),
        };
        Self { client, step, heard_ms: seen.heard_ms, silence_ms: seen.silence_ms, verdict, note: seen.note }
    }
}

/// A step that was not managed, with what was heard all the same.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: anyhow::Error,
    pub(crate) seen: Observed,
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { error, seen: Observed::default() }
    }
}

/// The whole run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Each client at each step.
    pub rows: Vec<Row>,
    /// What else was noticed.
    pub remarks: Vec<String>,
}

impl Report {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Holds the rows against what is known.
    pub(super) fn judge(&mut self, known: &Known) {
        for row in &mut self.rows {
            let Some(inability) = known.of(row.client, row.step) else { continue };
            match row.verdict {
                Verdict::Failed => {
                    row.verdict = Verdict::Known;
                    row.note = format!("{} [{}]", inability.reason, row.note);
                }
                Verdict::Ok if !inability.sometimes => {
                    row.verdict = Verdict::Surprise;
                    row.note = format!("known not to manage it: {} [{}]", inability.reason, row.note);
                }
                Verdict::Ok | Verdict::Known | Verdict::Surprise => {}
            }
        }
    }

    /// Whether every client managed what it should, and the simulator had nothing to complain of.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.rows.iter().all(|row| row.verdict != Verdict::Failed) && self.remarks.is_empty()
    }

    /// The table for a terminal, and for docs/conformance.md: it is Markdown.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::from("| client | step | heard | silence | verdict | |\n|---|---|---|---|---|---|\n");
        for row in &self.rows {
            let heard = row.heard_ms.map_or(String::new(), |ms| format!("{:.1} s", ms / 1000.0));
            let silence = row.silence_ms.map_or(String::new(), |ms| format!("{ms:.0} ms"));
            let (client, step, verdict) = (row.client.name(), row.step.name(), row.verdict.word());
            let note = one_line(&row.note);
            // Writing to a string cannot fail.
            let _never =
                writeln!(text, "| {client:<10} | {step:<13} | {heard:>6} | {silence:>8} | {verdict:<8} | {note} |");
        }
        for remark in &self.remarks {
            let _never = writeln!(text, "\n{remark}");
        }
        text
    }
}

/// Words that fit a cell of the table.
fn one_line(words: &str) -> String {
    const MOST: usize = 240;
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "/");
    if line.chars().count() <= MOST { line } else { line.chars().take(MOST - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(failed: bool, known: &str) -> Report {
        let outcome = if failed { Err(anyhow::anyhow!("silent").into()) } else { Ok(Observed::default()) };
        let mut report = Report { rows: vec![Row::new(Client::Songbird, Step::Invalid, outcome)], ..Report::new() };
        report.judge(&toml::from_str(known).unwrap());
        report
    }

    const KNOWN: &str = "[[inability]]\nclient = \"songbird\"\nstep = \"4006\"\nreason = \"gives up\"\n";

    #[test]
    fn a_step_that_should_be_managed_and_is_not_fails_the_run() {
        assert!(!report(true, "").is_good());
        assert!(report(false, "").is_good());
    }

    #[test]
    fn what_is_known_is_shown_with_its_reason_and_fails_nothing() {
        let report = report(true, KNOWN);
        assert_eq!(report.rows[0].verdict, Verdict::Known);
        assert!(report.is_good() && report.table().contains("gives up [silent]"));
    }

    #[test]
    fn what_was_thought_impossible_and_works_is_told_and_fails_nothing() {
        assert_eq!(report(false, KNOWN).rows[0].verdict, Verdict::Surprise);
        assert_eq!(report(false, &format!("{KNOWN}sometimes = true\n")).rows[0].verdict, Verdict::Ok);
        assert!(report(false, KNOWN).is_good());
    }
}
