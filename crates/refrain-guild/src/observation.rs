//! What logs, metrics and spans are told.

use crate::{LookUpId, SourceId, VoiceView};
use alloc::string::String;
use core::time::Duration;
use refrain_model::{ChannelId, Moment, SourceFailure, TrackId};
use refrain_recovery::{DriverEvent, Generation, Incident};

/// Something that an operator may want to see. Nothing is decided by it.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// Where the voice connection stands: before and after the outputs of a step, where it changed.
    Voice(VoiceView),
    /// The recovery machine took a report of the driver into account. `stood`: the connection stood until then.
    Driver {
        /// When.
        at: Moment,
        /// Which connection.
        generation: Generation,
        /// What happened to it.
        event: DriverEvent,
        /// Whether the connection stood.
        stood: bool,
    },
    /// A step of the recovery machine, for the log and the timeline.
    Incident(Incident),
    /// The guild's record could not be read; it is read again after `again`, or (`None`) not any more.
    LoadFailed {
        /// What the store said.
        error: String,
        /// When it is read again.
        again: Option<Duration>,
    },
    /// After a restart the music comes back.
    ComingBack {
        /// Where to.
        channel: ChannelId,
        /// Where in the track.
        from: Duration,
        /// Whether it is paused.
        paused: bool,
    },
    /// After a restart the bot stays out of voice.
    StayingAway {
        /// The channel that it was in.
        channel: ChannelId,
        /// Why.
        why: crate::StaysAway,
    },
    /// After a restart the track that was interrupted is heard again.
    BackAfterRestart {
        /// How long it was gone.
        away: Duration,
        /// Where it goes on.
        from: Duration,
    },
    /// The bot leaves voice by itself.
    Leaving {
        /// The channel.
        channel: ChannelId,
        /// Why.
        why: LeaveReason,
    },
    /// A source failed, and the track is kept.
    SourceRetry {
        /// The track.
        track: TrackId,
        /// Its title.
        title: String,
        /// Why.
        failure: SourceFailure,
        /// Which attempt comes next, from 1.
        attempt: u32,
        /// After which pause.
        pause: Duration,
    },
    /// A source that failed is open again.
    SourceBack {
        /// The track.
        track: TrackId,
        /// How long it was gone.
        gap: Duration,
    },
    /// A source brings no frames, and counts as broken.
    SourceStalled {
        /// Which one.
        id: SourceId,
        /// For how long.
        starved: Duration,
    },
    /// A source ended long before the track's known length, and is opened again there.
    SourceEndedEarly {
        /// Which one.
        id: SourceId,
        /// Where it ended.
        at: Duration,
        /// The track's length.
        length: Duration,
    },
    /// Sources of several tracks fail: nothing is passed over until one opens.
    OutageBegan,
    /// A source opened after an outage.
    OutageOver {
        /// How long it lasted.
        lasted: Duration,
    },
    /// A track was passed over.
    TrackFailed {
        /// The track.
        track: TrackId,
        /// Its title.
        title: String,
        /// Why.
        failure: SourceFailure,
    },
    /// A track whose source fails goes to the end of the queue.
    TrackDeferred {
        /// The track.
        track: TrackId,
        /// Its title.
        title: String,
    },
    /// So many tracks failed in a row that the guild stopped.
    Halted {
        /// How many.
        failed: u32,
    },
    /// A look-up failed.
    LookUpFailed {
        /// Which one.
        id: LookUpId,
        /// Why.
        failure: SourceFailure,
    },
    /// Members cannot hear the bot, or can again.
    NotHeard(Option<crate::NotHeard>),
}

/// Why the bot leaves by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeaveReason {
    /// The queue has run out.
    Idle,
    /// No member listens.
    Alone,
}
