//! The message that says what plays, as a value: whoever talks to Discord puts it into words and buttons.

use crate::NotHeard;
use alloc::sync::Arc;
use core::time::Duration;
use refrain_model::{ChannelId, LoopMode, MessagePlace, Track};

/// What a guild's panel is to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panel {
    /// The message to edit; `None`: a new one is wanted.
    pub place: Option<MessagePlace>,
    /// Where a new one goes, also when the message at `place` has gone. `None`: then nothing is shown.
    pub channel: Option<ChannelId>,
    /// A message that this one takes the place of: it loses its buttons.
    pub replaces: Option<MessagePlace>,
    /// What to show.
    pub face: PanelFace,
}

/// What a panel shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PanelFace {
    /// A track, with buttons.
    Track {
        /// The track.
        track: Arc<Track>,
        /// Paused by a person, or after a restart.
        paused: bool,
        /// What happens at the end of it.
        looping: LoopMode,
        /// Something to say about a restart.
        news: Option<PanelNews>,
        /// Why the track is not heard although it is not paused.
        waits: Option<PanelWaits>,
    },
    /// The queue has run out, or was stopped: one line, no buttons.
    Over,
}

/// Why a track that is not paused is not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PanelWaits {
    /// Its source fails, and is tried again.
    Source,
    /// Members cannot hear the bot.
    NotHeard(NotHeard),
    /// Too many tracks in a row could not be played: a member has to press Resume.
    Halted,
    /// The bot is in no voice channel, and its queue is kept: a member has to press Resume.
    OutOfVoice,
}

/// What a restart did to the music.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PanelNews {
    /// It goes on.
    Resumed {
        /// How long it was away.
        away: Duration,
        /// Where it goes on within the track.
        from: Duration,
    },
    /// The bot is in its channel and waits for somebody to press Resume.
    Waits {
        /// Where it will go on within the track.
        from: Duration,
    },
    /// The bot is being stopped by whoever runs it; shown only where the operator wants it.
    Stopped,
    /// The bot stays out of voice; the queue is kept.
    StaysAway {
        /// Why.
        why: StaysAway,
        /// Where it will go on within the track.
        from: Duration,
    },
}

/// Why a restarted bot stays away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaysAway {
    /// The guild, or the operator, wants it so.
    AsSet,
    /// Nobody is in the channel any more.
    NobodyListens,
    /// The channel is gone, or the bot may no longer join or speak there.
    NoWayIn,
}
