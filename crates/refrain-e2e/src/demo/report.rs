//! report.json: the figures of one run, a contract for whatever checks them later. Fields are added, never renamed.

use crate::measure::{Comparison, FaultHeard};
use serde::Serialize;

/// How much of the track must be heard after the fault for it to count as back, in milliseconds.
const BACK_MS: f64 = 2_000.0;

/// How the run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The listener heard the track come back.
    Recovered,
    /// The listener heard it before the fault and not after.
    NotRecovered,
    /// The listener never heard it.
    NeverPlayed,
    /// The demo itself could not be carried through.
    Failed,
}

impl Outcome {
    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Recovered => 0,
            Self::Failed => 1,
            // 2 is a wrong command line.
            Self::NotRecovered => 3,
            Self::NeverPlayed => 4,
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// Milliseconds from the `/play`.
    pub at_ms: i64,
    /// In plain words.
    pub event: String,
}

/// A fault and what the listener noticed of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FaultReport {
    /// Its kind in the simulator's control API.
    pub kind: String,
    /// The close code, for a `close`.
    pub code: Option<u16>,
    /// What a person in the channel would not have heard, in milliseconds.
    pub silence_ms: Option<i64>,
    /// Where the track went on against where it stopped being heard, in milliseconds.
    pub position_error_ms: Option<i64>,
    /// When it happened, in milliseconds of the recording, as all below.
    pub at_ms: i64,
    /// The last music before the gap.
    pub stopped_ms: Option<i64>,
    /// The first music after it.
    pub resumed_ms: Option<i64>,
    /// Where in the source the music stopped.
    pub source_at_stop_ms: Option<i64>,
    /// Where in the source it went on.
    pub source_at_resume_ms: Option<i64>,
    /// How much of the track was heard from then to the end.
    pub heard_after_ms: i64,
}

/// The whole report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// From the interaction's arrival at the bot to the first frame heard.
    pub first_audio_ms: Option<i64>,
    /// How well the recording matches the source, 0 to 1 (docs/testing.md).
    pub audio_match: f64,
    /// The recording: its name where it lies beside this report, else its path.
    pub recording: Option<String>,
    /// The faults in order.
    pub faults: Vec<FaultReport>,
    /// The outcome in a sentence.
    pub summary: String,
    /// What was played.
    pub source: String,
    /// How long each frame of the voice server's socket took to the bot, in milliseconds: scripted.
    pub latency_ms: u64,
    /// Where in the recording the `/play` reached the bot and when it was told to stop.
    pub play_ms: Option<i64>,
    /// See `play_ms`.
    pub stop_ms: Option<i64>,
    /// What happened, in order.
    pub timeline: Vec<Event>,
    /// RTP packets that reached the listener.
    pub packets: u64,
    /// Those it could not decrypt.
    pub undecryptable: u64,
    /// What the bot logged at ERROR.
    pub bot_errors: Vec<String>,
}

impl Report {
    /// A report of a run that could not be carried through.
    #[must_use]
    pub(super) fn failed(summary: String) -> Self {
        Self {
            outcome: Outcome::Failed,
            first_audio_ms: None,
            audio_match: 0.0,
            recording: None,
            faults: Vec::new(),
            summary,
            source: String::new(),
            latency_ms: 0,
            play_ms: None,
            stop_ms: None,
            timeline: Vec::new(),
            packets: 0,
            undecryptable: 0,
            bot_errors: Vec::new(),
        }
    }

    /// Puts in what the recording says, for a run with one fault at `at_ms` and the music stopped at `until_ms`.
    pub(super) fn judge(&mut self, comparison: &Comparison, kind: &str, code: Option<u16>, at_ms: f64, until_ms: f64) {
        let fault = comparison.fault(at_ms, until_ms);
        let heard_after_ms = comparison.heard_ms(fault.resumed_ms.unwrap_or(at_ms), until_ms);
        self.outcome =
            if fault.came_back && heard_after_ms >= BACK_MS { Outcome::Recovered } else { Outcome::NotRecovered };
        self.summary = sentence(self.outcome, &fault, code);
        self.faults.push(FaultReport {
            kind: kind.to_owned(),
            code,
            silence_ms: Some(whole(fault.silence_ms)),
            position_error_ms: fault.position_error_ms.map(whole),
            at_ms: whole(at_ms),
            stopped_ms: fault.stopped_ms.map(whole),
            resumed_ms: fault.resumed_ms.map(whole),
            source_at_stop_ms: fault.source_at_stop_ms.map(whole),
            source_at_resume_ms: fault.source_at_resume_ms.map(whole),
            heard_after_ms: whole(heard_after_ms),
        });
    }

