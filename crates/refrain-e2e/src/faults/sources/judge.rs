//! What was seen of a case, held against what should come of it.

use super::case::{Moment, SourceCase, SourceMusic};
use crate::{
    faults::judge::{TOLD_MS, Told},
    harness::timecode::{Jumps, Timecode},
    media::Request,
};
use std::time::Duration;

/// Timers may fire this much early: a `Retry-After` is told in whole seconds.
const EARLY: Duration = Duration::from_millis(250);

/// What was seen of a case.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceSeen {
    /// Music has been heard for a while, at the end.
    pub(crate) plays: bool,
    /// Nothing was heard at the end.
    pub(crate) silent: bool,
    /// Which track was heard when, and where in it.
    pub(crate) timecode: Timecode,
    /// The longest silence from the fault on.
    pub(crate) silence_ms: Option<f64>,
    /// The latest position that a station sends, less what was heard at that moment; for stations.
    pub(crate) behind_ms: Option<f64>,
    /// What members read without having asked.
    pub(crate) told: Vec<Told>,
    /// The answers to the commands that asked for music.
    pub(crate) answers: Vec<String>,
    /// What `/queue` and `/now-playing` say at the end.
    pub(crate) queue: String,
    /// The requests for the paths of the faults from the first fault until the source answered again.
    pub(crate) requests: Vec<Request>,
    /// The same up to the end of the case.
    pub(crate) all_requests: Vec<Request>,
    /// What the bot logged at ERROR, or how it ended.
    pub(crate) errors: Vec<String>,
}

impl SourceSeen {
    /// How the position changed in the tracks that should be heard, all taken together.
    pub(crate) fn jumps(&self, case: &SourceCase) -> Option<Jumps> {
        let mut all = Jumps::default();
        for track in &case.heard {
            let own = self.timecode.jumps_in(*track)?;
            all.skipped_ms += own.skipped_ms;
            all.repeated_ms += own.repeated_ms;
        }
        Some(all)
    }

    /// What was heard, in words for the table.
    pub(crate) fn heard(&self) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let mut before: Option<u8> = None;
        for segment in &self.timecode.segments {
            if before.replace(segment.track) == Some(segment.track) {
                if let Some(last) = words.last_mut() {
                    last.push_str(&format!(" {:.1}-{:.1}", segment.from_ms / 1_000.0, segment.to_ms / 1_000.0));
                }
            } else {
                let (from, to) = (segment.from_ms / 1_000.0, segment.to_ms / 1_000.0);
                words.push(format!("{}: {from:.1}-{to:.1}", segment.track));
            }
        }
        words
    }
}

/// Everything that is not as it should be, in words; nothing where all is well.
pub(crate) fn judge(case: &SourceCase, seen: &SourceSeen) -> Vec<String> {
    let mut complaints = Vec::new();
    complaints.extend(about_music(case, seen));
    complaints.extend(about_position(case, seen));
    complaints.extend(about_queue(case, seen));
    complaints.extend(about_messages(case, seen));
    complaints.extend(about_words(case, seen));
    complaints.extend(about_requests(case, seen));
    complaints.extend(seen.errors.iter().map(|error| format!("logged an error: {error}")));
    complaints
}

fn about_music(case: &SourceCase, seen: &SourceSeen) -> Option<String> {
    if case.music == SourceMusic::Stops {
        return (!seen.silent).then(|| "music is heard".to_owned());
    }
    if !seen.plays {
        return Some("the music is not back".to_owned());
    }
    let order = seen.timecode.order();
    (order != case.heard).then(|| format!("the tracks {order:?} were heard, in this order"))
}

fn about_position(case: &SourceCase, seen: &SourceSeen) -> Option<String> {
    match (case.music, seen.behind_ms) {
        (SourceMusic::Present, Some(behind_ms)) if behind_ms > case.position_ms => {
            Some(format!("it is {behind_ms:.0} ms behind the station"))
        }
        (SourceMusic::Present, None) => Some("where it is could not be read".to_owned()),
        (SourceMusic::Present, Some(_)) | (SourceMusic::Stops, _) => None,
        (SourceMusic::Resumes | SourceMusic::PassedOver, _) => match seen.jumps(case) {
            None => Some("the position could not be read".to_owned()),
            Some(jumps) if jumps.error_ms() > case.position_ms => {
                Some(format!("the position is off by {:.0} ms", jumps.error_ms()))
            }
            Some(_) => None,
        },
    }
}

fn about_queue(case: &SourceCase, seen: &SourceSeen) -> Option<String> {
    let lost: Vec<&str> = case.queue.iter().map(String::as_str).filter(|title| !seen.queue.contains(title)).collect();
    (!lost.is_empty()).then(|| format!("the queue has lost {}", lost.join(", ")))
}

/// One incident is one message, whatever happens in it.
fn about_messages(case: &SourceCase, seen: &SourceSeen) -> Option<String> {
    let (short_ms, long_ms) = TOLD_MS;
    let silence_ms = seen.silence_ms.unwrap_or_default();
    let wanted = case.told.or(match case.music {
        // Before the first sound there is no silence that a listener's recording could measure.
        _ if case.moment == Moment::Opening => None,
        SourceMusic::Resumes | SourceMusic::Present if silence_ms < short_ms => Some(false),
        SourceMusic::Resumes | SourceMusic::Present if silence_ms > long_ms => Some(true),
        SourceMusic::Resumes | SourceMusic::Present | SourceMusic::PassedOver | SourceMusic::Stops => None,
    });
    match (wanted, seen.told.len()) {
        (_, count) if count > 1 => Some(format!("{count} messages about one incident")),
        (Some(true), 0) => Some("members were told nothing".to_owned()),
        (Some(false), count) if count > 0 => Some("members were told of what they could not notice".to_owned()),
        (Some(_) | None, _) => None,
    }
}

fn about_words(case: &SourceCase, seen: &SourceSeen) -> Option<String> {
    let all: Vec<&str> =
        seen.told.iter().map(|told| told.words.as_str()).chain(seen.answers.iter().map(String::as_str)).collect();
    let all = all.join("\n").to_lowercase();
    let found = case.words.is_empty() || case.words.iter().any(|word| all.contains(word.as_str()));
    (!found).then(|| format!("members read nothing of {:?}", case.words))
}

fn about_requests(case: &SourceCase, seen: &SourceSeen) -> Vec<String> {
    let mut complaints = Vec::new();
    if seen.requests.len() > case.requests_most {
        complaints.push(format!("{} requests while the source was away", seen.requests.len()));
    }
    if let Some(seconds) = case.left_alone_s {
        let asked = seen.all_requests.iter().find(|request| request.status == Some(429));
        let until = asked.map(|asked| asked.at + Duration::from_secs(seconds));
        let early = until.and_then(|until| {
            seen.all_requests
                .iter()
                .skip_while(|request| request.status != Some(429))
                .skip(1)
                .find(|request| request.at + EARLY < until)
        });
        if let (Some(asked), Some(early)) = (asked, early) {
            let after = early.at.saturating_sub(asked.at).as_secs_f64();
            complaints.push(format!("asked again {after:.1} s after it was to wait {seconds} s"));
        }
        if asked.is_none() {
            complaints.push("nothing was asked that could be answered with 429".to_owned());
        }
    }
    complaints
}
