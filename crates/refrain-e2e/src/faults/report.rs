//! The table: each fault, what should come of it and what did.

use super::{
    case::{Case, Music},
    given::Decision,
    judge::{Seen, Told, judge},
    options::Driver,
    requests::{case::RequestCase, perform::RequestSeen},
    sources::{
        case::{SourceCase, SourceMusic},
        judge as sources,
    },
};
use anyhow::Result;
use serde::Serialize;
use std::{fmt::Write as _, time::Duration};

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All is as it should be.
    Ok,
    /// Something is not.
    Failed,
    /// The case itself could not be carried out.
    Broken,
    /// It is not as it should be, as is known of the driver.
    Known,
    /// It is known not to be as it should, and now is: `known.toml` wants a look.
    Surprise,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "FAILED",
            Self::Broken => "BROKEN",
            Self::Known => "known",
            Self::Surprise => "ok (new)",
        }
    }
}

/// What a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// The voice connection.
    Voice,
    /// The source of a track.
    Source,
    /// A request to Discord.
    Request,
}

/// One case.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What it is about.
    pub section: Section,
    /// The case's name.
    pub case: String,
    /// The kind of fault that it is about.
    pub kind: String,
    /// What the bot should decide: any of these.
    pub expected: Vec<String>,
    /// Why.
    pub because: String,
    /// What should become of the music.
    pub music: Music,
    /// What the bot decided; of a source, what was heard: the tracks and the stretches of each, in seconds.
    pub given: Vec<String>,
    /// How it ended.
    pub verdict: Verdict,
    /// What is not as it should be.
    pub complaints: Vec<String>,
    /// Why that is known, where it is.
    pub known: Option<String>,
    /// The longest silence from the fault on, in milliseconds; none where nothing was heard at all.
    pub silence_ms: Option<f64>,
    /// How much of the track was left out, in milliseconds.
    pub skipped_ms: Option<f64>,
    /// How much of it was heard twice, in milliseconds.
    pub repeated_ms: Option<f64>,
    /// The highest attempt that the log tells of.
    pub attempts: u64,
    /// How often the bot asked for a channel.
    pub joins: u64,
    /// How often it asked for what was broken, until that answered again.
    pub requests: Option<usize>,
    /// Frames that could not be decrypted, or used a nonce twice.
    pub bad_frames: u64,
    /// What people were told: the words, how often they were changed, whether the message was deleted.
    pub told: Vec<(String, usize, bool)>,
    /// Each decision: verdict, code, attempt, state, reason.
    pub decisions: Vec<(String, Option<u64>, u64, String, String)>,
    /// How long the case took, in seconds.
    pub seconds: f64,
}

impl Row {
    pub(super) fn new(case: &Case, outcome: Result<Seen>, took: Duration) -> Self {
        let (verdict, complaints, seen) = match outcome {
            Ok(seen) => {
                let complaints = judge(case, &seen);
                (if complaints.is_empty() { Verdict::Ok } else { Verdict::Failed }, complaints, seen)
            }
            Err(error) => (Verdict::Broken, vec![format!("{error:#}")], Seen::default()),
        };
        Self {
            section: Section::Voice,
            case: case.name.clone(),
            kind: case.kind().to_owned(),
            expected: case.verdict.iter().map(ToString::to_string).collect(),
            because: case.because.clone(),
            music: case.music,
            given: seen.decisions.iter().map(|one| one.verdict.clone()).collect(),
            verdict,
            complaints,
            known: None,
            silence_ms: seen.silence_ms,
            skipped_ms: seen.jumps.map(|jumps| jumps.skipped_ms),
            repeated_ms: seen.jumps.map(|jumps| jumps.repeated_ms),
            attempts: seen.decisions.iter().map(|one| one.attempt).max().unwrap_or_default(),
            joins: seen.joins,
            requests: None,
            bad_frames: seen.bad_frames,
            told: told(seen.told, seen.answer),
            decisions: seen.decisions.into_iter().map(parts).collect(),
            seconds: took.as_secs_f64(),
        }
    }

