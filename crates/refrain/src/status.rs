//! How a guild's voice connection is, for those who ask.

use refrain_recovery::{CloseCode, Verdict};
use std::borrow::Cow;

/// A line of a guild's incident timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEntry {
    /// When, in milliseconds since 1970; the last time, where it came several times in a row.
    pub unix_ms: u64,
    /// The machine's state after it: `IDLE`, `RETRYING` or `STABLE`.
    pub state: &'static str,
    /// The attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// The close code, where there was one.
    pub code: Option<CloseCode>,
    /// What was decided.
    pub verdict: Verdict,
    /// Why, in words for an operator.
    pub reason: Cow<'static, str>,
    /// How often it came in a row.
    pub times: u32,
}
