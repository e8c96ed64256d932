//! What the incidents are shown, and what they answer with.

use crate::{AnnouncementStep, MissingPermission};
use core::time::Duration;
use refrain_model::{ChannelId, Moment};

/// The time on the machine's clock and on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    pub(crate) at: Moment,
    /// Milliseconds since 1970.
    pub(crate) unix_ms: u64,
}

impl Now {
    /// A moment as milliseconds since 1970, by today's reading of the wall clock.
    pub(crate) fn unix_ms_of(self, moment: Moment) -> u64 {
        let millis = |length: Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        let (ahead, behind) = (millis(moment.since(self.at)), millis(self.at.since(moment)));
        self.unix_ms.saturating_add(ahead).saturating_sub(behind)
    }

    /// The same in seconds, rounded up: what is announced must not seem overdue when it comes.
    pub(crate) fn unix_of(self, moment: Moment) -> u64 {
        self.unix_ms_of(moment).div_ceil(1000)
    }
}

/// Where the connection stands, as far as people care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) phase: Phase,
    /// Something plays, or would if it could: without it, nobody misses anything.
    pub(crate) music: bool,
    /// The attempt that is under way or comes next, from 1.
    pub(crate) attempt: u32,
    /// Where people are told.
    pub(crate) text_channel: Option<ChannelId>,
    /// The voice channel that the bot is meant to be in.
    pub(crate) voice_channel: Option<ChannelId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// In no channel, and nothing is under way. `asked`: because somebody wanted that, or nobody ever asked for more.
    Out { asked: bool },
    /// On the way out, because somebody asked.
    Leaving,
    /// On a way that somebody asked for, or one on which the music goes on.
    Busy,
    /// The frames flow.
    Connected,
    /// The music is interrupted.
    Recovering { since: Moment, step: Step },
}

/// What a recovery does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Trying,
    /// The next attempt comes then.
    Attempt(Moment),
    /// The next round of attempts begins then.
    Round(Moment),
    /// A close is unexplained.
    Unexplained,
    /// No voice server has been named.
    NoServer,
    /// The shard or the guild is away.
    NoGateway,
    /// The bot may not join its channel.
    NoAccess {
        /// The channel.
        channel: ChannelId,
        /// The permission that is missing.
        missing: MissingPermission,
    },
}

/// Whether those who would be told know already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The answer to their command said so.
    ByAnswer,
    NotYet,
}

/// Something to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) channel: ChannelId,
    pub(crate) incident: u64,
    pub(crate) step: AnnouncementStep,
}
