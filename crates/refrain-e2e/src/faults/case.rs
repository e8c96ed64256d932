//! A case: what goes wrong, and what should come of it. Data only.

use super::{codes, pattern::Pattern};
use crate::harness::world;
use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The files, by the section of the simulator's catalogue.
const FILES: [(&str, &str); 6] = [
    ("catalogue/voice.toml", include_str!("catalogue/voice.toml")),
    ("catalogue/moderators.toml", include_str!("catalogue/moderators.toml")),
    ("catalogue/joins.toml", include_str!("catalogue/joins.toml")),
    ("catalogue/gateway.toml", include_str!("catalogue/gateway.toml")),
    ("catalogue/guild.toml", include_str!("catalogue/guild.toml")),
    ("catalogue/rest.toml", include_str!("catalogue/rest.toml")),
];

/// What should become of the music.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Music {
    /// It is heard in the end, in the channel where the bot should be. Whether there is a silence, the table tells.
    Back,
    /// It stays away, the bot is out of voice and asks for no channel by itself.
    StaysOut,
    /// It stays away for now, while the bot waits before it tries again.
    Waits,
}

/// Whether the voice session of before the fault should be the one of after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionKept {
    /// The same one, resumed or never lost.
    Kept,
    /// Another one: an Identify with credentials of its own.
    New,
}

/// A fault that is ordered.
#[derive(Clone, Debug, Deserialize)]
pub struct Order {
    /// The simulator's name for it.
    pub kind: String,
    /// How long after the one before it, in milliseconds.
    #[serde(default)]
    pub after_ms: u64,
    /// It is ordered once the music is back from the one before it, not at once.
    #[serde(default)]
    pub when_back: bool,
    /// The fields that its kind takes. `$MUSIC` and `$LOUNGE` stand for the voice channels.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

impl Order {
    /// The fields with the channels' ids in them.
    #[must_use]
    pub fn body(&self) -> Value {
        let fields = self.fields.iter().map(|(name, value)| (name.clone(), with_ids(value)));
        // TOML has no null; this word stands for it.
        Value::Object(fields.map(|(name, value)| (name, if value == "$NULL" { Value::Null } else { value })).collect())
    }

    /// How long it lasts where it ends by itself, in milliseconds.
    #[must_use]
    pub fn lasts_ms(&self) -> f64 {
        self.fields.get("for_ms").and_then(Value::as_f64).unwrap_or(0.0)
    }
}

fn with_ids(value: &Value) -> Value {
    match value.as_str() {
        Some("$MUSIC") => world::MUSIC.into(),
        Some("$LOUNGE") => world::LOUNGE.into(),
        Some(_) | None => value.clone(),
    }
}

/// A case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the table calls it; unique.
    pub name: String,
    /// Why this is what should come of it.
    pub because: String,
    /// Ordered before anybody asks for music.
    #[serde(default)]
    pub before: Vec<Order>,
    /// Ordered while music plays, before the fault: the weather that it happens in.
    #[serde(default)]
    pub arrange: Vec<Order>,
    /// The fault. Without one, what was ordered `before` hits the join.
    #[serde(default)]
    pub faults: Vec<Order>,
    /// How much music comes before the fault, in seconds.
    #[serde(default = "few_seconds")]
    pub play_s: u64,
    /// What the bot should decide: any of these (see the module `pattern`).
    pub verdict: Vec<Pattern>,
    /// What should become of the music.
    pub music: Music,
    /// Whether the voice session should be the old one; left out: either.
    #[serde(default)]
    pub session: Option<SessionKept>,
    /// The channel where the bot should be in the end; left out: where it was asked for.
    #[serde(default)]
    pub channel: Option<String>,
    /// The most that the position may be off afterwards, in milliseconds.
    #[serde(default = "half_a_second")]
    pub position_ms: f64,
    /// How long the bot has, once the fault is over.
    #[serde(default = "some_seconds")]
    pub within_s: u64,
    /// How long it is watched at least, once the fault is over.
    #[serde(default = "few_seconds")]
    pub watch_s: u64,
    /// A command that should bring the music back afterwards, at its position.
    #[serde(default)]
    pub then: Option<String>,
    /// Whether people should be told something; left out: by how long it was silent.
    #[serde(default)]
    pub told: Option<bool>,
    /// More of the bot's documented variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// What the bot may log at ERROR.
    #[serde(default)]
    pub errors: Vec<String>,
    /// The most op 4 for a channel that it may send from the fault on.
    #[serde(default = "many_joins")]
    pub joins: u64,
    /// It is one of the short selection.
    #[serde(default)]
    pub quick: bool,
}

const fn half_a_second() -> f64 {
    500.0
}

const fn some_seconds() -> u64 {
    20
}

const fn few_seconds() -> u64 {
    3
}

const fn many_joins() -> u64 {
    12
}

impl Case {
    /// The kinds of fault in it.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.before.iter().chain(&self.arrange).chain(&self.faults).map(|order| order.kind.as_str())
    }

    /// The kind that it is about: the first of the fault, or of what hits the join.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.faults.first().or(self.before.first()).map_or("", |order| order.kind.as_str())
    }

    /// The channel's id where the bot should be in the end.
    #[must_use]
    pub fn wanted_channel(&self) -> &str {
        match self.channel.as_deref() {
            Some("$LOUNGE") => world::LOUNGE,
            Some(_) | None => world::MUSIC,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    case: Vec<Case>,
}

/// All cases: those of the files, and each close code at each moment.
///
/// # Errors
/// When a file is not understood, or a name is there twice.
pub(super) fn catalogue() -> Result<Vec<Case>> {
    let mut all = codes::cases()?;
    for (name, text) in FILES {
        let file: File = toml::from_str(text).with_context(|| format!("reading {name}"))?;
        all.extend(file.case);
    }
    let mut names = BTreeSet::new();
    for case in &all {
        ensure!(names.insert(&case.name), "the case \"{}\" is there twice", case.name);
        ensure!(!case.kind().is_empty(), "the case \"{}\" has no fault", case.name);
        ensure!(!case.verdict.is_empty(), "the case \"{}\" expects no verdict", case.name);
    }
    Ok(all)
}
