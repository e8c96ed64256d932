//! What was seen, held against what should come of a case.

use super::{
    case::{Case, Music, SessionKept},
    given::Decision,
};
use crate::harness::timecode::Jumps;
use serde::Serialize;

/// A silence shorter than this is not worth a message; one longer than the other is. Between them either will do: the
/// bot promises 3 s, and the listener and the bot do not begin to count at the same moment.
pub(super) const TOLD_MS: (f64, f64) = (2_000.0, 5_000.0);

/// What was seen of a case.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// What the bot decided from the fault on.
    pub(super) decisions: Vec<Decision>,
    /// Music has been heard for a while.
    pub(super) plays: bool,
    /// Nothing is heard.
    pub(super) silent: bool,
    /// Where the bot is.
    pub(super) seat: Option<String>,
    /// The longest silence since the fault; `None` where nothing was ever heard.
    pub(super) silence_ms: Option<f64>,
    /// How the position changed; `None` where it could not be read.
    pub(super) jumps: Option<Jumps>,
    /// A voice session began since the fault.
    pub(super) new_session: bool,
    /// How often the bot asked for a channel since the fault.
    pub(super) joins: u64,
    /// How often it did once all was settled.
    pub(super) joins_when_out: u64,
    /// What it told people without being asked.
    pub(super) told: Vec<Told>,
    /// What it answered whoever asked for music, where the fault hit the join.
    pub(super) answer: Option<String>,
    /// Frames that nobody could decrypt, or that give the key away.
    pub(super) bad_frames: u64,
    /// What it logged at ERROR, or how it ended.
    pub(super) errors: Vec<String>,
    /// Whether a command brought the music back.
    pub(super) back_by_command: Option<bool>,
}

/// A message in the channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Told {
    pub(super) words: String,
    pub(super) edits: usize,
    pub(super) deleted: bool,
}

/// Everything that is not as it should be, in words; nothing where all is well.
pub(super) fn judge(case: &Case, seen: &Seen) -> Vec<String> {
    let mut complaints = Vec::new();
    let given: Vec<String> = seen.decisions.iter().map(|one| one.verdict.clone()).collect();
    if !case.verdict.iter().any(|pattern| pattern.matches(&given)) {
        complaints.push("wrong verdict".to_owned());
    }
    complaints.extend(about_music(case, seen));
    complaints.extend(about_position(case, seen));
    complaints.extend(about_messages(case, seen));
    match case.session {
        Some(SessionKept::Kept) if seen.new_session => complaints.push("the session was not kept".to_owned()),
        Some(SessionKept::New) if !seen.new_session => complaints.push("there is no new session".to_owned()),
        Some(SessionKept::Kept | SessionKept::New) | None => {}
    }
    if seen.joins > case.joins {
        complaints.push(format!("op 4 for a channel was sent {} times", seen.joins));
    }
    complaints.extend(seen.errors.iter().map(|error| format!("logged an error: {error}")));
    complaints
}

fn about_music(case: &Case, seen: &Seen) -> Option<String> {
    let wanted = case.wanted_channel();
    match case.music {
        Music::Back if !seen.plays => Some("the music is not back".to_owned()),
        Music::Back if seen.seat.as_deref() != Some(wanted) => Some("not in the channel where it should be".to_owned()),
        Music::Back => None,
        Music::StaysOut if !seen.silent => Some("music is heard".to_owned()),
        Music::StaysOut if seen.seat.is_some() => Some("it is still in voice".to_owned()),
        Music::StaysOut if seen.joins_when_out > 0 => Some("it asks for a channel by itself".to_owned()),
        Music::StaysOut => {
            (seen.back_by_command == Some(false)).then(|| "the command did not bring the music back".to_owned())
        }
        Music::Waits if !seen.silent => Some("music is heard".to_owned()),
        Music::Waits if seen.joins_when_out > 0 => Some("it did not wait before it asked again".to_owned()),
        Music::Waits => {
            (seen.back_by_command == Some(false)).then(|| "the command did not bring the music back".to_owned())
        }
    }
}

fn about_position(case: &Case, seen: &Seen) -> Option<String> {
    let came_back = case.music == Music::Back && seen.plays || seen.back_by_command == Some(true);
    if !came_back {
        return None;
    }
    match seen.jumps {
        None => Some("the position could not be read".to_owned()),
        Some(jumps) if jumps.error_ms() > case.position_ms => {
            Some(format!("the position is off by {:.0} ms", jumps.error_ms()))
        }
        Some(_) => None,
    }
}

fn about_messages(case: &Case, seen: &Seen) -> Option<String> {
    let (short_ms, long_ms) = TOLD_MS;
    let silence_ms = seen.silence_ms.unwrap_or_default();
    let wanted = match case.told {
        Some(wanted) => Some(wanted),
        // Who asked for music gets an answer; nothing more is due.
        None if case.faults.is_empty() => None,
        None if case.music == Music::Back && silence_ms < short_ms => Some(false),
        None if case.music == Music::Back && silence_ms > long_ms => Some(true),
        None => None,
    };
    let faults = case.faults.iter().filter(|order| order.when_back).count() + 1;
    match (wanted, seen.told.len()) {
        (_, count) if count > faults => Some(format!("{count} messages about one incident")),
        (Some(true), 0) => Some("people were told nothing".to_owned()),
        (Some(false), count) if count > 0 => Some("people were told of what they could not notice".to_owned()),
        (Some(_) | None, _) => None,
    }
}
