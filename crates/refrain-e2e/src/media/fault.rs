//! What can be wrong with a source, and for how long. Pure values: no clock, no socket.
//!
//! Times are counted from the start of the server.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How the body of an answer ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// The connection is closed, although more was announced (or the last chunk is missing).
    Close,
    /// The connection is reset.
    Reset,
    /// The connection stays open and nothing more comes. It does not end with the rule that ordered it.
    Stall,
    /// The answer is complete as HTTP: a length that fits, the last chunk, or a close where no length was announced. An answer
    /// whose length was announced already is closed.
    End,
}

/// One thing that is wrong with a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum MediaFault {
    /// A status and no sound, as 403, 404, 410, 429, 500 or 503.
    Status {
        /// The status code.
        code: u16,
        /// The `Retry-After` header, in seconds.
        #[serde(default)]
        retry_after_s: Option<u64>,
    },
    /// The answer comes so much later.
    Late {
        /// In milliseconds.
        ms: u64,
    },
    /// The connection is reset before any answer.
    Refuse,
    /// The body breaks off.
    Cut {
        /// So many bytes after the fault reached the answer: after its beginning, or after the moment when it was ordered.
        #[serde(default)]
        after: u64,
        /// In which way.
        by: Cut,
    },
    /// The body comes slowly; the rest follows at its usual speed once the rule is over.
    Drip {
        /// 0: nothing.
        bytes_per_s: u64,
    },
    /// `Range` is not understood: every answer begins at the beginning.
    Unranged,
    /// No length is told, and no `Range` is understood: the body comes in chunks.
    Chunked,
    /// No length is told, and no `Range` is understood: the body ends with the connection.
    Unframed,
    /// For pages: the sound is at a host name that does not resolve.
    UnknownHost,
    /// For pages: there is no sound, in these words.
    Unavailable {
        /// As the site writes them, such as "Video unavailable".
        words: String,
    },
    /// For live playlists: it stays as it is and still tells that more will come.
    Frozen,
    /// For live playlists: it says that the show is over.
    Over,
}

impl MediaFault {
    /// Its name, as `--only` takes it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "source_status",
            Self::Late { .. } => "source_late",
            Self::Refuse => "source_refuse",
            Self::Cut { by: Cut::Close, .. } => "source_close",
            Self::Cut { by: Cut::Reset, .. } => "source_reset",
            Self::Cut { by: Cut::Stall, .. } => "source_stall",
            Self::Cut { by: Cut::End, .. } => "source_end",
            Self::Drip { .. } => "source_drip",
            Self::Unranged => "source_unranged",
            Self::Chunked => "source_chunked",
            Self::Unframed => "source_unframed",
            Self::UnknownHost => "source_unknown_host",
            Self::Unavailable { .. } => "source_unavailable",
            Self::Frozen => "source_frozen",
            Self::Over => "source_over",
        }
    }

    /// Whether it can hit an answer whose body is already on its way.
    #[must_use]
    pub const fn hits_bodies(&self) -> bool {
        matches!(self, Self::Cut { .. } | Self::Drip { .. })
    }

    /// The status and its `Retry-After`, where the answer is one without sound.
    pub(super) const fn status(&self) -> Option<(u16, Option<u64>)> {
        if let Self::Status { code, retry_after_s } = self { Some((*code, *retry_after_s)) } else { None }
    }

    /// The words of a page without sound.
    pub(super) fn words(&self) -> Option<&str> {
        if let Self::Unavailable { words } = self { Some(words) } else { None }
    }
}

/// For how long a fault is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// For the next answers, so many. An answer on its way counts, where the fault can hit it.
    Requests(u32),
    /// For a time.
    For(Duration),
    /// Until it is lifted.
    UntilLifted,
}

/// A fault of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRule {
    /// The path without its leading slash; with `*` at its end: all paths that begin so.
    pub path: String,
    /// What is wrong there.
    pub fault: MediaFault,
    /// For how long.
    pub lasts: Lasts,
}

