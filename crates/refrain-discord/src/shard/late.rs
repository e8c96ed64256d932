//! Commands that a replay brings: which of them can still be answered.

use std::time::Duration;
use twilight_model::application::interaction::Interaction;

/// So long after a command was given Discord takes an answer to it.
const ANSWERABLE: Duration = Duration::from_secs(3);
/// The milliseconds since 1970 that Discord counts a snowflake's from.
const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

/// Whether Discord would refuse an answer to what was given so long ago. Compared with this machine's clock, so only where
/// nothing depends on it but commands of a time without a bot.
pub(super) fn is_too_late(interaction: &Interaction, now_unix_ms: u64) -> bool {
    too_late(interaction.id.get(), now_unix_ms)
}

fn too_late(id: u64, now_unix_ms: u64) -> bool {
    let given = (id >> 22) + DISCORD_EPOCH_MS;
    now_unix_ms.saturating_sub(given) > u64::try_from(ANSWERABLE.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_answered_for_three_seconds() {
        // The example of Discord's documentation: 2016-04-30 11:18:25.796 UTC.
        let (id, given) = (175_928_847_299_117_063, 1_462_015_105_796);
        assert!(!too_late(id, given) && !too_late(id, given + 3_000));
        assert!(too_late(id, given + 3_001));
        assert!(!too_late(id, given - 60_000), "a clock that is behind");
    }
}
