//! A case: which request goes wrong, how, and what should come of it. Data only.

use crate::faults::case::Order;
use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use std::collections::BTreeSet;

const TEXT: &str = include_str!("../catalogue/requests.toml");

/// Which of the bot's requests is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Hit {
    /// The acknowledgement of a `/play`.
    Callback,
    /// The acknowledgement of a press of Skip.
    Press,
    /// The answer to a `/play`, which becomes the panel.
    Answer,
    /// An edit of the panel.
    Panel,
    /// A message of the bot's own about an interruption.
    Message,
    /// The registration of the commands.
    Registration,
    /// What is asked before the bot connects.
    Start,
}

impl Hit {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::Press => "press",
            Self::Answer => "answer",
            Self::Panel => "panel",
            Self::Message => "message",
            Self::Registration => "registration",
            Self::Start => "start",
        }
    }

    /// The method and the route that the fault is ordered for.
    pub(crate) const fn aim(self) -> (&'static str, &'static str) {
        match self {
            Self::Callback | Self::Press => ("POST", "/interactions/*/*/callback"),
            Self::Answer => ("PATCH", "/webhooks/*/*/messages/*"),
            Self::Panel => ("PATCH", "/channels/*/messages/*"),
            Self::Message => ("POST", "/channels/*/messages"),
            Self::Registration => ("PUT", "/applications/*/commands"),
            Self::Start => ("GET", "**"),
        }
    }
}

/// A case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestCase {
    /// What the table calls it; unique.
    pub(crate) name: String,
    /// Why this is what should come of it.
    pub(crate) because: String,
    /// Which request is hit.
    pub(crate) hit: Hit,
    /// What happens to it; the route is that of `hit` unless it is given.
    pub(crate) faults: Vec<Order>,
    /// Whether Discord shows the answer to the command; not where no acknowledgement can come in time.
    #[serde(default = "yes")]
    pub(crate) answered: bool,
    /// How long the bot has, in seconds.
    #[serde(default = "some_seconds")]
    pub(crate) within_s: u64,
    /// What the bot may log at ERROR.
    #[serde(default)]
    pub(crate) errors: Vec<String>,
    /// It is one of the short selection.
    #[serde(default)]
    pub(crate) quick: bool,
}

const fn yes() -> bool {
    true
}

const fn some_seconds() -> u64 {
    30
}

impl RequestCase {
    /// The kind that it is about: that of its first fault.
    pub(crate) fn kind(&self) -> &str {
        self.faults.first().map_or("", |order| order.kind.as_str())
    }

    /// What should come of it, in words for the table.
    pub(crate) const fn expected(&self) -> &'static str {
        match self.hit {
            Hit::Callback | Hit::Answer if self.answered => "answered, one panel, music",
            Hit::Callback | Hit::Answer => "one panel, music",
            Hit::Press => "skipped once",
            Hit::Panel => "the panel is right",
            Hit::Message => "one message",
            Hit::Registration => "commands work, then are registered",
            Hit::Start => "the bot starts, music is back",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<RequestCase>,
}

/// All cases.
///
/// # Errors
/// When the file is not understood, or a name is there twice.
pub(crate) fn catalogue() -> Result<Vec<RequestCase>> {
    let file: File = toml::from_str(TEXT).context("reading catalogue/requests.toml")?;
    let mut names = BTreeSet::new();
    for case in &file.case {
        ensure!(names.insert(&case.name), "the case \"{}\" is there twice", case.name);
        ensure!(!case.faults.is_empty(), "the case \"{}\" has no fault", case.name);
        let named = case.name.starts_with("request ") && case.name.ends_with(case.hit.word());
        ensure!(named, "the case \"{}\" is not named by its request: {}", case.name, case.hit.word());
    }
    Ok(file.case)
}
