//! A guild's inputs as JSON lines, and what a guild says to them when they are fed again.
//!
//! The first line is the [`Header`], each further one a [`Step`] or, at most once and last, the reason why the recording
//! ends before the guild does. [`Redactor`] writes the lines: without tokens, session IDs and the queries of links.

use alloc::{borrow::ToOwned as _, string::String, string::ToString as _, vec::Vec};
mod redact;
mod replay;
#[cfg(test)]
mod tests;

pub use redact::Redactor;
pub use replay::Replayed;

use crate::{GuildInput, GuildPolicy, Observed};
use refrain_model::GuildId;
use serde::{Deserialize, Serialize};

/// The version of the lines that this build writes, and the only one that it reads.
const VERSION: u32 = 1;

/// The longest line in bytes. The longest input is a record with a full queue.
const MAX_LINE: usize = 8 * 1024 * 1024;

/// What a guild was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the lines.
    #[serde(rename = "refrain_recording")]
    pub version: u32,
    /// The guild.
    pub guild: GuildId,
    /// What it decides by.
    pub policy: GuildPolicy,
    /// What its jitter and its shuffles come from.
    pub seed: u64,
}

impl Header {
    /// The header of a recording that this build writes.
    #[must_use]
    pub const fn new(guild: GuildId, policy: GuildPolicy, seed: u64) -> Self {
        Self { version: VERSION, guild, policy, seed }
    }
}

/// One call of [`Guild::handle_input`](crate::Guild::handle_input) or
/// [`Guild::handle_timeout`](crate::Guild::handle_timeout).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What the shell read.
    pub observed: Observed,
    /// What happened; `None`: the time came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<GuildInput>,
    /// It answers the output before it, from within the loop: [`GuildOutput::Rewind`](crate::GuildOutput::Rewind), or
    /// [`GuildOutput::AskTurn`](crate::GuildOutput::AskTurn) where a turn was free.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub on_the_spot: bool,
}

/// The last line of a recording that ends before the guild does.
#[derive(Serialize, Deserialize)]
struct End {
    end: String,
}

/// A recording that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// What the guild was made with.
    pub header: Header,
    /// Its inputs, in order.
    pub steps: Vec<Step>,
    /// Why it ends before the guild does, where it says so.
    pub end: Option<String>,
}

/// Why a recording cannot be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    /// There is nothing in it.
    #[error("the recording is empty")]
    Empty,
    /// The first line is no header.
    #[error("line 1 is not the header of a recording of Refrain: {0}")]
    Header(String),
    /// Another build wrote it.
    #[error(
        "the recording has version {found}, and this build reads version {VERSION}: replay it with the build that wrote it"
    )]
    Version {
        /// The version that it has.
        found: u32,
    },
    /// A line cannot be read.
    #[error("line {line} cannot be read: {reason}")]
    Line {
        /// Which one, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A line is longer than a line may be.
    #[error("line {line} has {length} bytes, and a line may have {MAX_LINE}")]
    TooLong {
        /// Which one, from 1; 0 when it is being written.
        line: usize,
        /// Its length in bytes.
        length: usize,
    },
    /// A step cannot be written.
    #[error("the step cannot be written as JSON: {0}")]
    Write(String),
}

/// The header's version alone: the rest may differ from version to version.
#[derive(Deserialize)]
struct HeaderVersion {
    #[serde(rename = "refrain_recording")]
    version: u32,
}

impl Recording {
    /// Reads the lines of a recording.
    ///
    /// A last line that was cut off (the process was killed while it was written) is left out.
    ///
    /// # Errors
    /// When there is no header, the version is another one, or a line cannot be read.
    pub fn parse(text: &str) -> Result<Self, RecordingError> {
        let mut lines = (1..).zip(text.lines());
        let (_, first) = lines.next().ok_or(RecordingError::Empty)?;
        let header = header(first)?;
        let (mut steps, mut end) = (Vec::new(), None);
        let whole = text.ends_with('\n');
        let mut lines = lines.peekable();
        while let Some((line, text)) = lines.next() {
            let last = lines.peek().is_none();
            check_length(line, text)?;
            if text.trim().is_empty() {
                continue;
            }
            match serde_json::from_str::<Step>(text) {
                Ok(step) => steps.push(step),
                Err(error) => match serde_json::from_str::<End>(text) {
                    Ok(words) if last => end = Some(words.end),
                    Ok(_) => return Err(RecordingError::Line { line, reason: "something follows the end".to_owned() }),
                    Err(_) if last && !whole => end = Some("the last line was cut off".to_owned()),
                    Err(_) => return Err(RecordingError::Line { line, reason: error.to_string() }),
                },
            }
        }
        Ok(Self { header, steps, end })
    }
}

fn header(line: &str) -> Result<Header, RecordingError> {
    check_length(1, line)?;
    let bad = |error: serde_json::Error| RecordingError::Header(error.to_string());
    let HeaderVersion { version } = serde_json::from_str(line).map_err(bad)?;
    if version != VERSION {
        return Err(RecordingError::Version { found: version });
    }
    serde_json::from_str(line).map_err(bad)
}

fn check_length(line: usize, text: &str) -> Result<(), RecordingError> {
    let length = text.len();
    if length > MAX_LINE { Err(RecordingError::TooLong { line, length }) } else { Ok(()) }
}
