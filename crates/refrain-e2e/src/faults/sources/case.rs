//! A case: what goes wrong with a source, when, and what should come of it. Data only.

use crate::media::{FaultRule, MediaFault};
use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};

const TEXT: &str = include_str!("../catalogue/sources.toml");

/// When a source breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Moment {
    /// While the first track is being opened.
    Opening,
    /// While it plays.
    Playing,
    /// While it is opened again after the bot was killed and started.
    Restart,
    /// While the track that follows is being opened.
    Between,
}

impl Moment {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Playing => "playing",
            Self::Restart => "after a restart",
            Self::Between => "between tracks",
        }
    }
}

/// What should become of the music.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SourceMusic {
    /// It goes on in the same track where it was heard last.
    Resumes,
    /// It goes on at what the station sends by then.
    Present,
    /// The track is passed over and the next one is heard.
    PassedOver,
    /// It stops, and the queue is kept.
    Stops,
}

/// What is ordered from the media server.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SourceOrder {
    /// The path; with `*` at its end: all that begin so.
    pub(crate) path: String,
    /// How long it lasts; without this and without `requests`, until the case is over.
    #[serde(default)]
    pub(crate) for_ms: Option<u64>,
    /// How many answers it hits.
    #[serde(default)]
    pub(crate) requests: Option<u32>,
    /// What is wrong.
    #[serde(flatten)]
    pub(crate) fault: MediaFault,
}

impl SourceOrder {
    pub(crate) fn rule(&self) -> FaultRule {
        let rule = FaultRule::new(&self.path, self.fault.clone());
        match (self.requests, self.for_ms) {
            (Some(requests), _) => rule.for_requests(requests),
            (None, Some(ms)) => rule.for_time(Duration::from_millis(ms)),
            (None, None) => rule,
        }
    }

    /// How long it lasts where it ends by itself, in milliseconds.
    pub(crate) fn lasts_ms(&self) -> u64 {
        self.for_ms.unwrap_or_default()
    }
}

/// A case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceCase {
    /// What the table calls it; unique.
    pub(crate) name: String,
    /// Why this is what should come of it.
    pub(crate) because: String,
    /// When it happens.
    pub(crate) moment: Moment,
    /// What is asked for, in this order: paths on the media server.
    #[serde(default = "three_songs")]
    pub(crate) play: Vec<String>,
    /// Conditions that hold from the beginning: what the server cannot do, whatever happens.
    #[serde(default)]
    pub(crate) arrange: Vec<SourceOrder>,
    /// What goes wrong.
    pub(crate) faults: Vec<SourceOrder>,
    /// How much music comes before the fault, in seconds.
    #[serde(default = "few_seconds")]
    pub(crate) play_s: u64,
    /// The first track is repeated, so that it is opened again when it ends.
    #[serde(default)]
    pub(crate) looped: bool,
    /// What should become of the music.
    pub(crate) music: SourceMusic,
    /// The tracks that should be heard, by number, in this order.
    #[serde(default = "first_track")]
    pub(crate) heard: Vec<u8>,
    /// The most that the position may be off afterwards, in milliseconds.
    #[serde(default = "a_second")]
    pub(crate) position_ms: f64,
    /// How long the bot has, once the source answers again.
    #[serde(default = "some_seconds")]
    pub(crate) within_s: u64,
    /// Titles that the queue should still hold afterwards.
    #[serde(default = "later_titles")]
    pub(crate) queue: Vec<String>,
    /// Whether members should read something; left out: by how long it was silent.
    #[serde(default)]
    pub(crate) told: Option<bool>,
    /// One of these, in lower case, should be in what they read.
    #[serde(default)]
    pub(crate) words: Vec<String>,
    /// The most requests for the paths of the faults while these last.
    #[serde(default = "some_requests")]
    pub(crate) requests_most: usize,
    /// No request for the path of the first fault comes within this time of an answer that asked to be left alone, in seconds.
    #[serde(default)]
    pub(crate) left_alone_s: Option<u64>,
    /// What the bot may log at ERROR.
    #[serde(default)]
    pub(crate) errors: Vec<String>,
    /// It is one of the short selection.
    #[serde(default)]
    pub(crate) quick: bool,
}

fn three_songs() -> Vec<String> {
    ["watch/song-1-60", "watch/song-2-60", "watch/song-3-60"].map(str::to_owned).into()
}

fn later_titles() -> Vec<String> {
    ["Song 2", "Song 3"].map(str::to_owned).into()
}

fn first_track() -> Vec<u8> {
    vec![1]
}

const fn few_seconds() -> u64 {
    3
}

const fn a_second() -> f64 {
    1_000.0
}

const fn some_seconds() -> u64 {
    20
}

const fn some_requests() -> usize {
    16
}

impl SourceCase {
    /// The kind that it is about: that of its first fault.
    #[must_use]
    pub(crate) fn kind(&self) -> &'static str {
        self.faults.first().map_or("", |order| order.fault.name())
    }

    /// What should come of it, in words for the table.
    pub(crate) fn expected(&self) -> String {
        let heard: Vec<String> = self.heard.iter().map(ToString::to_string).collect();
        let heard = heard.join(", ");
        match self.music {
            SourceMusic::Resumes => format!("resumes: heard {heard}"),
            SourceMusic::Present => "goes on at the present".to_owned(),
            SourceMusic::PassedOver => format!("passed over: heard {heard}"),
            SourceMusic::Stops => "stops, queue kept".to_owned(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<SourceCase>,
}

/// All cases.
///
/// # Errors
/// When the file is not understood, or a name is there twice.
pub(crate) fn catalogue() -> Result<Vec<SourceCase>> {
    let file: File = toml::from_str(TEXT).context("reading catalogue/sources.toml")?;
    let mut names = BTreeSet::new();
    for case in &file.case {
        ensure!(names.insert(&case.name), "the case \"{}\" is there twice", case.name);
        ensure!(!case.faults.is_empty(), "the case \"{}\" has no fault", case.name);
        let named = case.name.starts_with("source ") && case.name.ends_with(case.moment.word());
        ensure!(named, "the case \"{}\" is not named by its moment: {}", case.name, case.moment.word());
    }
    Ok(file.case)
}
