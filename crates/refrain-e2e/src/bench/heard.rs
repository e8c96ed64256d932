//! What one fault did to one bot: from the listener's report, the timecode of its track, and the frames on the wire.

use super::row::{Kind, Row};
use crate::{
    conformance::{ear, position::Timecode},
    harness::{control::text_or_number, listener::Listener},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is on its way when the connection ends is heard, or not: a silence or a jump may be dated a little before the fault.
const BEFORE_MS: f64 = 300.0;
/// The listener's shortest silence: less is none.
const LEAST_MS: f64 = 39.5;
/// What did not get to the listener in a stall of the machine is missed up to so much later: its playout delay, and two frames.
const AFTER_STALL_MS: f64 = 100.0;

/// One bot, one fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// The longest silence beyond the fault's own length, in milliseconds; `None` where the music did not come back.
    pub silence_ms: Option<f64>,
    /// How much of the track was left out or heard twice, in milliseconds; `None` where the music did not come back.
    pub position_ms: Option<f64>,
    /// How much of that was heard twice.
    pub repeated_ms: Option<f64>,
    /// When the bot first did something about it, in milliseconds from the fault on; `None`: not while it was watched.
    pub noticed_ms: Option<f64>,
    /// Op 4, Identify and Resume, from the fault on (of a storm: while it lasted).
    pub tries: Tries,
    /// It was out of voice in the end.
    pub is_out: bool,
    /// What was taken off the longest silence because the machine stood still.
    pub stalled_ms: f64,
}

/// What a bot sent to be connected again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// Op 4 of the main gateway, leaving included.
    pub op4: u32,
    /// Identifies of the voice gateway.
    pub identifies: u32,
    /// Resumes of the voice gateway.
    pub resumes: u32,
}

impl Tries {
    /// What costs Discord something, and earns a ban in the end.
    #[must_use]
    pub const fn sum(self) -> u32 {
        self.op4 + self.identifies
    }
}

/// What was seen of one fault. Times are milliseconds on the simulator's clock.
pub(super) struct Seen<'a> {
    pub(super) guild: &'a str,
    /// When it struck, and from when on the music could have been there.
    pub(super) struck_ms: f64,
    pub(super) relieved_ms: f64,
    pub(super) report: &'a Listener,
    pub(super) timecode: &'a Timecode,
    pub(super) frames: &'a [Value],
    pub(super) is_out: bool,
}

