//! Guilds that are gone: when what is kept of them is forgotten. Pure.

use refrain_model::GuildId;
use std::{collections::BTreeMap, time::Duration};

/// What is kept of a guild is forgotten so long after the bot was removed from it.
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// The guilds to forget now. `gone`: since when each is gone, in milliseconds since 1970.
pub(crate) fn overdue(gone: &BTreeMap<GuildId, u64>, now_unix_ms: u64) -> Vec<GuildId> {
    let kept_for = u64::try_from(KEPT_FOR.as_millis()).unwrap_or(u64::MAX);
    let is_overdue = |since: &u64| since.saturating_add(kept_for) <= now_unix_ms;
    gone.iter().filter(|(_, since)| is_overdue(since)).map(|(guild, _)| *guild).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guild_is_forgotten_thirty_days_after_it_was_gone_and_not_before() {
        const DAY: u64 = 24 * 3600 * 1000;
        let gone = BTreeMap::from([(GuildId::new(1), 5 * DAY), (GuildId::new(2), 6 * DAY)]);
        assert_eq!(overdue(&gone, 35 * DAY - 1), []);
        assert_eq!(overdue(&gone, 35 * DAY), [GuildId::new(1)]);
        assert_eq!(overdue(&gone, 36 * DAY), [GuildId::new(1), GuildId::new(2)]);
        // A clock that was wrong when the guild went, or is wrong now, forgets nothing too early.
        assert_eq!(overdue(&BTreeMap::from([(GuildId::new(1), u64::MAX)]), 36 * DAY), []);
    }
}