    pub(super) fn of_source(case: &SourceCase, outcome: Result<sources::SourceSeen>, took: Duration) -> Self {
        let (verdict, complaints, seen) = match outcome {
            Ok(seen) => {
                let complaints = sources::judge(case, &seen);
                (if complaints.is_empty() { Verdict::Ok } else { Verdict::Failed }, complaints, seen)
            }
            Err(error) => (Verdict::Broken, vec![format!("{error:#}")], sources::SourceSeen::default()),
        };
        let jumps = seen.jumps(case);
        Self {
            section: Section::Source,
            case: case.name.clone(),
            kind: case.kind().to_owned(),
            expected: vec![case.expected()],
            because: case.because.clone(),
            music: if case.music == SourceMusic::Stops { Music::Waits } else { Music::Back },
            given: seen.heard(),
            verdict,
            complaints,
            known: None,
            silence_ms: seen.silence_ms,
            skipped_ms: jumps.map(|jumps| jumps.skipped_ms),
            repeated_ms: jumps.map(|jumps| jumps.repeated_ms),
            attempts: 0,
            joins: 0,
            requests: Some(seen.requests.len()),
            bad_frames: 0,
            told: told(seen.told, Some(seen.answers.join(" // "))),
            decisions: Vec::new(),
            seconds: took.as_secs_f64(),
        }
    }

    pub(super) fn of_request(case: &RequestCase, outcome: Result<RequestSeen>, took: Duration) -> Self {
        let (verdict, seen) = match outcome {
            Ok(seen) => (if seen.complaints.is_empty() { Verdict::Ok } else { Verdict::Failed }, seen),
            Err(error) => {
                let complaints = vec![format!("{error:#}")];
                (Verdict::Broken, RequestSeen { complaints, ..RequestSeen::default() })
            }
        };
        let given = seen.took_ms.map(|ms| format!("after {ms:.0} ms"));
        Self {
            section: Section::Request,
            case: case.name.clone(),
            kind: case.kind().to_owned(),
            expected: vec![case.expected().to_owned()],
            because: case.because.clone(),
            music: Music::Back,
            given: given.into_iter().collect(),
            verdict,
            complaints: seen.complaints,
            known: None,
            silence_ms: None,
            skipped_ms: None,
            repeated_ms: None,
            attempts: 0,
            joins: 0,
            requests: usize::try_from(seen.requests).ok(),
            bad_frames: 0,
            told: Vec::new(),
            decisions: Vec::new(),
            seconds: took.as_secs_f64(),
        }
    }

    /// A line for the operator who watches the run.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = format!("{}: {}: {}", self.case, self.verdict.word(), given(&self.given));
        if !self.complaints.is_empty() {
            let _never = write!(line, " ({})", short(&self.complaints.join("; "), 300));
        }
        line
    }
}

fn told(told: Vec<Told>, answer: Option<String>) -> Vec<(String, usize, bool)> {
    let answer = answer.into_iter().filter(|_| told.is_empty()).map(|words| (words, 0, false));
    let answer: Vec<_> = answer.collect();
    told.into_iter().map(|one| (one.words, one.edits, one.deleted)).chain(answer).collect()
}

fn parts(one: Decision) -> (String, Option<u64>, u64, String, String) {
    (one.verdict, one.close_code, one.attempt, one.state, one.reason)
}

/// The whole run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What carried the frames.
    pub driver: Driver,
    /// How long it took, in seconds.
    pub seconds: u64,
    /// Each case.
    pub rows: Vec<Row>,
}

