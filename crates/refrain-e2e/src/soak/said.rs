//! What the bot says it decided: the lines `voice` of its log.

use super::account::Step;
use crate::harness::control::text_or_number;
use serde::Serialize;
use serde_json::Value;

/// One decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Decision {
    /// On the simulator's clock.
    pub(super) at_ms: f64,
    pub(super) guild: String,
    pub(super) verdict: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) close_code: Option<u64>,
    pub(super) attempt: u64,
    pub(super) reason: String,
}

impl Decision {
    /// What it means for the account; `None` where it means nothing.
    pub(super) fn step(&self) -> Option<Step> {
        Some(match self.verdict.as_str() {
            "Join" | "NewSession" | "Follow" => Step::Try,
            "Resume" => Step::Resume,
            "Recovered" => Step::Back,
            "Weigh" => Step::Weigh,
            "CoolDown" => Step::CoolDown,
            // The attempt goes on with its join.
            "Leave" if self.reason.contains("not confirmed") => return None,
            "StayOut" | "Fatal" | "Leave" => Step::Out,
            "Wait" if self.reason.contains("voice server") => Step::AwaitServer,
            "Wait" if self.reason.contains("shard") || self.reason.contains("guild is away") => Step::AwaitGuild,
            "Wait" => Step::Pause,
            _ => return None,
        })
    }
}

/// The decisions among these lines, in order. `zero_unix_ms` is the beginning of the simulator's clock.
pub(super) fn decisions(lines: &[String], zero_unix_ms: f64) -> Vec<Decision> {
    lines.iter().filter_map(|line| decision(line, zero_unix_ms)).collect()
}

fn decision(line: &str, zero_unix_ms: f64) -> Option<Decision> {
    // Most lines are others: they need not be taken apart.
    if !line.contains("\"voice\"") {
        return None;
    }
    let entry: Value = serde_json::from_str(line).ok()?;
    let verdict = entry["verdict"].as_str().filter(|_| entry["message"] == "voice")?;
    Some(Decision {
        at_ms: unix_ms(entry["timestamp"].as_str()?)? - zero_unix_ms,
        guild: text_or_number(&entry["guild_id"])?,
        verdict: verdict.to_owned(),
        close_code: entry["close_code"].as_u64(),
        attempt: entry["attempt"].as_u64().unwrap_or_default(),
        reason: text_or_number(&entry["reason"]).unwrap_or_default(),
    })
}

/// A moment in UTC, as `2026-11-30T23:18:00.123456Z`, in milliseconds since the Unix epoch.
pub(super) fn unix_ms(text: &str) -> Option<f64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (time.next()?.parse::<f64>().ok()?, time.next()?.parse::<f64>().ok()?);
    let second = time.next()?.parse::<f64>().ok()?;
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since the epoch, the year beginning in March so that the leap day is its last.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(days as f64 * 86_400_000.0 + hour * 3_600_000.0 + minute * 60_000.0 + second * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read() {
        assert_eq!(unix_ms("1970-01-01T00:00:00Z"), Some(0.0));
        assert_eq!(unix_ms("2000-02-29T12:00:01.5Z"), Some(951_825_601_500.0));
        assert_eq!(unix_ms("2026-11-30T23:18:00.250Z"), Some(1_796_080_680_250.0));
        for wrong in ["", "yesterday", "2026-11-30", "2026-13-30T00:00:00Z", "2026-11-30T23:18:00"] {
            assert_eq!(unix_ms(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn decisions_are_read_and_nothing_else() {
        let line = |verdict: &str, reason: &str| {
            format!(
                "{{\"timestamp\":\"1970-01-01T00:00:02Z\",\"level\":\"INFO\",\"message\":\"voice\",\"guild_id\":\"7\",\
                 \"attempt\":2,\"close_code\":4006,\"verdict\":\"{verdict}\",\"reason\":\"{reason}\"}}"
            )
        };
        let lines = [
            line("NewSession", "4006"),
            line("Wait", "the next attempt waits for its backoff"),
            line("Wait", "the voice server went away: waiting for another one"),
            line("Wait", "the shard or the guild is away"),
            "no JSON, \"voice\"".to_owned(),
        ];
        let read = decisions(&lines, 500.0);
        assert_eq!((read[0].at_ms, read[0].close_code, read.len()), (1_500.0, Some(4006), 4));
        let steps: Vec<_> = read.iter().filter_map(Decision::step).collect();
        assert_eq!(steps, [Step::Try, Step::Pause, Step::AwaitServer, Step::AwaitGuild]);
    }
}