    /// Puts what the listener heard of the faults into the timeline, whose zero is at `play_ms` of the recording.
    pub(super) fn tell_what_was_heard(&mut self, play_ms: f64) {
        for fault in &self.faults {
            let told = |at_ms: i64, event: String| Event { at_ms: at_ms - whole(play_ms), event };
            let Some(stopped_ms) = fault.stopped_ms else { continue };
            self.timeline.push(told(stopped_ms, "the listener hears nothing any more".to_owned()));
            if let Some(resumed_ms) = fault.resumed_ms {
                let event = format!("the listener hears the music again, {} ms later", resumed_ms - stopped_ms);
                self.timeline.push(told(resumed_ms, event));
            }
        }
        self.timeline.sort_by_key(|event| event.at_ms);
    }
}

fn sentence(outcome: Outcome, fault: &FaultHeard, code: Option<u16>) -> String {
    let what = code.map_or("the fault".to_owned(), |code| format!("close code {code}"));
    match outcome {
        Outcome::Recovered => {
            let place = fault.position_error_ms.map_or("at a place that could not be told".to_owned(), |error| {
                format!("{} ms from where it had stopped", whole(error))
            });
            format!("After {what} and {} ms of silence the music came back, {place}.", whole(fault.silence_ms))
        }
        Outcome::NotRecovered => format!("The music did not come back after {what}."),
        Outcome::NeverPlayed => "The music was never heard.".to_owned(),
        Outcome::Failed => "The demo could not be carried through.".to_owned(),
    }
}

/// Whole milliseconds.
pub(super) fn whole(ms: f64) -> i64 {
    ms.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        measure::Audio,
        track::{Tune, compose},
    };

    fn judged(heard: Vec<[f32; 2]>, source: &Audio) -> Report {
        let mut report = Report::failed(String::new());
        let comparison = Comparison::new(&Audio::from_frames(heard), source);
        report.judge(&comparison, "close", Some(4006), 4_000.0, f64::INFINITY);
        report
    }

    #[test]
    fn a_track_that_comes_back_is_recovered_with_its_figures_in_the_contracts_fields() {
        let source = compose(Tune { seed: 1, seconds: 10 });
        let frames = source.frames();
        let heard = [&frames[..4_000 * 48], &vec![[0.0; 2]; 420 * 48], &frames[4_000 * 48..8_000 * 48]].concat();
        let report = serde_json::to_value(judged(heard, &source)).unwrap();
        assert_eq!(report["outcome"], "recovered");
        let fault = &report["faults"][0];
        assert_eq!((fault["kind"].as_str(), fault["code"].as_u64()), (Some("close"), Some(4006)));
        assert!((410..=430).contains(&fault["silence_ms"].as_i64().unwrap()), "{fault}");
        assert!((0..=10).contains(&fault["position_error_ms"].as_i64().unwrap()), "{fault}");
    }

    #[test]
    fn silence_or_other_music_after_the_fault_is_not_recovered() {
        let source = compose(Tune { seed: 1, seconds: 10 });
        let start = &source.frames()[..4_000 * 48];
        let silent = judged([start, &vec![[0.0; 2]; 4_000 * 48]].concat(), &source);
        assert_eq!((silent.outcome, silent.faults[0].silence_ms), (Outcome::NotRecovered, Some(4_000)));
        let other = compose(Tune { seed: 2, seconds: 4 });
        let wrong = judged([start, &vec![[0.0; 2]; 500 * 48], other.frames()].concat(), &source);
        assert_eq!(wrong.outcome, Outcome::NotRecovered);
    }

    #[test]
    fn each_outcome_has_an_exit_code_of_its_own_and_only_recovery_is_zero() {
        let codes =
            [Outcome::Recovered, Outcome::Failed, Outcome::NotRecovered, Outcome::NeverPlayed].map(Outcome::exit_code);
        assert_eq!(codes, [0, 1, 3, 4]);
    }
}