impl Seen<'_> {
    /// What it comes to in this row.
    pub(super) fn heard(&self, row: Row) -> Heard {
        let (is_storm, is_back) = (row.kind() == Kind::Storm, self.is_heard_again());
        let (silence_ms, stalled_ms) = self.longest_silence();
        let beyond_ms = silence_ms - (self.relieved_ms - self.struck_ms);
        let [left_out_ms, repeated_ms] = self.timecode.left_out_and_repeated(self.struck_ms - BEFORE_MS).map(|jumps| {
            jumps.into_iter().fold(0.0, |sum, (at_ms, by_ms)| sum + (by_ms - self.stalled_ms(at_ms, at_ms)).max(0.0))
        });
        Heard {
            silence_ms: is_back.then_some(if beyond_ms < LEAST_MS { 0.0 } else { beyond_ms }),
            position_ms: is_back.then_some(left_out_ms + repeated_ms),
            repeated_ms: is_back.then_some(repeated_ms),
            noticed_ms: self.first_answer_ms(),
            tries: self.tries(if is_storm { self.relieved_ms } else { f64::INFINITY }),
            is_out: self.is_out,
            stalled_ms,
        }
    }

    /// Whether music was heard in the end.
    fn is_heard_again(&self) -> bool {
        !self.is_out && ear::sounds_at_the_end(self.report)
    }

    /// The longest silence since the fault, and what was taken off it because the machine stood still.
    fn longest_silence(&self) -> (f64, f64) {
        let all = self.report.silences.iter().map(|one| (one.start_ms, one.start_ms + one.length_ms));
        let since = all.filter(|&(start_ms, end_ms)| start_ms > self.struck_ms - BEFORE_MS && end_ms > self.struck_ms);
        let lengths = since.map(|(start_ms, end_ms)| {
            let stalled_ms = self.stalled_ms(start_ms, end_ms).min(end_ms - start_ms);
            (end_ms - start_ms - stalled_ms, stalled_ms)
        });
        lengths.fold((0.0, 0.0), |longest, one| if one.0 > longest.0 { one } else { longest })
    }

    /// For how long the machine stood still so that something between these moments is missed.
    fn stalled_ms(&self, from_ms: f64, to_ms: f64) -> f64 {
        let stalls = self.report.sim_stalls.iter();
        let near = stalls
            .filter(|stall| stall.start_ms <= to_ms && stall.start_ms + stall.length_ms + AFTER_STALL_MS >= from_ms);
        near.fold(0.0, |sum, stall| sum + stall.length_ms)
    }

    /// The frames with which the bot wanted to be connected, or gone, in order.
    fn answers(&self) -> impl Iterator<Item = (f64, i64)> {
        self.frames.iter().filter_map(|frame| {
            let (op, data) = (frame["op"].as_i64()?, &frame["payload"]["d"]);
            let whose = ["guild_id", "server_id"].into_iter().find_map(|key| text_or_number(&data[key]))?;
            let at_ms = frame["at_ms"].as_f64()?;
            let is_bots = frame["direction"] == "from_client" && whose == self.guild && at_ms >= self.struck_ms;
            is_bots.then_some((at_ms, op))
        })
    }

    fn first_answer_ms(&self) -> Option<f64> {
        self.answers().find(|&(_, op)| matches!(op, 0 | 4 | 7)).map(|(at_ms, _)| at_ms - self.struck_ms)
    }

    fn tries(&self, until_ms: f64) -> Tries {
        let mut tries = Tries::default();
        for (_, op) in self.answers().filter(|&(at_ms, _)| at_ms <= until_ms) {
            match op {
                0 => tries.identifies += 1,
                4 => tries.op4 += 1,
                7 => tries.resumes += 1,
                _ => {}
            }
        }
        tries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::listener::{Silence, Stall};
    use serde_json::json;

    fn frame(at_ms: f64, direction: &str, op: i64, data: &Value) -> Value {
        json!({ "at_ms": at_ms, "direction": direction, "op": op, "payload": { "op": op, "d": data } })
    }

    fn silence(start_ms: f64, length_ms: f64) -> Silence {
        Silence { start_ms, length_ms, open: false }
    }

    /// A bot that plays for twenty seconds, and has this done to it after ten.
    fn heard(row: Row, silences: Vec<Silence>, is_heard: bool, frames: &[Value]) -> Heard {
        let level = vec![if is_heard { -20.0 } else { -120.0 }; 200];
        let sim_stalls = vec![Stall { start_ms: 16_000.0, length_ms: 80.0 }];
        let report = Listener { heard_until_ms: 20_000.0, level, silences, sim_stalls, ..Listener::default() };
        let seen = Seen {
            guild: "1",
            struck_ms: 10_000.0,
            relieved_ms: 12_000.0,
            report: &report,
            timecode: &Timecode::default(),
            frames,
            is_out: false,
        };
        seen.heard(row)
    }

    #[test]
    fn the_longest_silence_counts_beyond_the_faults_own_length() {
        let silences = vec![silence(2_000.0, 5_000.0), silence(9_900.0, 2_500.0), silence(15_000.0, 300.0)];
        assert_eq!(heard(Row::NullEndpoint, silences, true, &[]).silence_ms, Some(500.0));
        assert_eq!(heard(Row::NullEndpoint, vec![silence(9_900.0, 100.0)], true, &[]).silence_ms, Some(0.0));
    }

    #[test]
    fn what_is_missed_because_the_machine_stood_still_is_not_the_bots_fault() {
        let shaken = heard(Row::NullEndpoint, vec![silence(16_050.0, 2_180.0)], true, &[]);
        assert_eq!((shaken.silence_ms, shaken.stalled_ms), (Some(100.0), 80.0));
    }

    #[test]
    fn who_is_not_heard_in_the_end_never_came_back() {
        let gone = heard(Row::NullEndpoint, vec![silence(9_900.0, 10_100.0)], false, &[]);
        assert_eq!((gone.silence_ms, gone.position_ms), (None, None));
    }

    #[test]
    fn what_the_bot_sends_tells_when_it_noticed_and_how_often_it_tried() {
        let guild = json!({ "guild_id": "1" });
        let frames = [
            frame(9_000.0, "from_client", 4, &guild),
            frame(10_200.0, "to_client", 4, &guild),
            frame(10_300.0, "from_client", 3, &json!(17)),
            frame(10_400.0, "from_client", 4, &json!({ "guild_id": 1 })),
            frame(10_500.0, "from_client", 0, &json!({ "server_id": "1" })),
            frame(10_600.0, "from_client", 0, &json!({ "server_id": "2" })),
            frame(13_000.0, "from_client", 4, &guild),
        ];
        let seen = heard(Row::InvalidStrict, Vec::new(), true, &frames);
        assert_eq!(seen.noticed_ms, Some(400.0));
        assert_eq!(seen.tries, Tries { op4: 2, identifies: 1, resumes: 0 });
        assert_eq!(heard(Row::InvalidAlways, Vec::new(), true, &frames).tries.op4, 1, "of a storm, what came in it");
    }
}
