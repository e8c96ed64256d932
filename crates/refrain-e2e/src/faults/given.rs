//! What the bot decided, as its log tells: the structured lines "voice".

use crate::harness::world;
use serde::Serialize;
use serde_json::Value;

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Decision {
    /// `NewSession`, `Weigh` and so on.
    pub(super) verdict: String,
    /// The close code, where there is one.
    pub(super) close_code: Option<u64>,
    /// The attempt, from 1; 0 before the first.
    pub(super) attempt: u64,
    /// The machine's state after it.
    pub(super) state: String,
    /// In words.
    pub(super) reason: String,
}

/// The decisions among these lines, oldest first.
pub(super) fn decisions(lines: &[String]) -> Vec<Decision> {
    lines.iter().filter_map(|line| decision(line)).collect()
}

fn decision(line: &str) -> Option<Decision> {
    let entry: Value = serde_json::from_str(line).ok()?;
    let ours = entry["message"] == "voice" && text(&entry["guild_id"]).as_deref() == Some(world::GUILD);
    let verdict = entry["verdict"].as_str().filter(|_| ours)?;
    Some(Decision {
        verdict: verdict.to_owned(),
        close_code: entry["close_code"].as_u64(),
        attempt: entry["attempt"].as_u64().unwrap_or_default(),
        state: text(&entry["state"]).unwrap_or_default(),
        reason: text(&entry["reason"]).unwrap_or_default(),
    })
}

fn text(value: &Value) -> Option<String> {
    crate::harness::control::text_or_number(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_of_this_guild_are_read_and_nothing_else() {
        let line = |message: &str, guild: &str| {
            format!(
                "{{\"level\":\"INFO\",\"message\":\"{message}\",\"guild_id\":\"{guild}\",\"attempt\":2,\
                 \"close_code\":4006,\"state\":\"RETRYING\",\"verdict\":\"NewSession\",\"reason\":\"so\"}}"
            )
        };
        let lines =
            [line("voice", world::GUILD), line("gateway", world::GUILD), line("voice", "7"), "no JSON".to_owned()];
        let read = decisions(&lines);
        assert_eq!(read.len(), 1);
        assert_eq!((read[0].verdict.as_str(), read[0].close_code, read[0].attempt), ("NewSession", Some(4006), 2));
    }
}