impl Report {
    /// Whether everything is as it should be, apart from what is known.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.rows.iter().all(|row| !matches!(row.verdict, Verdict::Failed | Verdict::Broken))
    }

    /// The tables, in Markdown, and what they come to.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        let of = |section: Section| self.rows.iter().filter(move |row| row.section == section);
        if of(Section::Voice).next().is_some() {
            text.push_str(VOICE_HEAD);
            of(Section::Voice).for_each(|row| text.push_str(&voice_line(row)));
        }
        if of(Section::Request).next().is_some() {
            text.push_str(REQUEST_HEAD);
            of(Section::Request).for_each(|row| text.push_str(&request_line(row)));
        }
        if of(Section::Source).next().is_some() {
            text.push_str(SOURCE_HEAD);
            of(Section::Source).for_each(|row| text.push_str(&source_line(row)));
        }
        let count = |wanted: Verdict| self.rows.iter().filter(|row| row.verdict == wanted).count();
        let _never = writeln!(
            text,
            "\n{} cases in {} s: {} ok, {} failed, {} broken, {} known of the driver, {} of them no more.",
            self.rows.len(),
            self.seconds,
            count(Verdict::Ok) + count(Verdict::Surprise),
            count(Verdict::Failed),
            count(Verdict::Broken),
            count(Verdict::Known) + count(Verdict::Surprise),
            count(Verdict::Surprise),
        );
        text
    }
}

const VOICE_HEAD: &str = "| fault | expected | given | music | silence | position | attempts | told | verdict |\n\
                          |---|---|---|---|---|---|---|---|---|\n";
const SOURCE_HEAD: &str = "\n| source | expected | heard | silence | position | requests | told | verdict |\n\
                           |---|---|---|---|---|---|---|---|\n";

const REQUEST_HEAD: &str = "\n| request | expected | as it should be | requests | verdict |\n|---|---|---|---|---|\n";

fn request_line(row: &Row) -> String {
    let requests = row.requests.map_or("-".to_owned(), |count| count.to_string());
    let (expected, given) = (row.expected.join(" or "), given(&row.given));
    format!("| {} | {expected} | {given} | {requests} | {} |\n", row.case, verdict(row))
}

fn voice_line(row: &Row) -> String {
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
        row.case,
        row.expected.join(" or "),
        given(&row.given),
        music(row.music),
        silence(row),
        position(row),
        row.attempts,
        words(row),
        verdict(row),
    )
}

fn source_line(row: &Row) -> String {
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} |\n",
        row.case,
        row.expected.join(" or "),
        given(&row.given),
        silence(row),
        position(row),
        row.requests.map_or("-".to_owned(), |count| count.to_string()),
        words(row),
        verdict(row),
    )
}

fn silence(row: &Row) -> String {
    row.silence_ms.map_or("-".to_owned(), |ms| format!("{ms:.0} ms"))
}

fn words(row: &Row) -> String {
    row.told.iter().map(|(words, _, _)| short(words, 60)).collect::<Vec<_>>().join(" // ")
}

fn given(verdicts: &[String]) -> String {
    if verdicts.is_empty() { "nothing".to_owned() } else { verdicts.join(" ") }
}

const fn music(music: Music) -> &'static str {
    match music {
        Music::Back => "back",
        Music::StaysOut => "stays out",
        Music::Waits => "waits",
    }
}

fn position(row: &Row) -> String {
    match (row.skipped_ms, row.repeated_ms) {
        (Some(skipped), Some(repeated)) if skipped < 1.0 && repeated < 1.0 => "0".to_owned(),
        (Some(skipped), Some(repeated)) => format!("+{skipped:.0} -{repeated:.0} ms"),
        (Some(_) | None, _) => "-".to_owned(),
    }
}

fn verdict(row: &Row) -> String {
    let mut words = row.verdict.word().to_owned();
    for complaint in &row.complaints {
        let _never = write!(words, "; {}", short(complaint, 160));
    }
    if let Some(reason) = &row.known {
        let _never = write!(words, " [{}]", short(reason, 200));
    }
    words
}

/// Words that fit a cell of the table.
fn short(words: &str, most: usize) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "/");
    if line.chars().count() <= most { line } else { line.chars().take(most - 1).chain(['…']).collect() }
}
