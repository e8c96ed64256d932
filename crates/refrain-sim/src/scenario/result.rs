//! What came of a scenario, for people and as JSON.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::step::{Direction, Step};

/// How a scenario ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every step was done and every expectation met.
    Passed,
    /// A step could not be done, or an expectation was not met in time.
    Failed,
    /// The bot never came, or ended while the scenario ran.
    NoBot,
}

impl Verdict {
    /// The exit code of `scenario run`.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::NoBot => 3,
        }
    }
}

/// What came of one step.
#[derive(Clone, Debug, Serialize)]
pub struct StepResult {
    /// Which, from 0.
    pub number: usize,
    /// The line of the file it begins at.
    pub line: usize,
    /// In words.
    pub text: String,
    /// When it began, in milliseconds since the simulator's start.
    pub at_ms: f64,
    /// How long it took.
    pub took_ms: f64,
    /// What was found: ids, messages, figures.
    pub found: Value,
    /// Why it failed.
    pub failure: Option<String>,
}

/// What came of a scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The scenario's name.
    pub scenario: String,
    /// How it ended.
    pub verdict: Verdict,
    /// From the simulator's start to the end.
    pub took_ms: f64,
    /// The steps that were begun.
    pub steps: Vec<StepResult>,
    /// Steps that were not begun.
    pub not_begun: usize,
    /// How the bot's process ended, where there was one and it ended by itself.
    pub bot_ended: Option<String>,
    /// What the bot's process wrote last.
    pub bot_last_lines: Vec<String>,
    /// The listeners' reports at the end, by guild.
    pub listeners: Map<String, Value>,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WaitForBot { bot, commands, .. } => {
                write!(f, "wait for {}", bot.as_deref().unwrap_or("the bot"))?;
                if commands.is_empty() { Ok(()) } else { write!(f, " with /{}", commands.join(", /")) }
            }
            Self::Join { user, channel } => write!(f, "{user} goes into {channel}"),
            Self::Leave { user, .. } => write!(f, "{user} leaves voice"),
            Self::Command(one) => write!(f, "{}: /{}{}", one.user, one.name, fields(&one.options)),
            Self::Autocomplete { user, name, focused, options, .. } => {
                write!(f, "{user} types {focused} of /{name}{}", fields(options))
            }
            Self::Click(one) => {
                let what = one.label.as_deref().or(one.custom_id.as_deref()).unwrap_or_default();
                write!(f, "{} clicks {what:?}", one.user)
            }
            Self::Modal { values, .. } => write!(f, "the form is sent{}", fields(values)),
            Self::Fault { fault, .. } => write!(f, "fault{}", fields(fault)),
            Self::EndFault { fault } => write!(f, "the fault {fault} ends"),
            Self::Script { steps, .. } => write!(f, "a script of {} faults", steps.len()),
            Self::RandomScript { seed, for_ms, .. } => write!(f, "faults by chance for {for_ms} ms, seed {seed}"),
            Self::Wait { ms } => write!(f, "wait {ms} ms"),
            Self::Mark { name } => write!(f, "mark {name}"),
            Self::ExpectAnswer(one) => write!(f, "expect an answer{}", says(&one.contains.0)),
            Self::ExpectMessage(one) => write!(f, "expect a message in {}{}", one.channel, says(&one.contains.0)),
            Self::ExpectVoice { bot, user, channel, .. } => {
                let who = user.as_deref().or(bot.as_deref()).unwrap_or("the bot");
                match channel {
                    Some(channel) => write!(f, "expect {who} in {channel}"),
                    None => write!(f, "expect {who} out of voice"),
                }
            }
            Self::ExpectHeard(one) => {
                write!(f, "expect music for {} ms", one.for_ms)?;
                let silence = one.silence_at_most_ms;
                silence.map_or(Ok(()), |most| write!(f, ", silence {most} ms at most"))
            }
            Self::ExpectTrack(one) => write!(f, "expect {} ms of track {}", one.heard_ms, one.track),
            Self::ExpectSilence { for_ms, .. } => write!(f, "expect silence for {for_ms} ms"),
            Self::ExpectListener { at_least, at_most, .. } => {
                write!(f, "expect of the listener")?;
                at_least.iter().try_for_each(|(name, value)| write!(f, " {name} ≥ {value}"))?;
                at_most.iter().try_for_each(|(name, value)| write!(f, " {name} ≤ {value}"))
            }
            Self::ExpectFrames(one) => {
                let direction = match one.direction {
                    Some(Direction::FromBot) => " from the bot",
                    Some(Direction::ToBot) => " to the bot",
                    None => "",
                };
                write!(f, "expect {} frames{direction}", one.connection.as_deref().unwrap_or("any"))?;
                one.op.map_or(Ok(()), |op| write!(f, " op {op}"))?;
                one.event.as_ref().map_or(Ok(()), |event| write!(f, " {event}"))?;
                one.close.map_or(Ok(()), |code| write!(f, " close {code}"))?;
                write!(f, ", {} at least", one.at_least)?;
                one.at_most.map_or(Ok(()), |most| write!(f, ", {most} at most"))
            }
        }
    }
}

fn fields(fields: &Map<String, Value>) -> String {
    fields.iter().fold(String::new(), |text, (name, value)| match value.as_str() {
        Some(value) => format!("{text} {name}={value}"),
        None => format!("{text} {name}={value}"),
    })
}

fn says(texts: &[String]) -> String {
    if texts.is_empty() { String::new() } else { format!(" with {texts:?}") }
}
