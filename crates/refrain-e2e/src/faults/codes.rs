//! Each close code at each moment of a connection's life: what should come of it follows from the code and the moment.

use super::case::{Case, Music, Order, SessionKept};
use super::pattern::Pattern;
use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

const TEXT: &str = include_str!("catalogue/codes.toml");

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    moment: Vec<Moment>,
    class: Vec<Class>,
}

/// A moment in a connection's life.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moment {
    /// The simulator's name for it.
    stage: String,
    /// Which expectation of a class holds.
    phase: Phase,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Phase {
    /// The connection stands and music plays.
    Standing,
    /// It stands again, just resumed.
    Resumed,
    /// The first connection is being made; the server does not know whose it is.
    Greeting,
    /// The first connection is being made; the server knows whose it is.
    Connecting,
    /// The connection was lost, and is being resumed.
    Resuming,
}

/// Codes that ask for the same.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    /// 0 stands for a close frame without a code.
    codes: Vec<u16>,
    because: String,
    standing: Expected,
    /// None where such a code cannot come at that moment.
    #[serde(default)]
    greeting: Option<Expected>,
    connecting: Expected,
    resuming: Expected,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    verdict: Vec<Pattern>,
    music: Music,
    #[serde(default)]
    session: Option<SessionKept>,
    #[serde(default)]
    then: Option<String>,
    #[serde(default)]
    told: Option<bool>,
    #[serde(default)]
    errors: Vec<String>,
}

/// All of them.
///
/// # Errors
/// When the file is not understood.
pub(super) fn cases() -> Result<Vec<Case>> {
    let file: File = toml::from_str(TEXT).context("reading catalogue/codes.toml")?;
    let mut cases = Vec::new();
    for class in &file.class {
        for &code in &class.codes {
            for moment in &file.moment {
                if let Some(expected) = class.expected(moment.phase)? {
                    cases.push(case(class, code, moment, expected));
                }
            }
        }
    }
    Ok(cases)
}

impl Class {
    fn expected(&self, phase: Phase) -> Result<Option<Expected>> {
        Ok(match phase {
            Phase::Standing => Some(self.standing.clone()),
            Phase::Resumed => Some(self.standing.after_a_resume()?),
            Phase::Greeting => self.greeting.clone(),
            Phase::Connecting => Some(self.connecting.clone()),
            Phase::Resuming => Some(self.resuming.clone()),
        })
    }
}

impl Expected {
    /// The same, with what the resume before it brings.
    fn after_a_resume(&self) -> Result<Self> {
        let with = |pattern: &Pattern| {
            let text = format!("Resume* Recovered? {}", String::from(pattern.clone()));
            Pattern::try_from(text).map_err(anyhow::Error::msg)
        };
        Ok(Self { verdict: self.verdict.iter().map(with).collect::<Result<_>>()?, ..self.clone() })
    }
}

fn case(class: &Class, code: u16, moment: &Moment, expected: Expected) -> Case {
    let close = order("close", &[("code", if code == 0 { "$NULL".into() } else { code.into() }), stage(moment)]);
    let (before, arrange, faults) = match moment.phase {
        Phase::Standing => (Vec::new(), Vec::new(), vec![close]),
        Phase::Greeting | Phase::Connecting => (vec![close], Vec::new(), Vec::new()),
        // Something must make it resume first.
        Phase::Resumed | Phase::Resuming => (Vec::new(), vec![close], vec![order("reset", &[])]),
    };
    let name = if code == 0 { "close without a code".to_owned() } else { format!("close {code}") };
    Case {
        name: if moment.phase == Phase::Standing { name } else { format!("{name} {}", moment.stage) },
        because: class.because.clone(),
        before,
        arrange,
        faults,
        play_s: 3,
        verdict: expected.verdict,
        music: expected.music,
        session: expected.session,
        channel: None,
        position_ms: 500.0,
        within_s: 25,
        watch_s: 3,
        then: expected.then,
        told: expected.told,
        environment: std::collections::BTreeMap::new(),
        errors: expected.errors,
        joins: 4,
        quick: code == 4006 && moment.phase == Phase::Standing,
    }
}

fn stage(moment: &Moment) -> (&'static str, Value) {
    ("stage", moment.stage.clone().into())
}

fn order(kind: &str, fields: &[(&str, Value)]) -> Order {
    let fields: Map<String, Value> = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Order { kind: kind.to_owned(), after_ms: 0, when_back: false, fields }
}