impl FaultRule {
    /// A fault that stays until it is lifted.
    #[must_use]
    pub fn new(path: &str, fault: MediaFault) -> Self {
        Self { path: path.to_owned(), fault, lasts: Lasts::UntilLifted }
    }

    /// For the next answers only.
    #[must_use]
    pub const fn for_requests(mut self, count: u32) -> Self {
        self.lasts = Lasts::Requests(count);
        self
    }

    /// For so long only.
    #[must_use]
    pub const fn for_time(mut self, time: Duration) -> Self {
        self.lasts = Lasts::For(time);
        self
    }

    fn concerns(&self, path: &str) -> bool {
        match self.path.strip_suffix('*') {
            Some(beginning) => path.starts_with(beginning),
            None => path == self.path,
        }
    }
}

/// A rule that was ordered. Later ones are larger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleId(u64);

/// A fault that an answer meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Met {
    /// The rule that ordered it.
    pub rule: RuleId,
    /// When it was ordered.
    pub since: Duration,
    /// What is wrong.
    pub fault: MediaFault,
}

/// All rules of a server.
#[derive(Debug, Default)]
pub struct Rules {
    last: RuleId,
    active: Vec<Active>,
}

#[derive(Debug)]
struct Active {
    id: RuleId,
    rule: FaultRule,
    since: Duration,
}

impl Active {
    const fn is_over(&self, now: Duration) -> bool {
        match self.rule.lasts {
            Lasts::Requests(left) => left == 0,
            Lasts::For(time) => now.as_nanos() >= self.since.saturating_add(time).as_nanos(),
            Lasts::UntilLifted => false,
        }
    }
}

impl Rules {
    /// Adds a rule.
    pub fn order(&mut self, now: Duration, rule: FaultRule) -> RuleId {
        // What is used up may still hold for an answer on its way.
        self.active.retain(|active| matches!(active.rule.lasts, Lasts::Requests(_)) || !active.is_over(now));
        self.last = RuleId(self.last.0.saturating_add(1));
        self.active.push(Active { id: self.last, rule, since: now });
        self.last
    }

    /// Ends a rule; whether it was there still.
    pub fn lift(&mut self, id: RuleId) -> bool {
        let before = self.active.len();
        self.active.retain(|active| active.id != id);
        self.active.len() < before
    }

    /// Ends all rules.
    pub fn lift_all(&mut self) {
        self.active.clear();
    }

    /// The faults that a new request for `path` meets, oldest first. Each is used once by it.
    pub fn meet(&mut self, now: Duration, path: &str) -> Vec<Met> {
        self.take(now, path, |_, _| true)
    }

    /// The faults ordered after `seen` that hit an answer for `path` that is on its way, oldest first. Each is used once by it.
    pub fn meet_on_the_way(&mut self, now: Duration, path: &str, seen: RuleId) -> Vec<Met> {
        self.take(now, path, |id, fault| id > seen && fault.hits_bodies())
    }

    /// Whether a rule still holds for answers that have met it.
    #[must_use]
    pub fn holds(&self, now: Duration, id: RuleId) -> bool {
        self.active.iter().any(|active| {
            let used_up = matches!(active.rule.lasts, Lasts::Requests(0));
            active.id == id && (used_up || !active.is_over(now))
        })
    }

    /// The rule that was ordered last.
    #[must_use]
    pub const fn last(&self) -> RuleId {
        self.last
    }

    fn take(&mut self, now: Duration, path: &str, wanted: impl Fn(RuleId, &MediaFault) -> bool) -> Vec<Met> {
        let mut met = Vec::new();
        for active in &mut self.active {
            if active.is_over(now) || !active.rule.concerns(path) || !wanted(active.id, &active.rule.fault) {
                continue;
            }
            if let Lasts::Requests(left) = &mut active.rule.lasts {
                *left = left.saturating_sub(1);
            }
            met.push(Met { rule: active.id, since: active.since, fault: active.rule.fault.clone() });
        }
        met
    }
}

#[cfg(test)]
#[path = "fault_tests.rs"]
mod tests;
