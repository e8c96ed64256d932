//! How loud it is at present: for those who watch.

use super::{
    Listeners,
    recording::{Recording, TENTH, ms},
    timeline::TICKS_PER_MS,
};

/// How long after its moment a sound may still come.
const SETTLES_MS: i64 = 100;
/// Tenths told at once: two minutes.
const MAX_TENTHS: usize = 1200;

/// How loud it was, tenth by tenth.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tenths {
    /// When the first begins, in milliseconds of the simulator's clock.
    pub(crate) from_ms: f64,
    /// Without decoding every level is that of silence.
    pub(crate) is_decoding: bool,
    pub(crate) tenths: Vec<Tenth>,
}

/// A tenth of a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tenth {
    pub(crate) dbfs: f64,
    /// Whether any of it was covered by music that was sent.
    pub(crate) has_music: bool,
}

impl Tenths {
    /// When the last one ends.
    pub(crate) fn until_ms(&self) -> f64 {
        self.from_ms + (self.tenths.len() * TENTH) as f64
    }
}

impl Listeners {
    /// The guild's bots that were ever in voice.
    pub(crate) fn users(&self, guild: u64) -> Vec<u64> {
        self.bots(guild).iter().map(|bot| bot.user).collect()
    }

    /// How loud a bot was from `from_ms` on, two minutes at most; `None` when it never connected to voice there.
    pub(crate) fn levels_since(&self, guild: u64, user: u64, from_ms: f64) -> Option<Tenths> {
        let bot = self.heard(guild, Some(user))?.bot;
        // What is behind a hole is decoded a little later: it is told once it must be there.
        let settled = bot.heard_until() - SETTLES_MS * TICKS_PER_MS;
        Some(bot.caught_up().recording().tenths(from_ms, settled))
    }
}

impl Recording {
    /// The whole tenths of a second that begin at `from_ms` or later and were heard by `now` ticks.
    pub(super) fn tenths(&self, from_ms: f64, now: i64) -> Tenths {
        // A time that was told is a sum of fractions: what is off by a rounding still begins there.
        let passed = ((from_ms - self.start_ms()) / TENTH as f64 - 0.001).ceil().max(0.0) as usize;
        let heard = usize::try_from((now - self.start()) / TICKS_PER_MS).unwrap_or(0) / TENTH;
        let tenth = |number| {
            let (dbfs, has_music) = self.tenth(number);
            Tenth { dbfs, has_music }
        };
        let tenths = (passed..heard.min(passed.saturating_add(MAX_TENTHS))).map(tenth).collect();
        let from_ms = ms(self.start()) + (passed * TENTH) as f64;
        Tenths { from_ms, is_decoding: self.is_decoding(), tenths }
    }
}
